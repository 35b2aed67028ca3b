package onnx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// exported are networks whose exports have to give what they give.
func exported() map[string]*graph.Config {
	ids := []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}}
	x := []graph.Input{{Name: "x", Width: 3, Sequence: true}}
	all := map[string]*graph.Config{
		"a stack of everything": {Inputs: x, Layers: []graph.Layer{
			{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{
				rnn.Config{Hidden: 3, Options: rnn.BasicOptions{Activation: rnn.LeakyReLU(0.2)}}, rnn.Config{Hidden: 4, Options: rnn.GRUOptions{}}, rnn.Config{Hidden: 3, Options: rnn.GRUOptions{ResetBefore: true, Clip: 0.7}},
				rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Peepholes: true, Clip: 1}}, rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{Coupled: true, Cand: rnn.Softsign}},
				rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{NoBias: true}}, rnn.Config{Hidden: 3, Options: rnn.GRUOptions{NoBias: true, Gate: rnn.HardSigmoid(0.2, 0.5)}},
			}}},
			{Name: "out", Op: &graph.Dense{Units: 2, Activation: "gelu"}},
		}},
		"cells as a Scan": {Inputs: x, TimeMajor: true, Layers: []graph.Layer{
			{Name: "a", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{Projection: 2, Peepholes: true, CellClip: 0.3, ProjClip: 0.2}}}}},
			{Name: "b", Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{LayerNorm: true}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{CellClip: 0.4, Coupled: true}}}}},
			{Name: "c", Op: &graph.RNN{Cells: rnn.Configs{
				rnn.Config{Hidden: 4, Options: rnn.IndRNNOptions{}}, rnn.Config{Hidden: 3, Options: rnn.IndRNNOptions{NoBias: true, Activation: rnn.Identity}}, rnn.Config{Hidden: 3, Options: rnn.SRUOptions{Peepholes: true, Scale: 1.5}},
				rnn.Config{Hidden: 2, Options: rnn.SRUOptions{Activation: rnn.Identity}}, rnn.Config{Hidden: 3, Options: rnn.MinGRUOptions{Positive: true}}, rnn.Config{Hidden: 2, Options: rnn.MinLSTMOptions{NoBias: true}}, rnn.Config{Hidden: 3, Options: rnn.MinLSTMOptions{Positive: true}},
			}}},
			{Name: "d", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.BasicOptions{}}}, Last: true}},
		}},
		"cells of TensorFlow 1": {Inputs: x, Layers: []graph.Layer{
			{Name: "a", Op: &graph.RNN{Cells: rnn.Configs{
				rnn.Config{Hidden: 4, Options: tf1.UGRNNOptions{ForgetBias: 0.7}}, rnn.Config{Hidden: 3, Options: tf1.IntersectionOptions{ForgetBias: 0.7}}, rnn.Config{Hidden: 3, Options: tf1.IntersectionOptions{}}, rnn.Config{Hidden: 4, Options: tf1.NASOptions{Projection: 3}},
				rnn.Config{Hidden: 3, Options: tf1.NASOptions{NoBias: true}}, rnn.Config{Hidden: 4, Options: tf1.MinimalOptions{}}, rnn.Config{Hidden: 4, Options: tf1.CFNOptions{}}, rnn.Config{Hidden: 4, Options: rnn.SRUOptions{SkipProjection: true}},
			}}},
			{Name: "b", Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 3, Options: tf1.IndyGRUOptions{}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 3, Options: tf1.IndyLSTMOptions{ForgetBias: 0.7}}}}},
			{Name: "c", Op: &graph.RNN{Cells: rnn.Configs{
				rnn.Config{Hidden: 4, Options: tf1.GLSTMOptions{Projection: 2, Groups: 2, ForgetBias: 0.7}}, rnn.Config{Hidden: 3, Options: tf1.GLSTMOptions{Groups: 1}}, rnn.Config{Hidden: 3, Options: tf1.PhasedOptions{Peepholes: true, Leak: 0.1}}, rnn.Config{Hidden: 2, Options: tf1.PhasedOptions{}},
			}}},
		}},
		"masks with holes": {Inputs: ids, Layers: []graph.Layer{
			{Name: "embed", Op: &graph.Embedding{Vocab: 5, Width: 3, MaskZero: true}},
			{Name: "fwd", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{}}}, Masked: graph.Repeat}},
			{Name: "bwd", From: []string{"embed"}, Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.GRUOptions{}}}, Backwards: true, Masked: graph.Repeat}},
			{Name: "read", From: []string{"embed"}, Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{Projection: 3}}}, Backwards: true, AsRead: true}},
			{Name: "both", From: []string{"embed"}, Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.BasicOptions{}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.BasicOptions{NoBias: true}}}, Merge: rnn.Multiply}},
			{Name: "sum", From: []string{"fwd", "bwd", "read", "both"}, Op: &graph.Merge{By: "sum"}},
			{Name: "max", From: []string{"fwd", "bwd"}, Op: &graph.Merge{By: "maximum", AnyMask: true}},
			{Name: "join", From: []string{"sum", "max"}, Op: &graph.Concat{}},
			{Name: "norm", Op: &graph.LayerNorm{}},
			{Name: "pool", Op: &graph.GlobalPool{By: "average"}},
			{Name: "pool2", From: []string{"norm"}, Op: &graph.GlobalPool{By: "max"}},
			{Name: "last", From: []string{"norm"}, Op: &graph.Last{}},
			{Name: "score", From: []string{"norm"}, Op: &graph.Dense{Units: 1}},
			{Name: "weighed", From: []string{"norm", "score"}, Op: &graph.AttentionPool{}},
			{Name: "bilast", From: []string{"norm"}, Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{}}}, Merge: rnn.Average, Last: true}},
		}, Outputs: []string{"norm", "pool", "pool2", "last", "weighed", "bilast"}},
		"convolutions": {Inputs: x, Layers: []graph.Layer{
			{Name: "masking", Op: &graph.Masking{}},
			{Name: "same", Op: &graph.Conv{Units: 4, Size: 3, Padding: graph.Same, Stride: 2, Activation: "relu"}},
			{Name: "causal", Op: &graph.Conv{Units: 4, Size: 2, Dilation: 2, Padding: graph.Causal, Groups: 2}},
			{Name: "around", Op: &graph.Conv{Units: 2, Size: 3, Around: 1, KeepMask: true, NoBias: true}},
			{Name: "pool", Op: &graph.Pool{By: "max", Size: 2, Padding: graph.Same}},
			{Name: "mean", From: []string{"around"}, Op: &graph.Pool{By: "average", Size: 2, Stride: 1, Padding: graph.Same}},
			{Name: "affine", Op: &graph.Affine{}},
			{Name: "whole", From: []string{"affine"}, Op: &graph.GlobalPool{By: "max"}},
			{Name: "again", Op: &graph.RepeatVector{Steps: 3}},
			{Name: "flat", Op: &graph.Flatten{Steps: 3}},
			{Name: "steps", Op: &graph.Steps{Steps: 2}},
			{Name: "first", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}}}}},
			{Name: "masked", From: []string{"first"}, Op: &graph.Mask{}},
		}, Outputs: []string{"pool", "affine", "masked", "first:1"}},
	}
	var layers []graph.Layer
	for i, f := range strings.Fields("softmax log_softmax gelu gelu_tanh silu selu exp relu6 mish tanh sigmoid relu identity softplus softsign leakyrelu(0.1) thresholdedrelu(0.2) elu(0.5) scaledtanh(2,0.5) hardsigmoid affine(2,1)") {
		layers = append(layers, graph.Layer{Name: fmt.Sprint("f", i), From: []string{"x"}, Op: &graph.Activation{Func: graph.Func(f)}})
	}
	functions := &graph.Config{Inputs: x, Layers: layers}
	for _, l := range layers {
		functions.Outputs = append(functions.Outputs, l.Name)
	}
	all["functions"] = functions
	return all
}

