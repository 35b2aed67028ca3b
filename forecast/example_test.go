package forecast_test

import (
	"context"
	"fmt"
	"math"

	"github.com/recur-go/recur/forecast"
)

// Eight years of months that rise and have a season.
func months() forecast.Series {
	s := forecast.Series{ID: "shop"}
	for t := range 96 {
		s.Y = append(s.Y, 100+float64(t)+20*math.Sin(2*math.Pi*float64(t)/12))
	}
	return s
}

// A model is trained on one or many series and forecasts any.
func ExampleFit() {
	m, err := forecast.Fit(context.Background(), forecast.Config{Season: 12, Horizon: 6, Steps: 100}, months())
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := m.Predict(context.Background(), months())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(f[0].Point), "steps, bands of", f[0].Bands[0].Level, f[0].Bands[1].Level, f[0].Bands[2].Level)
	fmt.Println(f[0].Bands[2].Lo[0] < f[0].Point[0] && f[0].Point[0] < f[0].Bands[2].Hi[0])
	// Output:
	// 6 steps, bands of 0.5 0.8 0.95
	// true
}

// A back-test says how good the forecasts would have been, beside the baselines.
func ExampleBacktest() {
	cfg := forecast.Config{Season: 12, Horizon: 6, Steps: 100}
	report, err := forecast.Backtest(context.Background(), cfg, forecast.Plan{Origins: 4}, months())
	if err != nil {
		fmt.Println(err)
		return
	}
	better := report.Scores[0].MASE < report.Scores[1].MASE
	fmt.Println(report.Scores[0].Model, "is better than", report.Scores[1].Model, better)
	// Output: recur is better than naive true
}

func ExampleTheta() {
	f := forecast.Theta(months().Y, 12, 3, []float64{0.8})
	fmt.Printf("%.0f\n", f.Point)
	// Output: [199 214 224]
}
