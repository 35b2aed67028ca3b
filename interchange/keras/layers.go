package keras

import (
	"fmt"

	"github.com/recur-go/recur/model/graph"
)

// layers make what each class of Keras becomes.
var layers map[string]func(b *builder, c *call) ([]*flow, error)

func init() { // not where it is declared, for layers hold layers
	layers = map[string]func(b *builder, c *call) ([]*flow, error){
		"SimpleRNN": (*builder).recurrent, "LSTM": (*builder).recurrent, "GRU": (*builder).recurrent, "RNN": (*builder).recurrent,
		"ConvLSTM1D": (*builder).recurrent, "ConvLSTM2D": (*builder).recurrent, "ConvLSTM3D": (*builder).recurrent,
		"Bidirectional": (*builder).bidirectional, "TimeDistributed": (*builder).timeDistributed,
		"Embedding": (*builder).embedding, "Masking": (*builder).masking, "Dense": (*builder).dense,
		"Activation": (*builder).activation, "ReLU": (*builder).activation, "LeakyReLU": (*builder).activation, "ELU": (*builder).activation,
		"ThresholdedReLU": (*builder).activation, "Softmax": (*builder).activation,
		"Dropout": (*builder).dropout, "SpatialDropout1D": (*builder).nothing, "GaussianDropout": (*builder).nothing, "GaussianNoise": (*builder).nothing,
		"AlphaDropout": (*builder).nothing, "ActivityRegularization": (*builder).nothing, "Identity": (*builder).nothing,
		"LayerNormalization": (*builder).layerNorm, "BatchNormalization": (*builder).batchNorm, "Normalization": (*builder).normalization,
		"Conv1D": (*builder).conv, "DepthwiseConv1D": (*builder).depthwise, "SeparableConv1D": (*builder).separable,
		"MaxPooling1D": (*builder).pool, "AveragePooling1D": (*builder).pool,
		"GlobalMaxPooling1D": (*builder).globalPool, "GlobalAveragePooling1D": (*builder).globalPool,
		"Concatenate": (*builder).concatenate, "Add": (*builder).merge, "Subtract": (*builder).merge, "Multiply": (*builder).merge,
		"Average": (*builder).merge, "Maximum": (*builder).merge, "Minimum": (*builder).merge,
		"Flatten": (*builder).flatten, "Reshape": (*builder).reshape, "RepeatVector": (*builder).repeat,
	}
}

// unknown has the reasons why classes are refused that one might expect.
var unknown = map[string]string{
	"Lambda":    "it holds Python code, which is never run; write it with layers that are not Lambda",
	"CuDNNLSTM": "its weights are in the layout of cuDNN; load the model into LSTM in Keras and save it again",
	"CuDNNGRU":  "its weights are in the layout of cuDNN; load the model into GRU(reset_after=True) in Keras and save it again",
}

// recurrentLayers are those that take a first state.
var recurrentLayers = map[string]bool{"SimpleRNN": true, "LSTM": true, "GRU": true, "RNN": true, "Bidirectional": true,
	"ConvLSTM1D": true, "ConvLSTM2D": true, "ConvLSTM3D": true}

// one is the only input.
func (c *call) one() (*flow, error) {
	if len(c.in) != 1 {
		return nil, fmt.Errorf("%d inputs where there can be one", len(c.in))
	}
	return c.in[0], nil
}

// input is the only input as a vector or a sequence of known width. An input of two
// dimensions that nobody took for ids is a vector.
func (c *call) input() (*flow, error) {
	t, err := c.one()
	if err == nil {
		err = t.known()
	}
	return t, err
}

// inputWith is input, and reads the settings of the layer.
func (c *call) inputWith(settings any) (*flow, error) {
	x, err := c.input()
	if err == nil {
		err = c.read(settings)
	}
	return x, err
}

func (t *flow) known() error {
	if t.width < 1 {
		return fmt.Errorf("the width of its input %q is not known", t.name)
	}
	t.flat = false
	return nil
}

// same is the result of a layer that keeps the form of its input and lets its mask
// through.
func (b *builder) same(c *call, op graph.Op, width int) ([]*flow, error) {
	x, err := c.input()
	if err != nil {
		return nil, err
	}
	y := b.add(c.name, op, width, x.sequence, x.steps, x.mask, x)
	y.space = x.space
	return b.out(y, c.through)
}

