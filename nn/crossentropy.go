package nn

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/tensor"
)

// CrossEntropy is the mean over rows of -log softmax(logits)[want], logits
// [..., classes], one id in want for each row. Rows whose want is negative, as
// padding has it, do not count; if none counts the loss is 0.
//
// Logits are scores before a softmax. Probabilities, such as a network gives that was
// imported with its softmax, are no logits: take NLL for them, or the network without
// its softmax, graph.Net.Logits.
func CrossEntropy(g *grad.Tape, logits *grad.Var, want []int) *grad.Var {
	return CrossEntropySmooth(g, logits, want, 0)
}

// CrossEntropySmooth is CrossEntropy against a target that gives 1-eps to the
// wanted class and eps/classes to each (label smoothing, Szegedy et al. 2016), as
// PyTorch's label_smoothing.
func CrossEntropySmooth(g *grad.Tape, logits *grad.Var, want []int, eps float64) *grad.Var {
	checkTargets("nn.CrossEntropy", logits, want)
	return newCrossEntropy(g, logits, want, logits.Shape().Last(), eps).loss()
}

// checkTargets panics unless want has a class for each row of x [..., classes].
func checkTargets(op string, x *grad.Var, want []int) {
	n := x.Shape().Last()
	if n == 0 || len(want)*n != len(x.Value.Data) {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%v, %d targets", x.Shape(), len(want))})
	}
	for i, id := range want {
		if id >= n {
			panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("target %d at %d, there are %d classes", id, i, n)})
		}
	}
}

// A crossEntropy keeps of each row x the maximum m and z = Σ e^(x-m), from which the
// way back computes softmax(x) = e^(x-m)/z again: that is less work than to store it
// and to read it.
type crossEntropy struct {
	g      *grad.Tape
	logits *grad.Var
	x      []tensor.Float // [rows, n]
	want   []int
	n      int
	eps    float64
	m, z   []tensor.Float // [rows]
	work   []tensor.Float // [pieces, n]
	pieces int            // rows are cut into, for several cores
	count  int            // rows that count
}

func newCrossEntropy(g *grad.Tape, logits *grad.Var, want []int, n int, eps float64) *crossEntropy {
	rows := len(want)
	c := &crossEntropy{g: g, logits: logits, x: logits.Value.Data, want: want, n: n, eps: eps, pieces: 1}
	const worth = 1 << 15 // values that keep a core busy
	if procs := par.Cores(); procs > 1 {
		c.pieces = max(1, min(rows, rows*n/worth, 4*procs))
	}
	c.m, c.z = g.Scratch(tensor.ShapeOf(rows)).Data, g.Scratch(tensor.ShapeOf(rows)).Data
	c.work = g.Scratch(tensor.ShapeOf(c.pieces, n)).Data
	return c
}

// each calls f for every row, with room for n values.
func (c *crossEntropy) each(f func(i int, work []tensor.Float)) {
	par.For(c.pieces, 1, func(k, _ int) {
		for i := k * len(c.want) / c.pieces; i < (k+1)*len(c.want)/c.pieces; i++ {
			f(i, c.work[k*c.n:(k+1)*c.n])
		}
	})
}

func (c *crossEntropy) row(i int) []tensor.Float { return c.x[i*c.n : (i+1)*c.n] }

func (c *crossEntropy) loss() *grad.Var {
	c.each(func(i int, work []tensor.Float) {
		if c.want[i] >= 0 {
			m, z := kernel.ExpsBelowMax(work, c.row(i))
			c.m[i], c.z[i] = m, tensor.Float(z)
		}
	})
	var sum float64
	for i, id := range c.want { // in order, whatever the cores did
		if id < 0 {
			continue
		}
		c.count++
		logZ := float64(c.m[i]) + math.Log(float64(c.z[i]))
		logp := float64(c.row(i)[id]) - logZ
		if c.eps != 0 { // Σ log p over classes is Σ x - n·log Σ e^x
			all := kernel.Sum(c.row(i)) - float64(c.n)*logZ
			logp = (1-c.eps)*logp + c.eps/float64(c.n)*all
		}
		sum -= logp
	}
	y := c.g.Scalar(sum/float64(max(c.count, 1)), c.logits)
	if c.g.NeedsGrad(y) {
		c.g.RecordFrom(y, func(dy *tensor.Tensor) {
			c.back(dy.Data[0] / tensor.Float(max(c.count, 1)))
		})
	}
	return y
}

// back adds d·(softmax(x) - target) to the gradient of each row that counts.
func (c *crossEntropy) back(d tensor.Float) {
	dx, unset := c.g.GradUninit(c.logits)
	c.each(func(i int, work []tensor.Float) {
		row, id := dx.Data[i*c.n:(i+1)*c.n], c.want[i]
		switch {
		case id < 0 && unset:
			clear(row)
			return
		case id < 0:
			return
		case unset:
			work = row
		}
		kernel.ExpsTimes(work, c.row(i), c.m[i], d/c.z[i])
		work[id] -= d * tensor.Float(1-c.eps)
		if c.eps != 0 {
			for j := range work {
				work[j] -= d * tensor.Float(c.eps/float64(c.n))
			}
		}
		if !unset {
			kernel.AddTo(row, work)
		}
	})
}
