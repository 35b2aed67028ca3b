package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task/forecast"
)

// airline is the forecaster that is served without a MODEL: what recur forecast airline wrote.
//
//go:embed airline.safetensors
var airline []byte

// openAirline is openServed for it.
func (f *serveFlags) openAirline(ctx context.Context, name, version string, table session.TableOptions) (m *serve.Model, err error) {
	file, err := os.CreateTemp("", "airline-*.safetensors")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(airline)
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return f.openServed(ctx, file.Name(), name, version, table)
}

// remembered is how many values a session of a forecaster keeps.
const remembered = 120

// A forecastRunner takes a value of a series and gives the forecast of what follows. The state
// is the last values, after how many there are.
type forecastRunner struct {
	m       *forecast.Trained
	horizon int
	id      [32]byte
}

func newForecastRunner(m *forecast.Trained) *forecastRunner {
	r := &forecastRunner{m: m, horizon: m.Asked().Horizon}
	r.id = sha256.Sum256(fmt.Appendf(nil, "the last %d values, %d ahead", remembered, r.horizon))
	return r
}

func (r *forecastRunner) In() int           { return 1 }
func (r *forecastRunner) Out() int          { return r.horizon }
func (r *forecastRunner) StateSizes() []int { return []int{1 + remembered} }
func (r *forecastRunner) ID() [32]byte      { return r.id }

func (r *forecastRunner) Step(ctx context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	for i := range rows {
		s := states[0][i*(1+remembered) : (i+1)*(1+remembered)]
		n, values := int(s[0]), s[1:]
		if n == remembered {
			copy(values, values[1:])
			n--
		}
		values[n] = x[i]
		s[0] = session.Float(n + 1)
		series := make([]float64, n+1)
		for k, v := range values[:n+1] {
			series[k] = float64(v)
		}
		all, err := r.m.Predict(ctx, data.Series{Y: series})
		if err != nil {
			return err
		}
		for k, v := range all[0].Point {
			y[i*r.horizon+k] = session.Float(v)
		}
	}
	return nil
}
