package accuracy

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strconv"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/probabilistic"
)

// A gefcomTrack is a track of the Global Energy Forecasting Competition of 2014 (Hong et
// al. 2016): in each task all hours of a month (load) or a day (price) are forecast from
// what came before, by 99 quantiles.
type gefcomTrack struct {
	series  data.Series
	start   data.Time
	tasks   map[int][2]int // first step and the one after the last
	horizon int
	about   []data.Covariate
}

// gefcom reads a track, "load" or "price". Load has 25 temperatures that are known of
// the past, price two forecasts of load that are known in advance; both have the
// calendar and the holidays of the United States.
func gefcom(dir, track string) (*gefcomTrack, error) {
	times, values, header, err := rows(filepath.Join(dir, "ts", "energy"), "gefcom2014-"+track+".csv")
	if err != nil {
		return nil, err
	}
	hourly := data.Freq{Unit: data.Second, N: 3600}
	g := &gefcomTrack{tasks: map[int][2]int{}, horizon: 24}
	y := len(header) - 1
	role := data.Known
	if track == "load" {
		g.horizon, y, role = 744, 1, data.Past
	}
	var others []int
	for i, name := range header {
		if i != 0 && i != y {
			others = append(others, i)
			g.about = append(g.about, data.Covariate{Name: name, Role: role})
		}
	}
	covariates := make([][]float64, len(others))
	for i, row := range values {
		at, err := data.ParseTime(times[i])
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", track, i+2, err)
		}
		if g.series.Y == nil {
			if math.IsNaN(row[y]) { // temperatures alone
				continue
			}
			g.start = at
		}
		step, ok := hourly.Between(g.start, at)
		if !ok || step < len(g.series.Y) {
			return nil, fmt.Errorf("%s: row %d: the hours are out of order", track, i+2)
		}
		for len(g.series.Y) < step { // an hour that is not there
			g.series.Y = append(g.series.Y, math.NaN())
			for j := range covariates {
				covariates[j] = append(covariates[j], math.NaN())
			}
		}
		g.series.Y = append(g.series.Y, row[y])
		for j, c := range others {
			covariates[j] = append(covariates[j], row[c])
		}
		if k := row[0]; !math.IsNaN(k) {
			span, ok := g.tasks[int(k)]
			if !ok {
				span[0] = step
			}
			g.tasks[int(k)] = [2]int{span[0], step + 1}
		}
	}
	if role == data.Past {
		g.series.Past = covariates
	} else {
		g.series.Known = covariates
	}
	return g, g.calendar(hourly, track == "load")
}

// calendar adds the covariates of the dates. The hours of load are named by their ends.
func (g *gefcomTrack) calendar(hourly data.Freq, ends bool) error {
	features, err := calendar.Features(hourly, true, "us")
	if err != nil {
		return err
	}
	n := len(g.series.Y) + g.horizon
	for _, f := range features {
		x := make([]float64, n)
		for t := range x {
			step := t
			if ends {
				step--
			}
			x[t] = f.At(hourly.Add(g.start, step).At)
		}
		g.series.Known = append(g.series.Known, x)
		g.about = append(g.about, f.Covariate)
	}
	return nil
}

// score is the mean pinball loss of a forecast of task k over 99 quantiles.
func (g *gefcomTrack) score(k int, f forecast.Forecast) float64 {
	span := g.tasks[k]
	n := span[1] - span[0]
	y := g.series.Y[span[0]:span[1]]
	sum := forecast.Pinball(y, f.Point[:n], 0.5)
	for _, b := range f.Bands {
		sum += forecast.Pinball(y, b.Lo[:n], (1-b.Level)/2) + forecast.Pinball(y, b.Hi[:n], (1+b.Level)/2)
	}
	return sum / float64(1+2*len(f.Bands))
}

// percentiles are the levels of bands whose edges and middle are the 99 quantiles.
func percentiles() (levels []float64) {
	for p := 51; p <= 99; p++ {
		levels = append(levels, float64(2*p-100)/100)
	}
	return levels
}

// run forecasts tasks 4 to 15, with a model that is trained for the first and then goes
// on from task to task, on what has come in between.
func (g *gefcomTrack) run(ctx context.Context, c probabilistic.Config, note func(string)) (map[string]float64, error) {
	c.Horizon, c.Season, c.Covariates = g.horizon, 24, g.about
	c.Levels = percentiles()
	scores := map[string]float64{}
	var m forecast.Forecaster
	for k := 4; k <= 15; k++ {
		span, ok := g.tasks[k]
		if !ok {
			return nil, fmt.Errorf("there is no task %d", k)
		}
		past := g.series.Before(span[0])
		o := noting(note, fmt.Sprintf("task %d, ", k))
		var err error
		if m == nil {
			m, err = probabilistic.Fit(ctx, c, o, past)
		} else {
			m, err = m.(forecast.Refitter).Refit(ctx, o, past)
		}
		if err != nil {
			return nil, err
		}
		f, err := m.Predict(ctx, past)
		if err != nil {
			return nil, err
		}
		s := g.score(k, f[0])
		scores["task_"+strconv.Itoa(k)] = s
		scores["pinball"] = (scores["pinball"]*float64(k-4) + s) / float64(k-3)
		note(fmt.Sprintf("task %d: pinball %.4f, mean %.4f", k, s, scores["pinball"]))
	}
	return scores, nil
}

func init() {
	for _, track := range []struct {
		name            string
		target, stretch float64
	}{{"load", 9.0, 7.505}, {"price", 4.0, 2.723}} {
		register(Case{
			Name: "gefcom2014-" + track.name, Task: "forecast", Tier: "A",
			Protocol: "tasks 4 to 15, 99 quantiles, warm start from task to task; preset qrnn by its defaults",
			Needs:    []string{"ts/energy/gefcom2014-" + track.name + ".csv.gz"},
			Figures:  []Figure{{Metric: "pinball", Target: track.target, Stretch: track.stretch, Source: "a target of recur's own between the benchmark and the winner, whose score is the stretch (provisional leaderboard of Hong et al. 2016)"}},
			Run: func(ctx context.Context, dir string, seed uint64, note func(string)) (map[string]float64, error) {
				g, err := gefcom(dir, track.name)
				if err != nil {
					return nil, err
				}
				c, err := probabilistic.Preset("qrnn")
				if err != nil {
					return nil, err
				}
				c.Seed = seed
				return g.run(ctx, *c, note)
			},
		})
	}
}
