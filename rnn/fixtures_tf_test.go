package rnn_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// tfCase is one of TensorFlow 1's tests of a single step.
type tfCase struct{ fixture.TF1Cell }

// cell makes one of the given kind for inputs in wide, and returns how wide its
// output is.
func (c tfCase) cell(kind string, o fixture.TF1Config, in int) (cell rnn.Cell, out int) {
	H, k := o.NumUnits, c.Weight("kernel")
	switch kind {
	case "GRUCell":
		k = c.Weight("kernels")
		b := constants(c.Weight("gates_bias"), 3*H)
		for i := 2 * H; i < 3*H; i++ {
			b.Value.Data[i] = tensor.Float(c.Weight("candidate_bias"))
		}
		return &rnn.GRU{Wx: constants(k, in, 3*H), Wh: constants(k, H, 3*H), B: b}, H
	case "BasicLSTMCell", "LayerNormBasicLSTMCell", "WeightNormLSTMCell":
		b := constants(c.Weight("bias"), 4*H)
		for i := H; i < 2*H; i++ {
			b.Value.Data[i] += tensor.Float(o.ForgetBias)
		}
		l := &rnn.LSTM{Wx: constants(k, in, 4*H), Wh: constants(k, H, 4*H), B: b}
		if o.Peepholes {
			l.P = constants(c.Weight("peepholes"), 3, H)
		}
		if kind == "LayerNormBasicLSTMCell" && o.LayerNorm == nil {
			l.B = nil
			l.Norm = &rnn.LSTMNorm{Gain: constants(1, 4*H), Shift: b, CellGain: constants(1, H), CellShift: constants(0, H)}
		}
		if o.Norm {
			n := tf1.NewWeightNorm(l)
			n.Gx, n.Gh = constants(c.Weight("g"), 4*H), constants(c.Weight("g"), 4*H)
			return n, H
		}
		return l, H
	case "CoupledInputForgetGateLSTMCell":
		v := tf1.Coupled{Kernel: constants(c.Weight("W"), in+H, 3*H).Value, Bias: constants(c.Weight("B"), 3*H).Value, ForgetBias: o.ForgetBias}
		return v.LSTM(), H
	case "UGRNNCell":
		return &tf1.UGRNN{Kernel: constants(k, in+H, 2*H), Bias: constants(c.Weight("bias"), 2*H), ForgetBias: o.ForgetBias}, H
	case "NASCell":
		n := &tf1.NAS{Kernel: constants(k, in, 8*H)}
		out := H
		if o.Projection > 0 {
			out = o.Projection
			n.Projection = constants(c.Weight("projection"), H, out)
		}
		n.Recurrent = constants(c.Weight("recurrent_kernel"), out, 8*H)
		return n, out
	case "IntersectionRNNCell":
		k, b := c.Weight("kernels"), c.Weight("biases")
		return &tf1.Intersection{In: constants(k, in, H), InBias: constants(b, H), Kernel: constants(k, 2*H, 4*H), Bias: constants(b, 4*H), ForgetBias: o.ForgetBias}, H
	case "MinimalRNNCell":
		H := o.Units
		return &tf1.Minimal{Kernel: constants(k, in+2*H, H), Bias: constants(c.Weight("bias"), H)}, H
	case "CFNCell":
		H := o.Units
		return &tf1.CFN{Kernel: constants(k, in, 3*H), Recurrent: constants(c.Weight("recurrent_kernel"), H, 2*H), Bias: constants(c.Weight("bias"), 2*H)}, H
	case "Conv1DLSTMCell", "Conv2DLSTMCell", "Conv3DLSTMCell":
		last := len(o.Shape) - 1
		window, channels := 1, o.Channels
		for _, n := range o.Window {
			window *= n
		}
		return tf1.ConvLSTM{
			Size: o.Shape[:last], Window: o.Window, ForgetBias: o.ForgetBias,
			Kernel: constants(k, window*(o.Shape[last]+channels), 4*channels).Value, Bias: constants(c.Weight("bias"), 4*channels).Value,
		}.Cell(), in
	case "SRUCell":
		return &rnn.SRU{W: constants(k, in, 4*H), B: constants(c.Weight("bias"), 2*H)}, H
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
	return &nn.Linear{W: constants(c.Weight("projection_kernel"), in, out), B: constants(c.Weight("projection_bias"), out)}
}

// TensorFlow 1's own tests of cells.
func TestTensorFlowFixtures(t *testing.T) {
	var worst float64
	cases := fixture.Lines[fixture.TF1Cell](t, "tf1-tests/cells.jsonl")
	for _, c := range cases {
		c := tfCase{c}
		t.Run(c.Test, func(t *testing.T) {
			for name, f := range forms {
				d := c.worst(t, f)
				if !(d <= 1e-5) {
					t.Errorf("%s: differs by %.2g", name, d)
				}
				worst = max(worst, d)
			}
		})
	}
	t.Logf("%d cases, largest difference %.2g", len(cases), worst)
}

func (c tfCase) worst(t *testing.T, f form) (worst float64) {
	g := grad.Eval()
	m := matrix(c.X, 0)
	if m == nil {
		t.Fatalf("x is %v", c.X)
	}
	x := g.Const(m)
	if c.Cell == "EmbeddingWrapper" {
		e := &nn.Embedding{W: constants(c.Weight("embedding"), c.Config.Classes, c.Config.Embedding)}
		x = e.Forward(g, []int{int(m.Data[0])})
	}
	cell, _ := c.cell(c.Cell, c.Config, m.Dim(1))
	if cell == nil {
		t.Fatalf("%s is not known", c.Cell)
	}
	var s rnn.State
	for _, v := range fixture.States(c.State) {
		s = append(s, g.Const(fromRows(v)))
	}
	y, last := rnn.Dynamic(g, f(cell), rnn.FromSteps(g, []*grad.Var{x}), s)
	per := len(last) / max(len(c.Config.Cells), 1)
	for name, v := range c.Expected {
		var k int
		got := y.X.Value.At(0)
		if name != "output" && name != "y" {
			fmt.Sscanf(name[1:], "%d", &k)
			got = last[k*per+map[byte]int{'c': 1}[name[0]]].Value
		}
		want := matrix(v, got.Dim(1))
		if want == nil {
			t.Fatalf("%s is %v", name, v)
		}
		worst = max(worst, differ(got, want))
	}
	return worst
}

// matrix is nil for what is no matrix.
func matrix(v any, width int) *tensor.Tensor {
	if rows := fixture.Matrix(v, width); rows != nil {
		return fromRows(rows)
	}
	return nil
}

func fromRows(rows [][]float64) *tensor.Tensor {
	x := tensor.New(len(rows), len(rows[0]))
	for i, row := range rows {
		for j, f := range row {
			x.At(i).Data[j] = tensor.Float(f)
		}
	}
	return x
}
