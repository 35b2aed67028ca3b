// Forecasts is a service that forecasts: it trains on a file once, keeps the model, and answers
// the values of a series in memory with what comes next, times and bands.
//
//	go run ./examples/forecasts sales.csv
//	curl -d '{"ds":"2024-01","freq":"M","y":[12,15,14,18,21,20,24,23,27,30]}' localhost:8080
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// service answers the values of a series with their forecast.
func service(m *forecast.Trained) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Start data.Time `json:"ds"` // time of the first value
			Freq  data.Freq `json:"freq"`
			Y     []float64 `json:"y"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		next, err := m.Ahead(r.Context(), data.Series{Start: in.Start, Freq: in.Freq, Y: in.Y})
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		json.NewEncoder(w).Encode(next[0])
	}
}

// trained reads the model that is kept, or trains one on a file and keeps it.
func trained(ctx context.Context, file, keep string) (*forecast.Trained, error) {
	if _, err := os.Stat(keep); err == nil {
		return forecast.Open(keep)
	}
	table, err := forecast.Source{}.ReadFile(file)
	if err != nil {
		return nil, err
	}
	settings, err := forecast.Preset("")
	if err != nil {
		return nil, err
	}
	m, err := forecast.FitTable(ctx, settings, table, task.Options{})
	if err != nil {
		return nil, err
	}
	return m, m.Save(keep, model.Training{Data: file})
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: forecasts FILE")
	}
	m, err := trained(context.Background(), os.Args[1], "forecasts.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", service(m)))
}