func randomNet(t testing.TB, c *graph.Config, r *rand.Rand) *graph.Net {
	net, err := graph.New(c, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range nn.Params(net) {
		for i := range p.Value.Data {
			p.Value.Data[i] = tensor.Float(r.NormFloat64() * 0.5)
		}
	}
	return net
}

func export(t testing.TB, net *graph.Net, o onnx.ExportOptions) *onnx.Model {
	var b bytes.Buffer
	if err := onnx.Export(&b, net, o); err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tensors are a tensor as both packages have it.
func tensors(r *rand.Rand, ids bool, dims ...int) (*tensor.Tensor, *onnx.Tensor) {
	t := tensor.New(dims...)
	whole, f := make([]int64, len(t.Data)), make([]float32, len(t.Data))
	for i := range t.Data {
		t.Data[i] = tensor.Float(float32(r.NormFloat64()))
		if ids {
			whole[i] = r.Int64N(5)
			t.Data[i] = tensor.Float(whole[i])
		}
		f[i] = float32(t.Data[i])
	}
	if ids {
		return t, onnx.NewTensor(whole, dims...)
	}
	return t, onnx.NewTensor(f, dims...)
}

func differ(a *tensor.Tensor, b *onnx.Tensor) (worst float64) {
	if fmt.Sprint(a.Shape.Dims()) != fmt.Sprint(b.Shape) {
		return math.Inf(1)
	}
	for i, v := range onnx.Values[float32](b) {
		worst = max(worst, math.Abs(float64(v)-float64(a.Data[i])))
	}
	return worst
}

// A network and its export give the same for ragged sequences with first states, a row
// without steps among them, and step by step.
func TestExport(t *testing.T) {
	for name, c := range exported() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			net := randomNet(t, c, r)
			for _, o := range []onnx.ExportOptions{{}, {NoLengths: true, NoStates: true}} {
				m := export(t, net, o)
				const B, T = 4, 6
				dims := []int{B, T, 3}
				if c.TimeMajor {
					dims = []int{T, B, 3}
				}
				if c.Inputs[0].IDs {
					dims = dims[:2]
				}
				x, ox := tensors(r, c.Inputs[0].IDs, dims...)
				in := map[string]*onnx.Tensor{c.Inputs[0].Name: ox}
				var lengths []int
				if !o.NoLengths {
					lengths = []int{6, 0, 3, 1}
					if name == "convolutions" {
						lengths = []int{6, 6, 6, 6}
					}
					l := make([]int64, B)
					for i, n := range lengths {
						l[i] = int64(n)
					}
					in["lengths"] = onnx.NewTensor(l, B)
				}
				var first []*tensor.Tensor
				if !o.NoStates {
					for _, s := range net.States() {
						h, oh := tensors(r, false, B, s.Width)
						first, in[s.Name] = append(first, h), oh
					}
				}
				want, last, err := net.Predict(map[string]*tensor.Tensor{c.Inputs[0].Name: x}, lengths, first)
				if err != nil {
					t.Fatal(err)
				}
				got, err := m.Run(context.Background(), in)
				if err != nil {
					t.Fatal(err)
				}
				for k, v := range want {
					if d := differ(v, got[k]); !(d <= 2e-6) {
						t.Errorf("%+v: output %s differs by %.2g", o, k, d)
					}
				}
				for i, s := range net.States() {
					if o.NoStates {
						break
					}
					if d := differ(last[i], got[s.Name+"_out"]); !(d <= 2e-6) {
						t.Errorf("%+v: state %s differs by %.2g", o, s.Name, d)
					}
				}
			}
		})
	}
}

