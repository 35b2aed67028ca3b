package interchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/recur-go/recur/interchange/onnx"
)

// onnxTypes are the types of ONNX by name.
var onnxTypes = func() map[DType]onnx.DType {
	m := map[DType]onnx.DType{}
	for _, d := range []onnx.DType{onnx.Float32, onnx.Float64, onnx.Float16, onnx.BFloat16, onnx.Int8, onnx.Int16, onnx.Int32, onnx.Int64,
		onnx.Uint8, onnx.Uint16, onnx.Uint32, onnx.Uint64, onnx.Bool, onnx.String} {
		m[DType(d.String())] = d
	}
	return m
}()

// FromONNX returns a tensor of package onnx as one of this package. It shares the data.
func FromONNX(t *onnx.Tensor) *Tensor { return &Tensor{DType(t.DType.String()), t.Shape, t.Data()} }

// onnx returns t as a tensor of package onnx. It shares the data.
func (t *Tensor) onnx() (*onnx.Tensor, error) {
	return onnx.FromData(onnxTypes[t.DType], t.Data, t.Shape...)
}

// openONNX opens a model of ONNX whose inputs and outputs are tensors.
func openONNX(path string) (*Runner, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Runner{}
	var refused []onnx.UnsupportedOp
	for _, v := range m.Inputs {
		if v.Kind == "optional" && v.Elem != "tensor" {
			continue // and is left out
		}
		r.Inputs = append(r.Inputs, tensorInfo(v))
		if v.Kind == "sequence" {
			refused = append(refused, onnx.UnsupportedOp{Op: "input", Node: v.Name, Reason: "a sequence is not a tensor"})
		}
	}
	for _, v := range m.Outputs {
		r.Outputs = append(r.Outputs, tensorInfo(v))
		if v.Kind == "sequence" || v.Elem == "sequence" {
			refused = append(refused, onnx.UnsupportedOp{Op: "output", Node: v.Name, Reason: "a sequence is not a tensor"})
		}
	}
	if refused != nil {
		return nil, fmt.Errorf("%s: %w", path, &onnx.UnsupportedError{Ops: refused})
	}
	r.Run = func(ctx context.Context, in map[string]*Tensor) (map[string]*Tensor, error) {
		inputs := make(map[string]*onnx.Tensor, len(in))
		for name, t := range in {
			if t == nil {
				continue
			}
			var err error
			if inputs[name], err = t.onnx(); err != nil {
				return nil, &InputError{name, err.Error()}
			}
		}
		made, err := m.Run(ctx, inputs)
		if err != nil {
			var input *onnx.InputError
			if errors.As(err, &input) {
				return nil, &InputError{input.Input, input.Reason}
			}
			return nil, err
		}
		out := make(map[string]*Tensor, len(made))
		for name, t := range made {
			out[name] = FromONNX(t)
		}
		return out, nil
	}
	return r, nil
}

func tensorInfo(v *onnx.ValueInfo) TensorInfo {
	info := TensorInfo{Name: v.Name, DType: DType(v.DType.String()), Optional: v.Kind == "optional"}
	if v.Shape != nil {
		info.Shape = make([]Dim, len(v.Shape))
		for i, d := range v.Shape {
			info.Shape[i] = Dim(d)
		}
	}
	return info
}
