package optim

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// Adam is Kingma & Ba 2015, with d the gradient of step t, from 1:
//
//	d = d + WeightDecay·p
//	m = Beta1·m + (1-Beta1)·d
//	v = Beta2·v + (1-Beta2)·d²
//	p = p - LR · (m/(1-Beta1ᵗ)) / (√(v/(1-Beta2ᵗ)) + Eps)
//
// as PyTorch has it. In AdamW weights decay apart from the gradient.
type Adam struct {
	LR           float64 // default 1e-3
	Beta1, Beta2 float64 // defaults 0.9, 0.999
	Eps          float64 // default 1e-8
	WeightDecay  float64 // default 0
	Scale        Scale   // default none

	memory
}

// AdamW is Adam with decoupled weight decay, p = p - LR·WeightDecay·p before the
// step (Loshchilov & Hutter 2019).
type AdamW struct {
	LR           float64 // default 1e-3
	Beta1, Beta2 float64 // defaults 0.9, 0.999
	Eps          float64 // default 1e-8
	WeightDecay  float64 // default 0.01
	Scale        Scale   // default none; DecayMatrices is usual

	memory
}

// Rate is the learning rate.
func (o *Adam) Rate() float64 { return or(o.LR, 1e-3) }

// SetRate changes it.
func (o *Adam) SetRate(lr float64) { o.LR = field(lr) }

// Rate is the learning rate.
func (o *AdamW) Rate() float64 { return or(o.LR, 1e-3) }

// SetRate changes it.
func (o *AdamW) SetRate(lr float64) { o.LR = field(lr) }

const (
	adamMean   = "m"
	adamSquare = "v"
)

// SetSlots implements HasState.
func (o *Adam) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, steps, slots, adamMean, adamSquare)
}

// SetSlots implements HasState.
func (o *AdamW) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, steps, slots, adamMean, adamSquare)
}

// Step implements Optimizer.
func (o *Adam) Step(g *grad.Tape, params []nn.Param) {
	a := o.adam(o.Beta1, o.Beta2, o.Eps)
	for u := range updates(g, params, o.Scale, o.Rate(), o.WeightDecay) {
		u.d, u.decay = u.decayed(), 0
		a.update(u)
	}
}

// Step implements Optimizer.
func (o *AdamW) Step(g *grad.Tape, params []nn.Param) {
	a := o.adam(o.Beta1, o.Beta2, o.Eps)
	for u := range updates(g, params, o.Scale, o.Rate(), or(o.WeightDecay, 0.01)) {
		a.update(u)
	}
}

// adamStep is one step of either.
type adamStep struct {
	*memory
	b1, b2, eps, c1, c2 Float // c1 = 1-b1ᵗ, c2 = 1-b2ᵗ
}

func (m *memory) adam(beta1, beta2, eps float64) adamStep {
	m.steps++
	b1, b2, t := Float(or(beta1, 0.9)), Float(or(beta2, 0.999)), float64(m.steps)
	// from the betas as rounded to Float, so that means have weights that sum to 1
	c1, c2 := 1-math.Pow(float64(b1), t), 1-math.Pow(float64(b2), t)
	return adamStep{m, b1, b2, Float(or(eps, 1e-8)), Float(c1), Float(c2)}
}

func (a adamStep) update(u update) {
	m, v := a.slot(u.Param, adamMean, 0), a.slot(u.Param, adamSquare, 0)
	kernel.Adam(u.Value.Data, u.d, m, v, Float(u.lr), a.b1, a.b2, a.eps, a.c1, a.c2, Float(u.decay))
}
