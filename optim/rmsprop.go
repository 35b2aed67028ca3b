package optim

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// RMSProp divides by a running root mean square (Hinton 2012), with d the
// gradient, as PyTorch has it:
//
//	d = d + WeightDecay·p
//	v = Alpha·v + (1-Alpha)·d²
//	a = Alpha·a + (1-Alpha)·d          with Centered (Graves 2013), else 0
//	m = Momentum·m + d/(√(v-a²) + Eps)
//	p = p - LR·m
//
// TF1 is TensorFlow 1's form: v begins at 1, Eps joins v-a² under the root, and
// LR joins d before the momentum. Its own defaults are an Alpha of 0.9 and an Eps
// of 1e-10.
type RMSProp struct {
	LR          float64 // default 0.01
	Alpha       float64 // default 0.99
	Eps         float64 // default 1e-8
	Momentum    float64 // default 0
	Centered    bool
	TF1         bool
	WeightDecay float64 // default 0
	Scale       Scale   // default none

	memory
}

// Rate is the learning rate.
func (o *RMSProp) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *RMSProp) SetRate(lr float64) { o.LR = field(lr) }

const (
	rmsSquare   = "v"
	rmsMean     = "a"
	rmsMomentum = "momentum"
)

// SetSlots implements HasState.
func (o *RMSProp) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	names := []string{rmsSquare}
	if o.Centered {
		names = append(names, rmsMean)
	}
	if or(o.Momentum, 0) != 0 {
		names = append(names, rmsMomentum)
	}
	return o.restore(params, steps, slots, names...)
}

// Step implements Optimizer.
func (o *RMSProp) Step(g *grad.Tape, params []nn.Param) {
	alpha, eps, mu := or(o.Alpha, 0.99), Float(or(o.Eps, 1e-8)), Float(or(o.Momentum, 0))
	keep, take := Float(alpha), Float(1-alpha)
	var begin, inside, outside Float = 0, 0, eps // where Eps goes
	if o.TF1 {
		begin, inside, outside = 1, eps, 0
	}
	o.steps++
	for u := range updates(g, params, o.Scale, o.Rate(), o.WeightDecay) {
		d, lr := u.decayed(), Float(u.lr)
		v := o.slot(u.Param, rmsSquare, begin)
		for i, x := range d {
			v[i] = keep*v[i] + take*x*x
		}
		if o.Centered {
			a := o.slot(u.Param, rmsMean, 0)
			for i, x := range d {
				a[i] = keep*a[i] + take*x
				d[i] = x / (root(v[i]-a[i]*a[i]+inside) + outside)
			}
		} else {
			for i, x := range d {
				d[i] = x / (root(v[i]+inside) + outside)
			}
		}
		o.descend(u, lr, mu)
	}
}

// descend moves against u.d with momentum.
func (o *RMSProp) descend(u update, lr, mu Float) {
	p := u.Value.Data
	if mu == 0 {
		for i, x := range u.d {
			p[i] -= lr * x
		}
		return
	}
	m := o.slot(u.Param, rmsMomentum, 0)
	for i, x := range u.d {
		if o.TF1 {
			m[i] = mu*m[i] + lr*x
			p[i] -= m[i]
		} else {
			m[i] = mu*m[i] + x
			p[i] -= lr * m[i]
		}
	}
}

// root is √x, 0 where rounding has made x negative.
func root(x Float) Float { return Float(math.Sqrt(max(float64(x), 0))) }
