package onnx

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() {
	for _, since := range []int{7, 14, 22} {
		register("",
			version{"RNN", since, 3, 6, 2, newRecurrent},
			version{"LSTM", since, 3, 8, 3, newRecurrent},
			version{"GRU", since, 3, 6, 2, newRecurrent},
		)
	}
}

// A recurrent is an RNN, an LSTM or a GRU, which run as recur's cells.
//
// ONNX has W [directions, gates·hidden, in], R [directions, gates·hidden, hidden]
// and B [directions, 2·gates·hidden], the biases of W before those of R. Gates of
// an LSTM lie in the order i, o, f, c and its peepholes P [directions, 3·hidden] in
// the order i, o, f; gates of a GRU in the order z, r, h. Cells are made once if the
// weights never change.
type recurrent struct {
	kind              string
	directions        int
	reverse           bool // the only direction is backwards
	batchMajor        bool // layout 1
	hidden            int  // 0 if the model does not give it
	clip              float64
	coupled           bool // input_forget
	linearBeforeReset bool
	activations       []rnn.Activation // activations of each direction, nil for the defaults
	given             []bool           // inputs

	cells []rnn.Cell // nil until prepared
	tapes sync.Pool
}

const (
	inW  = 1
	inR  = 2
	inB  = 3
	inP  = 7
	lens = 4
)

func (r *recurrent) gates() int { return map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}[r.kind] }

func newRecurrent(n *nodeDef) op {
	r := &recurrent{kind: n.op, directions: 1}
	switch n.oneOf("direction", "forward", "reverse", "bidirectional") {
	case "reverse":
		r.reverse = true
	case "bidirectional":
		r.directions = 2
	}
	if n.opset >= 14 {
		layout := n.int("layout", 0)
		if layout != 0 && layout != 1 {
			fail("layout is %d, want 0 or 1", layout)
		}
		r.batchMajor = layout == 1
	}
	r.hidden = n.int("hidden_size", 0)
	if r.clip = n.float("clip", 0); r.clip < 0 || math.IsNaN(r.clip) || n.has("hidden_size") && r.hidden < 1 {
		fail("clip %v and hidden_size %d", r.clip, r.hidden)
	}
	switch n.op {
	case "LSTM":
		r.coupled = n.bool("input_forget", false)
	case "GRU":
		r.linearBeforeReset = n.bool("linear_before_reset", false)
	}
	r.activations = activations(n, max(r.gates()-1, 1)*r.directions)
	var known [8]*Tensor
	for i := range 8 {
		r.given = append(r.given, n.given(i))
		known[i] = n.constant(i)
	}
	r.check(known[inW], known[inR], known[inB], known[inP])
	return r
}

// activations reads those of each direction. activation_alpha and activation_beta
// list what the activations that take them want, in order.
func activations(n *nodeDef, want int) (all []rnn.Activation) {
	names, alphas, betas := n.strings("activations"), n.floats("activation_alpha"), n.floats("activation_beta")
	if names == nil {
		return nil
	}
	if len(names) != want {
		fail("has %d activations, want %d", len(names), want)
	}
	next := func(list *[]float64, def float64) float64 {
		if len(*list) == 0 {
			return def
		}
		v := (*list)[0]
		*list = (*list)[1:]
		return v
	}
	for _, name := range names {
		var a rnn.Activation
		switch strings.ToLower(name) {
		case "relu":
			a = rnn.ReLU
		case "tanh":
			a = rnn.Tanh
		case "sigmoid":
			a = rnn.Sigmoid
		case "softsign":
			a = rnn.Softsign
		case "softplus":
			a = rnn.Softplus
		case "leakyrelu":
			a = rnn.LeakyReLU(next(&alphas, 0.01))
		case "thresholdedrelu":
			a = rnn.ThresholdedReLU(next(&alphas, 1))
		case "elu":
			a = rnn.ELU(next(&alphas, 1))
		case "affine":
			a = rnn.Affine(next(&alphas, 1), next(&betas, 0))
		case "scaledtanh":
			a = rnn.ScaledTanh(next(&alphas, 1), next(&betas, 1))
		case "hardsigmoid":
			a = rnn.HardSigmoid(next(&alphas, 0.2), next(&betas, 0.5))
		default:
			n.refuse("activation %q", name)
		}
		all = append(all, a)
	}
	return all
}

