package onnx_test

import (
	"context"
	"math"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/fixture"
)

// An ortCase is one of ONNX Runtime's tests of RNN, LSTM and GRU.
type ortCase struct {
	Test, Op, Expect, Error string
	Attributes              map[string]any
	Inputs, Outputs         []*ortArray
}

type ortArray struct {
	Name, DType string
	Shape       []int
	Data        []float64
}

func (a *ortArray) tensor() *onnx.Tensor {
	if a.DType == "int32" {
		d := make([]int32, len(a.Data))
		for i, v := range a.Data {
			d[i] = int32(v)
		}
		return onnx.NewTensor(d, a.Shape...)
	}
	d := make([]float32, len(a.Data))
	for i, v := range a.Data {
		d[i] = float32(v)
	}
	return onnx.NewTensor(d, a.Shape...)
}

var (
	ortInputs  = []string{"X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"}
	ortOutputs = []string{"Y", "Y_h", "Y_c"}
)

func ortCases(t *testing.T) (all []ortCase) {
	for _, name := range []string{"rnn", "lstm", "gru"} {
		all = append(all, fixture.Lines[ortCase](t, "ort-rnn-tests/"+name+".jsonl")...)
	}
	return all
}

// model makes the model of a case. The weights are initializers, which are packed,
// or inputs, which are not.
func (c ortCase) model(packed bool) (g testGraph, in map[string]*onnx.Tensor) {
	n := testNode{op: c.Op, attrs: map[string]any{}}
	for k, v := range c.Attributes {
		switch v := v.(type) {
		case string:
			n.attrs[k] = v
		case float64:
			n.attrs[k] = v
			if k != "clip" {
				n.attrs[k] = int(v)
			}
		case []any:
			if len(v) > 0 {
				if _, ok := v[0].(string); ok {
					var list []string
					for _, s := range v {
						list = append(list, s.(string))
					}
					n.attrs[k] = list
				} else {
					var list []float64
					for _, s := range v {
						list = append(list, s.(float64))
					}
					n.attrs[k] = list
				}
			}
		}
	}
	g.init, in = map[string]*onnx.Tensor{}, map[string]*onnx.Tensor{}
	given := map[string]*ortArray{}
	for _, a := range c.Inputs {
		if a != nil {
			given[a.Name] = a
		}
	}
	for _, name := range ortInputs {
		a := given[name]
		if a == nil {
			n.in = append(n.in, "")
			continue
		}
		n.in = append(n.in, name)
		if t := a.tensor(); packed && (name == "W" || name == "R" || name == "B" || name == "P") {
			g.init[name] = t
		} else {
			in[name] = t
			g.in = append(g.in, testValue{name, t.DType, nil})
		}
	}
	for len(n.in[len(n.in)-1]) == 0 {
		n.in = n.in[:len(n.in)-1]
	}
	for _, name := range ortOutputs {
		if name == "Y_c" && c.Op != "LSTM" {
			break
		}
		n.out = append(n.out, name)
		g.out = append(g.out, float(name))
	}
	g.nodes, g.opset = []testNode{n}, 14
	return g, in
}

// worst is the largest difference of a case.
func (c ortCase) worst(packed bool) (worst float64, err error) {
	g, in := c.model(packed)
	m, err := load(g.model())
	if err != nil {
		return 0, err
	}
	out, err := m.Run(context.Background(), in)
	if err != nil {
		return 0, err
	}
	for _, want := range c.Outputs {
		if want == nil {
			continue
		}
		got := onnx.Values[float32](out[want.Name])
		for i, v := range want.Data {
			if d := math.Abs(float64(got[i]) - v); !(d <= worst) {
				worst = d
			}
		}
	}
	return worst, nil
}

