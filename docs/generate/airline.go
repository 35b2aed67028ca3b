package main

import (
	"context"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// airline is the picture of the README: what recur forecast draws.
func airline() error {
	set, err := sets.Find("airline")
	if err != nil {
		return err
	}
	table, err := set.Table()
	if err != nil {
		return err
	}
	s := table.Series[0]
	series := data.Series{Y: s.Y}
	cfg := forecast.Config{Job: forecast.Job{Season: 12, Seed: 1}}
	report, err := forecast.Backtest(context.Background(), cfg, task.Options{}, forecast.Plan{}, series)
	if err != nil {
		return err
	}
	m, err := forecast.Fit(context.Background(), cfg, task.Options{}, series)
	if err != nil {
		return err
	}
	report.Calibrate(m)
	f, err := m.Predict(context.Background(), series)
	if err != nil {
		return err
	}
	fan := &chart.Fan{History: s.Y, Point: f[0].Point, Label: func(i int) string { return s.Time(i).At.Format("2006") }}
	for _, b := range f[0].Bands {
		fan.Bands = append(fan.Bands, chart.Band{Level: b.Level, Lo: b.Lo, Hi: b.Hi})
	}
	return save("airline.png", fan.Chart(set.Title, set.Unit, 12))
}