// check compares the shapes of the weights; nil for those that are not known.
func (r *recurrent) check(w, rec, b, p *Tensor) {
	H, D, G := r.hidden, r.directions, r.gates()
	if rec != nil && H == 0 && len(rec.Shape) == 3 {
		H = rec.Shape[2]
	}
	if w != nil && H == 0 && len(w.Shape) == 3 {
		H = w.Shape[1] / G
	}
	for _, x := range []struct {
		name string
		t    *Tensor
		want []int
	}{{"W", w, []int{D, G * H, -1}}, {"R", rec, []int{D, G * H, H}}, {"B", b, []int{D, 2 * G * H}}, {"P", p, []int{D, 3 * H}}} {
		if x.t == nil {
			continue
		}
		ok := len(x.t.Shape) == len(x.want) && H > 0
		for i := 0; ok && i < len(x.want); i++ {
			ok = x.want[i] == -1 || x.t.Shape[i] == x.want[i]
		}
		if !ok {
			want := strings.ReplaceAll(fmt.Sprint(x.want), "-1", "in")
			fail("%s is %v, want %s", x.name, x.t.Shape, want)
		}
		if !x.t.DType.float() {
			fail("%s is %v, want floats", x.name, x.t.DType)
		}
	}
}

// prepare makes the cells of weights that never change.
func (r *recurrent) prepare(in []Value) (done []int) {
	for _, i := range []int{inW, inR, inB, inP} {
		if i < len(in) && r.given[i] {
			if _, ok := in[i].(*Tensor); !ok {
				return nil
			}
			done = append(done, i)
		}
	}
	w, rec := tensorAt(in, inW), tensorAt(in, inR)
	r.cells = r.make(w, rec, tensorAt(in, inB), tensorAt(in, inP))
	if w.Len()+rec.Len() <= mostFrozen {
		for i, c := range r.cells {
			r.cells[i], _ = rnn.Freeze(c, rnn.Single) // what it has no form for stays as it is
		}
	}
	return done
}

// mostFrozen is how many weights are laid out for single steps too: large ones take their time
// anyway, and would be there twice.
const mostFrozen = 1 << 20

// tensorAt is input i, nil if it is absent.
func tensorAt(in []Value, i int) *Tensor {
	if i >= len(in) {
		return nil
	}
	t, _ := in[i].(*Tensor)
	return t
}

// make makes the cell of each direction.
func (r *recurrent) make(w, rec, b, p *Tensor) (cells []rnn.Cell) {
	r.check(w, rec, b, p)
	for d := range r.directions {
		H, in := rec.Shape[2], w.Shape[2]
		k := &gateWeights{H: H}
		size := w.Shape[1] * in
		k.w, k.in = w.floats()[d*size:(d+1)*size], in
		size = rec.Shape[1] * H
		k.r = rec.floats()[d*size : (d+1)*size]
		if b != nil {
			size = b.Shape[1]
			both := b.floats()[d*size : (d+1)*size]
			k.bw, k.br = both[:size/2], both[size/2:]
		}
		switch r.kind {
		case "RNN":
			cells = append(cells, r.basic(d, k))
		case "GRU":
			cells = append(cells, r.gru(d, k))
		default:
			var peep []tensor.Float
			if p != nil {
				peep = p.floats()[d*3*H : (d+1)*3*H]
			}
			cells = append(cells, r.lstm(d, k, peep))
		}
	}
	return cells
}

// activation is activation k of direction d, the zero value for the default.
func (r *recurrent) activation(d, k int) (a rnn.Activation) {
	if r.activations != nil {
		a = r.activations[d*max(r.gates()-1, 1)+k]
	}
	return a
}

