package interchange

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

var _ session.Starter = (*graph.Runner)(nil)

// twoInputs is a network of ids and values with two outputs.
func twoInputs(t *testing.T) *graph.Net {
	t.Helper()
	net, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 2, Sequence: true}, {Name: "id", Width: 1, Sequence: true, IDs: true}},
		Layers: []graph.Layer{
			{Name: "embed", From: []string{"id"}, Op: &graph.Embedding{Vocab: 7, Width: 3}},
			{Name: "join", From: []string{"x", "embed"}, Op: &graph.Concat{}},
			{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 5, Options: rnn.LSTMOptions{}}}}},
			{Name: "gru", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 4, Options: rnn.GRUOptions{}}}}},
			{Name: "out", Op: &graph.Dense{Units: 3, Activation: "softmax"}},
		},
		Outputs: []string{"out", "lstm"},
	}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// A file of any format goes step by step, and gives what it gives for the whole sequence.
func TestSteps(t *testing.T) {
	dir, net := t.TempDir(), twoInputs(t)
	own := filepath.Join(dir, "net.safetensors")
	if err := (&model.Model{Config: net.Config, Net: net}).Save(own); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{"recur": own}
	for _, format := range []string{"onnx", "keras"} {
		files, _, err := Export(net, format, filepath.Join(dir, format))
		if err != nil {
			t.Fatal(format, err)
		}
		if paths[format] = files[len(files)-1]; format == "onnx" { // which has one of a step and one of sequences
			paths["onnx, sequences"] = files[0]
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	const rows, steps = 3, 5
	x, id := make([]float32, rows*steps*2), make([]int64, rows*steps)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	for i := range id {
		id[i] = r.Int64N(7)
	}
	want := run(t, own, "", map[string]*Tensor{"x": NewTensor(x, rows, steps, 2), "id": NewTensor(id, rows, steps)})
	for name, path := range paths {
		o := StepOptions{}
		if name == "onnx, sequences" {
			o.ONNX.Fixed = map[string]*onnx.Tensor{"lengths": onnx.NewTensor([]int64{1}, 1)}
		}
		s, err := Steps(path, nil, o)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := fmt.Sprint(s.Inputs, s.Outputs); name != "onnx, sequences" && !strings.Contains(got, "x float32 [batch 2]") || !strings.Contains(got, "3]") || !strings.Contains(got, "id int64 [batch") {
			t.Errorf("%s: tensors %s", name, got)
		}
		if len(s.Notes) > 0 {
			t.Errorf("%s: %q", name, s.Notes)
		}
		if s.Runner.In() != 3 || s.Runner.Out() != 8 {
			t.Fatalf("%s: %d and %d values", name, s.Runner.In(), s.Runner.Out())
		}
		var states [][]tensor.Float
		for _, n := range s.Runner.StateSizes() {
			states = append(states, make([]tensor.Float, rows*n))
		}
		for step := range steps {
			in, y := make([]tensor.Float, 0, rows*3), make([]tensor.Float, rows*8)
			for row := range rows {
				k := row*steps + step
				in = append(in, tensor.Float(x[2*k]), tensor.Float(x[2*k+1]), tensor.Float(id[k]))
			}
			if err := s.Runner.Step(t.Context(), rows, in, y, states); err != nil {
				t.Fatal(name, err)
			}
			for row := range rows {
				at := 0
				for _, out := range []string{"out", "lstm"} {
					w := want[out].Shape[2]
					for i, v := range want[out].Data.([]float32)[(row*steps+step)*w:][:w] {
						if d := y[row*8+at+i] - tensor.Float(v); d > 2e-6 || d < -2e-6 {
							t.Fatalf("%s: step %d of row %d: value %d of %s is %v, want %v", name, step, row, i, out, y[row*8+at+i], v)
						}
					}
					at += w
				}
			}
		}
	}
	if s, err := Steps(lstm, nil, StepOptions{Precision: rnn.Int8}); err != nil || s.Runner.In() != 3 { // of PyTorch
		t.Errorf("%s: %v", lstm, err)
	}
}

// What cannot go step by step is refused by what stands in the way.
func TestStepsRefuses(t *testing.T) {
	dir := t.TempDir()
	net, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 2, Sequence: true}},
		Layers: []graph.Layer{{Name: "both", Op: &graph.Bidirectional{Fwd: rnn.Configs{{Hidden: 2, Options: rnn.GRUOptions{}}}, Bwd: rnn.Configs{{Hidden: 2, Options: rnn.GRUOptions{}}}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "both.safetensors")
	if err := (&model.Model{Config: net.Config, Net: net}).Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Steps(path, nil, StepOptions{}); err == nil || !strings.Contains(err.Error(), path+": ") || !strings.Contains(err.Error(), `layer "both" (bidirectional) needs the whole sequence`) {
		t.Errorf("the error is %v", err)
	}
	files, _, err := Export(net, "onnx", filepath.Join(dir, "both"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Steps(files[0], nil, StepOptions{ONNX: onnx.RunnerOptions{Fixed: map[string]*onnx.Tensor{"speed": nil}}}); err == nil || !strings.Contains(err.Error(), "speed") {
		t.Errorf("the error is %v", err)
	}
	if _, err := Steps(filepath.Join(dir, "none"), nil, StepOptions{}); err == nil {
		t.Error("no file is no error")
	}
}
