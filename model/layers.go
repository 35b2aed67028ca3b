package model

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

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
func Layers(net any) []Layer {
	w := layerWalker{seen: map[uintptr]bool{}}
	w.walk(reflect.ValueOf(net), "")
	return w.layers
}

type layerWalker struct {
	layers []Layer
	seen   map[uintptr]bool
}

var varType = reflect.TypeFor[*grad.Var]()

func (w *layerWalker) walk(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Interface:
		w.walk(v.Elem(), path)
	case reflect.Pointer:
		at := v.Pointer()
		if at == 0 || w.seen[at] || v.Type() == varType {
			return
		}
		w.seen[at] = true
		if v.Elem().Kind() == reflect.Struct && w.layer(v, path) {
			return
		}
		w.walk(v.Elem(), path)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			name := strconv.Itoa(i)
			if n, ok := v.Index(i).Interface().(nn.Namer); ok {
				name = n.ParamName()
			}
			w.walk(v.Index(i), dotted(path, name))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag := f.Tag.Get("recur")
			if tag == "-" || !f.IsExported() && !(f.Anonymous && f.Type.Kind() == reflect.Struct) {
				continue
			}
			name := strings.ToLower(f.Name)
			if f.Anonymous {
				name = ""
			}
			if tag != "" {
				name = tag
			}
			w.walk(v.Field(i), dotted(path, name))
		}
	}
}

// layer adds what v points to if it has parameters as fields.
func (w *layerWalker) layer(v reflect.Value, path string) bool {
	direct := false
	for i := range v.Elem().NumField() {
		f := v.Elem().Type().Field(i)
		direct = direct || f.IsExported() && f.Type == varType && !v.Elem().Field(i).IsNil()
	}
	if !direct || !v.CanInterface() {
		return false
	}
	l := Layer{Name: path, Op: v.Elem().Type().Name()}
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
	w.layers = append(w.layers, l)
	return true
}

func dotted(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
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
