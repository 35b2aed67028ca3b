package task

import (
	"fmt"
	"sync"
)

// Parts splits a run into trainings that go on side by side, with so many steps in all. The
// options of training i have a checkpoint of its own, whose name is o.Checkpoint and i.
// OnStep counts the steps of all, one call at a time; OnEpoch is not called.
func (o Options) Parts(steps int) func(i int) Options {
	var mu sync.Mutex
	done, all := map[int]int{}, 0
	return func(i int) Options {
		part := Options{Resume: o.Resume, Begin: o.Begin}
		if o.Checkpoint != "" {
			part.Checkpoint = fmt.Sprintf("%s.%d", o.Checkpoint, i)
		}
		if o.OnStep != nil {
			part.OnStep = func(s Step) {
				mu.Lock()
				defer mu.Unlock()
				all += s.Progress.Step - done[i]
				done[i] = s.Progress.Step
				s.Progress.Step, s.Of = all, steps
				o.OnStep(s)
			}
		}
		return part
	}
}

// Part is the options of training i of n that go on one after another, each of so many steps.
// Steps and epochs count on from those before it. All but the first have i in the name of
// their checkpoint.
func (o Options) Part(i, n, steps int) Options {
	part := Options{Checkpoint: o.Checkpoint, Resume: o.Resume, Begin: o.Begin}
	if o.Checkpoint != "" && i > 0 {
		part.Checkpoint += fmt.Sprintf(".%d", i)
	}
	if o.OnStep != nil {
		part.OnStep = func(s Step) {
			s.Progress.Step, s.Of = s.Progress.Step+i*steps, n*steps
			o.OnStep(s)
		}
	}
	if o.OnEpoch != nil {
		part.OnEpoch = func(e Epoch) bool {
			e.N, e.Steps, e.Of = e.N+i*e.Of, e.Steps+i*steps, n*e.Of
			return o.OnEpoch(e)
		}
	}
	return part
}
