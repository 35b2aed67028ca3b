package esrnn_test

import (
	"context"
	"fmt"
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/esrnn"
)

// One model for many series, each with a level and a season of its own.
func ExampleFit() {
	var shops []data.Series
	for i := range 6 {
		s := data.Series{ID: fmt.Sprintf("shop %d", i)}
		for t := range 72 {
			s.Y = append(s.Y, float64(100*(i+1))*(1+0.01*float64(t))*(1+0.2*math.Sin(float64(t+i)*math.Pi/6)))
		}
		shops = append(shops, s)
	}
	ctx := context.Background()
	m, err := esrnn.Fit(ctx, esrnn.Config{Job: forecast.Job{Season: 12, Horizon: 3}, Nets: 1, Hidden: 8, Steps: 200}, task.Options{}, shops...)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := m.Predict(ctx, shops...)
	if err != nil {
		fmt.Println(err)
		return
	}
	truth := 100 * (1 + 0.01*72) * (1 + 0.2*math.Sin(72*math.Pi/6))
	fmt.Println(len(f), "forecasts of", len(f[0].Point), "steps")
	fmt.Println("within 5 % of the truth:", math.Abs(f[0].Point[0]/truth-1) < 0.05)
	// Output:
	// 6 forecasts of 3 steps
	// within 5 % of the truth: true
}
