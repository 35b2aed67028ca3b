package forecast

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/season"
	"github.com/recur-go/recur/task/forecast/theta"
)

// A year of two or three cycles is forecast, not a flat line.
func TestShortSeason(t *testing.T) {
	for _, years := range []int{2, 3} {
		r := rand.New(rand.NewPCG(1, uint64(years)))
		var y []float64
		for t := range 12*years + 12 {
			v := 100 + 30*math.Sin(float64(t)*math.Pi/6) + 3*r.NormFloat64()
			if t%12 == 11 {
				v += 20
			}
			y = append(y, v)
		}
		past, next := y[:12*years], y[12*years:]
		m, err := Fit(context.Background(), Config{Job: Job{Season: 12, Horizon: 12}, Steps: 50}, task.Options{}, data.Series{Y: past})
		if err != nil {
			t.Fatal(err)
		}
		fs, err := m.Predict(context.Background(), data.Series{Y: past})
		if err != nil {
			t.Fatal(err)
		}
		for name, f := range map[string]Forecast{
			"theta": Theta(past, 12, 12, nil),
			"comb":  Comb(past, 12, 12, nil),
			"small": fs[0],
		} {
			if e := MAE(next, f.Point); e > 6 {
				t.Errorf("%d years: %s is off by %.1f, seasonal naive by %.1f", years, name, e, MAE(next, SeasonalNaive(past, 12, 12, nil).Point))
			}
		}
	}
}

// season.Has makes Theta better, or at least no worse, than the test of M4 on the sets of
// the competitions.
func TestThetaBySeasonTest(t *testing.T) {
	for _, c := range []struct {
		name string
		m    int
		read func() (past, next [][]float64)
	}{
		{"M3 monthly", 12, func() (past, next [][]float64) { return parts(fixture.M3(t, "MONTHLY")) }},
		{"M3 quarterly", 4, func() (past, next [][]float64) { return parts(fixture.M3(t, "QUARTERLY")) }},
		{"M4 monthly, sample", 12, func() (past, next [][]float64) { return parts(fixture.M4Sample(t, "monthly", 18)) }},
		{"M4 quarterly, sample", 4, func() (past, next [][]float64) { return parts(fixture.M4Sample(t, "quarterly", 8)) }},
		{"M4 hourly", 24, func() (past, next [][]float64) { return m4(t, "Hourly-train.csv.gz"), m4(t, "Hourly-test.csv.gz") }},
	} {
		past, next := c.read()
		var mase [2]float64
		var found [2]int
		for i, y := range past {
			for k, is := range []seasonTest{m4Seasonal, season.Has} {
				if is(y, c.m) {
					found[k]++
				}
				mase[k] += MASE(y, next[i], adjusted(theta.Classic, latest, is)(y, c.m, len(next[i]), nil).Point, c.m) / float64(len(past))
			}
		}
		t.Logf("%s: of %d series %d are seasonal by the test of M4, %d by season.Has; Theta's MASE %.4f, %.4f", c.name, len(past), found[0], found[1], mase[0], mase[1])
		if mase[1] > mase[0] {
			t.Errorf("%s: Theta's MASE is %.4f, with the test of M4 %.4f", c.name, mase[1], mase[0])
		}
	}
}

func parts(all []fixture.Series) (past, next [][]float64) {
	for _, s := range all {
		past, next = append(past, s.Past), append(next, s.Next)
	}
	return past, next
}