func (r *recurrent) basic(d int, k *gateWeights) rnn.Cell {
	c := &rnn.Basic{Wx: k.input(0), Wh: k.recurrent(0), B: k.bias(0), Activation: r.activation(d, 0)}
	if limit := r.clip; limit > 0 {
		act := cmp.Or(c.Activation, rnn.Tanh)
		c.Activation = rnn.ActivationFunc("clipped", func(g *grad.Tape, x *grad.Var) *grad.Var {
			return act.Apply(g, g.Clip(x, -limit, limit))
		})
	}
	return c
}

func (r *recurrent) lstm(d int, k *gateWeights, peep []tensor.Float) rnn.Cell {
	order := []int{0, 2, 3, 1} // i f c o of i o f c
	if r.coupled {
		order = []int{0, 3, 1} // the weights of f are not read
	}
	c := &rnn.LSTM{
		Wx: k.input(order...), Wh: k.recurrent(order...), B: k.bias(order...),
		Coupled: r.coupled, Clip: r.clip, Gate: r.activation(d, 0), Cand: r.activation(d, 1), Out: r.activation(d, 2),
	}
	if peep != nil {
		c.P = leaf(blocks(peep, k.H, 0, 2, 1), 3, k.H) // i f o of i o f
	}
	return c
}

func (r *recurrent) gru(d int, k *gateWeights) rnn.Cell {
	order := []int{1, 0, 2} // r z n of z r h
	c := &rnn.GRU{
		Wx: k.input(order...), Wh: k.recurrent(order...), B: k.bias(order...),
		Clip: r.clip, Gate: r.activation(d, 0), Cand: r.activation(d, 1),
	}
	if r.linearBeforeReset { // the recurrent bias of h stays inside the reset
		c.Bn = leaf(make([]tensor.Float, k.H), k.H)
		if k.br != nil {
			copy(c.Bn.Value.Data, k.br[2*k.H:])
			copy(c.B.Value.Data[2*k.H:], k.bw[2*k.H:])
		}
	}
	return c
}

// gateWeights are the weights of one direction.
type gateWeights struct {
	w, r   []tensor.Float // [gates·H, in], [gates·H, H]
	bw, br []tensor.Float // [gates·H], nil for none
	in, H  int
}

func leaf(data []tensor.Float, dims ...int) *grad.Var {
	return grad.Leaf(tensor.FromSlice(data, dims...))
}

// blocks is the blocks of the given size, in another order.
func blocks[T floating](x []T, size int, order ...int) []T {
	y := make([]T, 0, len(order)*size)
	for _, k := range order {
		y = append(y, x[k*size:(k+1)*size]...)
	}
	return y
}

// input is [in, gates·H] with gates in the given order.
func (k *gateWeights) input(order ...int) *grad.Var { return turned(k.w, k.H, k.in, order) }

func (k *gateWeights) recurrent(order ...int) *grad.Var { return turned(k.r, k.H, k.H, order) }

// turned is the transpose of the blocks [H, width] of w in another order.
func turned(w []tensor.Float, H, width int, order []int) *grad.Var {
	n := len(order) * H
	y := make([]tensor.Float, width*n)
	const tile = 16
	for i, k := range order {
		block := w[k*H*width : (k+1)*H*width]
		for lo := 0; lo < width; lo += tile {
			for h := range H {
				for j, v := range block[h*width+lo : h*width+min(lo+tile, width)] {
					y[(lo+j)*n+i*H+h] = v
				}
			}
		}
	}
	return leaf(y, width, n)
}

// bias is the sum of both biases; nil for none.
func (k *gateWeights) bias(order ...int) *grad.Var {
	if k.bw == nil {
		return nil
	}
	b := blocks(k.bw, k.H, order...)
	for i, v := range blocks(k.br, k.H, order...) {
		b[i] += v
	}
	return leaf(b, len(b))
}
