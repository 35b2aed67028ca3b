package rnn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The cells by hand: their equations as sums over numbers of float64, with none of
// the library's operations.

type scalar func(float64) float64

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func plain(s scalar) scalar {
	if s == nil {
		return func(x float64) float64 { return x }
	}
	return s
}

func within(limit float64) scalar {
	if limit == 0 {
		return plain(nil)
	}
	return func(x float64) float64 { return math.Max(-limit, math.Min(limit, x)) }
}

// times is element j of x·w.
func times(x []float64, w *grad.Var, j int) (sum float64) {
	n := w.Dim(1)
	for p, v := range x {
		sum += v * float64(w.Value.Data[p*n+j])
	}
	return sum
}

// at is element i of v, 0 if there is no v.
func at(v *grad.Var, i int) float64 {
	if v == nil {
		return 0
	}
	return float64(v.Value.Data[i])
}

// A stepper takes x and the state of one row, and gives the output and next state.
type stepper func(x []float64, s [][]float64) (y []float64, next [][]float64)

func basicByHand(c *rnn.Basic, phi scalar) stepper {
	return func(x []float64, s [][]float64) ([]float64, [][]float64) {
		h := make([]float64, len(s[0]))
		for j := range h {
			h[j] = phi(times(x, c.Wx, j) + times(s[0], c.Wh, j) + at(c.B, j))
		}
		return h, [][]float64{h}
	}
}

func lstmByHand(c *rnn.LSTM, gate, cand, out scalar) stepper {
	clip, cellClip, projClip := within(c.Clip), within(c.CellClip), within(c.ProjClip)
	return func(x []float64, s [][]float64) ([]float64, [][]float64) {
		h, cell, H := s[0], s[1], len(s[1])
		k := map[string]int{"i": 0, "f": 1, "u": 2, "o": 3}
		if c.Coupled {
			k = map[string]int{"i": 0, "u": 1, "o": 2}
		}
		// sum is a gate's x·Wx + h·Wh + B, normalised if it is.
		sum := func(name string) []float64 {
			a := make([]float64, H)
			for j := range a {
				a[j] = times(x, c.Wx, k[name]*H+j) + times(h, c.Wh, k[name]*H+j) + at(c.B, k[name]*H+j)
			}
			if c.Norm != nil {
				a = normalised(a, c.Norm.Gain, c.Norm.Shift, k[name]*H)
			}
			return a
		}
		ai, au, ao := sum("i"), sum("u"), sum("o")
		next, y := make([]float64, H), make([]float64, H)
		for j := range H {
			i := gate(clip(ai[j] + at(c.P, j)*cell[j]))
			f := 1 - i
			if !c.Coupled {
				f = gate(clip(sum("f")[j] + at(c.P, H+j)*cell[j]))
			}
			next[j] = cellClip(f*cell[j] + i*cand(clip(au[j])))
		}
		if c.Norm != nil {
			next = normalised(next, c.Norm.CellGain, c.Norm.CellShift, 0)
		}
		for j := range H {
			y[j] = gate(clip(ao[j]+at(c.P, 2*H+j)*next[j])) * out(next[j])
		}
		if c.Wp != nil {
			m := y
			y = make([]float64, c.Wp.Dim(1))
			for j := range y {
				y[j] = projClip(times(m, c.Wp, j))
			}
		}
		return y, [][]float64{y, next}
	}
}

func normalised(a []float64, gain, shift *grad.Var, from int) []float64 {
	var mean, square float64
	for _, v := range a {
		mean += v / float64(len(a))
	}
	for _, v := range a {
		square += (v - mean) * (v - mean) / float64(len(a))
	}
	out := make([]float64, len(a))
	for j, v := range a {
		out[j] = at(gain, from+j)*(v-mean)/math.Sqrt(square+1e-12) + at(shift, from+j)
	}
	return out
}

func gruByHand(c *rnn.GRU, gate, cand scalar) stepper {
	clip := within(c.Clip)
	return func(x []float64, s [][]float64) ([]float64, [][]float64) {
		h, H := s[0], len(s[0])
		r, rh, next := make([]float64, H), make([]float64, H), make([]float64, H)
		for j := range H {
			r[j] = gate(clip(times(x, c.Wx, j) + times(h, c.Wh, j) + at(c.B, j)))
			rh[j] = r[j] * h[j]
		}
		for j := range H {
			z := gate(clip(times(x, c.Wx, H+j) + times(h, c.Wh, H+j) + at(c.B, H+j)))
			inner := times(rh, c.Wh, 2*H+j)
			if c.Bn != nil {
				inner = r[j] * (times(h, c.Wh, 2*H+j) + at(c.Bn, j))
			}
			n := cand(clip(times(x, c.Wx, 2*H+j) + at(c.B, 2*H+j) + inner))
			next[j] = (1-z)*n + z*h[j]
		}
		return next, [][]float64{next}
	}
}

// byHand compares the cell, as a sequence and step by step, with step.
func byHand(t *testing.T, name string, c rnn.Cell, step stepper) {
	t.Helper()
	const T, B, in = 5, 3, 5
	r := rng()
	x := draw(r, T, B, in)
	var s rnn.State
	for _, n := range c.StateSize() {
		s = append(s, grad.Leaf(draw(r, B, n)))
	}
	g := grad.Eval()
	y, last := rnn.Dynamic(g, c, rnn.Input(g, x, nil), s)
	ys, lastOfSteps := rnn.Static(g, c, rnn.Input(g, x, nil).Unstack(g), s)
	for b := range B {
		var state [][]float64
		for _, v := range s {
			state = append(state, wide(v.Value.At(b)))
		}
		for i := range T {
			var want []float64
			want, state = step(wide(x.At(i).At(b)), state)
			nearNumbers(t, fmt.Sprintf("%s: output %d of row %d", name, i, b), y.X.Value.At(i).At(b), want)
			nearNumbers(t, fmt.Sprintf("%s: output %d of row %d, by Step", name, i, b), ys[i].Value.At(b), want)
		}
		for i, want := range state {
			nearNumbers(t, fmt.Sprintf("%s: state %d of row %d", name, i, b), last[i].Value.At(b), want)
			nearNumbers(t, fmt.Sprintf("%s: state %d of row %d, by Step", name, i, b), lastOfSteps[i].Value.At(b), want)
		}
	}
}

func wide(x *tensor.Tensor) (w []float64) {
	for _, v := range x.Data {
		w = append(w, float64(v))
	}
	return w
}

func nearNumbers(t *testing.T, what string, got *tensor.Tensor, want []float64) {
	t.Helper()
	tolerance := 1e-5
	if wideBuild {
		tolerance = 1e-12
	}
	if len(got.Data) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got.Data), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got.Data[i])-w) <= tolerance*(1+math.Abs(w))) { // nor is it NaN
			t.Fatalf("%s: element %d is %v, want %v", what, i, got.Data[i], w)
		}
	}
}

// wideBuild is whether Float is float64.
var wideBuild = tensor.Float(1)+tensor.Float(1e-12) != 1

// onlyWants makes data of the parameters of c that are not listed.
func onlyWants(c rnn.Cell, g *grad.Tape, wanted ...*grad.Var) {
	for _, p := range nn.Params(c) {
		fixed := true
		for _, w := range wanted {
			fixed = fixed && p.Var != w
		}
		if fixed {
			*p.Var = *g.Const(p.Value)
		}
	}
}
