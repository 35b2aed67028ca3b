package main

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/residual"
)

// residualSections are the errors one step ahead of each of the series in the back-test, whether
// they are as those of a good forecast, how large they are, and how they follow each other; nothing
// if none of the series that are drawn has some.
func (r *forecastRun) residualSections(shown []int) []chart.Section {
	errors := chart.Section{Title: "Errors one step ahead", Note: "Value less forecast, from each origin of the back-test. Those of a good forecast are 0 on average, and one tells nothing of the next."}
	sizes := chart.Section{Title: "Histogram of the errors", Small: true}
	follow := chart.Section{Title: "Autocorrelation of the errors", Small: true, Note: "How much an error tells of that so many origins later. Of errors that tell nothing, 95 % lie within the band."}
	folds := map[int][]forecast.Fold{}
	for _, f := range r.report.Folds {
		if f.Model == r.chief() {
			folds[f.Series] = append(folds[f.Series], f)
		}
	}
	some, checked := false, false
	for _, i := range shown {
		e := oneStep(folds[i])
		c, ok := residual.Check(e)
		fig := r.residualFigure(i, folds[i], e, c, ok)
		errors.Figures = append(errors.Figures, fig)
		some = some || fig != nil
		if !ok {
			sizes.Figures, follow.Figures = append(sizes.Figures, nil), append(follow.Figures, nil)
			continue
		}
		checked = true
		sizes.Figures, follow.Figures = append(sizes.Figures, r.histogram(e)), append(follow.Figures, autocorrelation(c))
	}
	switch {
	case checked:
		return []chart.Section{errors, sizes, follow}
	case some:
		return []chart.Section{errors}
	}
	return nil
}

// oneStep are the errors one step ahead of a series, by its folds of one model, whose origins rise.
func oneStep(folds []forecast.Fold) (errors []float64) {
	for _, f := range folds {
		errors = append(errors, f.Actual[0]-f.Forecast.Point[0])
	}
	return errors
}

// residualFigure is the errors one step ahead of series i and, if ok, what checks of them came to; nil
// if there are less than two.
func (r *forecastRun) residualFigure(i int, folds []forecast.Fold, errors []float64, c residual.Checks, ok bool) *chart.Figure {
	known := 0
	fig := &chart.Figure{}
	for k, f := range folds {
		r.axis(fig, &r.series[i], f.Origin, f.Origin+1)
		if !math.IsNaN(errors[k]) {
			known++
		}
	}
	if known < 2 {
		return nil
	}
	fig.Lines = []chart.FigureLine{{Name: "error", Y: errors, Role: "forecast"}, {Name: "no error", Y: make([]float64, len(errors)), Role: "other"}}
	if !ok {
		fig.Text = []string{fmt.Sprintf("The errors are too few to check, or all the same: %d, want at least %d.", known, residual.Fewest)}
		return fig
	}
	const doubt = 0.05
	switch {
	case c.MeanP >= doubt:
		fig.Text = append(fig.Text, fmt.Sprintf("Their mean is %s, which may be chance (p = %.3f).", chart.Digits(c.Mean), c.MeanP))
	case c.Mean > 0:
		fig.Text = append(fig.Text, fmt.Sprintf("Their mean is %s: forecasts are too low (p = %.3f).", chart.Digits(c.Mean), c.MeanP))
	default:
		fig.Text = append(fig.Text, fmt.Sprintf("Their mean is %s: forecasts are too high (p = %.3f).", chart.Digits(c.Mean), c.MeanP))
	}
	verdict := "one tells nothing of the next"
	if c.P < doubt {
		verdict = "one tells of the next, so that there is more to forecast"
	}
	fig.Text = append(fig.Text, fmt.Sprintf("By the test of Ljung and Box %s (lags: %d, Q = %.2f, p = %.3f).", verdict, len(c.ACF), c.Q, c.P))
	return fig
}

// histogram is how many of the errors are of each size, nil if they are all the same.
func (r *forecastRun) histogram(errors []float64) *chart.Figure {
	h, ok := residual.Bins(errors)
	if !ok {
		return nil
	}
	fig := &chart.Figure{XLabel: "error", YLabel: "errors"}
	if unit := r.yName(); unit != "value" {
		fig.XLabel = fmt.Sprintf("error (%v)", unit)
	}
	var counts []float64
	most, all := 0, 0
	for i, n := range h.Counts {
		fig.X = append(fig.X, (h.Edge(i)+h.Edge(i+1))/2)
		fig.Labels = append(fig.Labels, chart.Digits(h.Edge(i))+" … "+chart.Digits(h.Edge(i+1)))
		counts = append(counts, float64(n))
		all += n
		if n > h.Counts[most] {
			most = i
		}
	}
	fig.Lines = []chart.FigureLine{{Name: "errors", Y: counts, Role: "actual", Bars: true}}
	fig.Text = []string{fmt.Sprintf("The highest bar, %d of %d errors, is from %s to %s.", h.Counts[most], all, chart.Digits(h.Edge(most)), chart.Digits(h.Edge(most+1)))}
	return fig
}

// autocorrelation is how errors follow each other, with the band that chance stays in.
func autocorrelation(c residual.Checks) *chart.Figure {
	fig := &chart.Figure{XLabel: "lag", YLabel: "autocorrelation"}
	edge := 1.96 / math.Sqrt(float64(c.N))
	var lo, hi []float64
	out := 0
	for i, v := range c.More {
		fig.X = append(fig.X, float64(i+1))
		lo, hi = append(lo, -edge), append(hi, edge)
		if math.Abs(v) > edge {
			out++
		}
	}
	fig.Lines = []chart.FigureLine{{Name: "band of chance", Band: "lo", Y: lo}, {Name: "band of chance", Band: "hi", Y: hi}, {Name: "autocorrelation", Y: c.More, Role: "actual", Bars: true}}
	fig.Text = []string{fmt.Sprintf("Outside of the band of ±%s are %d of %d.", chart.Digits(edge), out, len(c.More))}
	return fig
}
