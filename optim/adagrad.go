package optim

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// Adagrad divides by the root of the sum of all squared gradients so far (Duchi
// et al. 2011), with d the gradient:
//
//	s = s + d²
//	p = p - LR·d/(√s + Eps)
type Adagrad struct {
	LR          float64 // default 0.01
	Eps         float64 // default 1e-10
	Initial     float64 // what s begins with, default 0; TensorFlow has 0.1
	WeightDecay float64 // added to the gradient; default 0

	memory
}

// Rate is the learning rate.
func (o *Adagrad) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *Adagrad) SetRate(lr float64) { o.LR = lr }

var adagradSlots = []string{"sum"}

// SetSlots implements Stater.
func (o *Adagrad) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, adagradSlots, steps, slots)
}

// Step implements Optimizer.
func (o *Adagrad) Step(g *grad.Tape, params []nn.Param) {
	lr, eps := Float(o.Rate()), Float(or(o.Eps, 1e-10))
	o.steps++
	for _, p := range params {
		t := g.Reached(p.Var)
		if t == nil {
			continue
		}
		if o.WeightDecay != 0 {
			kernel.Axpy(Float(o.WeightDecay), p.Value.Data, t.Data)
		}
		s := o.of(p, adagradSlots, Float(o.Initial))[0]
		for i, d := range t.Data {
			s[i] += d * d
			p.Value.Data[i] -= lr * d / (root(s[i]) + eps)
		}
	}
}
