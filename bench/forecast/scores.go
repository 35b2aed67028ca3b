package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	ts "github.com/recur-go/recur/task/forecast"
)

// peers are the models of which the best for a series is what all are measured by.
var peers = []string{"AutoETS", "AutoARIMA", "AutoTheta", "Prophet"}

// Models in the order of the table. The mean is that of the first three peers.
var models = append(append([]string{"recur"}, peers...), mean, "SeasonalNaive")

const mean = "mean of three"

// leastMASE keeps the ratios of forecasts that are all but exact, as of days without rain, from telling more
// than all others.
const leastMASE = 0.05

// A score is that of a model on the folds of a series.
type score struct {
	MASE    float64 `json:"mase"`
	Ratio   float64 `json:"ratio"` // MASE over the least of the peers, both at least leastMASE
	Cover80 float64 `json:"coverage80"`
	Cover95 float64 `json:"coverage95"`
	MSIS    float64 `json:"msis"`    // of the band of 95 %
	Seconds float64 `json:"seconds"` // of a fold
}

// A row has the scores on a series by the models.
type row struct {
	Series  string           `json:"series"`
	Kind    string           `json:"kind"`
	Season  int              `json:"season"`
	Horizon int              `json:"horizon"`
	Length  int              `json:"length"`
	Folds   int              `json:"folds"` // those that all models forecast
	Best    string           `json:"best"`  // the best of the peers
	Scores  map[string]score `json:"scores"`
}

// A sum is of a model over the series of a kind, or of all.
type sum struct {
	Model   string  `json:"model"`
	Kind    string  `json:"kind"`
	Series  int     `json:"series"`
	Ratio   float64 `json:"ratio"` // geometric mean
	Worse   float64 `json:"worse"` // share of series with a ratio above 1.25
	Worst   float64 `json:"worst"`
	MASE    float64 `json:"mase"` // mean
	Cover80 float64 `json:"coverage80"`
	Cover95 float64 `json:"coverage95"`
	MSIS    float64 `json:"msis"` // geometric mean
}

// results are what bench/results/forecast.json holds.
type results struct {
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Sums     []sum             `json:"sums"`
	Rows     []row             `json:"rows"`
	Failed   []string          `json:"failed,omitempty"` // folds that recur gave no forecast of
}

// newResults scores all forecasts of the panel.
func newResults(panel []*series, all []forecast) *results {
	r := &results{}
	for _, s := range panel {
		if row := s.row(all); row.Folds > 0 {
			r.Rows = append(r.Rows, row)
		}
	}
	var named []string
	for _, s := range panel {
		if !slices.Contains(named, s.Kind) {
			named = append(named, s.Kind)
		}
	}
	for _, kind := range append([]string{"all"}, named...) {
		for _, model := range models {
			if s := r.sum(model, kind); s.Series > 0 {
				r.Sums = append(r.Sums, s)
			}
		}
	}
	return r
}

// row scores the forecasts of a series.
func (s *series) row(all []forecast) row {
	r := row{Series: s.Name, Kind: s.Kind, Season: s.Season, Horizon: s.Horizon, Length: len(s.Y), Scores: map[string]score{}}
	y := make([]float64, len(s.Y))
	for i, v := range s.Y {
		y[i] = math.NaN()
		if v != nil {
			y[i] = *v
		}
	}
	count := map[string]float64{}
	three := make([][]forecast, folds)
	done := make([]int, folds)
	for _, f := range all {
		if f.Series == s.Name {
			done[f.Fold]++
		}
	}
	for _, n := range done {
		if n == len(peers)+2 {
			r.Folds++
		}
	}
	add := func(f forecast) {
		n := s.history(f.Fold)
		past, came := y[:n], y[n:n+s.Horizon]
		a := r.Scores[f.Model]
		a.MASE += ts.MASE(past, came, f.Point, s.Season)
		narrow, wide := ts.Band{Level: 0.8, Lo: f.Lo[0], Hi: f.Hi[0]}, ts.Band{Level: 0.95, Lo: f.Lo[1], Hi: f.Hi[1]}
		a.Cover80 += ts.Coverage(came, narrow)
		a.Cover95 += ts.Coverage(came, wide)
		a.MSIS += ts.MSIS(past, came, wide, s.Season)
		a.Seconds += f.Seconds
		r.Scores[f.Model] = a
		count[f.Model]++
	}
	for _, f := range all {
		if f.Series != s.Name || done[f.Fold] < len(peers)+2 { // recur and the seasonal naive one
			continue
		}
		add(f)
		if slices.Contains(peers[:3], f.Model) {
			three[f.Fold] = append(three[f.Fold], f)
		}
	}
	for _, of := range three {
		if len(of) == 3 {
			add(average(of))
		}
	}
	least := math.Inf(1)
	for model, a := range r.Scores {
		n := count[model]
		a = score{MASE: a.MASE / n, Cover80: a.Cover80 / n, Cover95: a.Cover95 / n, MSIS: a.MSIS / n, Seconds: a.Seconds / n}
		r.Scores[model] = a
		if slices.Contains(peers, model) && a.MASE < least {
			least, r.Best = a.MASE, model
		}
	}
	for model, a := range r.Scores {
		a.Ratio = max(a.MASE, leastMASE) / max(least, leastMASE)
		r.Scores[model] = a
	}
	return r
}

