package interchange

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/interchange/tensorflow"
	"github.com/recur-go/recur/interchange/torch"
)

// Weights describes a file of weights that cannot be made a network by itself.
type Weights struct {
	Path   string     `json:"path"`
	Format string     `json:"format"`
	Bytes  int64      `json:"bytes"`
	Values int        `json:"values"`
	Params []WeightOf `json:"params"`
	Why    string     `json:"why"`            // why it is not made a network
	Spec   any        `json:"spec,omitempty"` // spec to confirm or complete: a *torch.Spec or a *tensorflow.Spec
}

// WeightOf describes one tensor of them.
type WeightOf struct {
	Name   string `json:"name"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	Values int    `json:"values"`
}

// SpecOf is the spec to begin with that comes with an error of Import, nil if there is
// none.
func SpecOf(err error) any {
	var e *spec.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Spec
}

// describeWeights describes a file of PyTorch or TensorFlow that Import refused to make a
// network; other errors it returns.
func describeWeights(path string, refused error) (*Weights, error) {
	var e *spec.Error
	if !errors.As(refused, &e) {
		return nil, refused
	}
	why := *e
	why.Path = "" // which w has
	w := &Weights{Path: path, Why: why.Error(), Spec: e.Spec}
	if e.System == "tensorflow" {
		return w, w.readCheckpoint()
	}
	return w, w.readTorch()
}

func (w *Weights) readTorch() error {
	f, err := torch.Open(w.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Format, w.Bytes = f.Format, f.Size()
	for _, t := range f.Tensors {
		w.add(t.Name, string(t.DType), t.Shape, t.Len())
	}
	return nil
}

func (w *Weights) readCheckpoint() error {
	c, err := tensorflow.Open(w.Path)
	if err != nil {
		return err
	}
	defer c.Close()
	w.Format, w.Bytes = "TensorFlow", c.Size()
	for _, v := range c.Variables {
		w.add(v.Name, v.DType.String(), v.Shape, v.Len())
	}
	return nil
}

func (w *Weights) add(name, dtype string, shape []int, values int) {
	w.Params = append(w.Params, WeightOf{name, dtype, append([]int{}, shape...), values})
	w.Values += values
}

// String is for a terminal.
func (w *Weights) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "file        %s\nformat      %s\nsize        %d bytes\nparameters  %d values in %d tensors\nnot a network, since %s\n\n", w.Path, w.Format, w.Bytes, w.Values, len(w.Params), w.Why)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, p := range w.Params {
		fmt.Fprintf(t, "%q\t%s\t%v\t%d\n", p.Name, p.DType, p.Shape, p.Values)
	}
	t.Flush()
	return b.String()
}
