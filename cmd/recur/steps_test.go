package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// Every method refuses series of another step of time than that of its training.
func TestEveryMethodRefusesOtherSteps(t *testing.T) {
	for _, name := range forecast.Presets() {
		method, err := forecast.FindMethod(name)
		if err != nil {
			t.Fatal(err)
		}
		s := method.New()
		s.Asked().Horizon, s.Asked().Season = 2, 1
		if err := json.Unmarshal([]byte(`{"hidden": 4, "nets": 2, "steps": 2, "epochs": 1, "window": 8, "prior": -1}`), s); err != nil {
			t.Fatal(err)
		}
		day := every(data.Freq{Unit: data.Day, N: 1})
		m, err := method.Fit(context.Background(), s, task.Options{}, day)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := m.Predict(context.Background(), day); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var step *forecast.StepError
		if _, err := m.Predict(context.Background(), every(data.Freq{Unit: data.Second, N: 3600})); !errors.As(err, &step) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// every is a series at a step of time.
func every(f data.Freq) data.Series {
	t, _ := data.ParseTime("2024-01-01")
	s := data.Series{ID: "a", Start: t, Freq: f, Y: make([]float64, 120)}
	for i := range s.Y {
		s.Y[i] = float64(100 + i%7*i%5)
	}
	return s
}
