package interchange

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/recur-go/recur/torch"
)

// Weights describes a file of weights that cannot be made a network by itself.
type Weights struct {
	Path   string      `json:"path"`
	Format string      `json:"format"`
	Bytes  int64       `json:"bytes"`
	Values int         `json:"values"`
	Params []WeightOf  `json:"params"`
	Why    string      `json:"why"`            // it is not made a network
	Spec   *torch.Spec `json:"spec,omitempty"` // what to confirm or complete
}

// WeightOf describes one tensor of them.
type WeightOf struct {
	Name   string `json:"name"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	Values int    `json:"values"`
}

// describeWeights describes a file that Import refused with a *torch.MapError; other
// errors it returns.
func describeWeights(path string, refused error) (*Weights, error) {
	var e *torch.MapError
	if !errors.As(refused, &e) {
		return nil, refused
	}
	f, err := torch.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := &Weights{Path: path, Format: f.Format, Bytes: f.Size(), Why: e.Error(), Spec: e.Spec}
	for _, t := range f.Tensors {
		w.Params = append(w.Params, WeightOf{t.Name, string(t.DType), t.Shape, t.Len()})
		w.Values += t.Len()
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
