// Package graph is networks as graphs of layers: what a model that was trained in
// PyTorch, Keras or TensorFlow becomes here. A Config lists the layers as plain JSON;
// the Net that it makes is built of the cells of package rnn and the layers of package
// nn, so that it runs over whole sequences or a step at a time, is saved by package
// model (its kind is "graph"), trained further, and exported.
//
//	c := &graph.Config{
//		Inputs: []graph.Input{{Name: "ids", Width: 1, Sequence: true}},
//		Layers: []graph.Layer{
//			{Name: "embed", Op: &graph.Embedding{Vocab: 5000, Width: 64}},
//			{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 128, Options: rnn.LSTMOptions{}}}, Last: true}},
//			{Name: "out", Op: &graph.Dense{Units: 2, Activation: "softmax"}},
//		},
//	}
//	m, err := model.New(c, r)
//	out, _, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"ids": x}, nil, nil)
//
// # For those who write an importer
//
// An importer makes the Config, then New(nil) makes the Net with parameters of zeros,
// and what is left is to fill them: nn.Params(net) lists them by the name of their
// layer and that of the field of the cell, such as lstm.wx, lstm.wh, lstm.b; a stack
// of cells has a number between (lstm.0.wx), a Bidirectional fwd or bwd. Fill checks
// that every parameter was given once and with its own shape. Layouts and orders of
// gates are those of the cells' docs: Wx [in, gates·hidden], LSTM i f u o, GRU r z n.
//
// What flows from layer to layer is a Value: a sequence [time, batch, width], with a
// mask of the steps that are there if some are not, or a vector [batch, width]. A
// layer reads the one before it unless From is set; "name:1" is the second
// thing that a layer gives, which for an RNN is the first entry of its final state.
// What From lists after the first are the first state of an RNN.
//
// An option that has no field here must be refused by the importer, by name.
package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
)

func init() { model.Register("graph", func() model.Config { return new(Config) }) }

// A Config describes a network.
type Config struct {
	Source    string   `json:"source,omitempty"`     // origin of the network, for people to read
	TimeMajor bool     `json:"time_major,omitempty"` // inputs and outputs are [time, batch, width], else [batch, time, width]
	Inputs    []Input  `json:"inputs"`
	Layers    []Layer  `json:"layers"`            // layers in the order in which they run
	Outputs   []string `json:"outputs,omitempty"` // layers, or what they give; the last if empty
}

// An Input is what the caller gives.
type Input struct {
	Name     string `json:"name"`
	Width    int    `json:"width"`              // values of a step; 1 for ids
	Sequence bool   `json:"sequence,omitempty"` // it has steps
	IDs      bool   `json:"ids,omitempty"`      // its values are whole numbers from 0
}

// A Layer is an operation in its place.
type Layer struct {
	Name string   // its own; with a colon it could not be named in From
	From []string // inputs or layers; the layer before, or the first input, if empty
	Op   Op
}

// A Spec is the shape of a Value but for its time and batch.
type Spec struct {
	Width    int
	Sequence bool // [time, batch, width], else [batch, width]
}

// A Value is what flows between layers.
type Value struct {
	X    *grad.Var // [time, batch, width] or [batch, width]
	Mask []bool    // [time·batch] of a sequence: the steps that are there; nil if all are
}

// An Op is what a layer does: a plain struct of options, registered by RegisterOp.
type Op interface {
	// Plan checks the options and what comes in. It sets no memory aside.
	Plan(in []Spec) (Plan, error)
	// New makes the layer for what Plan has accepted.
	New(r *rand.Rand, in []Spec) Node
}

// A Plan is what is known of a layer before it is made.
type Plan struct {
	Out    []Spec // outputs; of an RNN also the entries of its final state
	State  []int  // widths of the entries of the state, as rnn.Cell's StateSize
	Params int    // values of its parameters
	Whole  bool   // whether it needs the whole sequence: it cannot go step by step
}

// A Node is a layer with its parameters, which nn.Params finds.
type Node interface {
	// Run runs the layer. s has an entry for each of the plan's State; entries are nil
	// where the layer should use its first state. last has one for each too. The list in is
	// the layer's own, with room for its outputs, and out may lie there.
	Run(g *grad.Tape, in []Value, s rnn.State) (out []Value, last rnn.State)
}

// RegisterOp makes an operation known by the name that it has in JSON. It panics if
// the name is taken. Call it from init.
func RegisterOp(name string, blank func() Op) {
	if ops[name] != nil || name == "" || name == "name" || name == "from" {
		panic(fmt.Sprintf("graph: the name %q of a layer is taken", name))
	}
	ops[name] = blank
}

// ops are the registered operations by name.
var ops = map[string]func() Op{}

// opName is the name of the type of an operation.
func opName(o Op) (string, error) {
	want := reflect.TypeOf(o)
	for name, blank := range ops {
		if reflect.TypeOf(blank()) == want {
			return name, nil
		}
	}
	return "", fmt.Errorf("graph: %T is not a registered layer", o)
}

// readOp reads the options of the operation of a name.
func readOp(name string, b []byte) (Op, error) {
	blank := ops[name]
	if blank == nil {
		return nil, fmt.Errorf("graph: unknown layer %q; %s", name, setting.Suggest(name, slices.Sorted(maps.Keys(ops))))
	}
	o := blank()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(o); err != nil {
		return nil, fmt.Errorf("graph: layer %s: %w", name, err)
	}
	return o, nil
}

// MarshalJSON writes {"name": …, "from": […], "rnn": {its options}}.
func (l Layer) MarshalJSON() ([]byte, error) {
	kind, err := opName(l.Op)
	if err != nil {
		return nil, err
	}
	doc := map[string]any{"name": l.Name, kind: l.Op}
	if len(l.From) > 0 {
		doc["from"] = l.From
	}
	return json.Marshal(doc)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Layer) UnmarshalJSON(b []byte) error {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	*l = Layer{}
	for key, raw := range doc {
		var err error
		switch {
		case key == "name":
			err = json.Unmarshal(raw, &l.Name)
		case key == "from":
			err = json.Unmarshal(raw, &l.From)
		case l.Op != nil:
			err = fmt.Errorf("graph: a layer with more than one operation: %s", b)
		default:
			l.Op, err = readOp(key, raw)
		}
		if err != nil {
			return err
		}
	}
	if l.Op == nil {
		return fmt.Errorf("graph: a layer without an operation: %s", b)
	}
	return nil
}
