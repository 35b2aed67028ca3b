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
//			{Name: "lstm", Op: &graph.RNN{Cells: graph.Cells{&graph.LSTM{Hidden: 128}}, Last: true}},
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
// layer reads the one before it unless From says otherwise; "name:1" is the second
// thing that a layer gives, which for an RNN is the first entry of its final state.
// What From lists after the first are the first state of an RNN.
//
// An option that no field here says must be refused by the importer, by name.
package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
)

// Kind is the kind of the model files.
const Kind = "graph"

func init() { model.Register(Kind, func() model.Config { return new(Config) }) }

// A Config describes a network.
type Config struct {
	Source    string   `json:"source,omitempty"`     // where it comes from, for people to read
	TimeMajor bool     `json:"time_major,omitempty"` // sequences come and go as [time, batch, width], else [batch, time, width]
	Inputs    []Input  `json:"inputs"`
	Layers    []Layer  `json:"layers"`            // in the order in which they run
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

// A Plan tells about a layer before it is made.
type Plan struct {
	Out    []Spec // what it gives; of an RNN also the entries of its final state
	State  []int  // as rnn.Cell's StateSize
	Params int    // values of its parameters
	MACs   int    // multiply-adds of a step of one row, or of a vector
	Whole  bool   // it needs the whole sequence: it cannot go step by step
}

// A Node is a layer with its parameters, which nn.Params finds.
type Node interface {
	// Run runs the layer. s has an entry for each of the plan's State; entries are nil
	// where the layer should use its first state. last has one for each too.
	Run(g *grad.Tape, in []Value, s rnn.State) (out []Value, last rnn.State)
}

// A Cell is a recurrent cell to be made: a plain struct of options, registered by
// RegisterCell.
type Cell interface {
	// Plan checks the options, for inputs in wide.
	Plan(in int) (CellPlan, error)
	New(r *rand.Rand, in int) rnn.Cell
}

// A CellPlan tells about a cell before it is made.
type CellPlan struct {
	Width  int   // of its output
	State  []int // as rnn.Cell's StateSize
	Params int
	MACs   int // multiply-adds of a step of one row
}

// Cells is a stack of cells, each fed by the one before.
type Cells []Cell

// RegisterOp makes an operation known by the name that it has in JSON. It panics if
// the name is taken. Call it from init.
func RegisterOp(name string, blank func() Op) { ops.add(name, blank) }

// RegisterCell does so for a cell.
func RegisterCell(name string, blank func() Cell) { cells.add(name, blank) }

var (
	ops   = kinds[Op]{what: "layer", blank: map[string]func() Op{}}
	cells = kinds[Cell]{what: "cell", blank: map[string]func() Cell{}}
)

// kinds are the registered types. In JSON a value is {"name": {its options}}.
type kinds[T any] struct {
	what  string
	blank map[string]func() T
}

func (k *kinds[T]) add(name string, blank func() T) {
	if k.blank[name] != nil || name == "" || name == "name" || name == "from" {
		panic(fmt.Sprintf("graph: the name %q of a %s is taken", name, k.what))
	}
	k.blank[name] = blank
}

// name is that of the type of v.
func (k *kinds[T]) name(v T) (string, error) {
	want := fmt.Sprintf("%T", v)
	for name, blank := range k.blank {
		if fmt.Sprintf("%T", blank()) == want {
			return name, nil
		}
	}
	return "", fmt.Errorf("graph: %T is no registered %s", v, k.what)
}

func (k *kinds[T]) unmarshal(name string, b []byte) (v T, err error) {
	blank := k.blank[name]
	if blank == nil {
		return v, fmt.Errorf("graph: there is no %s %q; there are %q", k.what, name, slices.Sorted(maps.Keys(k.blank)))
	}
	v = blank()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return v, fmt.Errorf("graph: %s %s: %w", k.what, name, err)
	}
	return v, nil
}

// MarshalJSON writes {"name": …, "from": […], "rnn": {its options}}.
func (l Layer) MarshalJSON() ([]byte, error) {
	kind, err := ops.name(l.Op)
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
			l.Op, err = ops.unmarshal(key, raw)
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

// MarshalJSON writes [{"lstm": {its options}}, …].
func (c Cells) MarshalJSON() ([]byte, error) {
	list := make([]map[string]Cell, len(c))
	for i, cell := range c {
		kind, err := cells.name(cell)
		if err != nil {
			return nil, err
		}
		list[i] = map[string]Cell{kind: cell}
	}
	return json.Marshal(list)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Cells) UnmarshalJSON(b []byte) error {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*c = nil
	for _, doc := range list {
		if len(doc) != 1 {
			return fmt.Errorf("graph: a cell is one name with its options, not %d", len(doc))
		}
		for kind, raw := range doc {
			cell, err := cells.unmarshal(kind, raw)
			if err != nil {
				return err
			}
			*c = append(*c, cell)
		}
	}
	return nil
}