// out gives t the mask that it should have.
func (b *builder) out(t *flow, mask string) ([]*flow, error) {
	t, err := b.masked(t, mask)
	return []*flow{t}, err
}

func (b *builder) dense(c *call) ([]*flow, error) {
	var o struct {
		Units      int
		Bias       *bool `json:"use_bias"`
		Activation activation
	}
	x, err := c.inputWith(&o)
	if err != nil {
		return nil, err
	}
	f, err := b.function(o.Activation)
	if err != nil {
		return nil, err
	}
	bias := yes(o.Bias)
	h := b.bind(c)
	h.want("kernel", c.name+".w", x.width, o.Units)
	if bias {
		h.want("bias", c.name+".b", o.Units)
	}
	return b.same(c, &graph.Dense{Units: o.Units, NoBias: !bias, Activation: f}, o.Units)
}

func yes(v *bool) bool { return v == nil || *v }

func (b *builder) activation(c *call) ([]*flow, error) {
	x, err := c.input()
	if err != nil {
		return nil, err
	}
	f, _, err := b.functionLayer(c.object)
	if err != nil {
		return nil, err
	}
	if c.Class == "Softmax" && c.mask != "" {
		return nil, fmt.Errorf("a softmax over a mask")
	}
	return b.same(c, &graph.Activation{Func: f}, x.width)
}

func (b *builder) dropout(c *call) ([]*flow, error) {
	var o struct{ Rate float64 }
	x, err := c.inputWith(&o)
	if err != nil {
		return nil, err
	}
	return b.same(c, &graph.Dropout{Rate: o.Rate}, x.width)
}

// nothing is a layer that does nothing at inference.
func (b *builder) nothing(c *call) ([]*flow, error) {
	x, err := c.one()
	return []*flow{x}, err
}

func (b *builder) embedding(c *call) ([]*flow, error) {
	var o struct {
		In       int  `json:"input_dim"`
		Out      int  `json:"output_dim"`
		MaskZero bool `json:"mask_zero"`
	}
	x, err := c.one()
	if err == nil {
		err = c.read(&o)
	}
	switch {
	case err != nil:
		return nil, err
	case x.flat: // an input, which now is one of ids
		x.flat, x.sequence, x.width = false, true, 1
		b.config.Inputs[x.input] = graph.Input{Name: x.name, Width: 1, Sequence: true, IDs: true}
	case x.input < 0 || !b.config.Inputs[x.input].IDs:
		return nil, fmt.Errorf("it reads %q, which is not an input of ids [batch, time]", x.name)
	}
	b.bind(c).want("embeddings", c.name+".w", o.In, o.Out)
	mask := ""
	if o.MaskZero {
		mask = condition(x, "0")
	}
	return []*flow{b.add(c.name, &graph.Embedding{Vocab: o.In, Width: o.Out, MaskZero: o.MaskZero}, o.Out, true, x.steps, mask, x)}, nil
}

func (b *builder) masking(c *call) ([]*flow, error) {
	var o struct {
		Value scalar `json:"mask_value"`
	}
	x, err := c.sequenceWith(&o)
	if err != nil {
		return nil, err
	}
	mask := condition(x, fmt.Sprint(float64(o.Value)))
	if x, err = b.masked(x, ""); err != nil { // only its own counts
		return nil, err
	}
	return []*flow{b.add(c.name, &graph.Masking{Value: float64(o.Value)}, x.width, true, x.steps, mask, x)}, nil
}

func (b *builder) timeDistributed(c *call) ([]*flow, error) {
	var o struct{ Layer object }
	x, err := c.sequenceWith(&o)
	if err != nil {
		return nil, err
	}
	inner := *c
	inner.object, inner.path = &o.Layer, c.path+"layer/"
	switch o.Layer.Class {
	case "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Dropout", "BatchNormalization",
		"SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity":
	case "LayerNormalization":
	case "Softmax":
		inner.mask = c.mask
	case "Flatten": // of a step, which is flat
		y := *x
		y.space = nil
		return []*flow{&y}, nil
	default:
		return nil, fmt.Errorf("it holds a layer %s, which is not one that works step by step", o.Layer.Class)
	}
	trains, err := o.Layer.trains()
	if err != nil {
		return nil, err
	}
	inner.frozen = c.frozen || !trains
	return layers[o.Layer.Class](b, &inner)
}
