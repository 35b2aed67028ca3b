package interchange

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

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
	var t *torch.MapError
	var f *tensorflow.MapError
	switch {
	case errors.As(err, &t) && t.Spec != nil:
		return t.Spec
	case errors.As(err, &f) && f.Spec != nil:
		return f.Spec
	}
	return nil
}

// describeWeights describes a file that Import refused with a *torch.MapError or a
// *tensorflow.MapError; other errors it returns.
func describeWeights(path string, refused error) (*Weights, error) {
	var checkpoint *tensorflow.MapError
	if errors.As(refused, &checkpoint) {
		return describeCheckpoint(path, checkpoint)
	}
	var e *torch.MapError
	if !errors.As(refused, &e) {
		return nil, refused
	}
	f, err := torch.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := &Weights{Path: path, Format: f.Format, Bytes: f.Size(), Why: e.Error(), Spec: SpecOf(refused)}
	for _, t := range f.Tensors {
		w.Params = append(w.Params, WeightOf{t.Name, string(t.DType), t.Shape, t.Len()})
		w.Values += t.Len()
	}
	return w, nil
}

func describeCheckpoint(path string, refused *tensorflow.MapError) (*Weights, error) {
	c, err := tensorflow.Open(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	w := &Weights{Path: path, Format: "TensorFlow", Bytes: c.Size(), Why: refused.Error(), Spec: SpecOf(refused)}
	for _, v := range c.Variables {
		w.Params = append(w.Params, WeightOf{v.Name, v.DType.String(), append([]int{}, v.Shape...), v.Len()})
		w.Values += v.Len()
	}
	return w, nil
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
