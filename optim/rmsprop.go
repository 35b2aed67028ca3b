package optim

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// RMSProp divides by a running root mean square (Hinton 2012), with d the
// gradient, as PyTorch has it:
//
//	v = Alpha·v + (1-Alpha)·d²
//	a = Alpha·a + (1-Alpha)·d          with Centered (Graves 2013), else 0
//	m = Momentum·m + d/(√(v-a²) + Eps)
//	p = p - LR·m
//
// TF1 is TensorFlow 1's form: v begins at 1, Eps joins v-a² under the root, and
// LR joins d before the momentum.
type RMSProp struct {
	LR          float64 // default 0.01
	Alpha       float64 // default 0.99
	Eps         float64 // default 1e-8
	Momentum    float64 // default 0
	Centered    bool
	TF1         bool
	WeightDecay float64 // added to the gradient; default 0

	memory
}

// Rate is the learning rate.
func (o *RMSProp) Rate() float64 { return or(o.LR, 0.01) }

// SetRate changes it.
func (o *RMSProp) SetRate(lr float64) { o.LR = lr }

var rmsSlots = []string{"v", "a", "momentum"}

// SetSlots implements Stater.
func (o *RMSProp) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	return o.restore(params, rmsSlots, steps, slots)
}

// Step implements Optimizer.
func (o *RMSProp) Step(g *grad.Tape, params []nn.Param) {
	lr, alpha, eps, mu := Float(o.Rate()), Float(or(o.Alpha, 0.99)), Float(or(o.Eps, 1e-8)), Float(o.Momentum)
	var begin Float
	if o.TF1 {
		begin = 1
	}
	o.steps++
	for _, p := range params {
		t := g.Reached(p.Var)
		if t == nil {
			continue
		}
		if o.WeightDecay != 0 {
			kernel.Axpy(Float(o.WeightDecay), p.Value.Data, t.Data)
		}
		s := o.of(p, rmsSlots, begin)
		v, a, m := s[0], s[1], s[2]
		for i, d := range t.Data {
			v[i] = alpha*v[i] + (1-alpha)*d*d
			if o.Centered {
				a[i] = alpha*a[i] + (1-alpha)*d
			}
			if o.TF1 {
				m[i] = mu*m[i] + lr*d/root(v[i]-a[i]*a[i]+eps)
				p.Value.Data[i] -= m[i]
			} else {
				m[i] = mu*m[i] + d/(root(v[i]-a[i]*a[i])+eps)
				p.Value.Data[i] -= lr * m[i]
			}
		}
	}
}

// root is √x, 0 where rounding has made x negative.
func root(x Float) Float { return Float(math.Sqrt(max(float64(x), 0))) }
