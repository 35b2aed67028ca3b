package forecast

import (
	"math"
	"testing"

	"github.com/recur-go/recur/data"
)

// detailed is a back-test of two models and two series, made by hand.
func detailed() (*Report, []data.Series) {
	series := []data.Series{{ID: "a", Y: []float64{1, 3, 2, 6, 8, 10}}, {ID: "left out", Y: []float64{1}}, {ID: "b", Y: []float64{10, 10, 12, 11, 13, math.NaN()}}}
	r := &Report{Model: "net", Horizon: 2, Season: 1, Levels: []float64{0.8}, Scores: []Score{{Model: "net"}, {Model: "naive"}}}
	fold := func(model string, s, o int, point ...float64) {
		f := NewForecast(2, r.Levels)
		copy(f.Point, point)
		for k, p := range point {
			f.Bands[0].Lo[k], f.Bands[0].Hi[k] = p-1, p+1
		}
		r.Folds = append(r.Folds, Fold{model, s, o, f, series[s].Y[o : o+2]})
	}
	fold("net", 0, 4, 7, 12)
	fold("naive", 0, 4, 6, 6)
	fold("net", 2, 4, 13, 13)
	fold("naive", 2, 4, 11, 11)
	fold("unheard", 2, 4, 11, 11)
	return r, series
}

// Scores by series and by step are those of the folds of each, and their mean is that of all.
func TestDetails(t *testing.T) {
	r, series := detailed()
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 || math.IsNaN(got) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	const a, b = 7. / 3, 1. // mean changes of a step: of 2, 1, 4 and of 0, 2, 1
	by := r.BySeries(series)
	if len(by) != 3 || by[1] != nil || len(by[0]) != 2 || by[0][1].Model != "naive" {
		t.Fatalf("%+v", by)
	}
	near("MASE of net, a", by[0][0].MASE, 1.5/a)
	near("bias of net, a", by[0][0].Bias, (-1.+2)/2/a)
	near("coverage of net, a", by[0][0].Coverage[0], 0.5)
	near("MASE of naive, b", by[2][1].MASE, 2/b)
	// The quantiles 0.1, 0.5 and 0.9 are 6, 7 and 8 where 8 came, and 11, 12 and 13 where 10 did.
	loss := ((0.1*2+0.9*1)/2 + (0.5*1+0.5*2)/2 + (0.9*0+0.1*3)/2) / 3
	near("pinball of net, a", by[0][0].Pinball, loss/a)
	near("CRPS of net, a", by[0][0].CRPS, 2*loss/9)
	near("MASE of all", r.score("net", series).MASE, (by[0][0].MASE+by[2][0].MASE)/2)

	steps := r.BySteps(series)
	if len(steps) != 2 || len(steps[0]) != 2 {
		t.Fatalf("%+v", steps)
	}
	near("MASE of net, step 1", steps[0][0].MASE, (1/a+0)/2)
	near("MASE of net, step 2", steps[1][0].MASE, 2/a) // what came of b is missing
	near("coverage of naive, step 1", steps[0][1].Coverage[0], 0)
}
