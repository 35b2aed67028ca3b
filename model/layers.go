package model

import (
	"fmt"
	"reflect"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/nn"
)

// A Layer is a part of a network that has parameters of its own.
type Layer struct {
	Name   string `json:"name"`          // prefix of the names of its parameters
	Op     string `json:"op"`            // the name of its type
	Values int    `json:"values"`        // number of values of its parameters
	State  int    `json:"state_bytes"`   // bytes of one session, if it is a recurrent cell
	MACs   int    `json:"macs_per_step"` // multiply-adds of a step of one row: the values of its matrices, but for an Embedding's, which are looked up
}

// Layers lists the layers of a network, by the walk of nn.Params: every struct that
// has a parameter as a field, with all that lies within it.
func Layers(net any) (layers []Layer) {
	seen := map[uintptr]bool{}
	nn.Walk(net, func(v reflect.Value, path string) bool {
		if v.Kind() != reflect.Pointer || v.IsNil() {
			return true
		}
		if seen[v.Pointer()] {
			return false
		}
		seen[v.Pointer()] = true
		l, ok := layerOf(v, path)
		if ok {
			layers = append(layers, l)
		}
		return !ok
	})
	return layers
}

var varType = reflect.TypeFor[*grad.Var]()

// layerOf describes what v points to if that has parameters as fields.
func layerOf(v reflect.Value, path string) (l Layer, ok bool) {
	if v.Elem().Kind() != reflect.Struct {
		return l, false
	}
	direct := false
	for i := range v.Elem().NumField() {
		f := v.Elem().Type().Field(i)
		direct = direct || f.IsExported() && f.Type == varType && !v.Elem().Field(i).IsNil()
	}
	if !direct || !v.CanInterface() {
		return l, false
	}
	l = Layer{Name: path, Op: v.Elem().Type().Name()}
	_, lookup := v.Interface().(*nn.Embedding)
	for _, p := range nn.Params(v.Interface()) {
		l.Values += len(p.Value.Data)
		if p.Shape().Rank() > 1 && !lookup {
			l.MACs += len(p.Value.Data)
		}
	}
	if c, ok := v.Interface().(interface{ StateSize() []int }); ok {
		for _, n := range c.StateSize() {
			l.State += 4 * n
		}
	}
	return l, true
}

// describeNet fills in the layers of info from the network itself, which is in memory.
func (info *Info) describeNet(net any) {
	info.Layers = Layers(net)
	for _, l := range info.Layers {
		info.State += l.State
		info.MACs += l.MACs
	}
}

func (l Layer) String() string {
	return fmt.Sprintf("%s\t%s\t%d\t%d\t%d", l.Op, format.Printable(l.Name), l.Values, l.State, l.MACs)
}
