package keras

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A holder is a layer or a cell that has weights, in the order in which Keras lists
// them.
type holder struct {
	path   string // path in a file of Keras 3
	top    string // the layer of the outermost model that it is in
	frozen bool   // it does not train, so that an old file lists it after what does
	arrays []*array
	consts map[string]float64 // parameters that Keras does not have, of one value
	finish func(v map[string][]tensor.Float, to params)
}

// An array is a weight in the file.
type array struct {
	name   string
	shape  []int
	frozen bool
	param  string // parameter that it fills; "" if finish reads it
	then   func(v []tensor.Float, shape []int)
	unread bool // only its place counts
}

type params map[string]*grad.Var

// bind notes that the layer of a call has weights.
func (b *builder) bind(c *call) *holder {
	h := &holder{path: c.path, frozen: c.frozen}
	b.holders = append(b.holders, h)
	return h
}

// want notes an array that is the parameter called param.
func (h *holder) want(name, param string, shape ...int) *array {
	a := &array{name: name, param: param, shape: shape}
	h.arrays = append(h.arrays, a)
	return a
}

// keep notes an array of which finish makes something.
func (h *holder) keep(name string, shape ...int) *array { return h.want(name, "", shape...) }

// set gives all values of a parameter that Keras does not have.
func (h *holder) set(param string, v float64) {
	if h.consts == nil {
		h.consts = map[string]float64{}
	}
	h.consts[param] = v
}

// A Weight is an array of weights.
type Weight struct {
	Shape []int
	Read  func(dst []tensor.Float) error // fills dst with all values
}

// A Place names an array of a model.
type Place struct {
	// Path is that of Keras 2's objects, in which layers with weights are counted, such
	// as layer_with_weights-0/forward_layer/cell/kernel.
	Path string
	// Object is that of Keras 3's objects, in which the layers of a model are counted, such
	// as _operations/3/forward_layer/cell/kernel. Some layers put an underscore before the
	// last name.
	Object string
	Index  int // place in model.variables

	array *array
	path  string // the holder's, in a file of Keras 3
}

// Weights is where the weights of a model are. Find returns the arrays at the given
// places, nil where there is none, and the names of arrays that belong to no layer.
type Weights interface {
	Find(places []Place) (found []*Weight, extra []string, err error)
}

// placesOf lists the places of all arrays. Uses of one layer share theirs.
func placesOf(holders []*holder, objects map[string]string) (list []Place) {
	ranks := map[string]map[string]int{} // of the layers or cells below a path
	index := map[string]int{}
	rank := func(above, name string) int {
		if ranks[above] == nil {
			ranks[above] = map[string]int{}
		}
		r, ok := ranks[above][name]
		if !ok {
			r = len(ranks[above])
			ranks[above][name] = r
		}
		return r
	}
	for _, h := range holders {
		var path strings.Builder
		parts := strings.Split(strings.TrimSuffix(h.path, "/"), "/")
		for i := 0; i < len(parts); i++ {
			switch above := strings.Join(parts[:i], "/"); {
			case parts[i] == "layers" && i+1 < len(parts):
				i++
				fmt.Fprintf(&path, "layer_with_weights-%d/", rank(above, parts[i]))
			case parts[i] == "cells" && i+1 < len(parts):
				i++
				fmt.Fprintf(&path, "cells/%d/", rank(above, parts[i]))
			default:
				path.WriteString(parts[i] + "/")
			}
		}
		for i, a := range h.arrays {
			key := h.path + strconv.Itoa(i)
			if _, ok := index[key]; !ok {
				index[key] = len(index)
			}
			list = append(list, Place{path.String() + a.name, objectPath(h.path, objects) + a.name, index[key], a, h.path + "vars/" + strconv.Itoa(i)})
		}
	}
	return list
}

// objectPath is the path of Keras 3's objects for that of a layer, or of a part of it, in a
// file.
func objectPath(path string, objects map[string]string) string {
	for at := len(path); at > 0; at = strings.LastIndexByte(path[:at-1], '/') + 1 {
		if o, ok := objects[path[:at]]; ok {
			return o + path[at:]
		}
	}
	return path
}

// fill fills the network that c describes, which is made once it is known that the
// file has what it needs.
func (b *builder) fill(from Weights) (*graph.Net, error) {
	c, holders := b.config, b.holders
	places := placesOf(holders, b.objects)
	list, extra, err := from.Find(places)
	if err != nil {
		return nil, err
	}
	found := map[*array]*Weight{}
	var wrong []string
	values := 0
	for i, p := range places {
		w, a := list[i], p.array
		name := fmt.Sprintf("%s of %s", a.name, strings.TrimSuffix(p.path, "/vars/"+p.path[strings.LastIndexByte(p.path, '/')+1:]))
		switch {
		case w == nil:
			wrong = append(wrong, name+" is missing")
		case a.unread:
		case !slices.Equal(w.Shape, a.shape):
			wrong = append(wrong, fmt.Sprintf("%s is %v, the model wants %v", name, w.Shape, a.shape))
		default:
			found[a] = w
			values += count(a.shape)
		}
	}
	for _, path := range extra {
		wrong = append(wrong, path+" belongs to no layer")
	}
	if len(wrong) > 0 {
		const most = 20
		if n := len(wrong) - most; n > 0 {
			wrong = append(wrong[:most], fmt.Sprintf("and %d more", n))
		}
		return nil, bad("the weights are not those of the model: %s", strings.Join(wrong, "; ")).WithHint("were the model and its weights saved together?")
	}
	if n := c.CountParams(); n > values+1<<20 {
		return nil, bad("the model has %d values of parameters, the file %d", n, values)
	}
	net, err := graph.New(c, nil)
	if err != nil {
		return nil, bad("%v", err)
	}
	to := params{}
	for _, p := range nn.Params(net) {
		to[p.Name] = p.Var
	}
	for _, h := range holders {
		if err := h.fill(to, found); err != nil {
			return nil, err
		}
	}
	return net, nil
}

// count is the number of values of a shape that an array in a file has.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func (h *holder) fill(to params, found map[*array]*Weight) error {
	kept := map[string][]tensor.Float{}
	for _, a := range h.arrays {
		if a.unread {
			continue
		}
		var dst []tensor.Float
		switch n := count(a.shape); {
		case a.param == "":
			dst = make([]tensor.Float, n)
			kept[a.name] = dst
		case to[a.param] == nil || len(to[a.param].Value.Data) != n:
			return bad("parameter %s is not of the size of %s of %s", a.param, a.name, h.path)
		default:
			dst = to[a.param].Value.Data
		}
		if err := found[a].Read(dst); err != nil {
			return err
		}
		if a.then != nil {
			a.then(dst, a.shape)
		}
	}
	for name, v := range h.consts {
		for i := range to[name].Value.Data {
			to[name].Value.Data[i] = tensor.Float(v)
		}
	}
	if h.finish != nil {
		h.finish(kept, to)
	}
	return nil
}

// zrToRZ turns gates z, r, h into r, z, h, which lie side by side in the columns.
func zrToRZ(v []tensor.Float, shape []int) {
	n := shape[len(shape)-1]
	H := n / 3
	for z := make([]tensor.Float, H); len(v) > 0; v = v[n:] {
		copy(z, v[:H])
		copy(v[:H], v[H:2*H])
		copy(v[H:2*H], z)
	}
}
