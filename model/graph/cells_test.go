package graph

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// rare are the cells of package rnn/tf1 and the convolutional one, for inputs of 6.
func rare() map[string]rnn.Cell {
	r := rand.New(rand.NewPCG(7, 8))
	wide := rnn.SRUOptions{}.New(r, 6, 6)
	wide.W = nn.Glorot(r, 6, 24)
	return map[string]rnn.Cell{
		"UGRNN":           tf1.UGRNNOptions{ForgetBias: 1}.New(r, 6, 4),
		"Intersection":    tf1.IntersectionOptions{ForgetBias: 1}.New(r, 6, 4),
		"IntersectionIn":  tf1.IntersectionOptions{ForgetBias: 1}.New(r, 6, 6),
		"NAS":             tf1.NASOptions{}.New(r, 6, 4),
		"NASProjection":   &tf1.NAS{Kernel: nn.Glorot(r, 6, 32), Recurrent: nn.Glorot(r, 3, 32), Projection: nn.Glorot(r, 4, 3)},
		"Minimal":         tf1.MinimalOptions{}.New(r, 6, 4),
		"CFN":             tf1.CFNOptions{}.New(r, 6, 4),
		"IndyGRU":         tf1.IndyGRUOptions{}.New(r, 6, 4),
		"IndyLSTM":        tf1.IndyLSTMOptions{ForgetBias: 1}.New(r, 6, 4),
		"GLSTM":           tf1.GLSTMOptions{Groups: 2, ForgetBias: 1}.New(r, 6, 4),
		"GLSTMProjection": tf1.GLSTMOptions{Projection: 2, Groups: 2, ForgetBias: 1}.New(r, 6, 4),
		"WeightNorm":      tf1.NewWeightNorm(rnn.LSTMOptions{Peepholes: true, Projection: 3}.New(r, 6, 4)),
		"Phased":          tf1.PhasedOptions{Leak: 0.001}.New(r, 6, 4),
		"PhasedPeepholes": tf1.PhasedOptions{Peepholes: true, Leak: 0.001}.New(r, 6, 4),
		"Attention":       tf1.NewAttention(r, rnn.NewLSTM(r, 6, 4), 6, 4, 3),
		"AttentionStack":  tf1.NewAttention(r, rnn.Stack{rnn.NewGRU(r, 6, 3), rnn.NewLSTM(r, 3, 4)}, 6, 4, 2),
		"SRU":             wide,
		"ConvLSTM1":       rnn.NewConvLSTM(r, []int{3}, []int{3}, 2, 2),
		"ConvLSTM2":       rnn.ConvLSTMOptions{Size: []int{3, 2}, Window: []int{2, 2}, Valid: true, Cand: rnn.Softsign}.New(r, 1, 2),
		"ConvLSTM3":       rnn.ConvLSTMOptions{Size: []int{3, 2, 1}, Window: []int{3, 3, 3}, Stride: []int{2, 1, 1}, Dilation: []int{1, 2, 1}}.New(r, 1, 2),
		"ConvLSTMSkip":    rnn.ConvLSTMOptions{Size: []int{3}, Window: []int{2}, Skip: true}.New(r, 2, 1),
	}
}

// A rare cell becomes a network with the same numbers, which is saved and read again,
// and goes step by step.
func TestRareCells(t *testing.T) {
	for name, c := range rare() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			for _, p := range nn.Params(c) {
				for i := range p.Value.Data {
					p.Value.Data[i] += tensor.Float(0.3 * r.NormFloat64())
				}
			}
			net, err := FromCell(c, 6)
			if err != nil {
				t.Fatal(err)
			}
			if f := nn.Untagged([]any{c, net}); f != nil {
				t.Errorf("fields without a tag: %v", f)
			}
			if got, want := net.Config.CountParams(), nn.Count(nn.Params(net)); got != want {
				t.Errorf("the plan counts %d values of parameters, there are %d", got, want)
			}
			var b bytes.Buffer
			if err := (&model.Model{Config: net.Config, Net: net}).Write(&b); err != nil {
				t.Fatal(err)
			}
			m, err := model.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m.Config, net.Config) {
				t.Errorf("config %v came back as %v", net.Config, m.Config)
			}
			net = m.Net.(*Net)

			x := random(r, 5, 2, 6)
			g := grad.Eval()
			want, last := rnn.Dynamic(g, c, rnn.Input(g, x, []int{5, 3}), nil)
			out, states, err := net.Predict(map[string]*tensor.Tensor{"x": x}, []int{5, 3}, nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "output", out["rnn"], want.X.Value)
			for i, s := range states {
				same(t, net.States()[i].Name, s, last[i].Value)
			}
			step, err := net.Cell()
			if err != nil {
				t.Fatal(err)
			}
			st := rnn.NewStream(step)
			for i := range 5 {
				same(t, "step", tensor.FromSlice(st.Push(x.At(i).At(0).Data), out["rnn"].Dim(2)), out["rnn"].At(i).At(0))
			}
		})
	}
}

