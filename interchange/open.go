package interchange

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// A Runner is a model that runs on tensors by name, whatever its format.
type Runner struct {
	Inputs, Outputs []*onnx.ValueInfo // inputs of kind "optional" may be left out
	Run             func(ctx context.Context, in map[string]*onnx.Tensor) (map[string]*onnx.Tensor, error)
}

// Open opens the model at path, of any format. spec is as for Import.
func Open(path string, spec []byte) (*Runner, error) {
	what, _, err := identify(path)
	if err != nil {
		return nil, err
	}
	if what == onnxModel {
		m, err := onnx.Open(path)
		if err != nil {
			return nil, err
		}
		return &Runner{m.Inputs, m.Outputs, m.Run}, nil
	}
	m, err := Import(path, spec)
	if err != nil {
		return nil, err
	}
	net, err := Net(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Graph(net), nil
}

// Describe tells what the file at path holds, as text by its method String and as
// JSON: a *model.Info, an *onnx.Info, or, where a file of weights cannot be made a
// network without a spec, a *Weights.
func Describe(path string, spec []byte) (any, error) {
	what, f, err := identify(path)
	switch {
	case err != nil:
		return nil, err
	case what == recurModel:
		return model.Describe(path)
	case what == onnxModel:
		m, err := onnx.Open(path)
		if err != nil {
			return nil, err
		}
		return m.Describe(), nil
	}
	m, err := f.Import(path, spec)
	if err != nil {
		return describeWeights(path, err)
	}
	info, err := m.Describe()
	if err != nil {
		return nil, err
	}
	info.Path, info.Format = path, f.Name
	if file, err := os.Stat(path); err == nil {
		info.Bytes = file.Size()
	}
	return info, nil
}

// Graph makes a network a Runner. Its inputs are those of the network, ids as int64
// [batch, time] and all else as float32; besides, "lengths" [batch], the steps of each
// row, if there are sequences, and the first states under the names of States, all of
// which may be left out. Its outputs are those of the network, and after them the final
// states, whose names have "_out" at the end.
func Graph(net *graph.Net) *Runner {
	r := &Runner{}
	batch, time := onnx.Dim{Size: -1, Name: "batch"}, onnx.Dim{Size: -1, Name: "time"}
	sequences := false
	for _, in := range net.Config.Inputs {
		v := &onnx.ValueInfo{Name: in.Name, Kind: "tensor", DType: onnx.Float32, Shape: []onnx.Dim{batch}}
		if in.Sequence {
			sequences = true
			if v.Shape = []onnx.Dim{batch, time}; net.Config.TimeMajor {
				v.Shape = []onnx.Dim{time, batch}
			}
		}
		if in.IDs {
			v.DType = onnx.Int64
		} else {
			v.Shape = append(v.Shape, onnx.Dim{Size: in.Width})
		}
		r.Inputs = append(r.Inputs, v)
	}
	if sequences {
		r.Inputs = append(r.Inputs, &onnx.ValueInfo{Name: "lengths", Kind: "optional", Elem: "tensor", DType: onnx.Int64, Shape: []onnx.Dim{batch}})
	}
	for i, name := range net.OutputNames() {
		r.Outputs = append(r.Outputs, &onnx.ValueInfo{Name: name, Kind: "tensor", DType: onnx.Float32, Shape: shapeOf(net, i)})
	}
	for _, s := range net.States() {
		shape := []onnx.Dim{batch, {Size: s.Width}}
		r.Inputs = append(r.Inputs, &onnx.ValueInfo{Name: s.Name, Kind: "optional", Elem: "tensor", DType: onnx.Float32, Shape: shape})
		r.Outputs = append(r.Outputs, &onnx.ValueInfo{Name: s.Name + "_out", Kind: "tensor", DType: onnx.Float32, Shape: shape})
	}
	r.Run = func(ctx context.Context, in map[string]*onnx.Tensor) (map[string]*onnx.Tensor, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return runNet(net, r, in)
	}
	return r
}

// shapeOf is the shape of an output, whose dimensions but the width are open.
func shapeOf(net *graph.Net, i int) []onnx.Dim {
	f := net.OutputSpecs()[i]
	batch, time := onnx.Dim{Size: -1, Name: "batch"}, onnx.Dim{Size: -1, Name: "time"}
	switch {
	case !f.Sequence:
		return []onnx.Dim{batch, {Size: f.Width}}
	case net.Config.TimeMajor:
		return []onnx.Dim{time, batch, {Size: f.Width}}
	}
	return []onnx.Dim{batch, time, {Size: f.Width}}
}

func runNet(net *graph.Net, r *Runner, in map[string]*onnx.Tensor) (map[string]*onnx.Tensor, error) {
	for name := range in {
		if !slices.ContainsFunc(r.Inputs, func(v *onnx.ValueInfo) bool { return v.Name == name }) {
			return nil, &onnx.InputError{Input: name, Reason: "the model does not take it"}
		}
	}
	values := map[string]*tensor.Tensor{}
	batch := -1
	for i, want := range net.Config.Inputs {
		t := in[want.Name]
		if t == nil {
			return nil, &onnx.InputError{Input: want.Name, Reason: "is missing"}
		}
		v, err := floats(want.Name, flat(t, want))
		if err != nil {
			return nil, err
		}
		values[want.Name] = v
		at := 0
		if r.Inputs[i].Shape[0].Name == "time" {
			at = 1
		}
		if len(t.Shape) > at {
			batch = t.Shape[at]
		}
	}
	var lengths []int
	if t := in["lengths"]; t != nil {
		n, err := t.As(onnx.Int64)
		if err != nil {
			return nil, &onnx.InputError{Input: "lengths", Reason: err.Error()}
		}
		for _, l := range onnx.Values[int64](n) {
			lengths = append(lengths, int(l))
		}
	}
	first, err := firstStates(net, in, batch)
	if err != nil {
		return nil, err
	}
	out, last, err := net.Predict(values, lengths, first)
	if err != nil {
		return nil, &onnx.InputError{Reason: err.Error()}
	}
	made := map[string]*onnx.Tensor{}
	for name, t := range out {
		made[name] = fromTensor(t)
	}
	for i, s := range net.States() {
		made[s.Name+"_out"] = fromTensor(last[i])
	}
	return made, nil
}

// flat is an input whose steps have places in space, [batch, time, places..., channels],
// with all of a step in one dimension, as a network reads it.
func flat(t *onnx.Tensor, want graph.Input) *onnx.Tensor {
	rank := 2
	if want.Sequence {
		rank = 3
	}
	if len(t.Shape) <= rank {
		return t
	}
	width := 1
	for _, n := range t.Shape[rank-1:] {
		width *= n
	}
	if width != want.Width {
		return t
	}
	f := *t
	f.Shape = append(slices.Clone(t.Shape[:rank-1]), width)
	return &f
}

// firstStates are the given first states; those that are missing are nil, for the
// network's own.
func firstStates(net *graph.Net, in map[string]*onnx.Tensor, batch int) (first []*tensor.Tensor, err error) {
	given := false
	for _, s := range net.States() {
		var v *tensor.Tensor
		if t := in[s.Name]; t != nil {
			given = true
			if v, err = floats(s.Name, t); err != nil {
				return nil, err
			}
			if !slices.Equal(t.Shape, []int{batch, s.Width}) {
				return nil, &onnx.InputError{Input: s.Name, Reason: fmt.Sprintf("is %v, want %v", t.Shape, []int{batch, s.Width})}
			}
		}
		first = append(first, v)
	}
	if !given {
		return nil, nil
	}
	return first, nil
}

// floats is an input as recur computes with it.
func floats(name string, t *onnx.Tensor) (*tensor.Tensor, error) {
	f, err := t.As(onnx.Float32)
	if err != nil || len(t.Shape) > tensor.MaxRank {
		return nil, &onnx.InputError{Input: name, Reason: fmt.Sprintf("is %v, which the model cannot take", t)}
	}
	data := onnx.Values[float32](f)
	own := make([]tensor.Float, len(data))
	for i, v := range data {
		own[i] = tensor.Float(v)
	}
	return tensor.FromSlice(own, t.Shape...), nil
}

func fromTensor(t *tensor.Tensor) *onnx.Tensor {
	data := make([]float32, len(t.Data))
	for i, v := range t.Data {
		data[i] = float32(v)
	}
	return onnx.NewTensor(data, t.Shape.Dims()...)
}