// average is the mean of forecasts, and of their bands.
func average(of []forecast) forecast {
	f := forecast{Series: of[0].Series, Fold: of[0].Fold, Model: mean}
	over := func(get func(f *forecast) []float64) []float64 {
		m := make([]float64, len(get(&of[0])))
		for i := range of {
			for k, v := range get(&of[i]) {
				m[k] += v / float64(len(of))
			}
		}
		return m
	}
	f.Point = over(func(f *forecast) []float64 { return f.Point })
	for b := range f.Lo {
		f.Lo[b] = over(func(f *forecast) []float64 { return f.Lo[b] })
		f.Hi[b] = over(func(f *forecast) []float64 { return f.Hi[b] })
	}
	return f
}

// sum sums up a model on the series of a kind.
func (r *results) sum(model, kind string) sum {
	s := sum{Model: model, Kind: kind}
	for _, row := range r.Rows {
		a, ok := row.Scores[model]
		if !ok || kind != "all" && row.Kind != kind {
			continue
		}
		s.Series++
		s.Ratio += math.Log(a.Ratio)
		s.MSIS += math.Log(a.MSIS)
		s.MASE += a.MASE
		s.Cover80 += a.Cover80
		s.Cover95 += a.Cover95
		s.Worst = max(s.Worst, a.Ratio)
		if a.Ratio > 1.25 {
			s.Worse++
		}
	}
	n := float64(max(s.Series, 1))
	s.Ratio, s.MSIS = math.Exp(s.Ratio/n), math.Exp(s.MSIS/n)
	s.MASE, s.Cover80, s.Cover95, s.Worse = s.MASE/n, s.Cover80/n, s.Cover95/n, s.Worse/n
	return s
}

// String is the table for a terminal: recur's ratio on each series, and the sums.
func (r *results) String() string {
	var b strings.Builder
	for _, row := range r.Rows {
		a := row.Scores["recur"]
		fmt.Fprintf(&b, "%-20s %-10s MASE %6.3f  %5.2f of %-10s coverage %3.0f %3.0f  %3.0f s\n", row.Series, row.Kind, a.MASE, a.Ratio, row.Best, 100*a.Cover80, 100*a.Cover95, a.Seconds)
	}
	for _, f := range r.Failed {
		fmt.Fprintf(&b, "%s: recur gave no forecast\n", f)
	}
	fmt.Fprintf(&b, "\n%-10s %-15s %6s %7s %6s %6s %7s %5s %5s %8s\n", "kind", "model", "series", "ratio", "worse", "worst", "MASE", "80", "95", "MSIS")
	for _, s := range r.Sums {
		fmt.Fprintf(&b, "%-10s %-15s %6d %7.3f %5.0f%% %6.2f %7.3f %5.1f %5.1f %8.2f\n", s.Kind, s.Model, s.Series, s.Ratio, 100*s.Worse, s.Worst, s.MASE, 100*s.Cover80, 100*s.Cover95, s.MSIS)
	}
	return b.String()
}