func same(t *testing.T, what string, got, want *tensor.Tensor) {
	t.Helper()
	if len(got.Data) != len(want.Data) {
		t.Fatalf("%s is %v, want %v", what, got.Shape, want.Shape)
	}
	for i, v := range want.Data {
		if d := v - got.Data[i]; d > 1e-5 || d < -1e-5 {
			t.Fatalf("value %d of %s is %v, want %v", i, what, got.Data[i], v)
		}
	}
}

// A cell that is not registered is named, inside another too.
func TestFromUnknownCell(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []rnn.Cell{
		unknown{rnn.NewGRU(r, 3, 2)},
		rnn.Stack{rnn.NewGRU(r, 3, 3), unknown{rnn.NewGRU(r, 3, 2)}},
		tf1.NewAttention(r, unknown{rnn.NewGRU(r, 3, 2)}, 3, 2, 2),
	} {
		if _, err := FromCell(c, 3); err == nil || !strings.Contains(err.Error(), "graph.unknown") {
			t.Errorf("%v, want an error with the cell's type", err)
		}
	}
}

type unknown struct{ rnn.Cell }

// Options that do not make sense are named.
func TestBadRareCells(t *testing.T) {
	for want, text := range map[string]string{
		"hidden is 0":                 `{"nas": {}}`,
		"projection is -1":            `{"nas": {"hidden": 2, "projection": -1}}`,
		"do not divide":               `{"glstm": {"hidden": 4, "groups": 3}}`,
		"one in another are more":     nested(17),
		"are more than 1024":          `{"glstm": {"hidden": 6, "groups": 1025}}`,
		"0 groups":                    `{"glstm": {"hidden": 4}}`,
		"length is 0":                 `{"attention": {"cells": [{"gru": {"hidden": 2}}], "in": 2, "width": 2, "vec": 2}}`,
		"too many to attend":          `{"attention": {"cells": [{"gru": {"hidden": 2}}], "in": 2, "width": 4096, "vec": 2, "length": 4096}}`,
		"without cells":               `{"attention": {"in": 2, "width": 2, "vec": 2, "length": 2}}`,
		"dimensions":                  `{"conv_lstm": {"filters": 2, "size": [2, 2], "window": [2]}}`,
		"filters is 0":                `{"conv_lstm": {"size": [2], "window": [2]}}`,
		"window is 0":                 `{"conv_lstm": {"filters": 2, "size": [2], "window": [0]}}`,
		"are not [4] places":          `{"conv_lstm": {"filters": 2, "size": [4], "window": [2]}}`,
		"does not lie within":         `{"conv_lstm": {"filters": 2, "size": [2], "window": [3], "valid": true}}`,
		"is more than 4096":           `{"conv_lstm": {"filters": 2, "size": [2], "window": [5000]}}`,
		"skip, where the input":       `{"conv_lstm": {"filters": 2, "size": [2], "window": [2], "valid": true, "skip": true}}`,
		"are too many":                `{"conv_lstm": {"filters": 4000000, "size": [2], "window": [2]}}`,
		"stride is 0":                 `{"conv_lstm": {"filters": 2, "size": [2], "window": [2], "stride": [0]}}`,
		"where the first is the time": `{"phased": {"hidden": 2}}`,
	} {
		in := 6
		if strings.Contains(text, "phased") {
			in = 1
		}
		var list rnn.Configs
		err := json.Unmarshal([]byte("["+text+"]"), &list)
		if err == nil {
			err = list[0].Check(in)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}

// nested is the text of so many attentions one in another.
func nested(n int) string {
	return strings.Repeat(`{"attention": {"width": 1, "in": 1, "vec": 1, "length": 1, "cells": [`, n) + `{"lstm": {"hidden": 1}}` + strings.Repeat("]}}", n)
}

func TestNestedAttention(t *testing.T) {
	var c rnn.Config
	if err := json.Unmarshal([]byte(nested(16)), &c); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(1); err != nil {
		t.Error(err)
	}
}
