package forecast

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/tensor"
)

// A Runner steps many series together, for package session: a step reads the next value of a
// series, NaN if it is missing, and gives the forecast from there. The output has, for each step
// ahead, the forecast and then lo and hi of each band, in the order of Levels: [Horizon, 1+2·bands].
//
// The state is the last values of the series, in the precision of tensor.Float, so that a step
// costs the same however long the series, and gives what Predict gives for these values. A
// series is one that the model has no ID for.
type Runner struct {
	m      Forecaster
	window int
	levels int
	id     [32]byte
}

// usualWindow is how many of the last values the methods read that look at least far.
const usualWindow = 600

// Runner makes a runner that forecasts from the last window values of a series; 0 is for 600, or
// three seasons and the horizon if these are more. It is an error if the model needs what is no
// value of the series: covariates, dates, or other series.
func (m *Trained) Runner(window int) (*Runner, error) {
	j := m.Asked()
	switch {
	case len(j.Covariates) > 0:
		var names []string
		for _, c := range j.Covariates {
			names = append(names, c.Name)
		}
		if len(names) > 8 {
			names = append(names[:8], "…")
		}
		return nil, fault.Errorf(fault.Model, "forecast: the model needs %s beside each value, which a session does not have: give it whole series, or train one without covariates", strings.Join(names, ", "))
	case len(j.Hierarchy) > 0:
		return nil, fault.Errorf(fault.Model, "forecast: the model makes series add up, and a session has one alone: give it all series together, or train one without a hierarchy")
	case window < 0 || window > 1<<16:
		return nil, fault.Errorf(fault.Usage, "forecast: the window is %d values, want from 1 to %d", window, 1<<16)
	}
	if window == 0 {
		window = min(max(usualWindow, 3*j.Season+j.Horizon), 1<<16)
	}
	r := &Runner{m: m.Forecaster, window: window, levels: len(j.Levels)}
	r.id = sha256.Sum256(fmt.Appendf(nil, "forecast %d", window))
	return r, nil
}

// In is 1.
func (r *Runner) In() int { return 1 }

// Out is Horizon·(1+2·bands).
func (r *Runner) Out() int { return r.m.Asked().Horizon * (1 + 2*r.levels) }

// Bands is the number of bands of a forecast.
func (r *Runner) Bands() int { return r.levels }

// StateSizes are those of the last values, the latest last, and of their number. A value that is
// missing is infinite there.
func (r *Runner) StateSizes() []int { return []int{r.window, 1} }

// ID is the same for all forecasters with the window.
func (r *Runner) ID() [32]byte { return r.id }

// Step does a step of each row: x is [rows, 1], y [rows, Out]. A value that the model cannot
// read is an error of all rows.
func (r *Runner) Step(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	out := r.Out()
	if rows < 0 || len(x) < rows || len(y) < rows*out || len(states) != 2 || len(states[0]) < rows*r.window || len(states[1]) < rows {
		return fmt.Errorf("forecast: %d rows with %d values of input and %d of output, want %d and %d, and states of %v", rows, len(x), len(y), rows, rows*out, r.StateSizes())
	}
	for b := range rows {
		if err := r.row(ctx, x[b], y[b*out:(b+1)*out], states[0][b*r.window:(b+1)*r.window], &states[1][b]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) row(ctx context.Context, x tensor.Float, y, values []tensor.Float, count *tensor.Float) error {
	if math.IsInf(float64(x), 0) {
		return fault.Errorf(fault.Data, "forecast: the value is infinite; make it NaN if it is unknown")
	}
	n := len(values)
	have := 0
	if c := float64(*count); c >= 0 && c <= float64(n) && c == math.Trunc(c) { // a state may come from anywhere
		have = int(c)
	}
	have = min(have+1, n)
	copy(values, values[1:])
	if values[n-1] = x; x != x {
		values[n-1] = tensor.Float(math.Inf(1))
	}
	*count = tensor.Float(have)
	s := data.Series{Y: make([]float64, have)}
	for i, v := range values[n-have:] {
		if s.Y[i] = float64(v); math.IsInf(s.Y[i], 0) {
			s.Y[i] = math.NaN()
		}
	}
	fs, err := r.m.Predict(ctx, s)
	if err != nil {
		return fault.As(fault.Data, err)
	}
	f := &fs[0]
	for k, v := range f.Point {
		to := y[k*(1+2*r.levels):]
		to[0] = tensor.Float(v)
		for i, b := range f.Bands {
			to[1+2*i], to[2+2*i] = tensor.Float(b.Lo[k]), tensor.Float(b.Hi[k])
		}
	}
	return nil
}
