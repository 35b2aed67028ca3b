package interchange

import (
	"context"
	"fmt"
	"os"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model"
)

// A Runner is a model that runs on tensors by name, whatever its format.
type Runner struct {
	Inputs, Outputs []TensorInfo

	// Run runs the model once, for tensors by the names of Inputs, and returns those of
	// all Outputs by name. An input that does not fit gives an *InputError.
	Run func(ctx context.Context, in map[string]*Tensor) (map[string]*Tensor, error)
}

// Open opens the model at path, of any format. spec is as for Import.
func Open(path string, spec []byte) (*Runner, error) {
	what, _, err := identify(path)
	if err != nil {
		return nil, err
	}
	if what == onnxModel {
		return openONNX(path)
	}
	m, err := Import(path, spec)
	if err != nil {
		return nil, err
	}
	net, err := Net(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return graphRunner(net), nil
}

// Describe describes the file at path, as text by its method String and as
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
