package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// Fill sets parameters by name. It is an error, which lists them all, if one is
// missing, is not of the network, or has another shape.
func (n *Net) Fill(values map[string]*tensor.Tensor) error {
	var wrong []string
	seen := map[string]bool{}
	for _, p := range nn.Params(n) {
		seen[p.Name] = true
		switch t := values[p.Name]; {
		case t == nil:
			wrong = append(wrong, fmt.Sprintf("%s %v is missing", p.Name, p.Shape()))
		case t.Shape != p.Shape():
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", p.Name, t.Shape, p.Shape()))
		}
	}
	for name := range values {
		if !seen[name] {
			wrong = append(wrong, fmt.Sprintf("there is no parameter %s", name))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fmt.Errorf("graph: %s", strings.Join(wrong, "; "))
	}
	for _, p := range nn.Params(n) {
		copy(p.Value.Data, values[p.Name].Data)
	}
	return nil
}
