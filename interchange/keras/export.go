package keras

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/recur-go/recur/interchange/keras/internal/hdf5"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
)

// exportVersion is the version of Keras whose form Export writes.
const exportVersion = "3.15.1"

// Export writes a network as a .keras file, a functional model that keras.models.load_model
// of Keras 3 loads. It gives the same numbers there, masks included. What Keras has no
// layer for, such as peepholes, is refused with an *UnsupportedError. Sequences are
// [batch, time, width] in Keras, also those of a network that is TimeMajor here.
func Export(w io.Writer, net *graph.Net) error {
	x := newExporter(net)
	if err := x.network(); err != nil {
		return err
	}
	config, err := json.Marshal(x.model())
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	metadata := fmt.Sprintf(`{"keras_version": %q, "date_saved": "2000-01-01@00:00:00"}`, exportVersion)
	for _, part := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"metadata.json", func(w io.Writer) error { _, err := io.WriteString(w, metadata); return err }},
		{"config.json", func(w io.Writer) error { _, err := w.Write(config); return err }},
		{weightsName, func(w io.Writer) error { return hdf5.Write(w, x.arrays) }},
	} {
		// Stored as it is, which Keras reads in place, with no time, so that the same
		// network gives the same bytes.
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Store, Modified: time.Time{}})
		if err != nil {
			return err
		}
		if err := part.write(f); err != nil {
			return err
		}
	}
	return z.Close()
}

type dict = map[string]any

// An exporter makes a model of Keras of a network.
type exporter struct {
	net    *graph.Net
	params params
	layers []dict
	arrays []hdf5.Array
	bad    []UnsupportedLayer
	names  names
	paths  map[string]int // layers of each class, for where their weights are
	flows  map[string]*exportedTensor
	states map[string]bool // layers whose states are read
	last   map[string]bool // recurrent layers of which only the last output is
	masks  map[string]*exportedTensor
	path   string // path of the weights of the layer at hand
}

// A exportedTensor is a tensor of the model of Keras.
type exportedTensor struct {
	layer string
	at    int
	shape []any // sizes of the batch, the time and the width
	dtype string
	mask  *exportedTensor // mask of its steps, nil for all
	auto  bool            // Keras hands a mask on with it by itself
	ids   bool
}

func newExporter(net *graph.Net) *exporter {
	x := &exporter{net: net, params: params{}, names: names{}, paths: map[string]int{}, flows: map[string]*exportedTensor{},
		states: map[string]bool{}, last: map[string]bool{}, masks: map[string]*exportedTensor{}}
	for _, p := range nn.Params(net) {
		x.params[p.Name] = p.Var
	}
	return x
}

func (x *exporter) network() error {
	c := x.net.Config
	for _, l := range c.Layers {
		for _, name := range l.From {
			x.readsState(name)
		}
	}
	for _, name := range c.Outputs {
		x.readsState(name)
	}
	x.findLast()
	ids := map[string]bool{}
	for i, l := range c.Layers {
		if _, ok := l.Op.(*graph.Embedding); ok {
			ids[x.from(i)[0]] = true
		}
	}
	for _, in := range c.Inputs {
		t := &exportedTensor{layer: x.unused(in.Name), dtype: "float32", shape: []any{nil, in.Width}}
		switch {
		case ids[in.Name]:
			t.dtype, t.shape, t.ids = "int32", []any{nil, nil}, true
		case in.Sequence:
			t.shape = []any{nil, nil, in.Width}
		}
		x.layers = append(x.layers, dict{"module": "keras.layers", "class_name": "InputLayer", "registered_name": nil, "name": t.layer,
			"config": dict{"batch_shape": t.shape, "dtype": t.dtype, "name": t.layer}, "inbound_nodes": []any{}})
		x.flows[in.Name] = t
	}
	for i, l := range c.Layers {
		var in []*exportedTensor
		for _, name := range x.from(i) {
			t := x.flow(name)
			if t == nil {
				return &UnsupportedError{Layers: x.bad} // the layer that makes it is refused
			}
			in = append(in, t)
		}
		if err := x.layer(l, in); err != nil {
			x.bad = append(x.bad, UnsupportedLayer{l.Name, fmt.Sprintf("%T", l.Op)[len("*graph."):], err.Error()})
		}
	}
	if len(x.bad) > 0 {
		return &UnsupportedError{Layers: x.bad}
	}
	return nil
}