func TestONNXRuntime(t *testing.T) {
	var worst float64
	cases := ortCases(t)
	for _, c := range cases {
		for _, packed := range []bool{true, false} {
			d, err := c.worst(packed)
			switch {
			case c.Expect != "ok":
				if err == nil {
					t.Errorf("%s: no error, want one like %q", c.Test, c.Error)
				} else {
					t.Logf("%s: %v", c.Test, err)
				}
			case err != nil:
				t.Errorf("%s: %v", c.Test, err)
			case !(d <= 1e-4):
				t.Errorf("%s: differs by %.2g", c.Test, d)
			}
			worst = max(worst, d)
		}
	}
	t.Logf("%d cases, packed and not, largest difference %.2g", len(cases), worst)
	if len(cases) < 130 {
		t.Errorf("%d cases", len(cases))
	}
}

// What is easily got wrong has to be seen by the cases: each is run with one thing
// left out or turned around.
func TestONNXRuntimeNoticesMistakes(t *testing.T) {
	drop := func(name string) func(*ortCase) {
		return func(c *ortCase) { delete(c.Attributes, name) }
	}
	absent := func(name string) func(*ortCase) {
		return func(c *ortCase) {
			for i, a := range c.Inputs {
				if a != nil && a.Name == name {
					c.Inputs[i] = nil
				}
			}
		}
	}
	cases := ortCases(t)
	for _, m := range []struct {
		name   string
		change func(*ortCase)
		want   int
	}{
		{"sequence_lens ignored", absent("sequence_lens"), 20},
		{"initial_h ignored", absent("initial_h"), 20},
		{"initial_c ignored", absent("initial_c"), 5},
		{"peepholes ignored", absent("P"), 8},
		{"biases ignored", absent("B"), 30},
		{"direction ignored", func(c *ortCase) {
			if c.Attributes["direction"] == "reverse" {
				delete(c.Attributes, "direction")
			}
		}, 10},
		{"activations ignored", drop("activations"), 10},
		{"clip ignored", drop("clip"), 2},
		{"input_forget ignored", drop("input_forget"), 2},
		{"linear_before_reset turned round", func(c *ortCase) {
			if c.Op == "GRU" {
				v, _ := c.Attributes["linear_before_reset"].(float64)
				c.Attributes["linear_before_reset"] = 1 - v
			}
		}, 20},
		{"first two gates exchanged", func(c *ortCase) {
			if c.Op == "RNN" {
				return
			}
			for i, a := range c.Inputs {
				if a != nil && a.Name == "W" {
					w := *a
					w.Data = append([]float64(nil), a.Data...)
					per := len(w.Data) / w.Shape[0]
					size := per / map[string]int{"LSTM": 4, "GRU": 3}[c.Op]
					for d := range w.Shape[0] {
						copy(w.Data[d*per:], a.Data[d*per+size:d*per+2*size])
						copy(w.Data[d*per+size:], a.Data[d*per:d*per+size])
					}
					c.Inputs[i] = &w
				}
			}
		}, 50},
	} {
		noticed := 0
		for _, c := range cases {
			if c.Expect != "ok" {
				continue
			}
			c.Inputs = append([]*ortArray(nil), c.Inputs...)
			kept := map[string]any{}
			for k, v := range c.Attributes {
				kept[k] = v
			}
			c.Attributes = kept
			m.change(&c)
			if d, err := c.worst(true); err != nil || !(d <= 1e-4) {
				noticed++
			}
		}
		t.Logf("%s: noticed by %d cases", m.name, noticed)
		if noticed < m.want {
			t.Errorf("%s: noticed by %d cases, want %d", m.name, noticed, m.want)
		}
	}
}

// Two whole models of bidirectional layers.
func TestCNTK(t *testing.T) {
	cases, err := onnx.Check(context.Background(), fixture.Path(t, "fixtures/ort-rnn-tests/cntk"), onnx.Tolerance{Rel: 1e-4, Abs: 1e-5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Logf("%s: %s, largest difference %.2g %s", c.Name, c.Status, c.MaxDiff, c.Reason)
		if c.Status != onnx.Pass {
			t.Errorf("%s: %s", c.Name, c.Reason)
		}
	}
}
