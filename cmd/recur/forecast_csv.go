package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/task/forecast"
)

// figures writes a value for a CSV file with at most so many figures, nothing for none. Only the
// very large and the very small have a power of ten.
func figures(v float64, n int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	text := strconv.FormatFloat(v, 'g', n, 64)
	if size := math.Abs(v); strings.Contains(text, "e") && 1e-7 <= size && size < 1e21 {
		v, _ = strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return text
}

const (
	fewFigures = 7  // figures of what has no more to tell
	allFigures = 15 // figures of values as they were read
)

// figures is how many figures forecasts of series i have: enough for a hundred-thousandth of what
// its values change by from one to the next.
func (r *forecastRun) figures(i int) int {
	if r.precision == nil {
		r.precision = make([]int, len(r.series))
	}
	if r.precision[i] == 0 {
		r.precision[i] = figuresOf(r.series[i].Y)
	}
	return r.precision[i]
}

func figuresOf(y []float64) int {
	last, most, change, n := math.NaN(), 0.0, 0.0, 0.0
	for _, v := range y {
		if math.IsNaN(v) {
			continue
		}
		most = max(most, math.Abs(v))
		if d := math.Abs(v - last); d > 0 { // not of the first
			change += d
			n++
		}
		last = v
	}
	if n == 0 {
		return allFigures
	}
	return min(max(fewFigures, 5+int(math.Ceil(math.Log10(most/(change/n))))), allFigures)
}

// bandNames are the columns of bands.
func bandNames(levels []float64) (names []string) {
	for _, l := range levels {
		names = append(names, fmt.Sprintf("lo-%g", 100*l), fmt.Sprintf("hi-%g", 100*l))
	}
	return names
}

// fields are the point of a forecast and the edges of bands at step k.
func fields(point float64, bands []forecast.Band, k, n int) []string {
	all := []string{figures(point, n)}
	for _, b := range bands {
		all = append(all, figures(b.Lo[k], n), figures(b.Hi[k], n))
	}
	return all
}

// asCSV is what writes a CSV file of the rows that f writes.
func asCSV(f func(c *csv.Writer)) func(w io.Writer) error {
	return func(w io.Writer) error {
		c := csv.NewWriter(w)
		f(c)
		c.Flush()
		return c.Error()
	}
}

// time is that of step k of series i.
func (r *forecastRun) time(i, k int) string { return r.series[i].Time(k).String() }

// csv writes the forecasts as a long table.
func (r *forecastRun) csv(c *csv.Writer) {
	ids := len(r.series) > 1 || r.series[0].ID != ""
	head := append([]string{"ds", "forecast"}, bandNames(r.levels)...)
	if ids {
		head = append([]string{"unique_id"}, head...)
	}
	c.Write(head)
	for i := range r.series {
		bands := r.bands(i)
		for k, p := range r.forecasts[i].Point {
			row := append([]string{r.time(i, len(r.series[i].Y)+k)}, fields(p, bands, k, r.figures(i))...)
			if ids {
				row = append([]string{r.series[i].ID}, row...)
			}
			c.Write(row)
		}
	}
}

// pathsCSV writes the sampled futures as a long table.
func (r *forecastRun) pathsCSV(c *csv.Writer) {
	c.Write([]string{"unique_id", "ds", "path", "y"})
	for i := range r.series {
		for p, path := range r.forecasts[i].Paths {
			for k, v := range path {
				c.Write([]string{r.series[i].ID, r.time(i, len(r.series[i].Y)+k), strconv.Itoa(p + 1), figures(v, r.figures(i))})
			}
		}
	}
}

// modelsCSV writes what each model forecasts: what is chosen, the net, and the baselines.
func (r *forecastRun) modelsCSV(c *csv.Writer) {
	c.Write(append([]string{"unique_id", "ds", "model", "forecast"}, bandNames(r.levels)...))
	j := r.model.Asked()
	nets := r.netForecasts()
	for i, s := range r.series {
		write := func(model string, f forecast.Forecast) {
			bands := r.asked(f.Bands)
			for k, p := range f.Point {
				c.Write(append([]string{s.ID, r.time(i, len(s.Y)+k), model}, fields(p, bands, k, r.figures(i))...))
			}
		}
		if j.Choice == nil {
			write(r.netName(), r.forecasts[i])
		} else {
			write(j.Choose.String(), r.forecasts[i])
			write(r.netName(), j.Limited(s.ID, nets[i]))
		}
		for _, b := range forecast.Baselines(j.Season) {
			write(b.Name, j.Limited(s.ID, b.Forecast(s.Y, j.Horizon, r.levels)))
		}
	}
}

// netName is what the net is called in the back-test.
func (r *forecastRun) netName() string {
	if c := r.model.Asked().Choice; c != nil {
		return c.Models[0]
	}
	return forecast.NetName(r.model)
}

// netForecasts are those of the net alone, none for series that it cannot forecast.
func (r *forecastRun) netForecasts() []forecast.Forecast {
	net, ctx := forecast.NetOf(r.model), r.trained.cmd.Context()
	if all, err := net.Predict(ctx, r.series...); err == nil {
		return all
	}
	all := make([]forecast.Forecast, len(r.series))
	for i, s := range r.series {
		if one, err := net.Predict(ctx, s); err == nil {
			all[i] = one[0]
		}
	}
	return all
}

// backtestCSV writes all forecasts of the back-test and what came.
func (r *forecastRun) backtestCSV(c *csv.Writer) {
	c.Write(append(append([]string{"unique_id", "origin", "ds", "step", "model", "forecast"}, bandNames(r.report.Levels)...), "y"))
	for _, f := range r.report.Folds {
		id, origin := r.series[f.Series].ID, r.time(f.Series, f.Origin-1)
		for k, p := range f.Forecast.Point {
			row := []string{id, origin, r.time(f.Series, f.Origin+k), strconv.Itoa(k + 1), f.Model}
			row = append(row, fields(p, f.Forecast.Bands, k, r.figures(f.Series))...)
			c.Write(append(row, figures(f.Actual[k], allFigures)))
		}
	}
}

// scoreNames are the columns of scores.
func (r *forecastRun) scoreNames() []string {
	names := []string{"mase", "smape", "rmsse", "wape", "msis", "pinball", "crps", "bias"}
	for _, l := range r.report.Levels {
		names = append(names, fmt.Sprintf("coverage-%g", 100*l))
	}
	return names
}

// scoreValues are the scores but the coverages, in the order of tables.
func scoreValues(s forecast.Score) []float64 {
	return []float64{s.MASE, s.SMAPE, s.RMSSE, s.WAPE, s.MSIS, s.Pinball, s.CRPS, s.Bias}
}

func scoreFields(s forecast.Score) (fields []string) {
	for _, v := range append(scoreValues(s), s.Coverage...) {
		fields = append(fields, figures(v, fewFigures))
	}
	return fields
}

// scoresCSV writes the scores of each series by model.
func (r *forecastRun) scoresCSV(c *csv.Writer) {
	c.Write(append([]string{"unique_id", "model", "share"}, r.scoreNames()...))
	for i, all := range r.bySeries() {
		for _, s := range all {
			c.Write(append([]string{r.series[i].ID, s.Model, r.share(i, s.Model)}, scoreFields(s)...))
		}
	}
}

// share is what a model has of the forecast of series i, empty for what has no part in it.
func (r *forecastRun) share(i int, model string) string {
	c := r.model.Asked().Choice
	if c == nil {
		return ""
	}
	k := slices.Index(c.Models, model)
	if shares, ok := c.For(r.series[i]); ok && k >= 0 {
		return figures(shares.Of[k], fewFigures)
	}
	return ""
}

// stepsCSV writes the scores of each step by model.
func (r *forecastRun) stepsCSV(c *csv.Writer) {
	c.Write(append([]string{"step", "model"}, r.scoreNames()...))
	for k, all := range r.steps() {
		for _, s := range all {
			c.Write(append([]string{strconv.Itoa(k + 1), s.Model}, scoreFields(s)...))
		}
	}
}
