package rnn

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// A LoopStep is what the loop function of Raw returns: what is done at the next step, and
// what is emitted for the last one.
type LoopStep struct {
	Finished []bool    // rows that take no further step; nil for none
	Input    *grad.Var // [batch, in] what the cell reads next
	State    State     // the state it starts from; nil keeps the cell's own
	Emit     *grad.Var // [batch, n] what the step just done gives; nil for the cell's output
}

// Raw runs c under the caller's own loop function, as tf.nn.raw_rnn does. loop
// is called before the first step with t = 0, a nil y and a nil s, and must then
// give the input and the finished flags, and the state unless Start will do.
// After step t-1 it gets the step's output y and state s; rows that finished
// earlier have zeros in y and their last state in s. l is the loop's own state
// and passes from call to call. The run ends when every row has finished, which
// is the caller's to ensure. It equals
//
//	step, l = loop(0, nil, nil, l)
//	for t := 1; !all(finished); t++ {
//		y, s = c.Step(g, step.Input, s) // for the rows not finished
//		step, l = loop(t, y, s, l)
//		emitted = append(emitted, step.Emit) // zero in finished rows
//		finished = finished or step.Finished
//	}
//
// The lengths of the emitted sequence are the steps that each row took.
func Raw[L any](g *grad.Tape, c Cell, batch int, loop func(t int, y *grad.Var, s State, l L) (LoopStep, L), l L) (emitted Seq, last State, _ L) {
	c = BeginSequence(g, c, batch)
	step, l := loop(0, nil, nil, l)
	s := step.State
	if s == nil {
		s = Start(g, c, batch)
	}
	s.check("rnn.Raw", c, batch)
	live := upTo(g, batch)
	lengths := make([]int, batch)
	var out []*grad.Var
	for t := 1; ; t++ {
		live = alive(g, live, step.Finished, batch)
		if len(live) == 0 {
			break
		}
		if step.Input == nil || step.Input.Dim(0) != batch {
			panic(&tensor.ShapeError{Op: "rnn.Raw", Detail: fmt.Sprintf("the loop function gave no input of batch %d at t = %d", batch, t-1)})
		}
		mustRead("rnn.Raw", c, step.Input)
		y, next := SelectRows(g, c, live).Step(g, g.GatherRows(step.Input, live), s.SelectRows(g, live))
		y, s = g.ScatterRows(y, live, batch), s.replace(g, live, next)
		step, l = loop(t, y, s, l)
		if step.State != nil { // rows that have finished keep the state they had
			step.State.check("rnn.Raw", c, batch)
			s = s.replace(g, live, step.State.SelectRows(g, live))
		}
		if step.Emit != nil {
			y = g.ScatterRows(g.GatherRows(step.Emit, live), live, batch)
		}
		out = append(out, y)
		for _, i := range live {
			lengths[i]++
		}
	}
	if len(out) > 0 {
		emitted = FromSteps(g, out)
		emitted.Len = lengths
	}
	return emitted, s, l
}

// alive drops the rows that have finished.
func alive(g *grad.Tape, live []int, finished []bool, batch int) []int {
	if finished == nil {
		return live
	}
	if len(finished) != batch {
		panic(&tensor.ShapeError{Op: "rnn.Raw", Detail: fmt.Sprintf("%d finished flags for a batch of %d", len(finished), batch)})
	}
	rest := g.Ints(len(live))[:0]
	for _, i := range live {
		if !finished[i] {
			rest = append(rest, i)
		}
	}
	return rest
}

// replace returns s with the given rows taken from next.
func (s State) replace(g *grad.Tape, rows []int, next State) State {
	batch := s[0].Dim(0)
	if len(rows) == batch {
		return next
	}
	from := upTo(g, batch)
	for i, r := range rows {
		from[r] = batch + i
	}
	t := State(g.List(s...))
	for i := range s {
		t[i] = g.GatherRows(g.ConcatRows(s[i], next[i]), from)
	}
	return t
}
