package task

import (
	"fmt"
	"sync"
)

// Parts splits a run into n trainings that go on side by side, with so many steps in all. The
// options of training i have a checkpoint of its own, whose name is o.Checkpoint and i.
// OnStep counts the steps of all. OnEpoch is called when all have ended an epoch, with the
// means of their losses and of the scores that all have. There is one call at a time.
func (o Options) Parts(n, steps int) func(i int) Options {
	p := &parts{o: o, steps: steps, done: make([]int, n), epochs: make([][]Epoch, n)}
	return func(i int) Options {
		part := Options{Resume: o.Resume, Begin: o.Begin, OnResume: func(steps int) { p.resume(i, steps) }}
		if o.Checkpoint != "" {
			part.Checkpoint = fmt.Sprintf("%s.%d", o.Checkpoint, i)
		}
		if o.OnStep != nil {
			part.OnStep = func(s Step) { p.step(i, s) }
		}
		if o.OnEpoch != nil {
			part.OnEpoch = func(e Epoch) bool { return p.epoch(i, e) }
		}
		return part
	}
}

// parts are trainings side by side.
type parts struct {
	o     Options
	steps int // steps in all

	mu      sync.Mutex
	done    []int // steps that each has done
	all     int   // their sum
	epochs  [][]Epoch
	told    int // epochs that OnEpoch was called for
	stopped bool
}

func (p *parts) resume(i, steps int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(i, steps)
	if p.o.OnResume != nil {
		p.o.OnResume(p.all)
	}
}

// count notes the steps that training i has done.
func (p *parts) count(i, steps int) {
	p.all += steps - p.done[i]
	p.done[i] = steps
}

func (p *parts) step(i int, s Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(i, s.Progress.Step)
	s.Progress.Step, s.Of = p.all, p.steps
	p.o.OnStep(s)
}

// epoch keeps an epoch of training i, until all have ended it.
func (p *parts) epoch(i int, e Epoch) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epochs[i] = append(p.epochs[i], e)
	var same []Epoch
	for _, ended := range p.epochs {
		if len(ended) <= p.told {
			return !p.stopped
		}
		same = append(same, ended[p.told])
	}
	p.told++
	p.stopped = !p.o.OnEpoch(mean(same)) || p.stopped
	return !p.stopped
}

// mean is what an epoch of all trainings came to. It is the best if it is that of each.
func mean(same []Epoch) Epoch {
	n := float64(len(same))
	sum := Epoch{Of: same[0].Of}
	sum.N, sum.Improved = same[0].N, true
	for _, e := range same {
		sum.Steps += e.Steps
		sum.PeakBytes += e.PeakBytes
		sum.Loss += e.Loss / n
		sum.Score += e.Score / n
		sum.Best += e.Best / n
		sum.Improved = sum.Improved && e.Improved
		sum.Elapsed = max(sum.Elapsed, e.Elapsed)
	}
	for name := range same[0].Scores {
		total, have := 0.0, 0
		for _, e := range same {
			if v, ok := e.Scores[name]; ok {
				total += v / n
				have++
			}
		}
		if have == len(same) {
			if sum.Scores == nil {
				sum.Scores = Scores{}
			}
			sum.Scores[name] = total
		}
	}
	return sum
}

// Part is the options of training i of n that go on one after another, each of so many steps.
// Steps and epochs count on from those before it. All but the first have i in the name of
// their checkpoint.
func (o Options) Part(i, n, steps int) Options {
	part := Options{Checkpoint: o.Checkpoint, Resume: o.Resume, Begin: o.Begin}
	if o.Checkpoint != "" && i > 0 {
		part.Checkpoint += fmt.Sprintf(".%d", i)
	}
	if o.OnResume != nil {
		part.OnResume = func(done int) { o.OnResume(i*steps + done) }
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
