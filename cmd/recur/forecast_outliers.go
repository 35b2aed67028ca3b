package main

import (
	"encoding/csv"
	"fmt"
	"math"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/residual"
)

// outliers are those of the last values of series i, by their places. They are looked for once, for
// the page and for outliers.csv.
func (r *forecastRun) outliers(i int) []residual.Outlier {
	if found, ok := r.far[i]; ok {
		return found
	}
	found := forecast.Outliers(r.model, r.series[i], r.reach(i), r.components(i))
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
			c.Write([]string{s.ID, r.time(i, o.At), figures(s.Y[o.At], allFigures), figures(o.Usual, r.figures(i)), deviations})
		}
	}
}
