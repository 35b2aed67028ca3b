package onnx_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

var _ session.Runner = (*onnx.Runner)(nil)

// convolved is a model with a convolution over its input and the end of the last one, as
// models of sound have it: [rows 6] in, [rows 2] out, and a state [1 rows 3] of three values.
func convolved() testGraph {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(dims ...int) *onnx.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return onnx.NewTensor(v, dims...)
	}
	ints := func(v ...int64) *onnx.Tensor { return onnx.NewTensor(v, len(v)) }
	node := func(op, out string, attrs map[string]any, in ...string) testNode {
		return testNode{op: op, in: in, out: []string{out}, attrs: attrs}
	}
	return testGraph{
		in:  []testValue{{"x", onnx.Float32, []int{-1, 6}}, {"memory", onnx.Float32, []int{1, -1, 3}}},
		out: []testValue{{"y", onnx.Float32, []int{-1, 2}}, {"memoryN", onnx.Float32, []int{1, -1, 3}}},
		init: map[string]*onnx.Tensor{
			"filters": draw(4, 1, 3), "bias": draw(4), "w": draw(28, 2),
			"first": ints(0), "one": ints(1), "from": ints(3), "to": ints(6), "flat": ints(0, -1),
		},
		nodes: []testNode{
			node("Squeeze", "before", nil, "memory", "first"),
			node("Concat", "line", map[string]any{"axis": 1}, "before", "x"),
			node("Unsqueeze", "sound", nil, "line", "one"),
			node("Conv", "seen", nil, "sound", "filters", "bias"),
			node("Relu", "kept", nil, "seen"),
			node("Reshape", "row", nil, "kept", "flat"),
			node("MatMul", "score", nil, "row", "w"),
			node("Sigmoid", "y", nil, "score"),
			node("Slice", "end", nil, "x", "from", "to", "one"),
			node("Unsqueeze", "memoryN", nil, "end", "first"),
		},
	}
}

// stepped are models that go step by step.
func stepped(t *testing.T) map[string]*onnx.Model {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 10))
	all := map[string]*onnx.Model{}
	for name, options := range map[string]any{"lstm": rnn.LSTMOptions{}, "gru": rnn.GRUOptions{}, "gru, reset before": rnn.GRUOptions{ResetBefore: true}, "basic": rnn.BasicOptions{}, "lstm, projected": rnn.LSTMOptions{Projection: 5, Peepholes: true}, "minGRU": rnn.MinGRUOptions{}} {
		net := randomNet(t, &graph.Config{Inputs: []graph.Input{{Name: "x", Width: 6, Sequence: true}}, Layers: []graph.Layer{
			{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 33, Options: options}, {Hidden: 24, Options: options}}}},
			{Name: "norm", Op: &graph.LayerNorm{}},
			{Name: "out", Op: &graph.Dense{Units: 3, Activation: "softmax"}},
		}}, r)
		all[name] = export(t, net, onnx.ExportOptions{Step: true})
	}
	m, err := load(convolved().model())
	if err != nil {
		t.Fatal(err)
	}
	all["convolution"] = m
	return all
}

func equalBits(a, b []tensor.Float) bool {
	return slices.EqualFunc(a, b, func(a, b tensor.Float) bool {
		return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
	})
}

