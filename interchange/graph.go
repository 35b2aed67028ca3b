package interchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// graphRunner makes a network a Runner. Its inputs are those of the network, ids as int64
// [batch, time] and all else as float32; besides, "lengths" [batch], the steps of each
// row, if there are sequences, and the first states under the names of States, all of
// which may be left out. Its outputs are those of the network, and after them the final
// states, whose names have "_out" at the end.
func graphRunner(net *graph.Net) *Runner {
	r := &Runner{}
	batch, time := Dim{Size: -1, Name: "batch"}, Dim{Size: -1, Name: "time"}
	sequences := false
	for _, in := range net.Config.Inputs {
		v := TensorInfo{Name: in.Name, DType: Float32, Shape: []Dim{batch}}
		if in.Sequence {
			sequences = true
			if v.Shape = []Dim{batch, time}; net.Config.TimeMajor {
				v.Shape = []Dim{time, batch}
			}
		}
		if in.IDs {
			v.DType = Int64
		} else {
			v.Shape = append(v.Shape, Dim{Size: in.Width})
		}
		r.Inputs = append(r.Inputs, v)
	}
	if sequences {
		r.Inputs = append(r.Inputs, TensorInfo{Name: "lengths", Optional: true, DType: Int64, Shape: []Dim{batch}})
	}
	for i, name := range net.OutputNames() {
		r.Outputs = append(r.Outputs, TensorInfo{Name: name, DType: Float32, Shape: shapeOf(net, i)})
	}
	for _, s := range net.States() {
		shape := []Dim{batch, {Size: s.Width}}
		r.Inputs = append(r.Inputs, TensorInfo{Name: s.Name, Optional: true, DType: Float32, Shape: shape})
		r.Outputs = append(r.Outputs, TensorInfo{Name: s.Name + "_out", DType: Float32, Shape: shape})
	}
	r.Run = func(ctx context.Context, in map[string]*Tensor) (map[string]*Tensor, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return runNet(net, r, in)
	}
	return r
}

// shapeOf is the shape of an output, whose dimensions but the width are open.
func shapeOf(net *graph.Net, i int) []Dim {
	f := net.OutputSpecs()[i]
	batch, time := Dim{Size: -1, Name: "batch"}, Dim{Size: -1, Name: "time"}
	switch {
	case !f.Sequence:
		return []Dim{batch, {Size: f.Width}}
	case net.Config.TimeMajor:
		return []Dim{time, batch, {Size: f.Width}}
	}
	return []Dim{batch, time, {Size: f.Width}}
}

func runNet(net *graph.Net, r *Runner, in map[string]*Tensor) (map[string]*Tensor, error) {
	for name := range in {
		if !slices.ContainsFunc(r.Inputs, func(v TensorInfo) bool { return v.Name == name }) {
			return nil, &InputError{Input: name, Reason: "the model does not take it"}
		}
	}
	values := map[string]*tensor.Tensor{}
	batch := -1
	for i, want := range net.Config.Inputs {
		t := in[want.Name]
		if t == nil {
			return nil, &InputError{Input: want.Name, Reason: "is missing"}
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
		n, err := t.As(Int64)
		if err != nil {
			return nil, &InputError{Input: "lengths", Reason: err.Error()}
		}
		for _, l := range n.Data.([]int64) {
			lengths = append(lengths, int(l))
		}
	}
	first, err := firstStates(net, in, batch)
	if err != nil {
		return nil, err
	}
	out, last, err := net.Predict(values, lengths, first)
	if err != nil {
		return nil, &InputError{Reason: err.Error()}
	}
	made := map[string]*Tensor{}
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
func flat(t *Tensor, want graph.Input) *Tensor {
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
	return &Tensor{t.DType, append(slices.Clone(t.Shape[:rank-1]), width), t.Data}
}

// firstStates are the given first states; those that are missing are nil, for the
// network's own.
func firstStates(net *graph.Net, in map[string]*Tensor, batch int) (first []*tensor.Tensor, err error) {
	given := false
	for _, s := range net.States() {
		var v *tensor.Tensor
		if t := in[s.Name]; t != nil {
			given = true
			if v, err = floats(s.Name, t); err != nil {
				return nil, err
			}
			if !slices.Equal(t.Shape, []int{batch, s.Width}) {
				return nil, &InputError{Input: s.Name, Reason: fmt.Sprintf("is %v, want %v", t.Shape, []int{batch, s.Width})}
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
func floats(name string, t *Tensor) (*tensor.Tensor, error) {
	f, err := t.As(Float32)
	if err != nil || len(t.Shape) > tensor.MaxRank {
		return nil, &InputError{Input: name, Reason: fmt.Sprintf("is %v, which the model cannot take", t)}
	}
	data := f.Data.([]float32)
	own := make([]tensor.Float, len(data))
	for i, v := range data {
		own[i] = tensor.Float(v)
	}
	return tensor.FromSlice(own, t.Shape...), nil
}

func fromTensor(t *tensor.Tensor) *Tensor {
	data := make([]float32, len(t.Data))
	for i, v := range t.Data {
		data[i] = float32(v)
	}
	return NewTensor(data, t.Shape.Dims()...)
}
