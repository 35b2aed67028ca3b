package optim

import (
	"fmt"
	"maps"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
)

// Average steps as the optimizer Of does, and keeps an average a of each parameter
// p over the steps, which often does better on new data than the last p (Polyak &
// Juditsky 1992):
//
//	a = a + (p-a)/t                    the mean over steps 1 to t; with Decay
//	a = a + (p-a)·max(1-Decay, 1/t)    the mean at first, in time an exponential one
//
// Swap puts the averages into the model. train.Fit does so for each validation and
// at the end.
type Average struct {
	Of    Optimizer // default Adam
	Decay float64   // default 0; 0.999 is usual
	Start int       // steps that are not averaged, default 0

	memory
}

// Averaged is an Average of o for a run of so many steps, or o itself if decay is 0. In a
// run of few steps its decay is less, so that it forgets the beginning: it is an average
// over half of the steps at most.
func Averaged(o Optimizer, decay float64, steps int) Optimizer {
	if decay == 0 {
		return o
	}
	return &Average{Of: o, Decay: min(decay, max(1-2/float64(steps), 0.5))}
}

const (
	averageSlot = "average"
	ofPrefix    = "of."
)

func (o *Average) of() Optimizer {
	if o.Of == nil {
		o.Of = &Adam{}
	}
	return o.Of
}

// Rate is that of Of, 0 if that has none.
func (o *Average) Rate() float64 {
	if r, ok := o.of().(HasRate); ok {
		return r.Rate()
	}
	return 0
}

// SetRate changes it.
func (o *Average) SetRate(lr float64) {
	if r, ok := o.of().(HasRate); ok {
		r.SetRate(lr)
	}
}

// Step implements Optimizer.
func (o *Average) Step(g *grad.Tape, params []nn.Param) {
	o.of().Step(g, params)
	o.steps++
	t := o.steps - o.Start
	if t < 1 {
		return
	}
	w := 1 / float64(t)
	if o.Decay > 0 {
		w = max(1-o.Decay, w)
	}
	for _, p := range params {
		a := o.slot(p, averageSlot, 0)
		kernel.Scale(Float(1-w), a)
		kernel.Axpy(Float(w), p.Value.Data, a)
	}
}

// Swap exchanges parameters and their averages. Swap again before the next Step.
func (o *Average) Swap(params []nn.Param) {
	for _, p := range params {
		a, d := o.slots[p.Var][averageSlot], p.Value.Data
		for i := range a {
			a[i], d[i] = d[i], a[i]
		}
	}
}

// Slots implements HasState.
func (o *Average) Slots(params []nn.Param) (steps int, slots map[string][]Float) {
	steps, slots = o.memory.Slots(params)
	if s, ok := o.of().(HasState); ok {
		_, inner := s.Slots(params)
		for name, d := range inner {
			slots[ofPrefix+name] = d
		}
	}
	return steps, slots
}

// SetSlots implements HasState.
func (o *Average) SetSlots(params []nn.Param, steps int, slots map[string][]Float) error {
	outer, inner := maps.Clone(slots), map[string][]Float{}
	for name, d := range slots {
		if of, ok := strings.CutPrefix(name, ofPrefix); ok {
			inner[of] = d
			delete(outer, name)
		}
	}
	averages := o.memory
	if err := averages.restore(params, steps, outer, averageSlot); err != nil {
		return err
	}
	if s, ok := o.of().(HasState); ok {
		if err := s.SetSlots(params, steps, inner); err != nil {
			return err
		}
	} else if len(inner) > 0 {
		return fmt.Errorf("optim: saved slots of an optimizer, but %T keeps none", o.Of)
	}
	o.memory = averages
	return nil
}
