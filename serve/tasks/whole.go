package tasks

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/ieee"
	"github.com/recur-go/recur/serve"
)

// openWhole fills m by a model that answers requests by themselves. Inputs that may be left out
// always are, since a request has all inputs.
func openWhole(m *serve.Model, run *interchange.Runner, path string) error {
	types := map[string]interchange.DType{}
	for _, v := range run.Inputs {
		if v.Optional {
			continue
		}
		if datatypes[v.DType] == "" || v.Shape == nil {
			return fmt.Errorf("%s: input %q has no type or no shape that a request could have", path, v.Name)
		}
		types[v.Name] = v.DType
		m.Inputs = append(m.Inputs, whole(v))
	}
	for _, v := range run.Outputs {
		if datatypes[v.DType] == "" {
			return fmt.Errorf("%s: output %q has the type %q, which an answer does not have", path, v.Name, v.DType)
		}
		m.Outputs = append(m.Outputs, whole(v))
	}
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		given := map[string]*interchange.Tensor{}
		for i := range in {
			t, err := tensorOf(&in[i], types[in[i].Name])
			if err != nil {
				return nil, err
			}
			given[in[i].Name] = t
		}
		made, err := run.Run(ctx, given)
		if err != nil {
			return nil, refused(ctx, err)
		}
		var out []serve.Value
		for _, t := range m.Outputs {
			v, err := valueOf(t.Name, made[t.Name])
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	return nil
}

func whole(v interchange.TensorInfo) serve.Tensor {
	t := serve.Tensor{Name: v.Name, Datatype: datatypes[v.DType], Shape: []int64{}}
	for _, d := range v.Shape {
		t.Shape = append(t.Shape, int64(max(d.Size, -1)))
	}
	return t
}

// tensorOf makes a tensor of package interchange of a value, whose data it copies.
func tensorOf(v *serve.Value, d interchange.DType) (*interchange.Tensor, error) {
	t := &interchange.Tensor{DType: d}
	for _, n := range v.Shape {
		t.Shape = append(t.Shape, int(n))
	}
	n, _ := serve.Count(v.Shape)
	switch d {
	case interchange.String:
		all, err := v.Strings()
		if err != nil {
			return nil, err
		}
		texts := make([]string, len(all))
		for i, b := range all {
			texts[i] = string(b)
		}
		t.Data = texts
	case interchange.Float16, interchange.BFloat16:
		x := make([]float32, n)
		for i := range x {
			bits := binary.LittleEndian.Uint16(v.Data[2*i:])
			if x[i] = ieee.FromBrain(bits); d == interchange.Float16 {
				x[i] = ieee.FromHalf(bits)
			}
		}
		t.Data = x
	case interchange.Bool:
		x := make([]bool, n)
		for i := range x {
			x[i] = v.Data[i] != 0
		}
		t.Data = x
	default:
		data, err := numbers(d, n)
		if err != nil {
			return nil, err
		}
		if _, err := binary.Decode(v.Data, binary.LittleEndian, data); err != nil {
			return nil, err
		}
		t.Data = data
	}
	return t, nil
}

// numbers makes a slice of n numbers of a type.
func numbers(d interchange.DType, n int) (any, error) {
	switch d {
	case interchange.Float32:
		return make([]float32, n), nil
	case interchange.Float64:
		return make([]float64, n), nil
	case interchange.Int8:
		return make([]int8, n), nil
	case interchange.Int16:
		return make([]int16, n), nil
	case interchange.Int32:
		return make([]int32, n), nil
	case interchange.Int64:
		return make([]int64, n), nil
	case interchange.Uint8:
		return make([]uint8, n), nil
	case interchange.Uint16:
		return make([]uint16, n), nil
	case interchange.Uint32:
		return make([]uint32, n), nil
	case interchange.Uint64:
		return make([]uint64, n), nil
	}
	return nil, fmt.Errorf("tasks: there are no numbers of type %q", d)
}

// valueOf makes a value of a tensor of package interchange.
func valueOf(name string, t *interchange.Tensor) (serve.Value, error) {
	if t == nil {
		return serve.Value{}, fmt.Errorf("tasks: the model did not give output %q", name)
	}
	v := serve.Value{Name: name, Datatype: datatypes[t.DType], Shape: []int64{}}
	for _, n := range t.Shape {
		v.Shape = append(v.Shape, int64(n))
	}
	switch data := t.Data.(type) {
	case []string:
		for _, s := range data {
			v.Data = serve.AppendString(v.Data, s)
		}
	case []bool:
		for _, b := range data {
			v.Data = append(v.Data, map[bool]byte{true: 1}[b])
		}
	case []float32:
		for _, x := range data {
			switch t.DType {
			case interchange.Float16:
				v.Data = binary.LittleEndian.AppendUint16(v.Data, ieee.ToHalf(x))
			case interchange.BFloat16:
				v.Data = binary.LittleEndian.AppendUint16(v.Data, ieee.ToBrain(x))
			default:
				v.Data = binary.LittleEndian.AppendUint32(v.Data, math.Float32bits(x))
			}
		}
	default:
		var err error
		if v.Data, err = binary.Append(nil, binary.LittleEndian, data); err != nil {
			return v, err
		}
	}
	return v, nil
}