// Rows of any batch, of sessions at any step, get the bits that a stream of each gets.
func TestRunner(t *testing.T) {
	for name, m := range stepped(t) {
		t.Run(name, func(t *testing.T) {
			run, err := m.Runner(onnx.RunnerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if run.Separate() != "" {
				t.Errorf("rows run one by one: %s", run.Separate())
			}
			sizes := run.StateSizes()
			var streams [33]*onnx.Stream
			var states [33][][]tensor.Float
			for i := range streams {
				if streams[i], err = m.Stream(); err != nil {
					t.Fatal(err)
				}
				for _, n := range sizes {
					states[i] = append(states[i], make([]tensor.Float, n))
				}
			}
			r := rand.New(rand.NewPCG(5, 6))
			for round := range 12 {
				rows := 1 + r.IntN(len(streams))
				if round == 0 {
					rows = len(streams)
				}
				who, batch := r.Perm(len(streams))[:rows], make([][]tensor.Float, len(sizes))
				for i := range sizes {
					for _, w := range who {
						batch[i] = append(batch[i], states[w][i]...)
					}
				}
				x, y := make([]tensor.Float, rows*run.In()), make([]tensor.Float, rows*run.Out())
				for i := range x {
					x[i] = tensor.Float(float32(r.NormFloat64()))
				}
				if round == 1 {
					x[0] = tensor.Float(math.NaN())
				}
				if err := run.Step(t.Context(), rows, x, y, batch); err != nil {
					t.Fatal(err)
				}
				for k, w := range who {
					own := make([]float32, run.In())
					for i := range own {
						own[i] = float32(x[k*len(own)+i])
					}
					out, err := streams[w].Push(t.Context(), map[string]*onnx.Tensor{run.Inputs[0].Name: onnx.NewTensor(own, 1, len(own))})
					if err != nil {
						t.Fatal(err)
					}
					want := widened(out[run.Outputs[0].Name])
					if got := y[k*run.Out():][:run.Out()]; !equalBits(got, want) {
						t.Fatalf("round %d, row %d of %d gives %v, want %v", round, k, rows, got, want)
					}
					for i, n := range sizes {
						copy(states[w][i], batch[i][k*n:][:n])
						if !equalBits(states[w][i], widened(streams[w].State()[run.States[i].Name])) {
							t.Fatalf("round %d, row %d of %d: another state %d", round, k, rows, i)
						}
					}
				}
			}
		})
	}
}

func widened(t *onnx.Tensor) (v []tensor.Float) {
	for _, x := range onnx.Values[float32](t) {
		v = append(v, tensor.Float(x))
	}
	return v
}

func TestRunnerDescribesItself(t *testing.T) {
	m, err := load(convolved().model())
	if err != nil {
		t.Fatal(err)
	}
	run, err := m.Runner(onnx.RunnerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Inputs) != 1 || run.Inputs[0].Name != "x" || !slices.Equal(run.Inputs[0].Shape, []int{1, 6}) || run.In() != 6 ||
		len(run.Outputs) != 1 || run.Outputs[0].Name != "y" || run.Out() != 2 ||
		len(run.States) != 1 || run.States[0].Name != "memory" || !slices.Equal(run.StateSizes(), []int{3}) {
		t.Errorf("inputs %v, outputs %v, states %v", run.Inputs, run.Outputs, run.States)
	}
	again, err := load(convolved().model())
	if err != nil {
		t.Fatal(err)
	}
	if other, err := again.Runner(onnx.RunnerOptions{Separate: true}); err != nil || other.ID() != run.ID() || other.Separate() == "" {
		t.Errorf("the same graph has another ID, or runs together: %v", err)
	}
	g := convolved()
	g.init["bias"] = onnx.NewTensor(make([]float32, 4), 4) // other values
	g.init["more"] = onnx.NewTensor(make([]float32, 4), 4)
	if again, err = load(g.model()); err != nil {
		t.Fatal(err)
	}
	if other, err := again.Runner(onnx.RunnerOptions{}); err != nil || other.ID() == run.ID() {
		t.Errorf("another graph has the same ID: %v", err)
	}
}

// mixed is a model of x [N 4] and a state [N 4] with nodes from x to "z" between.
func mixed(nodes ...testNode) testGraph {
	return testGraph{
		in:  []testValue{{"x", onnx.Float32, []int{-1, 4}}, {"h", onnx.Float32, []int{-1, 4}}},
		out: []testValue{{"y", onnx.Float32, []int{-1, 4}}, {"h_out", onnx.Float32, []int{-1, 4}}},
		nodes: append(nodes,
			testNode{op: "Add", in: []string{"z", "h"}, out: []string{"h_out"}},
			testNode{op: "Identity", in: []string{"h_out"}, out: []string{"y"}}),
	}
}

// Where a batch would mix its rows they run one by one, and get what they get alone.
func TestRunnerKeepsRowsApart(t *testing.T) {
	softmax := mixed(testNode{op: "Softmax", in: []string{"x"}, out: []string{"z"}, attrs: map[string]any{"axis": 0}})
	quantized := mixed(
		testNode{op: "DynamicQuantizeLinear", in: []string{"x"}, out: []string{"q", "scale", "zero"}},
		testNode{op: "DequantizeLinear", in: []string{"q", "scale", "zero"}, out: []string{"z"}})
	branch := func(op string) bytesOf {
		return testGraph{nodes: []testNode{{op: op, in: []string{"x"}, out: []string{"made"}}}, out: []testValue{{"made", onnx.Float32, []int{-1, 4}}}}.graph()
	}
	decided := mixed(
		testNode{op: "ReduceMax", in: []string{"x"}, out: []string{"most"}, attrs: map[string]any{"keepdims": 0}},
		testNode{op: "Greater", in: []string{"most", "far"}, out: []string{"large"}},
		testNode{op: "If", in: []string{"large"}, out: []string{"z"}, attrs: map[string]any{"then_branch": branch("Neg"), "else_branch": branch("Abs")}})
	decided.init = map[string]*onnx.Tensor{"far": onnx.NewTensor([]float32{1e6})} // which trials do not reach
	fixedBatch := mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}})
	for _, list := range [][]testValue{fixedBatch.in, fixedBatch.out} {
		for i := range list {
			list[i].shape = []int{1, 4}
		}
	}
	rows := mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}})
	for want, g := range map[string]testGraph{
		"other bits than alone":                                           softmax,
		"(DynamicQuantizeLinear) puts the values":                         quantized,
		"(If) is decided by values of rows":                               decided,
		"input x float32 [1 4] has no open dimension for a batch; fix it": fixedBatch,
		"": rows,
	} {
		m, err := load(g.model())
		if err != nil {
			t.Fatal(want, err)
		}
		run, err := m.Runner(onnx.RunnerOptions{})
		if err != nil {
			t.Fatal(want, err)
		}
		if got := run.Separate(); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("rows are apart since %q, want %q", got, want)
		}
		x := []tensor.Float{1, 2, 3, 4, 2e6, 1, -1, 3, 0, 0, 1, 0}
		y, h := make([]tensor.Float, 12), [][]tensor.Float{make([]tensor.Float, 12)}
		for range 2 {
			if err := run.Step(t.Context(), 3, x, y, h); err != nil {
				t.Fatal(want, err)
			}
		}
		for k := range 3 {
			own, s := make([]tensor.Float, 4), [][]tensor.Float{make([]tensor.Float, 4)}
			for range 2 {
				if err := run.Step(t.Context(), 1, x[4*k:4*k+4], own, s); err != nil {
					t.Fatal(want, err)
				}
			}
			if !equalBits(own, y[4*k:4*k+4]) || !equalBits(s[0], h[0][4*k:4*k+4]) {
				t.Errorf("%s: row %d gives %v, and %v alone", want, k, y[4*k:4*k+4], own)
			}
		}
	}
}

