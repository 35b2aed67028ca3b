package forecast_test

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// Eight years of months that rise and have a season.
func months() data.Series {
	s := data.Series{ID: "shop"}
	for t := range 96 {
		s.Y = append(s.Y, 100+float64(t)+20*math.Sin(2*math.Pi*float64(t)/12))
	}
	return s
}

// A model is trained on one or many series and forecasts any.
func ExampleFit() {
	m, err := forecast.Fit(context.Background(), forecast.Config{Job: forecast.Job{Season: 12, Horizon: 6}, Steps: 100}, task.Options{}, months())
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
	cfg := forecast.Config{Job: forecast.Job{Season: 12, Horizon: 6}, Steps: 100}
	report, err := forecast.Backtest(context.Background(), cfg, task.Options{}, forecast.Plan{Origins: 4}, months())
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

// A preset trains a model of its kind; what it is asked is the same for all.
func ExampleFindMethod() {
	ctx := context.Background()
	preset, err := forecast.FindMethod("small")
	if err != nil {
		fmt.Println(err)
		return
	}
	settings := preset.New()
	settings.Asked().Season, settings.Asked().Horizon = 12, 6
	m, err := preset.Fit(ctx, settings, task.Options{}, months())
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := m.Predict(ctx, months())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(f[0].Point), "steps, season", m.Asked().Season)
	// Output: 6 steps, season 12
}

// A file is read with its covariates, and the calendar is put beside them.
func ExampleSource() {
	source := forecast.Source{Known: []string{"price"}, Holidays: []string{"kr"}}
	table, err := source.Read(strings.NewReader("ds,y,price\n2024-09-15,6,3\n2024-09-16,9,2\n2024-09-17,,3\n2024-09-18,,3\n"), "sales.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := source.Prepare(table, 2); err != nil {
		fmt.Println(err)
		return
	}
	s := table.Series[0]
	fmt.Println("values", s.Y)
	for i, c := range table.Covariates {
		fmt.Println(c.Name, s.Known[i])
	}
	// Output:
	// values [6 9]
	// price [3 2 3 3]
	// holiday_kr [0 1 1 1]
	// before_holiday_kr [1 1 1 0]
	// after_holiday_kr [0 0 1 1]
}

// A model is scored on what it was not trained on, beside the baselines.
func ExampleEvaluate() {
	ctx := context.Background()
	s := months()
	m, err := forecast.Fit(ctx, forecast.Config{Job: forecast.Job{Season: 12, Horizon: 6}, Steps: 100}, task.Options{}, s.Before(84))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := forecast.Evaluate(ctx, m, forecast.Plan{Origins: 4}, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Scores[0].MASE < report.Scores[1].MASE)
	// Output: true
}

func ExampleOWA() {
	// The Theta method on the hourly series of M4: sMAPE and MASE, and those of Naive2.
	fmt.Printf("%.3f\n", forecast.OWA(18.138, 2.455, 18.383, 2.395))
	// Output: 1.006
}

func ExampleComb() {
	f := forecast.Comb(months().Y, 12, 3, []float64{0.8})
	fmt.Println(len(f.Point), f.Bands[0].Lo[0] < f.Point[0])
	// Output: 3 true
}
