package main

import (
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

const (
	longWidth = 128
	longBatch = 8
)

// A usage is the memory of a run. Bytes are those beyond what the process held
// before it, the input included there.
type usage struct {
	System    string  `json:"system"`
	Job       string  `json:"job"`
	Steps     int     `json:"steps"`
	Tape      int     `json:"tape_bytes,omitempty"`
	Allocated int     `json:"allocated_bytes"`
	Bytes     int     `json:"bytes"` // greatest resident memory less that before
	Seconds   float64 `json:"seconds"`
	Loss      float64 `json:"loss"`
}

// memory is one training step of an LSTM on long sequences: forward and backward,
// with segments run again, so that what is kept grows with the root of the steps.
func memory(o options) (any, error) {
	width := o.wide(longWidth)
	c := emptyLSTM(width, width)
	var w weights
	w.fill(0.1, c.Wx, c.Wh, c.B)
	x := tensor.New(o.steps, longBatch, width)
	fillInput(x)
	before, err := speed.Resident("VmRSS")
	if err != nil {
		return nil, err
	}
	var had runtime.MemStats
	runtime.ReadMemStats(&had)
	u, begin, g := usage{System: "recur", Job: "memory", Steps: o.steps}, time.Now(), grad.New()
	loss, _ := rnn.Fold(g, c, rnn.Input(g, x, nil), nil, 0, func(g *grad.Tape, y rnn.Seq, _ int) *grad.Var {
		return g.Sum(g.Square(y.X))
	})
	g.Backward(loss)
	u.Seconds = time.Since(begin).Seconds()
	var has runtime.MemStats
	runtime.ReadMemStats(&has)
	u.Allocated = int(has.TotalAlloc - had.TotalAlloc)
	u.Loss = float64(loss.Value.Data[0]) / float64(len(x.Data))
	u.Tape = g.Bytes()
	after, err := speed.Resident("VmHWM")
	u.Bytes = after - before
	return u, err
}

// fillInput draws x as peer_torch.py does.
func fillInput(x *tensor.Tensor) {
	for i := range x.Data {
		x.Data[i] = tensor.Float(float64(hash(uint32(i)))/(1<<31) - 1)
	}
}

// stream pushes steps one at a time. Bytes are those that the process grew by after
// the first hundred.
func stream(o options) (any, error) {
	c := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), longWidth, longWidth)
	x := nn.Normal(rand.New(rand.NewPCG(3, 4)), 1, longWidth).Value.Data
	st := rnn.NewStream(c)
	for range 100 {
		st.Push(x)
	}
	before, err := speed.Resident("VmHWM")
	if err != nil {
		return nil, err
	}
	var had, has runtime.MemStats
	runtime.ReadMemStats(&had)
	begin := time.Now()
	for range o.steps {
		st.Push(x)
	}
	u := usage{System: "recur", Job: "stream", Steps: o.steps, Seconds: time.Since(begin).Seconds(), Loss: float64(st.Push(x)[0])}
	runtime.ReadMemStats(&has)
	u.Allocated = int(has.TotalAlloc - had.TotalAlloc)
	after, err := speed.Resident("VmHWM")
	u.Bytes = after - before
	return u, err
}
