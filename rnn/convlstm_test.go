package rnn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

// A picture that moves: six places with two channels each, and a window of 3 by 3.
func ExampleConvLSTM() {
	r := rand.New(rand.NewPCG(1, 2))
	c := rnn.NewConvLSTM(r, []int{2, 3}, []int{3, 3}, 2, 4)
	g := grad.Eval()
	frames := rnn.Input(g, tensor.New(10, 1, 6*2), nil)
	y, _ := rnn.Dynamic(g, c, frames, nil)
	fmt.Println(y.X.Shape())
	// Output: [10 1 24]
}

// convolutional are cells in one to three dimensions with all options.
func convolutional() map[string]struct {
	cell *rnn.ConvLSTM
	in   int // channels of a place of the input
} {
	r := rng()
	return map[string]struct {
		cell *rnn.ConvLSTM
		in   int
	}{
		"1":        {noisy(rnn.NewConvLSTM(r, []int{4}, []int{3}, 2, 2)), 2},
		"2":        {noisy(rnn.NewConvLSTM(r, []int{3, 2}, []int{2, 3}, 1, 2)), 1},
		"3":        {noisy(rnn.NewConvLSTM(r, []int{2, 2, 2}, []int{3, 2, 1}, 1, 1)), 1},
		"valid":    {noisy(rnn.ConvLSTMOptions{Size: []int{4, 3}, Window: []int{3, 2}, Valid: true}.New(r, 2, 1)), 2},
		"strides":  {noisy(rnn.ConvLSTMOptions{Size: []int{5, 4}, Window: []int{3, 2}, Stride: []int{2, 3}}.New(r, 1, 2)), 1},
		"both":     {noisy(rnn.ConvLSTMOptions{Size: []int{6}, Window: []int{3}, Stride: []int{2}, Valid: true}.New(r, 2, 2)), 2},
		"dilation": {noisy(rnn.ConvLSTMOptions{Size: []int{5}, Window: []int{2}, Dilation: []int{3}}.New(r, 1, 2)), 1},
		"skip":     {noisy(rnn.ConvLSTMOptions{Size: []int{3}, Window: []int{3}, Skip: true, Gate: rnn.HardSigmoid(0.2, 0.5), Cand: rnn.Softsign}.New(r, 2, 1)), 2},
	}
}

func TestConvLSTM(t *testing.T) {
	for name, c := range convolutional() {
		width := c.in
		for _, n := range c.cell.Size {
			width *= n
		}
		t.Run(name, func(t *testing.T) {
			if name != "skip" { // whose gate has corners
				if f := nn.Untagged(c.cell); f != nil {
					t.Errorf("fields without a tag: %v", f)
				}
				rnntest.Cell(t, c.cell, width)
			}
			r := rng()
			random := func(n int) *tensor.Tensor {
				x := tensor.New(1, n)
				for i := range x.Data {
					x.Data[i] = tensor.Float(r.NormFloat64())
				}
				return x
			}
			g := grad.Eval()
			x, s := random(width), []*tensor.Tensor{random(c.cell.StateSize()[0]), random(c.cell.StateSize()[1])}
			y, next := c.cell.Step(g, g.Const(x), rnn.State{g.Const(s[0]), g.Const(s[1])})
			want, memory := convByHand(c.cell, c.in, x.Data, s[0].Data, s[1].Data)
			for i, got := range append(y.Value.Data, next[1].Value.Data...) {
				if d := math.Abs(float64(got) - append(want, memory...)[i]); d > 1e-5 {
					t.Fatalf("value %d is %v, want %v", i, got, append(want, memory...)[i])
				}
			}
			if len(y.Value.Data) != len(want) {
				t.Errorf("%d outputs, want %d", len(y.Value.Data), len(want))
			}
		})
	}
	if (rnn.ConvLSTMOptions{Size: []int{4, 2}, Window: []int{3, 3}, Valid: true}).Places() != nil {
		t.Error("a window larger than the input has places")
	}
}

// convByHand is a step of a cell, one number at a time.
func convByHand(c *rnn.ConvLSTM, in int, x, h, memory []tensor.Float) (y, next []float64) {
	C := c.Wh.Dim(1) / 4
	out := c.Places()
	get := func(list []int, d int) int {
		if list == nil {
			return 1
		}
		return list[d]
	}
	each(out, func(p []int, place int) {
		pre := make([]float64, 4*C)
		for j := range pre {
			pre[j] = float64(c.B.Value.Data[j])
		}
		add := func(v []tensor.Float, size, at []int, channels, offset int, w *grad.Var) {
			q := 0
			for d, n := range at {
				if n < 0 || n >= size[d] {
					return
				}
				q = q*size[d] + n
			}
			for i := range channels {
				for j := range pre {
					pre[j] += float64(v[q*channels+i]) * float64(w.Value.Data[(offset*channels+i)*4*C+j])
				}
			}
		}
		each(c.Window, func(k []int, offset int) {
			var px, ph []int
			for d := range k {
				stride, dilation := get(c.Stride, d), get(c.Dilation, d)
				before := 0
				if !c.Valid {
					before = max(0, (out[d]-1)*stride+(c.Window[d]-1)*dilation+1-c.Size[d]) / 2
				}
				px = append(px, p[d]*stride+k[d]*dilation-before)
				ph = append(ph, p[d]+k[d]-(c.Window[d]-1)/2)
			}
			add(x, c.Size, px, in, offset, c.Wx)
			add(h, out, ph, C, offset, c.Wh)
		})
		gate, cand := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }, math.Tanh
		if c.Cand == rnn.Softsign {
			gate = func(v float64) float64 { return min(max(0.2*v+0.5, 0), 1) }
			cand = func(v float64) float64 { return v / (1 + math.Abs(v)) }
		}
		for k := range C {
			m := gate(pre[C+k])*float64(memory[place*C+k]) + gate(pre[k])*cand(pre[2*C+k])
			next = append(next, m)
			y = append(y, gate(pre[3*C+k])*cand(m))
		}
		if c.Skip {
			for _, v := range x[place*in : (place+1)*in] {
				y = append(y, float64(v))
			}
		}
	})
	return y, next
}

// each visits the places of a grid, the last dimension fastest.
func each(dims []int, visit func(at []int, i int)) {
	n := 1
	for _, d := range dims {
		n *= d
	}
	for i := range n {
		at, k := make([]int, len(dims)), i
		for d := len(dims) - 1; d >= 0; d-- {
			at[d], k = k%dims[d], k/dims[d]
		}
		visit(at, i)
	}
}
