package rnn_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// tfCase is one of TensorFlow 1's tests of a single step with constant weights.
type tfCase struct {
	Test, Cell string
	Config     tfConfig
	Weights    map[string]any
	X, State   any
	Expected   map[string]any
}

type tfConfig struct {
	Units      int     `json:"num_units"`
	ForgetBias float64 `json:"forget_bias"`
	LayerNorm  *bool   `json:"layer_norm"`
	Norm       bool
	Peepholes  bool `json:"use_peepholes"`
	Output     int  `json:"output_size"`
	Projection int  `json:"num_proj"`
	Classes    int  `json:"embedding_classes"`
	Embedding  int  `json:"embedding_size"`
	Cell       map[string]tfConfig
	Cells      []map[string]tfConfig
}

// What is not here, and why.
var tfMissing = map[string]string{
	"UGRNNCell":           "recur has no UGRNN",
	"NASCell":             "recur has no NAS cell",
	"IntersectionRNNCell": "recur has no intersection RNN",
	"MinimalRNNCell":      "recur has no MinimalRNN",
	"CFNCell":             "recur has no chaos-free network",
	"Conv1DLSTMCell":      "recur has no convolutional cells",
	"Conv2DLSTMCell":      "recur has no convolutional cells",
	"Conv3DLSTMCell":      "recur has no convolutional cells",
}

func (c tfCase) weight(name string) float64 { v, _ := c.Weights[name].(float64); return v }

// cell makes one of the given kind for inputs in wide, and says how wide its
// output is.
func (c tfCase) cell(kind string, o tfConfig, in int) (cell rnn.Cell, out int) {
	H, k := o.Units, c.weight("kernel")
	switch kind {
	case "GRUCell":
		k = c.weight("kernels")
		b := constants(c.weight("gates_bias"), 3*H)
		for i := 2 * H; i < 3*H; i++ {
			b.Value.Data[i] = tensor.Float(c.weight("candidate_bias"))
		}
		return &rnn.GRU{Wx: constants(k, in, 3*H), Wh: constants(k, H, 3*H), B: b}, H
	case "BasicLSTMCell", "LayerNormBasicLSTMCell", "WeightNormLSTMCell":
		kx, kh := k, k
		if o.Norm { // the columns of each kernel are scaled to the length g
			kx, kh = c.weight("g")/root(in), c.weight("g")/root(H)
		}
		b := constants(c.weight("bias"), 4*H)
		for i := H; i < 2*H; i++ {
			b.Value.Data[i] += tensor.Float(o.ForgetBias)
		}
		l := &rnn.LSTM{Wx: constants(kx, in, 4*H), Wh: constants(kh, H, 4*H), B: b}
		if o.Peepholes {
			l.P = constants(c.weight("peepholes"), 3, H)
		}
		if kind == "LayerNormBasicLSTMCell" && o.LayerNorm == nil {
			l.B = nil
			l.Norm = &rnn.LSTMNorm{Gain: constants(1, 4*H), Shift: b, CellGain: constants(1, H), CellShift: constants(0, H)}
		}
		return l, H
	case "CoupledInputForgetGateLSTMCell":
		// TensorFlow learns f and has i = 1-f; recur learns i. 1-σ(v) = σ(-v).
		l := &rnn.LSTM{Wx: constants(c.weight("W"), in, 3*H), Wh: constants(c.weight("W"), H, 3*H), B: constants(c.weight("B"), 3*H), Coupled: true}
		for _, w := range []*tensor.Tensor{l.Wx.Value, l.Wh.Value} {
			for i := range w.Data {
				if i%(3*H) < H {
					w.Data[i] *= -1
				}
			}
		}
		for i := range H {
			l.B.Value.Data[i] = -l.B.Value.Data[i] - tensor.Float(o.ForgetBias)
		}
		return l, H
	case "SRUCell":
		return &rnn.SRU{W: constants(k, in, 4*H), B: constants(c.weight("bias"), 2*H)}, H
	case "MultiRNNCell":
		var s rnn.Stack
		for _, m := range o.Cells {
			for kind, o := range m {
				cell, in = c.cell(kind, o, in)
				s = append(s, cell)
			}
		}
		return s, in
	case "OutputProjectionWrapper":
		cell, H := c.inner(in)
		return &rnn.OutputProjection{Cell: cell, Out: c.linear(H, o.Output)}, o.Output
	case "InputProjectionWrapper":
		cell, H := c.inner(o.Projection)
		return &rnn.InputProjection{Cell: cell, In: c.linear(in, o.Projection)}, H
	case "EmbeddingWrapper":
		return c.inner(o.Embedding)
	}
	return nil, 0
}

