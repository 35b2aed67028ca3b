package rnn_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
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

var onnxFiles = []string{"rnn", "lstm", "gru"}

func onnxCases(t *testing.T) (all []onnxCase) {
	for _, name := range onnxFiles {
		all = append(all, fixtures[onnxCase](t, "ort-rnn-tests/"+name+".jsonl")...)
	}
	return all
}

// ONNX Runtime's own tests of RNN, LSTM and GRU.
func TestONNXRuntime(t *testing.T) {
	for name, f := range forms {
		var worst float64
		count := map[string]int{}
		for _, c := range onnxCases(t) {
			t.Run(name+"/"+c.Test, func(t *testing.T) {
				count[c.Op+" "+c.Expect]++
				d, err := c.worst(f)
				if c.Expect != "ok" {
					if err == nil {
						t.Errorf("no error, want one like %q", c.Error)
					}
					t.Log(err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if !(d <= 1e-4) {
					t.Errorf("differs by %.2g", d)
				}
				worst = max(worst, d)
			})
		}
		t.Logf("%s: %v, largest difference %.2g", name, count, worst)
	}
	t.Log("not here: attn_lstm_bahdanau (attention is a decoder's), cntk and the node tests (models, which need a reader of ONNX files)")
}

// The cases must see what is easily got wrong.
func TestONNXRuntimeNoticesMistakes(t *testing.T) {
	swap := func(c *onnxCase, order ...int) { // of the gates, wherever they are
		for _, a := range c.Inputs {
			if a == nil || !slices.Contains([]string{"W", "R", "B"}, a.Name) {
				continue
			}
			blocks := a.Shape[0] * len(order)
			if a.Name == "B" {
				blocks *= 2
			}
			n := len(a.Data) / blocks
			old := slices.Clone(a.Data)
			for k := range blocks {
				from := k - k%len(order) + order[k%len(order)]
				copy(a.Data[k*n:(k+1)*n], old[from*n:(from+1)*n])
			}
		}
	}
	drop := func(name string) func(c *onnxCase) {
		return func(c *onnxCase) {
			c.Inputs = slices.DeleteFunc(c.Inputs, func(a *array) bool { return a != nil && a.Name == name })
		}
	}
	only := func(op string, f func(c *onnxCase)) func(c *onnxCase) {
		return func(c *onnxCase) {
			if c.Op == op {
				f(c)
			}
		}
	}
	for _, m := range []struct {
		name   string
		broken func(c *onnxCase)
		least  int // of the cases notice it
	}{
		{"LSTM gates as Keras has them", only("LSTM", func(c *onnxCase) { swap(c, 0, 3, 1, 2) }), 56},
		{"LSTM gates as TensorFlow has them", only("LSTM", func(c *onnxCase) { swap(c, 0, 3, 2, 1) }), 56},
		{"GRU gates r and z exchanged", only("GRU", func(c *onnxCase) { swap(c, 1, 0, 2) }), 54},
		{"reset in the other place", only("GRU", func(c *onnxCase) { c.Attributes.LinearBeforeReset ^= 1 }), 41},
		{"lengths ignored", drop("sequence_lens"), 40},
		{"first h ignored", drop("initial_h"), 28},
		{"first c ignored", drop("initial_c"), 6},
		{"peepholes ignored", drop("P"), 16},
		{"reverse runs forward", func(c *onnxCase) {
			if c.Attributes.Direction == "reverse" {
				c.Attributes.Direction = "forward"
			}
		}, 23},
		{"activations ignored", func(c *onnxCase) { c.Attributes.Activations = nil }, 17},
		{"clip ignored", func(c *onnxCase) { c.Attributes.Clip = 0 }, 3},
		{"input_forget ignored", func(c *onnxCase) { c.Attributes.InputForget = 0 }, 2},
		{"recurrent half of the bias ignored", func(c *onnxCase) {
			if b := find(c.Inputs, "B"); b != nil {
				for i := range b.Data {
					if n := b.Shape[1]; i%n >= n/2 {
						b.Data[i] = 0
					}
				}
			}
		}, 6},
	} {
		noticed := 0
		for _, c := range onnxCases(t) {
			if c.Expect != "ok" {
				continue
			}
			m.broken(&c)
			if d, err := c.worst(forms["whole"]); err != nil || !(d <= 1e-4) {
				noticed++
			}
		}
		if noticed < m.least {
			t.Errorf("%s: noticed by %d cases, want %d", m.name, noticed, m.least)
		}
		t.Logf("%s: noticed by %d cases", m.name, noticed)
	}
}

// ONNX Runtime's training operators, which take their inputs by other names: the
// states of all steps, and the gradients of a GRU, which come from gates that are
// written with six digits. The values of the gates are not compared, as recur does
// not give them.
func TestONNXRuntimeTraining(t *testing.T) {
	names := map[string]string{"input_tensor": "X", "weights": "W", "recurrence_weights": "R", "bias": "B"}
	cases := fixtures[onnxCase](t, "ort-rnn-tests/gru_train_and_grad.jsonl")
	cases = append(cases, fixtures[onnxCase](t, "ort-rnn-tests/lstm_train_forward.jsonl")...)
	for _, c := range cases {
		for _, a := range c.Inputs {
			if a != nil && names[a.Name] != "" {
				a.Name = names[a.Name]
			}
		}
		var gradients bool
		c.Op, gradients = strings.CutSuffix(c.Op, "Grad")
		c.Op = strings.TrimSuffix(c.Op, "Training")
		t.Run(c.Test, func(t *testing.T) {
			if gradients {
				onnxGradients(t, c)
			} else {
				onnxStates(t, c)
			}
		})
	}
}

func onnxStates(t *testing.T, c onnxCase) {
	cell, err := c.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	g := grad.Eval()
	x := rnn.Input(g, c.in("X"), nil)
	T, B := x.Steps(), x.Batch()
	out := map[string]*tensor.Tensor{}
	s := rnn.Start(g, cell, B)
	for i, n := range cell.StateSize() {
		all := tensor.New(T, 1, B, n)
		out[[]string{"HAll", "CAll"}[i]] = all
		out[[]string{"final_h", "final_c"}[i]] = all.At(T - 1)
	}
	for step := range T {
		_, s = rnn.Dynamic(g, cell, x.Slice(g, step, step+1), s)
		for i, v := range s {
			copy(out[[]string{"HAll", "CAll"}[i]].At(step).Data, v.Value.Data)
		}
	}
	var worst float64
	for _, want := range c.Outputs {
		if want.Name == "zrh" || want.Name == "iofc" {
			continue
		}
		worst = max(worst, differ(out[want.Name], want.tensor()))
	}
	if !(worst <= 1e-5) {
		t.Errorf("differs by %.2g", worst)
	}
	t.Logf("largest difference %.2g", worst)
}

func onnxGradients(t *testing.T, c onnxCase) {
	cell, err := c.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	g := grad.New()
	x := grad.Leaf(c.in("X"))
	y, _ := rnn.Dynamic(g, cell, rnn.Seq{X: x}, nil)
	dy := c.in("grad_HAll")
	g.Backward(g.Sum(g.Mul(y.X, g.Const(tensor.FromSlice(dy.Data, y.Steps(), y.Batch(), y.Width())))))
	out := func(name string) *tensor.Tensor { return find(c.Outputs, name).tensor() }
	// The two halves of a bias have the same gradient; a cell of gradients has the
	// sum, and then the half.
	b := out("dB")
	for i := range b.Data {
		b.Data[i] /= 2
	}
	gradients := c
	gradients.Inputs = []*array{{"W", []int{1, 9, 2}, find(c.Outputs, "dW").Data}, {"R", []int{1, 9, 3}, find(c.Outputs, "dR").Data}, {"B", []int{1, 18}, floats(b)}}
	want, err := gradients.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	got := nn.Params(cell)
	for i, p := range nn.Params(want) {
		if d := relative(g.Grad(got[i].Var), p.Value); !(d <= 2e-4) {
			t.Errorf("gradient of %s differs by %.2g", p.Name, d)
		}
	}
	if d := relative(g.Grad(x), out("dX")); !(d <= 2e-4) {
		t.Errorf("gradient of x differs by %.2g", d)
	}
}

func floats(x *tensor.Tensor) (v []float64) {
	for _, f := range x.Data {
		v = append(v, float64(f))
	}
	return v
}

// relative is the largest difference relative to the largest of want.
func relative(got, want *tensor.Tensor) float64 {
	var most, worst float64
	for i, v := range want.Data {
		most = max(most, math.Abs(float64(v)))
		worst = max(worst, math.Abs(float64(got.Data[i]-v)))
	}
	return worst / most
}
