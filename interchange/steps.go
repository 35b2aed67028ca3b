package interchange

import (
	"fmt"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
)

// StepOptions are the options of Steps.
type StepOptions struct {
	Precision rnn.Precision      // of the weights; models of ONNX have their own
	ONNX      onnx.RunnerOptions // what a model of ONNX does not tell of its steps
}

// A Stepper is a model that goes step by step, for many sessions at once.
type Stepper struct {
	// Runner steps; what it takes and gives are the tensors of Inputs and Outputs, those of a
	// row one behind the other.
	Runner session.Runner

	// Inputs and Outputs have the batch as their first dimension, which is open, and no time.
	Inputs, Outputs []TensorInfo

	// Notes tell what is not as fast as it could be: layers that stay as they are in another
	// precision, and rows that run one by one.
	Notes []string
}

// Steps opens the model at path, of any format, for sessions. spec is as for Import. A model
// that needs whole sequences is refused by the layer that does, and runs by Open.
func Steps(path string, spec []byte, o StepOptions) (*Stepper, error) {
	what, _, err := identify(path)
	if err != nil {
		return nil, err
	}
	if what == onnxModel {
		return stepsONNX(path, o.ONNX)
	}
	m, err := Import(path, spec)
	if err != nil {
		return nil, err
	}
	net, err := Net(m)
	if err == nil {
		var s *Stepper
		if s, err = stepsNet(net, o.Precision); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

func stepsNet(net *graph.Net, p rnn.Precision) (*Stepper, error) {
	r, err := net.Runner(p)
	if err != nil {
		return nil, err
	}
	s := &Stepper{Runner: r}
	for _, part := range r.Inputs {
		s.Inputs = append(s.Inputs, partInfo(part))
	}
	for _, part := range r.Outputs {
		s.Outputs = append(s.Outputs, partInfo(part))
	}
	if err := r.Frozen(); err != nil {
		s.Notes = append(s.Notes, err.Error())
	}
	return s, nil
}

var openBatch = Dim{Size: -1, Name: "batch"}

func partInfo(p graph.Part) TensorInfo {
	v := TensorInfo{Name: p.Name, DType: Float32, Shape: []Dim{openBatch, {Size: p.Width}}}
	if p.IDs {
		v.DType = Int64
	}
	return v
}

func stepsONNX(path string, o onnx.RunnerOptions) (*Stepper, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := m.Runner(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &Stepper{Runner: r, Inputs: onnxParts(r.Inputs), Outputs: onnxParts(r.Outputs)}
	if why := r.Separate(); why != "" {
		s.Notes = append(s.Notes, "onnx: the rows of a batch run one by one: "+why)
	}
	return s, nil
}

// onnxParts describes tensors with the dimension of the batch in front.
func onnxParts(parts []onnx.Part) (list []TensorInfo) {
	for _, p := range parts {
		v := TensorInfo{Name: p.Name, DType: DType(p.DType.String()), Shape: []Dim{openBatch}}
		for i, n := range p.Shape {
			if i != p.Batch {
				v.Shape = append(v.Shape, Dim{Size: n})
			}
		}
		list = append(list, v)
	}
	return list
}
