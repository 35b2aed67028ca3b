package torch

import (
	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/model/graph"
)

// A Spec has what the names and shapes of weights do not show: in which order the modules
// run, what lies between them, and the options that leave no trace in the weights, in
// JSON such as
//
//	{"layers": [
//		{"module": "embedding", "type": "embedding"},
//		{"module": "lstm", "last": true},
//		{"module": "fc"},
//		{"activation": {"func": "log_softmax"}}
//	]}
//
// A layer is a module of the file, or any layer of package graph. It reads the one
// before it unless "from" names others. Dropout may be left out: it does nothing here.
type Spec struct {
	Key       string        `json:"key,omitempty"`        // key of the weights in a file that holds more, such as model_state_dict
	Prefix    string        `json:"prefix,omitempty"`     // prefix of the names of all modules, such as module.
	TimeMajor bool          `json:"time_major,omitempty"` // whether inputs and outputs are [time, batch, width], as without batch_first, not [batch, time, width]
	Inputs    []graph.Input `json:"inputs,omitempty"`     // default: one sequence x as the first module reads it
	Layers    []SpecLayer   `json:"layers"`
	Outputs   []string      `json:"outputs,omitempty"` // default: the last layer
}

// A SpecLayer is one layer of a Spec.
type SpecLayer struct {
	Name   string   `json:"name,omitempty"` // default: that of the module
	From   []string `json:"from,omitempty"`
	Module string   `json:"module,omitempty"` // its dotted name in the file
	Type   string   `json:"type,omitempty"`   // rnn, lstm, gru, linear, embedding, layer_norm, batch_norm or conv1d; default: the type by the names and shapes of its weights

	Last         bool       `json:"last,omitempty"`         // whether an RNN, LSTM or GRU gives its last output only
	Nonlinearity string     `json:"nonlinearity,omitempty"` // tanh or relu; of RNN
	Eps          float64    `json:"eps,omitempty"`          // epsilon of LayerNorm and BatchNorm1d; default 1e-5
	Stride       int        `json:"stride,omitempty"`       // stride of Conv1d; default 1
	Padding      int        `json:"padding,omitempty"`      // padding of Conv1d on both sides; default 0
	Dilation     int        `json:"dilation,omitempty"`     // dilation of Conv1d; default 1
	Groups       int        `json:"groups,omitempty"`       // groups of Conv1d; default 1
	Activation   graph.Func `json:"activation,omitempty"`   // function applied to the output of Linear and Conv1d

	Op graph.Op `json:"-"` // layer in place of Module: {"concat": {}} in JSON
}

// Types of modules. RNNCell, LSTMCell and GRUCell count as layers of one cell.
const (
	rnnType       = "rnn"
	lstmType      = "lstm"
	gruType       = "gru"
	linearType    = "linear"
	embeddingType = "embedding"
	layerNormType = "layer_norm"
	batchNormType = "batch_norm"
	conv1dType    = "conv1d"
)

// parseSpec reads a Spec from JSON, an empty one from nil.
func parseSpec(b []byte) (*Spec, error) { return spec.Parse[Spec]("torch", b) }

// UnmarshalJSON reads a module with its options, or a layer of package graph.
func (l *SpecLayer) UnmarshalJSON(b []byte) error {
	type plain SpecLayer
	g, err := spec.Unmarshal(b, (*plain)(l))
	if g != nil {
		*l = SpecLayer{Name: g.Name, From: g.From, Op: g.Op}
	}
	return err
}

// MarshalJSON writes what UnmarshalJSON reads.
func (l SpecLayer) MarshalJSON() ([]byte, error) {
	type plain SpecLayer
	return spec.Marshal(graph.Layer{Name: l.Name, From: l.From, Op: l.Op}, plain(l))
}
