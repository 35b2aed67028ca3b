package main

import (
	"encoding/csv"
	"fmt"
	"math"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/residual"
)

// residuals are the errors one step ahead of each of the series in the back-test, and whether
// they are as those of a good forecast.
func (r *forecastRun) residuals(shown []int) chart.Section {
	s := chart.Section{Title: "Errors one step ahead", Note: "Value less forecast, from each origin of the back-test. Those of a good forecast are 0 on average, and one tells nothing of the next."}
	folds := map[int][]forecast.Fold{}
	for _, f := range r.report.Folds {
		if f.Model == r.chief() {
			folds[f.Series] = append(folds[f.Series], f)
		}
	}
	for _, i := range shown {
		s.Figures = append(s.Figures, r.residualFigure(i, folds[i]))
	}
	return s
}

// residualFigure is the errors one step ahead of series i, nil if there are less than two.
func (r *forecastRun) residualFigure(i int, folds []forecast.Fold) *chart.Figure {
	var errors []float64
	fig := &chart.Figure{}
	for _, f := range folds { // of one model, whose origins rise
		r.axis(fig, &r.series[i], f.Origin, f.Origin+1)
		errors = append(errors, f.Actual[0]-f.Forecast.Point[0])
	}
	line := chart.FigureLine{Name: "error", Y: errors, Role: "forecast"}
	known := 0
	for _, e := range errors {
		if !math.IsNaN(e) {
			known++
		}
	}
	if known < 2 {
		return nil
	}
	fig.Lines = []chart.FigureLine{line, {Name: "no error", Y: make([]float64, len(errors)), Role: "other"}}
	c, ok := residual.Check(errors)
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

// outliers are those of the last values of series i, by their places. They are looked for once, for
// the page and for outliers.csv.
func (r *forecastRun) outliers(i int) []residual.Outlier {
	if found, ok := r.far[i]; ok {
		return found
	}
	from, season := r.reach(i), max(r.model.Asked().Season, 1)
	found := residual.Outliers(r.series[i].Y[from:], season)
	for k := range found {
		found[k].At += from
	}
	if r.far == nil {
		r.far = map[int][]residual.Outlier{}
	}
	r.far[i] = found
	return found
}

// marked adds the outliers of series i to a figure of its values from from on.
func (r *forecastRun) marked(fig *chart.Figure, i, from int) {
	at := padded(nil, 0, len(fig.X))
	n := 0
	for _, o := range r.outliers(i) {
		if o.At >= from {
			at[o.At-from] = r.series[i].Y[o.At]
			n++
		}
	}
	if n > 0 {
		fig.Lines = append(fig.Lines, chart.FigureLine{Name: "outlier", Y: at, Role: "mark"})
		fig.Text = append(fig.Text, fmt.Sprintf("Values far from what is usual around them: %d; they are in outliers.csv.", n))
	}
}

// outliersCSV writes the values of the histories that are far from what is usual.
func (r *forecastRun) outliersCSV(c *csv.Writer) {
	c.Write([]string{"unique_id", "ds", "y", "usual", "deviations"})
	for i, s := range r.series {
		for _, o := range r.outliers(i) {
			deviations := ""
			if !math.IsInf(o.Distance, 0) {
				deviations = fmt.Sprintf("%.1f", o.Distance)
			}
			c.Write([]string{s.ID, r.time(i, o.At), figures7(s.Y[o.At]), figures7(o.Usual), deviations})
		}
	}
}
