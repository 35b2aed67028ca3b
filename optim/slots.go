package optim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
)

// A HasState optimizer remembers something from step to step. Slots are its
// memories, several for each parameter, by names such as "m.encoder.wx"; with
// them and the number of steps taken it continues as if it had never stopped.
// What Slots returns shares memory with the optimizer; SetSlots copies, and
// changes nothing where it returns an error.
type HasState interface {
	Optimizer
	Slots(params []nn.Param) (steps int, slots map[string][]Float)
	SetSlots(params []nn.Param, steps int, slots map[string][]Float) error
}

// memory keeps the slots of an optimizer.
type memory struct {
	steps int
	slots map[*grad.Var]map[string][]Float
}

// slot returns a slot of p, filled with first if it is new.
func (m *memory) slot(p nn.Param, name string, first Float) []Float {
	d := m.slots[p.Var][name]
	if d == nil {
		d = make([]Float, len(p.Value.Data))
		for i := range d {
			d[i] = first
		}
		m.set(p.Var, name, d)
	}
	return d
}

func (m *memory) set(v *grad.Var, name string, d []Float) {
	if m.slots == nil {
		m.slots = map[*grad.Var]map[string][]Float{}
	}
	if m.slots[v] == nil {
		m.slots[v] = map[string][]Float{}
	}
	m.slots[v][name] = d
}

// Slots implements HasState.
func (m *memory) Slots(params []nn.Param) (steps int, slots map[string][]Float) {
	slots = map[string][]Float{}
	for _, p := range params {
		for name, d := range m.slots[p.Var] {
			slots[name+"."+p.Name] = d
		}
	}
	return m.steps, slots
}

// restore sets the slots of the given names from a saved state. A parameter that
// no gradient had reached has none, any other has all.
func (m *memory) restore(params []nn.Param, steps int, slots map[string][]Float, names ...string) error {
	var restored memory
	used := map[string]bool{}
	for _, p := range params {
		found := 0
		for _, name := range names {
			key := name + "." + p.Name
			d, ok := slots[key]
			if !ok {
				continue
			}
			if len(d) != len(p.Value.Data) {
				return fmt.Errorf("optim: saved %s has %d values, the parameter %d", key, len(d), len(p.Value.Data))
			}
			restored.set(p.Var, name, slices.Clone(d))
			used[key] = true
			found++
		}
		if found != 0 && found != len(names) {
			return fmt.Errorf("optim: %s was saved without some of %v, as by another optimizer", p.Name, names)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(slots)) {
		if !used[key] {
			return fmt.Errorf("optim: saved %s belongs to no parameter and optimizer of this model", key)
		}
	}
	m.steps, m.slots = steps, restored.slots
	return nil
}
