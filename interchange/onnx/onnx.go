// Package onnx reads and runs ONNX models.
//
// A model is read from a file, its graph is compiled to a plan once, and then it is
// run any number of times, by any number of goroutines:
//
//	m, err := onnx.Open("model.onnx")
//	out, err := m.Run(ctx, map[string]*onnx.Tensor{"x": onnx.NewTensor(x, 1, 20, 3)})
//	y := onnx.Values[float32](out["y"])
//
// RNN, LSTM and GRU run as the fused cells of package rnn, with every attribute that
// ONNX gives them; Scan, Loop and If run their subgraphs. A model whose states are
// inputs and outputs can be run as a Stream, and by a Runner for many sessions at once.
//
// Opsets 7 to 28 are known. What is not supported is refused by name with an
// *UnsupportedError when the model is opened, before anything runs. Nothing in a
// file is trusted: a file that is not a valid model gives a *FormatError or a
// *GraphError, and no memory is set aside that its bytes do not fill.
package onnx

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/internal/format"
)

// A Model is a model that can be run. It may be used by several goroutines at once.
type Model struct {
	Inputs, Outputs []*ValueInfo

	proto *modelProto
	plan  *plan
	size  int64
	path  string
	info  *Info

	weights [32]byte // digest of the names and shapes of the initializers

	prepare sync.Mutex
	ready   bool
	given   int // memory of the weights
}

// Open reads the model at path. Files beside it that hold its values are read too;
// links, and names that lead out of its folder, are refused.
func Open(path string) (m *Model, err error) {
	f, size, err := format.Open("onnx", path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	files := &externals{dir: filepath.Dir(path)}
	defer files.Close()
	if m, err = read(f, size, files); err != nil {
		return nil, format.At(path, err)
	}
	m.path = path
	return m, nil
}

// Read reads a model of size bytes from r. It may not have its values in other
// files.
func Read(r io.ReaderAt, size int64) (*Model, error) { return read(r, size, nil) }

func read(r io.ReaderAt, size int64, files *externals) (m *Model, err error) {
	defer format.Catch(&err, "")
	if size == 0 {
		corrupt(0, "the file is empty")
	}
	p := parseModel(newWire(r, size).root())
	switch opset, ok := p.opsets[""]; {
	case p.graph == nil:
		corrupt(0, "there is no graph in it; is it an ONNX model?")
	case p.irVersion < 1 || p.irVersion > newestIR:
		corrupt(0, "IR version %d is not one of 1 to %d", p.irVersion, newestIR)
	case len(p.opsets) == 0:
		corrupt(0, "it imports no opset")
	case ok && (opset < 1 || opset > newest):
		corrupt(0, "opset %d is not one of 1 to %d", opset, newest)
	case len(p.graph.outputs) == 0:
		return nil, &GraphError{Reason: "the graph has no outputs"}
	}
	m = &Model{Outputs: p.graph.outputs, proto: p, size: size}
	if m.plan, err = compile(p, files); err != nil {
		return nil, err
	}
	initial := map[string]bool{}
	for _, t := range p.graph.initializers {
		initial[t.name] = true
	}
	for _, v := range p.graph.inputs {
		if initial[v.Name] {
			continue
		}
		if dtypes[v.DType].name == "" || v.Kind == "map" || v.Kind == "sparse tensor" {
			return nil, &UnsupportedError{[]UnsupportedOp{{Op: "input", Node: v.Name, Reason: fmt.Sprintf("%s of %v", v.Kind, v.DType)}}}
		}
		m.Inputs = append(m.Inputs, v)
	}
	m.info = describe(m)
	var weights []string
	for _, t := range p.graph.initializers { // the plan has them now, and drops what it packs
		weights = append(weights, fmt.Sprintf("%q %v", t.name, t.Tensor))
		t.Tensor = nil
	}
	slices.Sort(weights)
	m.weights = sha256.Sum256([]byte(strings.Join(weights, "\n")))
	p.graph.nodes, p.functions = nil, nil
	return m, nil
}

// newestIR is the last version of the format that recur knows.
const newestIR = 14

// Run runs the model for tensors by the names of its inputs. It returns all outputs
// by name. Errors are *InputError, *RunError, which names the node that failed, or
// that of ctx.
func (m *Model) Run(ctx context.Context, inputs map[string]*Tensor) (map[string]*Tensor, error) {
	in := make(map[string]Value, len(inputs))
	for name, t := range inputs {
		if t != nil {
			in[name] = t
		}
	}
	out, err := m.RunValues(ctx, in)
	if err != nil {
		return nil, err
	}
	tensors := make(map[string]*Tensor, len(out))
	for name, v := range out {
		if o, ok := v.(*Optional); ok {
			v = o.Value
		}
		t, ok := v.(*Tensor)
		if !ok {
			return nil, &RunError{Err: fmt.Errorf("output %q is not a tensor; use RunValues", name)}
		}
		tensors[name] = t
	}
	return tensors, nil
}

// RunValues is Run for models that have sequences or optionals among their inputs
// and outputs.
func (m *Model) RunValues(ctx context.Context, inputs map[string]Value) (map[string]Value, error) {
	if err := m.prepared(ctx); err != nil {
		return nil, err
	}
	in := make([]Value, len(m.Inputs))
	for i, v := range m.Inputs {
		x, ok := inputs[v.Name]
		if !ok {
			if v.Kind != "optional" {
				var names []string
				for _, v := range m.Inputs {
					names = append(names, v.String())
				}
				return nil, &InputError{v.Name, "is missing; the model takes " + strings.Join(names, ", ")}
			}
			x = &Optional{}
		}
		if err := v.check(x); err != nil {
			return nil, err
		}
		in[i] = x
	}
	if len(inputs) > len(m.Inputs) {
		for name := range inputs {
			if !m.takes(name) {
				return nil, &InputError{name, fmt.Sprintf("the model does not take it; it takes %v", m.Inputs)}
			}
		}
	}
	given := m.given
	for _, v := range in {
		given += bytesIn(v)
	}
	values, err := m.plan.run(ctx, newBudget(given), in)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Value, len(values))
	for i, v := range m.Outputs {
		out[v.Name] = values[i]
	}
	return out, nil
}

func (m *Model) takes(name string) bool {
	for _, v := range m.Inputs {
		if v.Name == name {
			return true
		}
	}
	return false
}

// prepared folds constants and packs weights before the first run. If ctx ends it,
// the next run takes it up again.
func (m *Model) prepared(ctx context.Context) error {
	m.prepare.Lock()
	defer m.prepare.Unlock()
	if m.ready {
		return nil
	}
	if m.given == 0 {
		m.given = m.plan.given()
	}
	if err := m.plan.prepare(ctx, nil, newBudget(m.given)); err != nil {
		return err
	}
	m.ready = true
	return nil
}
