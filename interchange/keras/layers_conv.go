package keras

import (
	"fmt"

	"github.com/recur-go/recur/model/graph"
)

// windowed are the settings of what runs along time in windows.
type windowed struct {
	Kernel   numbers `json:"kernel_size"`
	Pool     numbers `json:"pool_size"`
	Strides  numbers
	Dilation numbers `json:"dilation_rate"`
	Padding  string
	Format   string `json:"data_format"`
}

// read returns the settings as numbers.
func (w *windowed) read(c *call) (size, stride, dilation int, p graph.Padding, err error) {
	if err = c.object.read(w); err != nil {
		return
	}
	window := w.Kernel
	if window == nil {
		window = w.Pool
	}
	if size, err = window.one(0); err == nil {
		if stride, err = w.Strides.one(0); err == nil {
			dilation, err = w.Dilation.one(1)
		}
	}
	switch {
	case err != nil:
	case w.Format != "" && w.Format != "channels_last":
		err = fmt.Errorf("data_format %q", w.Format)
	case w.Padding == "same" || w.Padding == "causal":
		p = graph.Padding(w.Padding)
	case w.Padding != "valid" && w.Padding != "":
		err = fmt.Errorf("unknown padding %q", w.Padding)
	}
	return size, stride, dilation, p, err
}

// after is the steps that windows make of steps, -1 if they are not fixed.
func after(steps, size, stride, dilation int, p graph.Padding) int {
	if steps < 0 || stride < 1 {
		return -1
	}
	if p == graph.Valid {
		steps -= (size - 1) * dilation
	}
	return max((steps+stride-1)/stride, 0)
}

// sequenceOf is the only input, which must be a sequence.
func (c *call) sequenceOf() (*flow, error) {
	x, err := c.input()
	if err == nil && !x.sequence {
		err = fmt.Errorf("it reads something that is not a sequence")
	}
	return x, err
}

// sequenceWith is sequenceOf, and reads the settings of the layer.
func (c *call) sequenceWith(settings any) (*flow, error) {
	x, err := c.sequenceOf()
	if err == nil {
		err = c.read(settings)
	}
	return x, err
}

// A convolution is what the layers of convolutions have in common.
type convolution struct {
	Filters    int
	Groups     int
	Multiplier int   `json:"depth_multiplier"`
	Bias       *bool `json:"use_bias"`
	Activation activation

	x         *flow
	op        graph.Conv // without units and groups
	steps     int        // steps of the output, -1 if they are not fixed
	multiples int        // values that a depthwise convolution makes
}

// readConv reads a convolution of the only input.
func (b *builder) readConv(c *call) (o convolution, err error) {
	o.Groups, o.Multiplier = 1, 1
	if o.x, err = c.sequenceWith(&o); err != nil {
		return o, err
	}
	var w windowed
	size, stride, dilation, p, err := w.read(c)
	if err != nil {
		return o, err
	}
	f, err := b.function(o.Activation)
	o.op = graph.Conv{Size: size, Stride: stride, Dilation: dilation, Padding: p, NoBias: !yes(o.Bias), Activation: f}
	o.steps = after(o.x.steps, size, max(stride, 1), dilation, p)
	o.multiples = o.x.width * o.Multiplier
	return o, err
}

// add adds a convolution of x with the given units and groups.
func (o *convolution) add(b *builder, name string, units, groups int) *flow {
	o.op.Units, o.op.Groups = units, groups
	return b.add(name, &o.op, units, true, o.steps, "", o.x)
}

func (b *builder) conv(c *call) ([]*flow, error) {
	o, err := b.readConv(c)
	if err != nil {
		return nil, err
	}
	if o.Groups < 1 || o.x.width%o.Groups != 0 {
		return nil, fmt.Errorf("%d values in %d groups", o.x.width, o.Groups)
	}
	h := b.bind(c)
	h.want("kernel", c.name+".w", o.op.Size, o.x.width/o.Groups, o.Filters)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", o.Filters)
	}
	return []*flow{o.add(b, c.name, o.Filters, o.Groups)}, nil
}

// depthwise is a convolution of each value by itself: one with as many groups. Its
// kernel [size, in, multiplier] lies as that of the groups [size, 1, in·multiplier].
func (b *builder) depthwise(c *call) ([]*flow, error) {
	o, err := b.readConv(c)
	if err != nil {
		return nil, err
	}
	h := b.bind(c)
	h.want("depthwise_kernel", c.name+".w", o.op.Size, o.x.width, o.Multiplier)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", o.multiples)
	}
	return []*flow{o.add(b, c.name, o.multiples, o.x.width)}, nil
}

// separable is a depthwise convolution and then one of a single step.
func (b *builder) separable(c *call) ([]*flow, error) {
	o, err := b.readConv(c)
	if err != nil {
		return nil, err
	}
	first := b.unused(c.name + "_depthwise")
	h := b.bind(c)
	h.want("depthwise_kernel", first+".w", o.op.Size, o.x.width, o.Multiplier)
	h.want("pointwise_kernel", c.name+".w", 1, o.multiples, o.Filters)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", o.Filters)
	}
	op := &graph.Conv{Units: o.Filters, Size: 1, NoBias: o.op.NoBias, Activation: o.op.Activation}
	o.op.NoBias, o.op.Activation = true, ""
	deep := o.add(b, first, o.multiples, o.x.width)
	return []*flow{b.add(c.name, op, o.Filters, true, deep.steps, "", deep)}, nil
}

func (b *builder) pool(c *call) ([]*flow, error) {
	var w windowed
	x, err := c.sequenceOf()
	if err != nil {
		return nil, err
	}
	size, stride, _, p, err := w.read(c)
	if err != nil {
		return nil, err
	}
	if stride == 0 {
		stride = size
	}
	op := &graph.Pool{By: "max", Size: size, Stride: stride, Padding: p}
	if c.Class == "AveragePooling1D" {
		op.By = "average"
	}
	return []*flow{b.add(c.name, op, x.width, true, after(x.steps, size, stride, 1, p), "", x)}, nil
}

func (b *builder) globalPool(c *call) ([]*flow, error) {
	var o struct {
		Format string `json:"data_format"`
		Keep   bool   `json:"keepdims"`
	}
	x, err := c.sequenceWith(&o)
	if err == nil && (o.Keep || o.Format != "" && o.Format != "channels_last") {
		err = fmt.Errorf("keepdims, and data_format %q, are not supported", o.Format)
	}
	if err != nil {
		return nil, err
	}
	op := &graph.GlobalPool{By: "average"}
	if c.Class == "GlobalMaxPooling1D" {
		op = &graph.GlobalPool{By: "max", All: true} // it sees no mask
	} else if x, err = b.masked(x, c.mask); err != nil {
		return nil, err
	}
	return []*flow{b.add(c.name, op, x.width, false, -1, "", x)}, nil
}
