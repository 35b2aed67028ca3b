package optim

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// Adagrad divides by the root of the sum of all squared gradients so far (Duchi
// et al. 2011), with d the gradient:
//
//	d = d + WeightDecay·p
//	s = s + d²                        s = Initial at first
//	p = p - LR·d/(√s + Eps)
//
// The defaults are PyTorch's; TensorFlow has an Initial of 0.1.
type Adagrad struct {
	LR          float64 // default 0.01
	Eps         float64 // default 1e-10
	Initial     float64 // default 0
	WeightDecay float64 // default 0
	Scale       Scale   // default none

	memory
}

// Rate is the learning rate.
func (o *Adagrad) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *Adagrad) SetRate(lr float64) { o.LR = field(lr) }

const adagradSum = "sum"

// SetSlots implements HasState.
func (o *Adagrad) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, steps, slots, adagradSum)
}

// Step implements Optimizer.
func (o *Adagrad) Step(g *grad.Tape, params []nn.Param) {
	eps := Float(or(o.Eps, 1e-10))
	o.steps++
	for u := range updates(g, params, o.Scale, o.Rate(), o.WeightDecay) {
		p, lr := u.Value.Data, Float(u.lr)
		s := o.slot(u.Param, adagradSum, Float(o.Initial))
		for i, d := range u.decayed() {
			s[i] += d * d
			p[i] -= lr * d / (root(s[i]) + eps)
		}
	}
}
