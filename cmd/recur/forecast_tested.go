package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
)

// padded puts v at place at of n places, with NaN around it.
func padded(v []float64, at, n int) []float64 {
	p := make([]float64, n)
	for i := range p {
		p[i] = math.NaN()
	}
	copy(p[at:], v)
	return p
}

// chief is the model in the back-test that forecasts: what is chosen, or the net.
func (r *forecastRun) chief() string { return r.report.Scores[0].Model }

// intervalName is how charts call a band.
func intervalName(level float64) string { return fmt.Sprintf("%g %% interval", 100*level) }

// tested80 are the bands of the back-test that are drawn, by their places in its levels: those
// that were asked for of at least 80 %, or the widest.
func (r *forecastRun) tested80() (bands []int) {
	for i, l := range r.report.Levels {
		if l >= 0.8 && slices.Contains(r.levels, l) {
			bands = append(bands, i)
		}
	}
	if n := len(r.report.Levels); bands == nil && n > 0 {
		bands = []int{n - 1}
	}
	return bands
}

// tested is the back-test of each of the series, one origin after the other.
func (r *forecastRun) tested(shown []int) chart.Section {
	s := chart.Section{Title: "Back-test", Note: "Forecasts from earlier origins, each with what was known by then, and what came. Step through the origins by the buttons, or by the arrow keys on the slider."}
	folds := map[int][]forecast.Fold{}
	for _, f := range r.report.Folds {
		folds[f.Series] = append(folds[f.Series], f)
	}
	for _, i := range shown {
		s.Figures = append(s.Figures, r.testedFigure(i, folds[i]))
	}
	return s
}

// testedFigure is the back-test of series i, nil if it took no part.
func (r *forecastRun) testedFigure(i int, folds []forecast.Fold) *chart.Figure {
	if len(folds) == 0 {
		return nil
	}
	s, h, model := &r.series[i], r.report.Horizon, r.chief()
	of := map[string]map[int]forecast.Forecast{} // by model and origin
	var origins []int
	for _, f := range folds {
		if of[f.Model] == nil {
			of[f.Model] = map[int]forecast.Forecast{}
		}
		of[f.Model][f.Origin] = f.Forecast
		if f.Model == model {
			origins = append(origins, f.Origin)
		}
	}
	slices.Sort(origins)
	origins = r.thinned(origins)
	from := max(0, origins[0]-max(2*h, 2*r.report.Season, 24))
	fig := &chart.Figure{From: origins[0] - from}
	r.axis(fig, s, from, len(s.Y))
	for _, o := range origins {
		fig.Origins = append(fig.Origins, o-from)
	}
	steps := func(name string, values func(f forecast.Forecast) []float64) (all [][]float64) {
		for _, o := range origins {
			all = append(all, values(of[name][o]))
		}
		return all
	}
	for _, k := range slices.Backward(r.tested80()) { // wide ones first, under the narrow
		name := intervalName(r.report.Levels[k])
		fig.Lines = append(fig.Lines,
			chart.FigureLine{Name: name, Band: "lo", Steps: steps(model, func(f forecast.Forecast) []float64 { return f.Bands[k].Lo })},
			chart.FigureLine{Name: name, Band: "hi", Steps: steps(model, func(f forecast.Forecast) []float64 { return f.Bands[k].Hi })})
	}
	fig.Lines = append(fig.Lines, chart.FigureLine{Name: "actual", Y: s.Y[from:], Role: "history"})
	roles := r.roles()
	for m, sc := range r.report.Scores {
		line := chart.FigureLine{Name: sc.Model, Role: roles[m], Steps: steps(sc.Model, func(f forecast.Forecast) []float64 { return f.Point })}
		line.Off = line.Role != "forecast" && line.Role != "actual"
		fig.Lines = append(fig.Lines, line)
	}
	return fig
}

// roles are those of the lines of the models, in the order of their scores: the model and the
// best baseline stand out.
func (r *forecastRun) roles() (all []string) {
	best, others := r.bestBaseline(), []string{"backtest", "violet", "gold", "rose", "other"}
	for _, s := range r.report.Scores {
		switch s.Model {
		case r.chief():
			all = append(all, "forecast")
		case best:
			all = append(all, "actual")
		default:
			all = append(all, others[0])
			others = append(others[1:], others[0])
		}
	}
	return all
}

// perOrigin is how many values of an origin of a series are drawn.
func (r *forecastRun) perOrigin() int {
	return r.report.Horizon * (len(r.report.Scores) + 2*len(r.tested80()))
}

// thinned leaves out origins where a series has so many that a page cannot hold them.
func (r *forecastRun) thinned(origins []int) []int {
	by := (len(origins)*r.perOrigin() + mostValues - 1) / mostValues
	var kept []int
	for i := 0; i < len(origins); i += max(by, 1) {
		kept = append(kept, origins[i])
	}
	return kept
}

// bestBaseline is the name of the baseline with the lowest MASE.
func (r *forecastRun) bestBaseline() (name string) {
	baselines := slices.DeleteFunc(slices.Clone(r.report.Scores), func(s forecast.Score) bool {
		return s.Model == r.chief() || s.Model == r.report.Model || s.Model == forecast.Unreconciled
	})
	if k := lowestMASE(baselines); k >= 0 {
		name = baselines[k].Model
	}
	return name
}
