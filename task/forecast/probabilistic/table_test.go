package probabilistic_test

import (
	"math"
	"slices"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// A table that a model is trained on stays as it was, those of its categories too of which nothing can
// be learned.
func TestFitTableKeepsTheTable(t *testing.T) {
	start, err := data.ParseTime("2010-01")
	if err != nil {
		t.Fatal(err)
	}
	y, sale := make([]float64, 72), make([]float64, 72+6)
	for i := range y {
		sale[i] = float64(i % 5 / 4)
		y[i] = 10 + float64(i%3) + 4*sale[i]
	}
	sale[75] = 2 // a category of the steps ahead alone
	table := &data.Table{
		Covariates: []data.Covariate{{Name: "sale", Role: data.Known, Categories: []string{"no", "yes", "half"}}},
		Series:     []data.Series{{Start: start, Freq: data.Freq{Unit: data.Month, N: 1}, Y: y, Known: [][]float64{slices.Clone(sale)}}},
	}
	c := quick(nil)
	c.Preset, c.NoBacktest, c.Season = "qrnn", true, 1
	m, err := forecast.FitTable(ctx, &c, table, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(m.Table.Series[0].Known[0][75]) {
		t.Error("the category is not masked")
	}
	if !slices.Equal(table.Series[0].Known[0], sale) {
		t.Errorf("known %v, want %v", table.Series[0].Known[0], sale)
	}
}
