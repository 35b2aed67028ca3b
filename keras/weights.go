package keras

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/graph"
	"github.com/recur-go/recur/internal/hdf5"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A holder is a layer or a cell that has weights, in the order in which Keras lists
// them.
type holder struct {
	path   string // in a file of Keras 3
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
	param  string // what it fills; "" if finish makes something of it
	then   func(v []tensor.Float, shape []int)
	unread bool // only its place counts
}

type params map[string]*grad.Var

// hold notes that the layer of a call has weights.
func (b *builder) hold(c *call) *holder {
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

// A store is where the weights are.
type store interface {
	// find returns the arrays of every holder, and what the file has beyond them.
	find(holders []*holder) (found map[*array]*hdf5.Dataset, extra []string, err error)
}

// fill fills the network that c describes, which make makes once it is known that the
// file has what it needs.
func fill(c *graph.Config, holders []*holder, from store) (*graph.Net, error) {
	found, extra, err := from.find(holders)
	if err != nil {
		return nil, foreign(err)
	}
	var wrong []string
	values := 0
	for _, h := range holders {
		for _, a := range h.arrays {
			d := found[a]
			switch {
			case d == nil:
				wrong = append(wrong, fmt.Sprintf("%s of %s is missing", a.name, strings.TrimSuffix(h.path, "/")))
				continue
			case a.unread:
				continue
			case !slices.Equal(d.Shape, a.shape):
				wrong = append(wrong, fmt.Sprintf("%s of %s is %v, the model wants %v", a.name, strings.TrimSuffix(h.path, "/"), d.Shape, a.shape))
				continue
			}
			if err := d.Check(); err != nil {
				return nil, foreign(err)
			}
			values += d.Len()
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
		return nil, &FormatError{Offset: -1, Reason: "the weights are not those of the model: " + strings.Join(wrong, "; "),
			Try: "were the model and its weights saved together?"}
	}
	if n := c.CountParams(); n > values+1<<20 {
		return nil, fault("the model has %d values of parameters, the file %d", n, values)
	}
	net, err := graph.New(c, nil)
	if err != nil {
		return nil, fault("%v", err)
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

func (h *holder) fill(to params, found map[*array]*hdf5.Dataset) error {
	kept := map[string][]tensor.Float{}
	for _, a := range h.arrays {
		if a.unread {
			continue
		}
		d := found[a]
		var dst []tensor.Float
		switch {
		case a.param == "":
			dst = make([]tensor.Float, d.Len())
			kept[a.name] = dst
		case to[a.param] == nil || len(to[a.param].Value.Data) != d.Len():
			return fault("parameter %s is not of the size of %s", a.param, d.Path)
		default:
			dst = to[a.param].Value.Data
		}
		if err := hdf5.Read(d, dst); err != nil {
			return foreign(err)
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
	for H := n / 3; len(v) > 0; v = v[n:] {
		for i := range H {
			v[i], v[H+i] = v[H+i], v[i]
		}
	}
}

// tree is the weights of a file of Keras 3: groups as the layers lie in each other,
// with arrays vars/0, vars/1 and so on.
type tree struct{ root *hdf5.Group }

// legacyRoot is what Keras 2.12 and 2.13 called the group of layers.
const legacyRoot = "_layer_checkpoint_dependencies"

func (t *tree) find(holders []*holder) (map[*array]*hdf5.Dataset, []string, error) {
	all := map[string]*hdf5.Dataset{}
	err := t.root.Walk(func(d *hdf5.Dataset) error {
		path := strings.ReplaceAll(strings.TrimPrefix(d.Path, "/"), legacyRoot+"/", "layers/")
		all[path] = d
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	found, used := map[*array]*hdf5.Dataset{}, map[string]bool{}
	for _, h := range holders {
		for i, a := range h.arrays {
			path := h.path + "vars/" + strconv.Itoa(i)
			if d := all[path]; d != nil {
				found[a], used[path] = d, true
			}
		}
	}
	var extra []string
	for path := range all {
		if strings.HasPrefix(path, "layers/") && !used[path] && !strings.Contains(path, "/seed_generator/") && !strings.Contains(path, "/states/") {
			extra = append(extra, path)
		}
	}
	slices.Sort(extra)
	return found, extra, nil
}

// lists is the weights of an old file: a group for each layer of the outermost model,
// with the names of its weights in order, first those that train.
type lists struct {
	group  *hdf5.Group
	layers []string
}

func (l *lists) find(holders []*holder) (map[*array]*hdf5.Dataset, []string, error) {
	found := map[*array]*hdf5.Dataset{}
	var extra []string
	for _, layer := range l.layers {
		g, err := l.group.Group(layer)
		if err != nil {
			return nil, nil, err
		}
		names, _, err := chunked(g, "weight_names")
		if err != nil {
			return nil, nil, err
		}
		want := inOrder(holders, layer)
		for i, name := range names {
			if i >= len(want) {
				extra = append(extra, layer+"/"+name)
				continue
			}
			dir, base := g, name
			if k := strings.LastIndexByte(name, '/'); k >= 0 {
				if dir, err = g.Group(name[:k]); err != nil {
					return nil, nil, err
				}
				base = name[k+1:]
			}
			d, err := dir.Dataset(base)
			if err != nil {
				return nil, nil, err
			}
			for _, a := range want[i] {
				found[a] = d
			}
		}
	}
	return found, extra, nil
}

// inOrder lists the arrays of a layer as an old file does. Uses of one layer share
// them.
func inOrder(holders []*holder, layer string) (list [][]*array) {
	at := map[string][]int{} // places of the arrays of a path
	for _, frozen := range []bool{false, true} {
		for _, h := range holders {
			if h.top != layer {
				continue
			}
			places := at[h.path]
			if places == nil {
				places = slices.Repeat([]int{-1}, len(h.arrays))
				at[h.path] = places
			}
			for i, a := range h.arrays {
				if (h.frozen || a.frozen) != frozen {
					continue
				}
				if places[i] < 0 {
					places[i] = len(list)
					list = append(list, nil)
				}
				list[places[i]] = append(list[places[i]], a)
			}
		}
	}
	return list
}

// chunked reads a list of strings, which Keras cuts into name0, name1 and so on where
// it is too long for one attribute.
func chunked(g *hdf5.Group, name string) ([]string, bool, error) {
	list, ok, err := g.Strings(name)
	if err != nil || ok {
		return list, ok, err
	}
	for i := 0; ; i++ {
		more, ok, err := g.Strings(name + strconv.Itoa(i))
		if err != nil || !ok {
			return list, i > 0, err
		}
		list = append(list, more...)
	}
}