func (c tfCase) inner(in int) (rnn.Cell, int) {
	for kind, o := range c.Config.Cell {
		return c.cell(kind, o, in)
	}
	return nil, 0
}

func (c tfCase) linear(in, out int) *nn.Linear {
	return &nn.Linear{W: constants(c.weight("projection_kernel"), in, out), B: constants(c.weight("projection_bias"), out)}
}

func root(n int) float64 { return math.Sqrt(float64(n)) }

// states flattens TensorFlow's state, whose LSTM parts are named c and h.
func tfStates(v any) (s []*tensor.Tensor) {
	switch v := v.(type) {
	case map[string]any:
		return append(tfStates(v["h"]), tfStates(v["c"])...)
	case []any:
		if m, ok := matrix(v); ok {
			return []*tensor.Tensor{m}
		}
		for _, e := range v {
			s = append(s, tfStates(e)...)
		}
	}
	return s
}

// matrix reads a list of rows.
func matrix(v any) (x *tensor.Tensor, ok bool) {
	b, err := json.Marshal(v)
	var rows [][]float64
	if err != nil || json.Unmarshal(b, &rows) != nil || len(rows) == 0 {
		return nil, false
	}
	x = tensor.New(len(rows), len(rows[0]))
	for i, r := range rows {
		for j, f := range r {
			x.At(i).Data[j] = tensor.Float(f)
		}
	}
	return x, true
}

// TensorFlow 1's own tests of cells.
func TestTensorFlowFixtures(t *testing.T) {
	var worst float64
	count := 0
	missing := map[string]bool{}
	cases := fixtures[tfCase](t, "tf1-tests/cells.jsonl")
	for _, c := range cases {
		t.Run(c.Test, func(t *testing.T) {
			if why := tfMissing[c.Cell]; why != "" {
				missing[c.Cell] = true
				t.Skip(why)
			}
			count++
			for name, f := range forms {
				d := c.worst(t, f)
				if !(d <= 1e-5) {
					t.Errorf("%s: differs by %.2g", name, d)
				}
				worst = max(worst, d)
			}
		})
	}
	t.Logf("%d cases of %d, largest difference %.2g", count, len(cases), worst)
	t.Logf("not here: %v", slices.Sorted(maps.Keys(missing)))
}

func (c tfCase) worst(t *testing.T, f form) (worst float64) {
	g := grad.Eval()
	m, ok := matrix(c.X)
	if !ok {
		t.Fatalf("x is %v", c.X)
	}
	x := g.Const(m)
	if c.Cell == "EmbeddingWrapper" {
		e := &nn.Embedding{W: constants(c.weight("embedding"), c.Config.Classes, c.Config.Embedding)}
		x = e.Forward(g, []int{int(m.Data[0])})
	}
	cell, _ := c.cell(c.Cell, c.Config, m.Dim(1))
	if cell == nil {
		t.Fatalf("%s is neither known nor listed as missing", c.Cell)
	}
	var s rnn.State
	for _, v := range tfStates(c.State) {
		s = append(s, g.Const(v))
	}
	y, last := rnn.Dynamic(g, f(cell), rnn.FromSteps(g, []*grad.Var{x}), s)
	per := len(last) / max(len(c.Config.Cells), 1)
	for name, v := range c.Expected {
		want, ok := matrix(v)
		if !ok {
			t.Fatalf("%s is %v", name, v)
		}
		var k int
		got := y.X.Value.At(0)
		if name != "output" {
			fmt.Sscanf(name[1:], "%d", &k)
			got = last[k*per+map[byte]int{'h': 0, 'c': 1}[name[0]]].Value
		}
		worst = max(worst, differ(got, want))
	}
	return worst
}
