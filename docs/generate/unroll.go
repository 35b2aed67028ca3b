package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// unroll measures one training step - forward, back, and the gradients of the
// weights - of a user's own cell of 32 tanh neurons and of recur's, over more and
// more steps: unrolled statically, dynamically, and with segments run again.
func unroll() error {
	own := rnn.NewBasic(rand.New(rand.NewPCG(1, 2)), 4, 32)
	forms := []struct {
		name string
		most int
		loss func(g *grad.Tape, x rnn.Seq) *grad.Var
	}{
		{"Static, a cell of tape operations", 100_000, func(g *grad.Tape, x rnn.Seq) *grad.Var {
			ys, _ := rnn.Static(g, book{own}, x.Unstack(g), nil)
			return g.Sum(g.Square(g.ConcatRows(ys...)))
		}},
		{"Dynamic", 100_000, func(g *grad.Tape, x rnn.Seq) *grad.Var {
			y, _ := rnn.Dynamic(g, own, x, nil)
			return g.Sum(g.Square(y.X))
		}},
		{"Fold", 100_000, func(g *grad.Tape, x rnn.Seq) *grad.Var {
			total, _ := rnn.Fold(g, own, x, nil, 0, func(g *grad.Tape, y rnn.Seq, _ int) *grad.Var { return g.Sum(g.Square(y.X)) })
			return total
		}},
	}
	memory := &chart.Chart{Title: "Memory of one training step, batch of 4", XLabel: "steps", YLabel: "MB", LogX: true, LogY: true}
	clock := &chart.Chart{Title: "Time of one training step, batch of 4", XLabel: "steps", YLabel: "ms", LogX: true, LogY: true}
	for _, f := range forms {
		m, c := chart.Line{Name: f.name}, chart.Line{Name: f.name}
		for _, T := range []int{100, 300, 1000, 3000, 10_000, 30_000, 100_000} {
			mb, ms := measure(T, f.loss)
			m.X, m.Y = append(m.X, float64(T)), append(m.Y, mb)
			c.X, c.Y = append(c.X, float64(T)), append(c.Y, ms)
			fmt.Printf("unroll: %-34s %6d steps  %9.2f MB  %9.2f ms\n", f.name, T, mb, ms)
		}
		memory.Lines, clock.Lines = append(memory.Lines, m), append(clock.Lines, c)
	}
	if err := save("unroll.svg", memory); err != nil {
		return err
	}
	return save("unroll-time.svg", clock)
}

// measure returns what a training step keeps alive at its end, without the input
// itself, in MB, and the milliseconds of the faster of two.
func measure(T int, loss func(g *grad.Tape, x rnn.Seq) *grad.Var) (mb, ms float64) {
	in := tensor.New(T, 4, 4)
	for i := range in.Data {
		in.Data[i] = tensor.Float(i%7) / 7
	}
	alive := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for range 2 {
		before := alive()
		g := grad.New()
		t := time.Now()
		g.Backward(loss(g, rnn.Input(g, in, nil)))
		took := float64(time.Since(t).Microseconds()) / 1000
		mb = float64(alive()-before) / 1e6
		if ms == 0 || took < ms {
			ms = took
		}
		runtime.KeepAlive(g)
	}
	runtime.KeepAlive(in)
	return mb, ms
}

// book is the basic cell by its equation, as a user would write one.
type book struct{ *rnn.Basic }

func (c book) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	h := g.Tanh(g.Add(g.Affine(x, c.Wx, c.B), g.Affine(s[0], c.Wh, nil)))
	return h, rnn.State{h}
}
