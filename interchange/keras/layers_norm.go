package keras

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// axisIsLast checks that a layer works over the last axis of its input.
func axisIsLast(axis numbers, x *flow) error {
	last := 1
	if x.sequence {
		last = 2
	}
	last += len(x.space)
	if len(axis) > 1 || len(axis) == 1 && axis[0] != -1 && axis[0] != last {
		return fmt.Errorf("it works over axis %v, not the last", []int(axis))
	}
	return nil
}

// A norm is what layer and batch normalisation have in common.
type norm struct {
	Axis    numbers
	Epsilon float64
	Center  *bool
	Scale   *bool
	RMS     bool `json:"rms_scaling"`
	Renorm  bool
}

// readNorm reads a normalisation over the last axis of the only input.
func (c *call) readNorm() (o norm, x *flow, err error) {
	o.Epsilon = 1e-3
	if x, err = c.inputWith(&o); err == nil {
		err = axisIsLast(o.Axis, x)
	}
	return o, x, err
}

func (b *builder) layerNorm(c *call) ([]*flow, error) {
	o, x, err := c.readNorm()
	if err == nil && o.RMS {
		err = fmt.Errorf("rms_scaling")
	}
	if err == nil && o.Epsilon <= 0 {
		err = fmt.Errorf("epsilon is %v", o.Epsilon)
	}
	if err != nil {
		return nil, err
	}
	h := b.bind(c)
	if yes(o.Scale) {
		h.want("gamma", c.name+".gain", x.width)
	} else {
		h.set(c.name+".gain", 1)
	}
	if yes(o.Center) {
		h.want("beta", c.name+".shift", x.width)
	} else {
		h.set(c.name+".shift", 0)
	}
	return b.same(c, &graph.LayerNorm{Eps: o.Epsilon}, x.width)
}

// batchNorm is γ(x-μ)/√(σ²+ε) + β with the moving mean μ and variance σ², which is a
// gain and a shift.
func (b *builder) batchNorm(c *call) ([]*flow, error) {
	o, x, err := c.readNorm()
	if err == nil && o.Renorm {
		err = fmt.Errorf("renorm")
	}
	if err != nil {
		return nil, err
	}
	h, channels := b.bind(c), x.channels()
	if yes(o.Scale) {
		h.keep("gamma", channels)
	}
	if yes(o.Center) {
		h.keep("beta", channels)
	}
	h.keep("moving_mean", channels).frozen = true
	h.keep("moving_variance", channels).frozen = true
	h.finish = func(v map[string][]tensor.Float, to params) {
		gain, shift := to[c.name+".gain"].Value.Data, to[c.name+".shift"].Value.Data
		for at := range gain {
			i := at % channels // every place has the same
			gamma, beta := 1.0, 0.0
			if g := v["gamma"]; g != nil {
				gamma = float64(g[i])
			}
			if b := v["beta"]; b != nil {
				beta = float64(b[i])
			}
			k := gamma / math.Sqrt(float64(v["moving_variance"][i])+o.Epsilon)
			gain[at], shift[at] = tensor.Float(k), tensor.Float(beta-k*float64(v["moving_mean"][i]))
		}
	}
	return b.same(c, &graph.Affine{}, x.width)
}

// normalization is (x-μ)/max(σ, 1e-7) with a mean and a variance that were measured.
func (b *builder) normalization(c *call) ([]*flow, error) {
	var o struct {
		Axis     numbers
		Mean     any
		Variance any
		Invert   bool
	}
	x, err := c.inputWith(&o)
	if err == nil && len(o.Axis) == 0 {
		err = fmt.Errorf("one mean for all values")
	}
	if err == nil {
		err = axisIsLast(o.Axis, x)
	}
	if err == nil && (o.Mean != nil || o.Variance != nil || o.Invert) {
		err = fmt.Errorf("a mean and variance that were given, and invert, are not supported")
	}
	if err != nil {
		return nil, err
	}
	h := b.bind(c)
	h.keep("mean", x.width).frozen = true
	h.keep("variance", x.width).frozen = true
	count := h.keep("count")
	count.frozen, count.unread = true, true
	h.finish = func(v map[string][]tensor.Float, to params) {
		gain, shift := to[c.name+".gain"].Value.Data, to[c.name+".shift"].Value.Data
		for i := range gain {
			k := 1 / max(math.Sqrt(float64(v["variance"][i])), 1e-7)
			gain[i], shift[i] = tensor.Float(k), tensor.Float(-k*float64(v["mean"][i]))
		}
	}
	return b.same(c, &graph.Affine{}, x.width)
}
