package rnn_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// kerasCase is one of Keras 3's tests of layers with constant weights. They see
// masks, states and directions, not the order of gates: TestKeras is for that.
type kerasCase struct {
	Test         string
	Layer        kerasLayer
	Input        *array
	Mask         *array
	InitialState arrays `json:"initial_state"`
	PriorCalls   int    `json:"prior_calls"`
	Select       []int
	Reduce       string
	Expected     *array
	Atol         float64
}

type kerasLayer struct {
	Class  string
	Config kerasConfig
}

type kerasConfig struct {
	Units       int
	Kernel      constant `json:"kernel_initializer"`
	Recurrent   constant `json:"recurrent_initializer"`
	Bias        constant `json:"bias_initializer"`
	UseBias     *bool    `json:"use_bias"`
	UnitForget  *bool    `json:"unit_forget_bias"`
	ResetAfter  *bool    `json:"reset_after"`
	Backwards   bool     `json:"go_backwards"`
	Sequences   bool     `json:"return_sequences"`
	ReturnState bool     `json:"return_state"`
	Zero        bool     `json:"zero_output_for_mask"`

	Filters int
	Window  int `json:"kernel_size"`
	Padding string

	Cell          layers          // of RNN
	Layer         *kerasLayer     // of Bidirectional
	BackwardLayer *kerasLayer     `json:"backward_layer"`
	Merge         json.RawMessage `json:"merge_mode"`
}

// constant is an initializer: {"constant": 0.5}, or "ones".
type constant float64

func (c *constant) UnmarshalJSON(b []byte) error {
	var v struct{ Constant float64 }
	if string(b) == `"ones"` {
		v.Constant = 1
	} else if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*c = constant(v.Constant)
	return nil
}

// layers and arrays are one or a list.
type (
	layers []kerasLayer
	arrays []*array
)

func (l *layers) UnmarshalJSON(b []byte) error { return oneOrMore(b, (*[]kerasLayer)(l)) }

func (a *arrays) UnmarshalJSON(b []byte) error { return oneOrMore(b, (*[]*array)(a)) }

func oneOrMore[T any](b []byte, list *[]T) error {
	if string(b) == "null" {
		return nil
	}
	if b[0] == '[' {
		return json.Unmarshal(b, list)
	}
	var v T
	err := json.Unmarshal(b, &v)
	*list = []T{v}
	return err
}

func unless(v *bool) bool { return v == nil || *v }

// cell makes one for inputs in wide, or nil.
func (l kerasLayer) cell(in int) rnn.Cell {
	o := l.Config
	H, k, rk, b := o.Units, float64(o.Kernel), float64(o.Recurrent), float64(o.Bias)
	if !unless(o.UseBias) {
		b = 0
	}
	switch l.Class {
	case "SimpleRNN":
		return &rnn.Basic{Wx: constants(k, in, H), Wh: constants(rk, H, H), B: constants(b, H)}
	case "LSTM", "LSTMCell":
		bias := constants(b, 4*H)
		if unless(o.UnitForget) && unless(o.UseBias) {
			for i := H; i < 2*H; i++ {
				bias.Value.Data[i] = 1
			}
		}
		return &rnn.LSTM{Wx: constants(k, in, 4*H), Wh: constants(rk, H, 4*H), B: bias}
	case "GRU":
		c := &rnn.GRU{Wx: constants(k, in, 3*H), Wh: constants(rk, H, 3*H), B: constants(b, 3*H)}
		if unless(o.ResetAfter) { // two rows of biases, one of which is Bn for the candidate
			c.Bn = constants(b, H)
			for i := range 2 * H {
				c.B.Value.Data[i] *= 2
			}
		}
		return c
	case "OneStateRNNCell": // linear, of ones
		return &rnn.Basic{Wx: constants(1, in, H), Wh: constants(1, H, H), B: constants(0, H), Activation: rnn.Identity}
	case "TwoStatesRNNCell":
		return twoStates{constants(1, in, H), constants(1, H, H)}
	case "RNN":
		var s rnn.Stack
		for _, c := range o.Cell {
			s = append(s, c.cell(in))
			in = c.Config.Units
		}
		return s
	}
	return nil
}

// twoStates is a user's cell of those tests: each state is x·Wx + s·Wh, and the
// output is their sum.
type twoStates struct{ Wx, Wh *grad.Var }

func (c twoStates) StateSize() []int { return []int{c.Wh.Dim(0), c.Wh.Dim(0)} }

