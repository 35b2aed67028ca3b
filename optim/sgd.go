package optim

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// SGD is stochastic gradient descent with momentum, as PyTorch has it:
//
//	d = gradient + WeightDecay·p
//	m = Momentum·m + d              m = d at first
//	p = p - LR·m                    or LR·(d + Momentum·m) with Nesterov
//
// (Polyak 1964; Nesterov 1983; Sutskever et al. 2013).
type SGD struct {
	LR          float64 // default 0.01
	Momentum    float64 // default 0
	Nesterov    bool
	WeightDecay float64 // default 0

	memory
}

// Rate is the learning rate.
func (o *SGD) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *SGD) SetRate(lr float64) { o.LR = lr }

var sgdSlots = []string{"momentum"}

// SetSlots implements Stater.
func (o *SGD) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, sgdSlots, steps, slots)
}

// Step implements Optimizer.
func (o *SGD) Step(g *grad.Tape, params []nn.Param) {
	lr, mu := Float(o.Rate()), Float(o.Momentum)
	o.steps++
	for _, p := range params {
		t := g.Reached(p.Var)
		if t == nil {
			continue
		}
		d := t.Data
		if o.WeightDecay != 0 {
			kernel.Axpy(Float(o.WeightDecay), p.Value.Data, d)
		}
		if mu != 0 {
			m := o.of(p, sgdSlots)[0]
			for i, x := range d {
				m[i] = mu*m[i] + x
				if o.Nesterov {
					d[i] = x + mu*m[i]
				} else {
					d[i] = m[i]
				}
			}
		}
		kernel.Axpy(-lr, d, p.Value.Data)
	}
}
