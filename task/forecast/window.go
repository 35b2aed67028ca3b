package forecast

import (
	"math"

	"github.com/recur-go/recur/task/forecast/theta"
	"github.com/recur-go/recur/tensor"
)

// A window is one sequence for the net: Window steps of a series up to an origin
// and then the Horizon steps after it, whose inputs are known at the origin.
type window struct {
	p      *prepared
	origin int // steps of p before the forecast
}

// The inputs of a step. All values are in units of the series' own changes.
const (
	change   = iota // from the step before
	height          // above the level at the origin; after it, that of the season before, above the level then
	yearly          // change from the season before
	future          // 1 after the origin
	ahead           // steps after the origin, as a fraction of the horizon
	shape           // seasonal index
	slope           // of the straight line through the series up to the origin, its last 4,096 values if there are more
	unknown         // 1 where the value is missing
	features        // how many
)

// inputs fills row b of x [Window+Horizon, batch, features].
func (c *Config) inputs(w window, x *tensor.Tensor, b int) {
	const unit = 4 // brings differences over many steps near to 1
	p, o, m := w.p, w.origin, c.Season
	level := p.x[o-1]
	at := func(t int) float64 { return p.x[max(t, 0)] }
	B := x.Dim(1)
	row := func(s int) []tensor.Float { return x.Data[(s*B+b)*features : (s*B+b+1)*features] }
	for s := range c.Window {
		r, t := row(s), o-c.Window+s
		clear(r)
		if t < 0 || !p.known[t] {
			r[unknown] = 1
		}
		if t >= 0 {
			r[change] = tensor.Float(at(t) - at(t-1))
			r[height] = tensor.Float((at(t) - level) / unit)
			r[yearly] = tensor.Float((at(t) - at(t-m)) / unit)
			r[shape] = tensor.Float(p.index[t%m] / unit)
		}
	}
	_, trend := theta.Line(p.x[max(o-4096, 0):o])
	for k := range c.Horizon {
		r := row(c.Window + k)
		clear(r)
		r[future] = 1
		r[ahead] = tensor.Float(k+1) / tensor.Float(c.Horizon)
		r[height] = tensor.Float((at(o+k%m-m) - at(o-1-m)) / unit)
		r[shape] = tensor.Float(p.index[(o+k)%m] / unit)
		r[slope] = tensor.Float(trend * float64(k+1) / unit)
	}
}

// targets fills row b of y [Horizon, batch] with what came after the origin,
// from the value at the origin; NaN is unknown.
func (c *Config) targets(w window, y *tensor.Tensor, b int) {
	for k := range c.Horizon {
		v := math.NaN()
		if t := w.origin + k; t < len(w.p.x) && w.p.known[t] {
			v = w.p.x[t] - w.p.x[w.origin-1]
		}
		y.Data[k*y.Dim(1)+b] = tensor.Float(v)
	}
}