func (c twoStates) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	a, b := g.Add(g.Affine(x, c.Wx, nil), g.Affine(s[0], c.Wh, nil)), g.Add(g.Affine(x, c.Wx, nil), g.Affine(s[1], c.Wh, nil))
	return g.Add(a, b), rnn.State{a, b}
}

// run is a layer's pass over x [time, batch, in] where mask [batch][time] is true.
// A mask may have holes: the steps that it leaves out do not happen, so that the
// others are moved together, run with lengths, and put back. In their places Keras
// repeats the output before, or gives zeros. Outputs are in the order of processing.
func (l kerasLayer) run(g *grad.Tape, f form, x *tensor.Tensor, mask [][]bool, s rnn.State) (y *tensor.Tensor, last rnn.State) {
	T, B := x.Dim(0), x.Dim(1)
	at := make([][]int, B) // the steps of each row
	lengths := make([]int, B)
	for b := range at {
		for t := range T {
			if mask == nil || mask[b][t] {
				at[b] = append(at[b], t)
			}
		}
		if l.Config.Backwards {
			slices.Reverse(at[b])
		}
		lengths[b] = len(at[b])
	}
	together := tensor.New(T, B, x.Dim(2))
	for b, steps := range at {
		for i, t := range steps {
			copy(together.At(i).At(b).Data, x.At(t).At(b).Data)
		}
	}
	q, last := rnn.Dynamic(g, f(l.cell(x.Dim(2))), rnn.Input(g, together, lengths), s)
	y = tensor.New(T, B, q.Width())
	for b, steps := range at {
		i := 0
		for t := range T {
			now := t
			if l.Config.Backwards {
				now = T - 1 - t
			}
			switch {
			case i < len(steps) && steps[i] == now:
				copy(y.At(t).At(b).Data, q.X.Value.At(i).At(b).Data)
				i++
			case t > 0 && !l.Config.Zero:
				copy(y.At(t).At(b).Data, y.At(t-1).At(b).Data)
			}
		}
	}
	return y, last
}

// results are a call's, in Keras's order: the output, or those of both directions,
// and the states.
func (c kerasCase) results(f form) (out []*tensor.Tensor) {
	g := grad.Eval()
	x := swapped(c.Input.tensor())
	T, B := x.Dim(0), x.Dim(1)
	var mask [][]bool
	if c.Mask != nil {
		for b := range B {
			row := make([]bool, T)
			for t := range row {
				row[t] = c.Mask.Data[b*T+t] != 0
			}
			mask = append(mask, row)
		}
	}
	var s rnn.State
	for _, a := range c.InitialState {
		s = append(s, g.Const(a.tensor()))
	}
	pick := func(o kerasConfig, y *tensor.Tensor) *tensor.Tensor { // batch-major, or the last
		if o.Sequences {
			return swapped(y)
		}
		return y.At(T - 1)
	}
	if c.Layer.Class != "Bidirectional" {
		var y *tensor.Tensor
		for range c.PriorCalls + 1 { // a stateful layer goes on where it was
			y, s = c.Layer.run(g, f, x, mask, s)
		}
		out = append(out, pick(c.Layer.Config, y))
	} else {
		fwd := *c.Layer.Config.Layer
		bwd := fwd
		bwd.Config.Backwards = !fwd.Config.Backwards
		if b := c.Layer.Config.BackwardLayer; b != nil {
			bwd = *b
		}
		sf, sb := s, s
		if s != nil {
			sf, sb = s[:len(s)/2], s[len(s)/2:]
		}
		var yf, yb *tensor.Tensor
		for range c.PriorCalls + 1 {
			yf, sf = fwd.run(g, f, x, mask, sf)
			yb, sb = bwd.run(g, f, x, mask, sb)
		}
		s = slices.Concat(sf, sb)
		if fwd.Config.Sequences { // in the order of time again
			yb = rnn.Reverse(g, rnn.Input(g, yb, nil)).X.Value
		}
		a, b := g.Const(pick(fwd.Config, yf)), g.Const(pick(bwd.Config, yb))
		switch string(c.Layer.Config.Merge) {
		case "", `"concat"`:
			out = append(out, g.Concat(a, b).Value)
		case `"sum"`:
			out = append(out, g.Add(a, b).Value)
		case `"mul"`:
			out = append(out, g.Mul(a, b).Value)
		case `"ave"`:
			out = append(out, g.Scale(g.Add(a, b), 0.5).Value)
		case "null":
			out = append(out, a.Value, b.Value)
		}
	}
	for _, v := range s {
		out = append(out, v.Value)
	}
	return out
}

