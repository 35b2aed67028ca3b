package optim

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// SGD is stochastic gradient descent with momentum, as PyTorch has it, with d the
// gradient:
//
//	d = d + WeightDecay·p
//	m = Momentum·m + d              m = d at first
//	p = p - LR·m                    or LR·(d + Momentum·m) with Nesterov
//
// (Polyak 1964; Nesterov 1983; Sutskever et al. 2013).
type SGD struct {
	LR          float64 // default 0.01
	Momentum    float64 // default 0
	Nesterov    bool
	WeightDecay float64 // default 0
	Scale       Scale   // default none

	memory
}

// Rate is the learning rate.
func (o *SGD) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *SGD) SetRate(lr float64) { o.LR = field(lr) }

const sgdMomentum = "momentum"

// SetSlots implements HasState.
func (o *SGD) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	if or(o.Momentum, 0) == 0 {
		return o.restore(params, steps, slots)
	}
	return o.restore(params, steps, slots, sgdMomentum)
}

// Step implements Optimizer.
func (o *SGD) Step(g *grad.Tape, params []nn.Param) {
	mu := or(o.Momentum, 0)
	o.steps++
	for u := range updates(g, params, o.Scale, o.Rate(), o.WeightDecay) {
		p, lr, decay := u.Value.Data, Float(u.lr), Float(u.decay)
		switch {
		case mu == 0:
			kernel.Axpy(-lr, u.decayed(), p)
		case o.Nesterov:
			kernel.Nesterov(p, u.d, o.slot(u.Param, sgdMomentum, 0), lr, Float(mu), decay)
		default:
			kernel.Momentum(p, u.d, o.slot(u.Param, sgdMomentum, 0), lr, Float(mu), decay)
		}
	}
}
