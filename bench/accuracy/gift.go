package accuracy

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// A giftTask is a task of the board GIFT-Eval (Aksu et al. 2024) that is made of the M4, ETT and
// Jena weather data: a set at a frequency with a term. Its windows stand at the ends of the series
// and do not overlap; each is forecast from all that comes before it.
type giftTask struct {
	set, freq, term string
	season          int // of the seasonal naive forecast and of MASE
	unit            int // steps of the short term
}

func (t giftTask) String() string { return t.set + "/" + t.freq + "/" + t.term }

// name is that of the case.
func (t giftTask) name() string {
	return strings.ToLower(strings.NewReplacer("_", "-", "/", "-").Replace("gift-" + t.String()))
}

// horizon is the steps of a window.
func (t giftTask) horizon() int {
	return map[string]int{"short": 1, "medium": 10, "long": 15}[t.term] * t.unit
}

// windows is the number of windows for series of which the shortest has n steps.
func (t giftTask) windows(n int) int {
	if strings.HasPrefix(t.set, "m4") {
		return 1
	}
	h := t.horizon()
	return min(max((n+10*h-1)/(10*h), 1), 20)
}

// needs are the files of the set.
func (t giftTask) needs() []string {
	switch t.set {
	case "m4_hourly":
		return []string{"ts/m4/Hourly-train.csv.gz", "ts/m4/Hourly-test.csv.gz"}
	case "m4_weekly":
		return []string{"ts/m4/Weekly-train.csv.gz", "ts/m4/Weekly-test.csv.gz"}
	case "jena_weather":
		return []string{"ts/ltsf/weather.csv.gz"}
	}
	return []string{"ts/ltsf/ETTm" + t.set[3:] + ".csv.gz"}
}

// giftTasks are the tasks that can be made of the data, in the order of the board.
func giftTasks() (tasks []giftTask) {
	tasks = []giftTask{{"m4_hourly", "H", "short", 24, 48}, {"m4_weekly", "W", "short", 1, 13}}
	all := []string{"short", "medium", "long"}
	for _, set := range []string{"ett1", "ett2", "jena_weather"} {
		for _, f := range []giftTask{
			{freq: "15T", season: 96, unit: 48}, {freq: "10T", season: 144, unit: 48}, {freq: "H", season: 24, unit: 48},
			{freq: "D", season: 1, unit: 30}, {freq: "W", season: 1, unit: 8},
		} {
			jena := set == "jena_weather"
			if f.freq == "15T" && jena || f.freq == "10T" && !jena || f.freq == "W" && jena {
				continue
			}
			f.set = set
			for _, f.term = range all {
				tasks = append(tasks, f)
				if f.season == 1 {
					break
				}
			}
		}
	}
	return tasks
}

// read makes the series of the task, whose values are of single precision.
func (t giftTask) read(dir string) (series [][]float64, err error) {
	switch t.set {
	case "m4_hourly", "m4_weekly":
		series, err = joinedM4(dir, map[string]string{"H": "Hourly", "W": "Weekly"}[t.freq])
	case "jena_weather":
		series, err = jena(dir, t.freq)
	default:
		series, err = ettSums(dir, "ETTm"+t.set[3:], t.freq)
	}
	for _, y := range series {
		for i, v := range y {
			y[i] = float64(float32(v))
		}
	}
	return series, err
}

// joinedM4 is a set of the M4 competition, what is learnt from and what is to be forecast.
func joinedM4(dir, set string) (series [][]float64, err error) {
	c, err := m4(dir, set)
	if err != nil {
		return nil, err
	}
	for i, s := range c.past {
		series = append(series, append(s.Y[:len(s.Y):len(s.Y)], c.future[i]...))
	}
	return series, nil
}

// ettSums are the columns of a file of 15 minutes, or the sums of its hours, days or weeks. What
// is left at the end is no hour, day or week.
func ettSums(dir, name, freq string) (series [][]float64, err error) {
	_, values, header, err := rows(filepath.Join(dir, "ts", "ltsf"), name+".csv")
	if err != nil {
		return nil, err
	}
	n := map[string]int{"15T": 1, "H": 4, "D": 96, "W": 7 * 96}[freq]
	for c := range header {
		y := make([]float64, len(values)/n)
		for i := range y {
			for _, row := range values[i*n : (i+1)*n] {
				y[i] += row[c]
			}
		}
		series = append(series, y)
	}
	return series, nil
}

// jena are the columns of the weather of Jena of 2020, every 10 minutes from 00:10 on, or the means
// of its clock hours or days but the one that the last row begins. A time that comes twice counts
// once; one that is not there is missing.
func jena(dir, freq string) (series [][]float64, err error) {
	times, values, header, err := rows(filepath.Join(dir, "ts", "ltsf"), "weather.csv")
	if err != nil {
		return nil, err
	}
	const step = 10 * time.Minute
	var first time.Time
	var grid [][]float64
	for i, row := range values {
		at, err := time.Parse(time.DateTime, times[i])
		if err != nil {
			return nil, fmt.Errorf("weather.csv: row %d: %w", i+2, err)
		}
		if i == 0 {
			first = at
		}
		place := int(at.Sub(first) / step)
		if place < len(grid) {
			continue
		}
		for len(grid) < place {
			grid = append(grid, nil)
		}
		grid = append(grid, row)
	}
	n := map[string]int{"10T": 1, "H": 6, "D": 144}[freq]
	for c := range header {
		var y []float64
		if n == 1 {
			for _, row := range grid {
				v := math.NaN()
				if row != nil {
					v = row[c]
				}
				y = append(y, v)
			}
		} else {
			// The first row stands a step after the hour.
			for from := -1; from+n <= len(grid); from += n {
				sum, count := 0.0, 0.0
				for _, row := range grid[max(from, 0) : from+n] {
					if row != nil {
						sum += row[c]
						count++
					}
				}
				y = append(y, sum/count)
			}
		}
		series = append(series, y)
	}
	return series, nil
}
