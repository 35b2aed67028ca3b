package keras

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A network goes through a .keras file with its masks, states and all.
func TestExport(t *testing.T) {
	c := &graph.Config{
		Inputs: []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}, {Name: "x", Width: 3, Sequence: true}, {Name: "h", Width: 4}},
		Layers: []graph.Layer{
			{Name: "embed", From: []string{"ids"}, Op: &graph.Embedding{Vocab: 9, Width: 3, MaskZero: true}},
			{Name: "both/merged", From: []string{"embed", "x"}, Op: &graph.Merge{By: "sum"}},
			{Name: "gru", From: []string{"both/merged", "h"}, Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.GRUOptions{NoBias: true}}}, Masked: graph.Repeat}},
			{Name: "bare", From: []string{"gru"}, Op: &graph.Mask{}},
			{Name: "stack", From: []string{"bare"}, Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{}}, rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{NoBias: true}}, rnn.Config{Hidden: 5, Options: rnn.BasicOptions{Activation: rnn.ReLU}}}}},
			{Name: "last", Op: &graph.Last{}},
			{Name: "bi", From: []string{"gru"}, Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.GRUOptions{ResetBefore: true}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.LSTMOptions{}}}, Merge: rnn.Multiply}},
			{Name: "act", Op: &graph.Activation{Func: "leakyrelu(0.1)"}},
			{Name: "mean", Op: &graph.GlobalPool{By: "average"}},
			{Name: "peak", From: []string{"bi"}, Op: &graph.GlobalPool{By: "max", All: true}},
			{Name: "out", From: []string{"last", "mean", "peak", "gru:1"}, Op: &graph.Concat{}},
		},
		Outputs: []string{"out", "bi"},
	}
	r := rand.New(rand.NewPCG(1, 2))
	net, err := graph.New(c, r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Export(&b, net); err != nil {
		t.Fatal(err)
	}
	m, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := tensor.FromSlice([]tensor.Float{1, 2, 0, 3, 0, 0, 4, 5}, 2, 4)
	x, h := tensor.New(2, 4, 3), tensor.New(2, 4)
	for _, v := range []*tensor.Tensor{x, h} {
		for i := range v.Data {
			v.Data[i] = tensor.Float(r.NormFloat64())
		}
	}
	want, _, err := net.Predict(map[string]*tensor.Tensor{"ids": ids, "x": x, "h": h}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := differ(t, m, []*tensor.Tensor{ids, x, h}, []*tensor.Tensor{want["out"], want["bi"]}); !(d <= 1e-6) {
		t.Errorf("differs by %.2g", d)
	}
	var again bytes.Buffer
	if err := Export(&again, net); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same network gives other bytes, %v", err)
	}
}

func TestExportRefuses(t *testing.T) {
	seq := []graph.Input{{Name: "x", Width: 3, Sequence: true}}
	cell := func(c rnn.Config) graph.Op { return &graph.RNN{Cells: rnn.Configs{c}} }
	for want, op := range map[string]graph.Op{
		"peepholes":                     cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Peepholes: true}}),
		"a projection":                  cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Projection: 1}}),
		"a clip":                        cell(rnn.Config{Hidden: 2, Options: rnn.GRUOptions{Clip: 1}}),
		"coupled gates":                 cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Coupled: true}}),
		"normalisation in a cell":       cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{LayerNorm: true}}),
		"that differ":                   cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Out: rnn.Identity}}),
		"hardsigmoid(0.2, 0.5)":         cell(rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{Gate: rnn.HardSigmoid(0.2, 0.5)}}),
		"order of time":                 &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}}}, Backwards: true},
		"a layer that is not recurrent": &graph.Last{},
		`"gelu_tanh" is not one of`:     &graph.Dense{Units: 2, Activation: "gelu_tanh"},
		`"scaledtanh(1, 2)" is not`:     &graph.Activation{Func: "scaledtanh(1, 2)"},
	} {
		net, err := graph.New(&graph.Config{Inputs: seq, Layers: []graph.Layer{{Name: "l", Op: op}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = Export(&bytes.Buffer{}, net)
		var no *UnsupportedError
		if !errors.As(err, &no) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a refusal about %s", err, want)
		}
	}
}
