package optim

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// Adam is Kingma & Ba 2015, with d the gradient:
//
//	m = Beta1·m + (1-Beta1)·d
//	v = Beta2·v + (1-Beta2)·d²
//	p = p - LR · (m/(1-Beta1ᵗ)) / (√(v/(1-Beta2ᵗ)) + Eps)
//
// WeightDecay adds WeightDecay·p to the gradient first, as PyTorch's Adam does;
// AdamW decays apart from the gradient.
type Adam struct {
	LR           float64 // default 1e-3
	Beta1, Beta2 float64 // defaults 0.9, 0.999
	Eps          float64 // default 1e-8
	WeightDecay  float64 // default 0

	memory
}

// AdamW is Adam with decoupled weight decay, p = p - LR·WeightDecay·p before the
// step (Loshchilov & Hutter 2019).
type AdamW struct {
	LR           float64 // default 1e-3
	Beta1, Beta2 float64 // defaults 0.9, 0.999
	Eps          float64 // default 1e-8
	WeightDecay  float64 // default 0.01; negative for none

	memory
}

// Rate is the learning rate.
func (o *Adam) Rate() float64 { return or(o.LR, 1e-3) }

// SetRate changes it.
func (o *Adam) SetRate(lr float64) { o.LR = lr }

// Rate is the learning rate.
func (o *AdamW) Rate() float64 { return or(o.LR, 1e-3) }

// SetRate changes it.
func (o *AdamW) SetRate(lr float64) { o.LR = lr }

var adamSlots = []string{"m", "v"}

// SetSlots implements Stater.
func (o *Adam) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, adamSlots, steps, slots)
}

// SetSlots implements Stater.
func (o *AdamW) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, adamSlots, steps, slots)
}

// Step implements Optimizer.
func (o *Adam) Step(g *grad.Tape, params []nn.Param) {
	o.adam(g, params, o.Rate(), or(o.Beta1, 0.9), or(o.Beta2, 0.999), or(o.Eps, 1e-8), o.WeightDecay, 0)
}

// Step implements Optimizer.
func (o *AdamW) Step(g *grad.Tape, params []nn.Param) {
	decay := max(or(o.WeightDecay, 0.01), 0)
	o.adam(g, params, o.Rate(), or(o.Beta1, 0.9), or(o.Beta2, 0.999), or(o.Eps, 1e-8), 0, decay)
}

// adam does a step of both: l2 joins the gradient, decay shrinks the parameter.
func (m *memory) adam(g *grad.Tape, params []nn.Param, lr, b1, b2, eps, l2, decay float64) {
	m.steps++
	c1, c2 := 1-math.Pow(b1, float64(m.steps)), 1-math.Pow(b2, float64(m.steps))
	for _, p := range params {
		d := g.Reached(p.Var)
		if d == nil {
			continue
		}
		if l2 != 0 {
			kernel.Axpy(Float(l2), p.Value.Data, d.Data)
		}
		s := m.of(p, adamSlots)
		kernel.Adam(p.Value.Data, d.Data, s[0], s[1], Float(lr), Float(b1), Float(b2), Float(eps), Float(c1), Float(c2), Float(decay))
	}
}