// findLast notes the recurrent layers of which a graph.Last takes the last output, and
// nobody else any: in Keras that is an option of the layer.
func (x *exporter) findLast() {
	c := x.net.Config
	readers := map[string]int{}
	for i := range c.Layers {
		for _, name := range x.from(i) {
			readers[strings.TrimSuffix(name, ":0")]++
		}
	}
	for _, name := range x.net.OutputNames() {
		readers[strings.TrimSuffix(name, ":0")]++
	}
	for i, l := range c.Layers {
		if _, ok := l.Op.(*graph.Last); !ok {
			continue
		}
		name := strings.TrimSuffix(x.from(i)[0], ":0")
		for _, l := range c.Layers {
			if o, ok := l.Op.(*graph.RNN); ok && l.Name == name && readers[name] == 1 && !o.Backwards {
				x.last[name] = true
			}
		}
	}
}

// from is what layer i reads.
func (x *exporter) from(i int) []string {
	c := x.net.Config
	switch {
	case len(c.Layers[i].From) > 0:
		return c.Layers[i].From
	case i > 0:
		return []string{c.Layers[i-1].Name}
	}
	return []string{c.Inputs[0].Name}
}

// readsState notes a name such as "lstm:1".
func (x *exporter) readsState(name string) {
	if k := strings.LastIndexByte(name, ':'); k > 0 {
		x.states[name[:k]] = true
	}
}

// flow finds a tensor by its name in the graph.
func (x *exporter) flow(name string) *exportedTensor {
	if t := x.flows[name]; t != nil {
		return t
	}
	return x.flows[strings.TrimSuffix(name, ":0")]
}

// unused is a name for Keras, which allows no slash.
func (x *exporter) unused(name string) string {
	return x.names.unused(strings.ReplaceAll(name, "/", "_"))
}

// add appends a layer of Keras and returns its first result, as wide as width if that
// is not 0. Masks go along where Keras lets them.
func (x *exporter) add(class, name string, config dict, shape []any, through bool, in ...*exportedTensor) *exportedTensor {
	var args any = tensorOf(in[0])
	if len(in) > 1 {
		list := make([]any, len(in))
		for i, t := range in {
			list[i] = tensorOf(t)
		}
		args = list
	}
	return x.call(class, name, config, shape, through, in[0], []any{args}, dict{})
}

func (x *exporter) call(class, name string, config dict, shape []any, through bool, first *exportedTensor, args []any, kwargs dict) *exportedTensor {
	name = x.unused(name)
	config["name"], config["dtype"], config["trainable"] = name, "float32", true
	x.layers = append(x.layers, object3("keras.layers", class, config, dict{
		"name": name, "inbound_nodes": []any{dict{"args": args, "kwargs": kwargs}},
	}))
	x.path = "layers/" + unique(x.paths, snake(class)) + "/"
	t := &exportedTensor{layer: name, shape: shape, dtype: "float32"}
	if through {
		t.mask, t.auto = first.mask, first.auto
	}
	return t
}

// object3 is an object as Keras 3 writes it.
func object3(module, class string, config dict, more dict) dict {
	d := dict{"module": module, "class_name": class, "config": config, "registered_name": nil}
	for k, v := range more {
		d[k] = v
	}
	return d
}

func tensorOf(t *exportedTensor) dict {
	return dict{"class_name": "__keras_tensor__", "config": dict{"shape": t.shape, "dtype": t.dtype, "keras_history": []any{t.layer, 0, t.at}}}
}

// op appends an operation beside the layers, whose result is a mask.
func (x *exporter) op(class string, config dict, args ...any) *exportedTensor {
	name := x.unused("mask_" + snake(class)) // Keras makes ones of its own by the plain name
	config["name"] = name
	x.layers = append(x.layers, dict{"module": "keras.src.ops.numpy", "class_name": class, "registered_name": class, "name": name,
		"config": config, "inbound_nodes": []any{dict{"args": args, "kwargs": dict{}}}})
	return &exportedTensor{layer: name, shape: []any{nil, nil}, dtype: "bool"}
}

// weight writes an array of the layer at hand.
func (x *exporter) weight(at string, i int, v []float32, shape ...int) {
	x.arrays = append(x.arrays, hdf5.Array{Path: fmt.Sprintf("%s%svars/%d", x.path, at, i), Shape: shape, Data: v})
}

func (x *exporter) model() dict {
	var in, out []any
	for _, i := range x.net.Config.Inputs {
		in = append(in, place3(x.flow(i.Name)))
	}
	for _, name := range x.net.OutputNames() {
		out = append(out, place3(x.flow(name)))
	}
	return object3("keras.src.models.functional", "Functional", dict{
		"name": "recur", "trainable": true, "layers": x.layers, "input_layers": oneOrList(in), "output_layers": oneOrList(out),
	}, dict{"registered_name": "Functional"})
}

func place3(t *exportedTensor) []any { return []any{t.layer, 0, t.at} }

// oneOrList is how Keras writes a single input or output.
func oneOrList(list []any) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}