// A row that the model fails for is an error that names the node or the input.
func TestRunnerWithBadRow(t *testing.T) {
	g := mixed(
		testNode{op: "Squeeze", in: []string{"id", "axis"}, out: []string{"ids"}},
		testNode{op: "Gather", in: []string{"table", "ids"}, out: []string{"row"}},
		testNode{op: "Add", in: []string{"row", "x"}, out: []string{"z"}})
	g.in = append(g.in, testValue{"id", onnx.Int64, []int{-1, 1}})
	g.init = map[string]*onnx.Tensor{"table": onnx.NewTensor(make([]float32, 12), 3, 4), "axis": onnx.NewTensor([]int64{1}, 1)}
	m, err := load(g.model())
	if err != nil {
		t.Fatal(err)
	}
	run, err := m.Runner(onnx.RunnerOptions{})
	if err != nil || run.Separate() != "" {
		t.Fatal(err, run.Separate())
	}
	for id, want := range map[tensor.Float]string{2: "", 7: "Gather", 0.5: "0.5 is not a whole number", tensor.Float(math.NaN()): "NaN is not a whole number"} {
		x := []tensor.Float{1, 2, 3, 4, 0, 1, 2, 3, 4, id}
		err := run.Step(t.Context(), 2, x, make([]tensor.Float, 8), [][]tensor.Float{make([]tensor.Float, 8)})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("id %v: the error is %v, want %q", id, err, want)
		}
	}
}

