package keras

import (
	"fmt"

	"github.com/recur-go/recur/rnn"
)

// convolutional are the layers that read steps with places in space, by the dimensions
// of those. What they give goes on as vectors or sequences of all places, one after
// another, and its flow has the places.
var convolutional = map[string]int{"ConvLSTM1D": 1, "ConvLSTM2D": 2, "ConvLSTM3D": 3}

// spatial are the layers that may read places in space: for them every value is by
// itself, or only the order in memory counts.
var spatial = map[string]bool{
	"ConvLSTM1D": true, "ConvLSTM2D": true, "ConvLSTM3D": true, "Bidirectional": true, "BatchNormalization": true,
	"Activation": true, "ReLU": true, "LeakyReLU": true, "ELU": true, "ThresholdedReLU": true,
	"Dropout": true, "SpatialDropout1D": true, "GaussianDropout": true, "GaussianNoise": true, "AlphaDropout": true,
	"ActivityRegularization": true, "Identity": true, "Flatten": true, "Reshape": true,
	"Add": true, "Subtract": true, "Multiply": true, "Average": true, "Maximum": true, "Minimum": true,
}

// inSpace refuses layers that would take places in space for channels.
func (c *call) inSpace() error {
	for _, t := range c.in {
		switch {
		case t.space == nil:
		case c.Class == "TimeDistributed":
			var o struct{ Layer object }
			if err := c.read(&o); err != nil {
				return err
			}
			if o.Layer.Class != "Flatten" {
				return fmt.Errorf("it holds a %s that reads steps of %v places", o.Layer.Class, t.space)
			}
		case !spatial[c.Class]:
			return fmt.Errorf("it reads %v places in space, which only ConvLSTM, normalisations and functions of single values do", t.space)
		case c.Class == "Activation":
			if f, _, err := (&builder{version: 3}).functionLayer(c.object); err == nil && (f == "softmax" || f == "log_softmax") {
				return fmt.Errorf("%s over channels at %v places", f, t.space)
			}
		}
	}
	return nil
}

// channels is how many values a place has.
func (t *flow) channels() int {
	n := t.width
	for _, d := range t.space {
		n /= d
	}
	return n
}

// convCell reads the cell of a ConvLSTM for steps of x, and returns the places of
// its outputs.
func (b *builder) convCell(o *object, x *flow) (m madeCell, space []int, err error) {
	c := struct {
		Filters    int
		Window     numbers `json:"kernel_size"`
		Strides    numbers
		Dilation   numbers `json:"dilation_rate"`
		Padding    string
		Format     string     `json:"data_format"`
		Bias       *bool      `json:"use_bias"`
		Activation activation `json:"activation"`
		Recurrent  activation `json:"recurrent_activation"`
	}{}
	rank := len(x.space)
	c.Activation.name, c.Recurrent.name = "tanh", "sigmoid"
	if b.version < 3 {
		c.Recurrent.name = "hard_sigmoid"
	}
	if err := o.read(&c); err != nil {
		return m, nil, err
	}
	each := func(n numbers) (numbers, error) { // one number is that of every dimension
		if len(n) == 1 && rank > 1 {
			n = append(n[:1:1], n[0], n[0])[:rank]
		}
		if n != nil && len(n) != rank {
			return nil, fmt.Errorf("%v for %d dimensions of space", []int(n), rank)
		}
		return n, nil
	}
	for _, n := range []*numbers{&c.Window, &c.Strides, &c.Dilation} {
		if *n, err = each(*n); err != nil {
			return m, nil, err
		}
	}
	cand, err := b.gate(c.Activation)
	if err != nil {
		return m, nil, err
	}
	gate, err := b.gate(c.Recurrent)
	if err != nil {
		return m, nil, err
	}
	switch {
	case c.Format != "" && c.Format != "channels_last":
		return m, nil, fmt.Errorf("data_format %q", c.Format)
	case c.Padding != "" && c.Padding != "valid" && c.Padding != "same":
		return m, nil, fmt.Errorf("unknown padding %q", c.Padding)
	}
	options := rnn.ConvLSTMOptions{
		Size: x.space, Window: c.Window, Stride: ones(c.Strides), Dilation: ones(c.Dilation), Valid: c.Padding != "same",
		NoBias: !yes(c.Bias), Gate: unlessDefault(gate, rnn.Sigmoid), Cand: unlessDefault(cand, rnn.Tanh),
	}
	m.cell = rnn.Config{Hidden: c.Filters, Options: options}
	if err := m.cell.Check(x.width); err != nil {
		return m, nil, err
	}
	m.bind = func(h *holder, param string) { // gates i, f, c, o, as here
		shape := func(channels int) []int { return append(append([]int{}, c.Window...), channels, 4*c.Filters) }
		h.want("kernel", param+".wx", shape(x.channels())...)
		h.want("recurrent_kernel", param+".wh", shape(c.Filters)...)
		if yes(c.Bias) {
			h.want("bias", param+".b", 4*c.Filters)
		}
	}
	return m, options.Places(), nil
}

// ones is nil for a list of ones, so that a Config stays short.
func ones(n numbers) []int {
	for _, v := range n {
		if v != 1 {
			return n
		}
	}
	return nil
}
