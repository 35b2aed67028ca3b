package forecast

import (
	"context"
	"testing"

	"github.com/recur-go/recur/data"
)

// copier forecasts its first known covariate, and nothing else.
type copier struct{ fake }

func (c copier) Predict(_ context.Context, series ...data.Series) (fs []Forecast, err error) {
	for _, s := range series {
		f := NewForecast(c.job.Horizon, c.job.Levels)
		for k := range f.Point {
			v := s.Known[0][len(s.Y)+k]
			f.Point[k], f.Bands[0].Lo[k], f.Bands[0].Hi[k] = v, v-1, v+1
		}
		fs = append(fs, f)
	}
	return fs, nil
}

// A covariate that a model follows is worth much, others nothing; the series stay as they were.
func TestImportance(t *testing.T) {
	j := &Job{Horizon: 3, Levels: []float64{0.8}, Seed: 1, Covariates: []data.Covariate{
		{Name: "wind", Role: data.Past}, {Name: "price", Role: data.Known}, {Name: "day", Role: data.Known}, {Name: "town", Role: data.Static}}}
	y := years(40, 1)
	noise := years(43, 2)
	s := data.Series{Y: y, Past: [][]float64{noise[:40]}, Known: [][]float64{append(append([]float64{}, y...), 1, 2, 3), noise}, Static: []float64{1}}
	for t := range y {
		s.Known[0][t] += 0.1 // so that the loss is not 0
	}
	before := s.Known[0][7]
	all, err := Importance(t.Context(), copier{fake{j, new([]int)}}, Plan{Origins: 8}, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 || all[0].Name != "price" || !(all[0].Loss > 5) || !all[0].Useful() {
		t.Errorf("%+v", all)
	}
	for _, w := range all[1:] {
		if w.Loss != 0 || w.Useful() {
			t.Errorf("%+v is worth something", w)
		}
	}
	if s.Known[0][7] != before {
		t.Error("the series have changed")
	}
}
