package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// An accumulator adds what it is given to its state and answers with the sum.
type accumulator struct {
	width     int
	delay     time.Duration // of a batch
	forgetful bool          // its state stays as it was
}

func (a *accumulator) In() int  { return a.width }
func (a *accumulator) Out() int { return a.width }

func (a *accumulator) StateSizes() []int { return []int{a.width} }

func (a *accumulator) ID() [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "accumulator of %d", a.width))
}

func (a *accumulator) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	time.Sleep(a.delay)
	for i, v := range x[:rows*a.width] {
		y[i] = states[0][i] + v
	}
	if !a.forgetful {
		copy(states[0], y[:rows*a.width])
	}
	return nil
}

// models are served under the names that the scenarios ask for. Those that differ in Triton's
// scheduling alone are the same here.
var models = map[string]struct {
	accumulator
	datatype serve.Datatype
	idle     time.Duration
}{
	"accumulate_int32":              {datatype: serve.INT32},
	"accumulate_fp32":               {datatype: serve.FP32},
	"accumulate_oldest_int32":       {datatype: serve.INT32},
	"accumulate_oldest_fp32":        {datatype: serve.FP32},
	"accumulate_wide":               {accumulator: accumulator{width: 2}, datatype: serve.INT32},
	"accumulate_wide_ragged":        {accumulator: accumulator{width: 2}, datatype: serve.INT32},
	"accumulate_wide_oldest":        {accumulator: accumulator{width: 2}, datatype: serve.INT32},
	"accumulate_wide_oldest_ragged": {accumulator: accumulator{width: 2}, datatype: serve.INT32},
	"accumulate_delay":              {datatype: serve.INT32},
	"accumulate_delay_half":         {datatype: serve.INT32},
	"accumulate_delay_full":         {datatype: serve.INT32},
	"accumulate_slow":               {accumulator: accumulator{delay: time.Second}, datatype: serve.INT32, idle: 10 * time.Second},
	"accumulate_slow_oldest":        {accumulator: accumulator{delay: time.Second}, datatype: serve.INT32, idle: 10 * time.Second},
	"accumulate_ordered":            {datatype: serve.INT32},
	"accumulate_unordered":          {datatype: serve.INT32},
	"accumulate_id":                 {datatype: serve.INT32},
	"accumulate_string_id":          {datatype: serve.INT32},
	"constant":                      {accumulator: accumulator{forgetful: true}, datatype: serve.INT32},
	"stateless":                     {accumulator: accumulator{forgetful: true}, datatype: serve.INT32},
}

// writers answer one request with several texts: the numbers below the one that they are given.
var writers = []string{"countdown", "countdown_direct_queue", "countdown_short_idle", "countdown_direct", "countdown_oldest", "countdown_dynamic"}

func countdown(_ context.Context, g serve.Generation, emit func(serve.Piece) error) error {
	n, err := strconv.Atoi(g.Text)
	if err != nil || n > 1000 {
		return &serve.Error{Class: serve.Invalid, Text: "text_input has to be a number up to 1000"}
	}
	for n > 0 {
		n--
		if err := emit(serve.Piece{Text: strconv.Itoa(n)}); err != nil {
			return err
		}
	}
	return nil
}

// accumulators makes a server of all models. The function ends its sessions.
func accumulators(o serve.Options) (*serve.Server, func() error, error) {
	s := serve.New(o)
	var tables []*session.Table
	stop := func() error {
		for _, t := range tables {
			if err := t.Close(context.Background()); err != nil {
				return err
			}
		}
		return nil
	}
	for name, m := range models {
		a := m.accumulator
		if a.width == 0 {
			a.width = 1
		}
		idle := m.idle
		if idle == 0 {
			idle = 2 * time.Second
		}
		served := &serve.Model{Name: name}
		shape := []int64{-1, int64(a.width)}
		served.Inputs = []serve.Tensor{{Name: "INPUT", Datatype: m.datatype, Shape: shape}}
		served.Outputs = []serve.Tensor{{Name: "OUTPUT", Datatype: m.datatype, Shape: shape}}
		served.Sessions = session.NewTable(session.New(&a, session.Options{OnBatch: served.OnBatch}), session.TableOptions{TTL: idle})
		tables = append(tables, served.Sessions)
		if err := s.Add(served); err != nil {
			return nil, stop, err
		}
	}
	one := func(name string) []serve.Tensor {
		return []serve.Tensor{{Name: name, Datatype: serve.INT32, Shape: []int64{-1, 1}}}
	}
	if err := s.Add(&serve.Model{Name: "identity", Inputs: one("INPUT"), Outputs: one("OUTPUT"), Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) {
		out := in[0]
		out.Name = "OUTPUT"
		return []serve.Value{out}, nil
	}}); err != nil {
		return nil, stop, err
	}
	for name, p := range map[string]rnn.Precision{"lstm": rnn.Single, "lstm_int8": rnn.Int8} { // for bench/serve
		lstm, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 1)), 64, 128), p)
		if err != nil {
			return nil, stop, err
		}
		m := &serve.Model{Name: name}
		m.Sessions = session.NewTable(session.New(lstm, session.Options{OnBatch: m.OnBatch}), session.TableOptions{TTL: 10 * time.Minute})
		tables = append(tables, m.Sessions)
		if err := s.Add(m); err != nil {
			return nil, stop, err
		}
	}
	for _, name := range writers {
		if err := s.Add(&serve.Model{Name: name, Generate: countdown}); err != nil {
			return nil, stop, err
		}
	}
	return s, stop, nil
}
