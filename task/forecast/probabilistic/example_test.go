package probabilistic_test

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/probabilistic"
)

// Sales double on days of promotions, which are planned ahead.
func ExampleFit() {
	s := data.Series{ID: "shop", Known: make([][]float64, 1)}
	for t := range 209 {
		promotion := 0.0
		if t%9 < 2 {
			promotion = 1
		}
		s.Known[0] = append(s.Known[0], promotion)
		if t < 206 {
			s.Y = append(s.Y, 10+10*promotion)
		}
	}
	c, err := probabilistic.Preset("qrnn")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Horizon, c.Window, c.Hidden, c.Epochs, c.Rate = 3, 12, 8, 5, 0.02
	c.Covariates = []data.Covariate{{Name: "promotion", Role: data.Known}}
	m, err := probabilistic.Fit(context.Background(), *c, task.Options{}, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := m.Predict(context.Background(), s)
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, v := range f[0].Point {
		fmt.Println("promotion:", s.Known[0][206+k] == 1, "more than 15:", v > 15)
	}
	// Output:
	// promotion: false more than 15: false
	// promotion: true more than 15: true
	// promotion: true more than 15: true
}