// The graph of a single step, run as a stream, gives what the network gives over the
// whole sequence; a network that cannot go step by step is refused by its layer.
func TestExportStep(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	c := exported()["a stack of everything"]
	c.Layers = append([]graph.Layer{{Name: "alike", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{}}, rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{}}}}}}, c.Layers...)
	net := randomNet(t, c, r)
	m := export(t, net, onnx.ExportOptions{Step: true})
	s, err := m.Stream()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Pairs()) != len(net.States()) {
		t.Fatalf("%d states of %d are handed on", len(s.Pairs()), len(net.States()))
	}
	x, _ := tensors(r, false, 2, 5, 3)
	want, _, err := net.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 5 {
		step := make([]float32, 0, 6)
		for b := range 2 {
			for _, v := range x.At(b).At(k).Data {
				step = append(step, float32(v))
			}
		}
		out, err := s.Push(context.Background(), map[string]*onnx.Tensor{"x": onnx.NewTensor(step, 2, 3)})
		if err != nil {
			t.Fatal(err)
		}
		y := onnx.Values[float32](out["out"])
		for b := range 2 {
			for j, v := range want["out"].At(b).At(k).Data {
				if d := float64(v) - float64(y[b*2+j]); math.Abs(d) > 2e-6 {
					t.Errorf("step %d: differs by %.2g", k, d)
				}
			}
		}
	}
	var refused *onnx.ExportError
	net = randomNet(t, exported()["cells as a Scan"], r)
	if err := onnx.Export(&bytes.Buffer{}, net, onnx.ExportOptions{Step: true}); !errors.As(err, &refused) || refused.Layer != "b" {
		t.Errorf("a bidirectional layer went step by step: %v", err)
	}
}

// Cells for which ONNX has nothing are refused by name.
func TestExportRefusesCells(t *testing.T) {
	for want, cell := range map[string]rnn.Config{
		"ConvLSTM":  {Hidden: 2, Options: rnn.ConvLSTMOptions{Size: []int{3}, Window: []int{2}}},
		"Attention": {Hidden: 2, Options: tf1.AttentionOptions{Cells: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}}}, In: 3, Vec: 2, Length: 2}},
	} {
		net := randomNet(t, &graph.Config{
			Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
			Layers: []graph.Layer{{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{cell}}}},
		}, rand.New(rand.NewPCG(1, 2)))
		var refused *onnx.ExportError
		if err := onnx.Export(&bytes.Buffer{}, net, onnx.ExportOptions{}); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that names %s", err, want)
		}
	}
}