// selected is the part of the results that the case expects: [] for the output,
// [k] for the k-th result or, where a layer gives one only, row k of it, and
// [k, i] for state i of cell k-1.
func (c kerasCase) selected(f form) *tensor.Tensor {
	out := c.results(f)
	o := c.Layer.Config
	several := o.ReturnState || string(o.Merge) == "null" || o.Layer != nil && o.Layer.Config.ReturnState
	switch {
	case len(c.Select) == 0:
		return out[0]
	case len(c.Select) == 1 && several:
		return out[c.Select[0]]
	case len(c.Select) == 1:
		return out[0].At(c.Select[0])
	}
	return out[1+2*(c.Select[0]-1)+c.Select[1]]
}

// conv runs a ConvLSTM, whose inputs are [batch, time, places..., channels], of which a
// cell has one step, and gives the output and the states.
func (c kerasCase) conv(f form) []*tensor.Tensor {
	shape, o := c.Input.Shape, c.Layer.Config
	if c.Layer.Class == "ConvLSTMCell" {
		shape = append([]int{shape[0], 1}, shape[1:]...)
	}
	rank := len(shape) - 3
	option := rnn.ConvLSTMOptions{Size: shape[2 : 2+rank], Valid: o.Padding != "same"}
	window := 1
	for range rank {
		option.Window = append(option.Window, o.Window)
		window *= o.Window
	}
	C := o.Filters
	bias := constants(float64(o.Bias), 4*C)
	for i := C; i < 2*C; i++ {
		bias.Value.Data[i] = 1
	}
	cell := &rnn.ConvLSTM{ConvLSTMOptions: option, B: bias,
		Wx: constants(float64(o.Kernel), window*shape[2+rank], 4*C), Wh: constants(float64(o.Recurrent), window*C, 4*C)}
	g := grad.Eval()
	B, T := shape[0], shape[1]
	flat := func(data []float64, dims ...int) *tensor.Tensor { return (&array{Shape: dims, Data: data}).tensor() }
	x := swapped(flat(c.Input.Data, B, T, len(c.Input.Data)/B/T))
	var s rnn.State
	for _, a := range c.InitialState {
		s = append(s, g.Const(flat(a.Data, B, len(a.Data)/B)))
	}
	y, last := rnn.Dynamic(g, f(cell), rnn.Input(g, x, nil), s)
	return []*tensor.Tensor{y.Last(g).Value, last[0].Value, last[1].Value}
}

// sum is the sum of all values, which some cases compare.
func sum(x *tensor.Tensor) *tensor.Tensor {
	var total float64
	for _, v := range x.Data {
		total += float64(v)
	}
	return tensor.FromSlice([]tensor.Float{tensor.Float(total)}, 1)
}

// worst is the largest difference to what a case expects, relative above 1.
func (c kerasCase) worst(f form) (worst float64) {
	var got *tensor.Tensor
	switch class := c.Layer.Class; {
	case strings.HasPrefix(class, "ConvLSTM"):
		k := 0
		if len(c.Select) == 2 {
			k = 1 + c.Select[1]
		}
		got = c.conv(f)[k]
	case class == "TimeDistributed": // a layer of recur takes [time, batch, width] as it is
		o, g := c.Layer.Config.Layer.Config, grad.Eval()
		x := swapped(c.Input.tensor())
		l := &nn.Linear{W: constants(float64(o.Kernel), x.Dim(2), o.Units)}
		got = swapped(l.Forward(g, g.Const(x)).Value)
	default:
		got = c.selected(f)
	}
	if c.Reduce == "sum" {
		got = sum(got)
	}
	if len(got.Data) != len(c.Expected.Data) {
		return math.Inf(1)
	}
	for i, v := range c.Expected.Data {
		worst = max(worst, math.Abs(float64(got.Data[i])-v)/max(1, math.Abs(v)))
	}
	return worst
}

// Keras 3's own tests of recurrent layers, all of them.
func TestKerasFixtures(t *testing.T) {
	cases := fixture.Lines[kerasCase](t, "keras-rnn-tests/keras3_rnn.jsonl")
	var worst float64
	for _, c := range cases {
		t.Run(c.Test, func(t *testing.T) {
			for name, f := range forms {
				d := c.worst(f)
				if !(d <= max(c.Atol, 1e-5)) {
					t.Errorf("%s: differs by %.2g", name, d)
				}
				worst = max(worst, d)
			}
		})
	}
	if len(cases) != 129 {
		t.Errorf("%d cases, want 129", len(cases))
	}
	t.Logf("%d cases, largest difference %.2g", len(cases), worst)
}
