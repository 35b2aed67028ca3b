package tensorflow

import (
	"github.com/recur-go/recur/interchange/internal/spec"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn/tf1"
)

// A Spec has what a checkpoint does not: in which order the modules run, what lies
// between them, and what leaves no trace in the variables. It is JSON such as
//
//	{"layers": [
//		{"module": "embedding", "type": "embedding"},
//		{"module": "rnn", "forget_bias": 1, "last": true},
//		{"module": "dense", "activation": "softmax"}
//	]}
//
// A layer is a module of the checkpoint, or any layer of package graph. It reads the
// one before it unless "from" names others.
type Spec struct {
	Prefix    string        `json:"prefix,omitempty"`     // prefix of the names of all modules, such as Model/
	TimeMajor bool          `json:"time_major,omitempty"` // whether inputs and outputs are [time, batch, width], not [batch, time, width]
	Inputs    []graph.Input `json:"inputs,omitempty"`     // default: one sequence x as the first module reads it
	Layers    []SpecLayer   `json:"layers"`
	Outputs   []string      `json:"outputs,omitempty"` // default: the last layer
}

// A SpecLayer is one layer of a Spec.
type SpecLayer struct {
	Name   string   `json:"name,omitempty"` // default: that of the module
	From   []string `json:"from,omitempty"`
	Module string   `json:"module,omitempty"` // its scope in the checkpoint
	Type   string   `json:"type,omitempty"`   // rnn, dense, embedding, layer_norm, batch_norm, conv or cudnn; default: the type by the names and shapes of its variables

	// Options of recurrent modules; lists have an entry for each cell, those of fw before those of bw.
	Last           bool     `json:"last,omitempty"`            // whether the module gives its last output only
	ForgetBias     *float64 `json:"forget_bias,omitempty"`     // forget bias of LSTM cells, which is added at run time; TensorFlow's default is 1
	CellActivation string   `json:"cell_activation,omitempty"` // activation of cells; default tanh
	Cell           string   `json:"cell,omitempty"`            // kind of cell, such as basic_lstm_cell, if the module is one cell under a name of its own
	Size           []int    `json:"size,omitempty"`            // places of conv_lstm_cell along each dimension
	Skip           bool     `json:"skip_connection,omitempty"` // skip connection of conv_lstm_cell
	Length         int      `json:"attn_length,omitempty"`     // number of outputs that attention_cell_wrapper attends to
	Leak           *float64 `json:"leak,omitempty"`            // leak of phased_lstm_cell; default 0.001
	CellClip       float64  `json:"cell_clip,omitempty"`
	ProjClip       float64  `json:"proj_clip,omitempty"`

	Cudnn *tf1.Cudnn `json:"cudnn,omitempty"` // contents of the one vector of cudnn

	Activation graph.Func    `json:"activation,omitempty"` // function applied to the output of dense, conv and a wrapper that projects
	Eps        float64       `json:"eps,omitempty"`        // epsilon of layer_norm (default 1e-12) and batch_norm (default 1e-3)
	MaskZero   bool          `json:"mask_zero,omitempty"`  // whether id 0 of an embedding is no step
	Stride     int           `json:"stride,omitempty"`     // stride of conv; default 1
	Dilation   int           `json:"dilation,omitempty"`   // dilation of conv; default 1
	Padding    graph.Padding `json:"padding,omitempty"`    // padding of conv: same or causal; default valid

	Op graph.Op `json:"-"` // layer in place of Module: {"concat": {}} in JSON
}

// Types of modules.
const (
	rnnType       = "rnn" // cells, one over the other, in one direction or both
	denseType     = "dense"
	embeddingType = "embedding"
	layerNormType = "layer_norm"
	batchNormType = "batch_norm"
	convType      = "conv"
	cudnnType     = "cudnn" // the one vector of cudnn_lstm and others
)

// parseSpec reads a Spec from JSON, an empty one from nil.
func parseSpec(b []byte) (*Spec, error) { return spec.Parse[Spec]("tensorflow", b) }

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

// A MapError is the reason why a checkpoint cannot be made a network. It has the fields
//
//	System string // "tensorflow"
//	Path   string // name of the checkpoint, "" if it is not known
//	Module string // name of the module at fault, "" for the checkpoint as a whole
//	Reason string // the fault in words
//	Spec   any    // the *Spec to confirm or complete, nil if there is none
type MapError = spec.Error

func unmapped(module, reason string, args ...any) *MapError {
	return spec.Errorf("tensorflow", module, reason, args...)
}
