package rnn_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// ONNX: W [directions, gates*h, in], R [directions, gates*h, h], B [directions,
// 2*gates*h] with those of W before those of R, which add up but for the h gate of
// a GRU with linear_before_reset; LSTM gates i, o, f, c and peepholes i, o, f; GRU
// gates z, r, h; Y [time, directions, batch, h].
type onnxCase struct {
	Test, Op, Expect, Error string
	Attributes              onnxAttributes
	Inputs, Outputs         []*array
}

type onnxAttributes struct {
	Activations       []string
	Alpha             []float64 `json:"activation_alpha"`
	Beta              []float64 `json:"activation_beta"`
	Direction         string
	Clip              float64
	InputForget       int `json:"input_forget"`
	LinearBeforeReset int `json:"linear_before_reset"`
}

func find(list []*array, name string) *array {
	for _, a := range list {
		if a != nil && a.Name == name {
			return a
		}
	}
	return nil
}

func (c *onnxCase) in(name string) *tensor.Tensor { return find(c.Inputs, name).tensor() }

// activations reads those of each direction. alpha and beta are lists of what the
// activations that take them want, in order.
func (c *onnxCase) activations() (all []rnn.Activation, err error) {
	alpha, beta := c.Attributes.Alpha, c.Attributes.Beta
	take := func(list *[]float64, text string) string {
		if len(*list) > 0 {
			text += fmt.Sprint((*list)[0])
			*list = (*list)[1:]
		}
		return text
	}
	for _, name := range c.Attributes.Activations {
		text := ""
		switch strings.ToLower(name) {
		case "leakyrelu", "thresholdedrelu", "elu":
			text = take(&alpha, "")
		case "scaledtanh", "hardsigmoid", "affine":
			text = take(&beta, take(&alpha, "")+",")
		}
		if text != "" {
			name += "(" + text + ")"
		}
		a, err := rnn.ParseActivation(name)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// cell makes that of direction d.
func (c *onnxCase) cell(d int) (rnn.Cell, error) {
	acts, err := c.activations()
	if err != nil {
		return nil, err
	}
	gates := map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}[c.Op]
	act := func(k int) (a rnn.Activation) {
		if per := max(gates-1, 1); len(acts) > 0 {
			a = acts[d*per+k]
		}
		return a
	}
	w, r := transpose(c.in("W").At(d)), transpose(c.in("R").At(d))
	var bw, br *tensor.Tensor
	if b := c.in("B"); b != nil {
		bw, br = cols(b.At(d), 2, 0), cols(b.At(d), 2, 1)
	}
	switch c.Op {
	case "RNN":
		cell := &rnn.Basic{Wx: leaf(w), Wh: leaf(r), Activation: act(0)}
		if limit := c.Attributes.Clip; limit > 0 {
			cell.Activation = rnn.ActivationFunc("clipped tanh", func(g *grad.Tape, x *grad.Var) *grad.Var {
				return g.Tanh(g.Clip(x, -limit, limit))
			})
		}
		if bw != nil {
			cell.B = leaf(plus(bw, br))
		}
		return cell, nil
	case "LSTM":
		order := []int{0, 2, 3, 1}
		if c.Attributes.InputForget != 0 {
			order = []int{0, 3, 1} // the weights of f are not read
		}
		cell := &rnn.LSTM{
			Wx: leaf(cols(w, 4, order...)), Wh: leaf(cols(r, 4, order...)),
			Coupled: c.Attributes.InputForget != 0, Clip: c.Attributes.Clip, Gate: act(0), Cand: act(1), Out: act(2),
		}
		if bw != nil {
			cell.B = leaf(cols(plus(bw, br), 4, order...))
		}
		if p := c.in("P"); p != nil {
			cell.P = leaf(tensor.FromSlice(cols(p.At(d), 3, 0, 2, 1).Data, 3, r.Dim(0)))
		}
		return cell, nil
	}
	if bw == nil {
		bw, br = tensor.New(r.Dim(1)), tensor.New(r.Dim(1))
	}
	order := []int{1, 0, 2}
	cell := &rnn.GRU{Wx: leaf(cols(w, 3, order...)), Wh: leaf(cols(r, 3, order...)), Clip: c.Attributes.Clip, Gate: act(0), Cand: act(1)}
	both := cols(plus(bw, br), 3, order...)
	if c.Attributes.LinearBeforeReset != 0 {
		both = joined(cols(both, 3, 0, 1), cols(bw, 3, 2))
		cell.Bn = leaf(cols(br, 3, 2))
	}
	cell.B = leaf(both)
	return cell, nil
}

// run computes the outputs by name.
func (c *onnxCase) run(f form) (out map[string]*tensor.Tensor, err error) {
	defer tensor.Catch(&err)
	x, h, cc := c.in("X"), c.in("initial_h"), c.in("initial_c")
	T, B, D := x.Dim(0), x.Dim(1), c.in("W").Dim(0)
	g := grad.Eval()
	var cells []rnn.Cell
	var s rnn.State
	for d := range D {
		cell, err := c.cell(d)
		if err != nil {
			return nil, err
		}
		cells = append(cells, f(cell))
		for i, n := range cell.StateSize() {
			first := tensor.New(B, n)
			if given := []*tensor.Tensor{h, cc}[i]; given != nil {
				first = given.At(d)
			}
			s = append(s, g.Const(first))
		}
	}
	q := rnn.Input(g, x, find(c.Inputs, "sequence_lens").ints())
	var y rnn.Seq
	var last rnn.State
	switch c.Attributes.Direction {
	case "bidirectional":
		y, last = (&rnn.Bidirectional{Fwd: cells[0], Bwd: cells[1]}).Run(g, q, s)
	case "reverse":
		y, last = rnn.Dynamic(g, cells[0], rnn.Reverse(g, q), s)
		y = rnn.Reverse(g, y)
	default:
		y, last = rnn.Dynamic(g, cells[0], q, s)
	}
	H := y.Width() / D
	out = map[string]*tensor.Tensor{"Y": tensor.New(T, D, B, H), "Y_h": tensor.New(D, B, H), "Y_c": tensor.New(D, B, H)}
	for d := range D {
		for t := range T {
			copy(out["Y"].At(t).At(d).Data, cols(y.X.Value.At(t), D, d).Data)
		}
		per := len(last) / D
		for i := range per {
			copy(out[[]string{"Y_h", "Y_c"}[i]].At(d).Data, last[d*per+i].Value.Data)
		}
	}
	return out, nil
}

// worst is the largest difference to the case's outputs.
func (c *onnxCase) worst(f form) (worst float64, err error) {
	out, err := c.run(f)
	if err != nil {
		return 0, err
	}
	for _, want := range c.Outputs {
		if want == nil {
			continue
		}
		worst = max(worst, differ(out[want.Name], want.tensor()))
	}
	return worst, nil
}

// TestONNX compares with what ONNX Runtime makes of random weights.
func TestONNX(t *testing.T) {
	for name, f := range forms {
		var worst float64
		all := goldens(t, "onnx")
		for _, c := range all {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				o := onnxGolden(t, c)
				d, err := o.worst(f)
				if err != nil {
					t.Fatal(err)
				}
				if !(d <= 1e-5) {
					t.Errorf("differs by %.2g", d)
				}
				worst = max(worst, d)
			})
		}
		t.Logf("onnx, %s: %d cases, largest difference %.2g", name, len(all), worst)
	}
}

func onnxGolden(t *testing.T, c golden) onnxCase {
	o := onnxCase{Test: c.name, Op: c.text("op")}
	b, err := json.Marshal(c.config["attributes"])
	if err == nil {
		err = json.Unmarshal(b, &o.Attributes)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range c.arrays {
		a := &array{name, x.Shape.Dims(), floats(x)}
		if strings.HasPrefix(name, "Y") {
			o.Outputs = append(o.Outputs, a)
		} else {
			o.Inputs = append(o.Inputs, a)
		}
	}
	return o
}
