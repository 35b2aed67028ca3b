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
		err = fmt.Errorf("padding %q is not known", w.Padding)
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
		err = fmt.Errorf("it reads what is no sequence")
	}
	return x, err
}

func (b *builder) conv(c *call) ([]*flow, error) {
	var w windowed
	o := struct {
		Filters    int
		Groups     int
		Bias       *bool `json:"use_bias"`
		Activation activation
	}{Groups: 1}
	x, err := c.sequenceOf()
	if err == nil {
		err = c.read(&o)
	}
	if err != nil {
		return nil, err
	}
	size, stride, dilation, p, err := w.read(c)
	if err != nil {
		return nil, err
	}
	f, err := b.function(o.Activation)
	if err != nil {
		return nil, err
	}
	if o.Groups < 1 || x.width%o.Groups != 0 {
		return nil, fmt.Errorf("%d values in %d groups", x.width, o.Groups)
	}
	h := b.bind(c)
	h.want("kernel", c.name+".w", size, x.width/o.Groups, o.Filters)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", o.Filters)
	}
	op := &graph.Conv{Units: o.Filters, Size: size, Stride: stride, Dilation: dilation, Groups: o.Groups, Padding: p, NoBias: !yes(o.Bias), Activation: f}
	return []*flow{b.add(c.name, op, o.Filters, true, after(x.steps, size, max(stride, 1), dilation, p), "", x)}, nil
}

// depthwise is a convolution of each value by itself: one with as many groups. Its
// kernel [size, in, multiplier] lies as that of the groups [size, 1, in·multiplier].
func (b *builder) depthwise(c *call) ([]*flow, error) {
	var w windowed
	o := struct {
		Multiplier int   `json:"depth_multiplier"`
		Bias       *bool `json:"use_bias"`
		Activation activation
	}{Multiplier: 1}
	x, err := c.sequenceOf()
	if err == nil {
		err = c.read(&o)
	}
	if err != nil {
		return nil, err
	}
	size, stride, dilation, p, err := w.read(c)
	if err != nil {
		return nil, err
	}
	f, err := b.function(o.Activation)
	if err != nil {
		return nil, err
	}
	units := x.width * o.Multiplier
	h := b.bind(c)
	h.want("depthwise_kernel", c.name+".w", size, x.width, o.Multiplier)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", units)
	}
	op := &graph.Conv{Units: units, Size: size, Stride: stride, Dilation: dilation, Groups: x.width, Padding: p, NoBias: !yes(o.Bias), Activation: f}
	return []*flow{b.add(c.name, op, units, true, after(x.steps, size, max(stride, 1), dilation, p), "", x)}, nil
}

// separable is a depthwise convolution and then one of a single step.
func (b *builder) separable(c *call) ([]*flow, error) {
	var w windowed
	o := struct {
		Filters    int
		Multiplier int   `json:"depth_multiplier"`
		Bias       *bool `json:"use_bias"`
		Activation activation
	}{Multiplier: 1}
	x, err := c.sequenceOf()
	if err == nil {
		err = c.read(&o)
	}
	if err != nil {
		return nil, err
	}
	size, stride, dilation, p, err := w.read(c)
	if err != nil {
		return nil, err
	}
	f, err := b.function(o.Activation)
	if err != nil {
		return nil, err
	}
	units, first := x.width*o.Multiplier, b.unused(c.name+"_depthwise")
	h := b.bind(c)
	h.want("depthwise_kernel", first+".w", size, x.width, o.Multiplier)
	h.want("pointwise_kernel", c.name+".w", 1, units, o.Filters)
	if yes(o.Bias) {
		h.want("bias", c.name+".b", o.Filters)
	}
	deep := b.add(first, &graph.Conv{Units: units, Size: size, Stride: stride, Dilation: dilation, Groups: x.width, Padding: p, NoBias: true},
		units, true, after(x.steps, size, max(stride, 1), dilation, p), "", x)
	op := &graph.Conv{Units: o.Filters, Size: 1, NoBias: !yes(o.Bias), Activation: f}
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
	x, err := c.sequenceOf()
	if err == nil {
		err = c.read(&o)
	}
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