func TestRunnerOptions(t *testing.T) {
	g := mixed(testNode{op: "Mul", in: []string{"x", "rate"}, out: []string{"z"}})
	g.in = append(g.in, testValue{"rate", onnx.Float32, []int{}})
	sized := mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}})
	sized.in[0].shape, sized.in[1].shape = []int{-1, -1}, []int{-1, -1}
	for name, c := range map[string]struct {
		g    testGraph
		o    onnx.RunnerOptions
		want string // "" for none
	}{
		"fixed":         {g, onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"rate": onnx.NewTensor([]float32{2})}}, ""},
		"no such input": {g, onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"speed": onnx.NewTensor([]float32{2})}}, `"speed": cannot be fixed`},
		"another type":  {g, onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"rate": onnx.NewTensor([]int64{2})}}, `"rate": is int64, want float32`},
		"a state":       {g, onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"h": onnx.NewTensor(make([]float32, 4), 1, 4)}}, "is a state"},
		"sizes":         {sized, onnx.RunnerOptions{Sizes: map[string]int{"x.1": 4, "h.1": 4}}, ""},
		"no size":       {sized, onnx.RunnerOptions{Sizes: map[string]int{"h.1": 4}}, `Sizes{"x.1": 512}`},
		"too large":     {sized, onnx.RunnerOptions{Sizes: map[string]int{"x.1": 1 << 22, "h.1": 1 << 22}}, "more than 4194304 values"},
		"unknown size":  {g, onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"rate": onnx.NewTensor([]float32{2})}, Sizes: map[string]int{"samples": 4}}, `called "samples"`},
		"do not fit":    {sized, onnx.RunnerOptions{Sizes: map[string]int{"x.1": 4, "h.1": 3}}, "does not run for one step"},
		"no such state": {g, onnx.RunnerOptions{Pairs: []onnx.StatePair{{Input: "c", Output: "y"}}}, `"c"`},
		"batch":         {mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}}), onnx.RunnerOptions{Batch: "N"}, ""},
		"no such batch": {mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}}), onnx.RunnerOptions{Batch: "rows"}, `called "rows"`},
		"other pair":    {mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}}), onnx.RunnerOptions{Pairs: []onnx.StatePair{{Input: "x", Output: "y"}}}, ""},
	} {
		m, err := load(c.g.model())
		if err != nil {
			t.Fatal(name, err)
		}
		run, err := m.Runner(c.o)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
		if err == nil && (run.In() != 4 || run.Out() != 4) {
			t.Errorf("%s: %d and %d values", name, run.In(), run.Out())
		}
	}
	stateless := mixed(testNode{op: "Identity", in: []string{"x"}, out: []string{"z"}})
	stateless.in[1].name, stateless.nodes[1].in[1] = "other", "other"
	m, err := load(stateless.model())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Runner(onnx.RunnerOptions{}); err == nil || !strings.Contains(err.Error(), "needs Stateless") {
		t.Errorf("no states: the error is %v", err)
	}
	if run, err := m.Runner(onnx.RunnerOptions{Stateless: true}); err != nil || run.In() != 8 || run.Out() != 8 || len(run.StateSizes()) != 0 {
		t.Errorf("no states: %v", err)
	}
}

func TestRunnerChecksSlices(t *testing.T) {
	m, err := load(convolved().model())
	if err != nil {
		t.Fatal(err)
	}
	run, err := m.Runner(onnx.RunnerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := func(n int) []tensor.Float { return make([]tensor.Float, n) }
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run.Step(ended, 2, f(12), f(4), [][]tensor.Float{f(6)}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	for _, err := range []error{
		run.Step(t.Context(), 2, f(11), f(4), [][]tensor.Float{f(6)}),
		run.Step(t.Context(), 2, f(12), f(3), [][]tensor.Float{f(6)}),
		run.Step(t.Context(), 2, f(12), f(4), nil),
		run.Step(t.Context(), 2, f(12), f(4), [][]tensor.Float{f(5)}),
		run.Step(t.Context(), -1, nil, nil, [][]tensor.Float{nil}),
	} {
		if err == nil {
			t.Error("slices that are too short are no error")
		}
	}
}
