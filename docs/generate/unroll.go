package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// unrollFile keeps what training steps over more and more steps cost.
const unrollFile = "unroll.json"

// An unrolled is a training step - forward, back, and the gradients of the weights - of 32
// tanh neurons.
type unrolled struct {
	Form  string  `json:"form"`
	Steps int     `json:"steps"`
	MB    float64 `json:"mb"`
	MS    float64 `json:"ms"`
}

type unrolls struct {
	Machine string     `json:"machine"`
	Rows    []unrolled `json:"rows"`
}

// forms are the ways to unroll, with their names in the pictures and in the table.
var forms = []struct{ form, name, code string }{
	{"static", "Static, a cell of tape operations", "`Static`, a cell of tape operations"},
	{"dynamic", "Dynamic", "`Dynamic`"},
	{"fold", "Fold", "`Fold`"},
}

// unrollTimes measures a user's own cell, unrolled statically, and recur's, dynamically and
// with segments run again.
func unrollTimes() error {
	own := rnn.NewBasic(rand.New(rand.NewPCG(1, 2)), 4, 32)
	losses := map[string]func(g *grad.Tape, x rnn.Seq) *grad.Var{
		"static": func(g *grad.Tape, x rnn.Seq) *grad.Var {
			ys, _ := rnn.Static(g, book{own}, x.Unstack(g), nil)
			return g.Sum(g.Square(g.ConcatRows(ys...)))
		},
		"dynamic": func(g *grad.Tape, x rnn.Seq) *grad.Var {
			y, _ := rnn.Dynamic(g, own, x, nil)
			return g.Sum(g.Square(y.X))
		},
		"fold": func(g *grad.Tape, x rnn.Seq) *grad.Var {
			total, _ := rnn.Fold(g, own, x, nil, 0, func(g *grad.Tape, y rnn.Seq, _ int) *grad.Var { return g.Sum(g.Square(y.X)) })
			return total
		},
	}
	all := unrolls{Machine: fmt.Sprintf("%s, %d cores, %s/%s, kernels %s", speed.CPU(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, kernel.Tier())}
	for _, f := range forms {
		for _, T := range []int{100, 300, 1000, 3000, 10_000, 30_000, 100_000} {
			mb, ms := measure(T, losses[f.form])
			all.Rows = append(all.Rows, unrolled{f.form, T, mb, ms})
		}
	}
	return writeJSON(unrollFile, all)
}

// unroll draws what unrollTimes has measured.
func unroll() error {
	var all unrolls
	if err := readJSON(results, unrollFile, &all); err != nil {
		return err
	}
	for name, c := range all.pictures() {
		if err := save(name, c); err != nil {
			return err
		}
	}
	return nil
}

// pictures returns the charts by the names of their files.
func (all unrolls) pictures() map[string]*chart.Chart {
	memory := &chart.Chart{Title: "Memory of one training step, batch of 4", XLabel: "steps", YLabel: "MB", LogX: true, LogY: true}
	clock := &chart.Chart{Title: "Time of one training step, batch of 4", XLabel: "steps", YLabel: "ms", LogX: true, LogY: true}
	for _, f := range forms {
		m, c := chart.Line{Name: f.name}, chart.Line{Name: f.name}
		for _, r := range all.Rows {
			if r.Form == f.form {
				m.X, m.Y = append(m.X, float64(r.Steps)), append(m.Y, r.MB)
				c.X, c.Y = append(c.X, float64(r.Steps)), append(c.Y, r.MS)
			}
		}
		memory.Lines, clock.Lines = append(memory.Lines, m), append(clock.Lines, c)
	}
	return map[string]*chart.Chart{"unroll.svg": memory, "unroll-time.svg": clock}
}

// addUnroll adds the table of a training step's memory and time.
func addUnroll(dir string, tables map[string]table) error {
	var all unrolls
	if err := readJSON(dir, unrollFile, &all); err != nil {
		return err
	}
	tables["unroll"] = whole(func() string {
		columns := []int{1000, 10_000, 100_000}
		g := newGrid("steps", "1,000", "10,000", "100,000")
		for _, f := range forms {
			row := []string{f.code}
			for _, steps := range columns {
				for _, r := range all.Rows {
					if r.Form == f.form && r.Steps == steps {
						row = append(row, digits(r.MB)+" MB, "+digits(r.MS)+" ms")
					}
				}
			}
			g.row(row...)
		}
		return g.String()
	})
	return nil
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
