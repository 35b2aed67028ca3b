package rnntest_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

// The test must see a broken cell. Each of these is an LSTM with one thing wrong.

type swappedGates struct{ *rnn.LSTM } // Step has i and f exchanged

func (c swappedGates) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	swap := func(v *grad.Var) *grad.Var {
		p := g.Split(v, 4)
		return g.Concat(p[1], p[0], p[2], p[3])
	}
	b := g.Reshape(swap(g.Reshape(c.B, 1, c.B.Dim(0))), c.B.Dim(0))
	return (&rnn.LSTM{Wx: swap(c.Wx), Wh: swap(c.Wh), B: b}).Step(g, x, s)
}

type ignoresLengths struct{ *rnn.LSTM } // the state of ended rows moves on

func (c ignoresLengths) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	for i := range last {
		last[i] = g.ScaleShift(last[i], 1, 0.01*float64(s[0].Dim(0)-active[len(active)-1]))
	}
	return y, last
}

type backwards struct{ *rnn.LSTM } // Unroll reads the steps from the end

func (c backwards) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	at := g.Ints(x.Dim(0))
	for i := range at {
		at[i] = x.Dim(0) - 1 - i
	}
	return c.LSTM.Unroll(g, g.GatherRows(x, at), active, s)
}

type ignoresState struct{ *rnn.LSTM } // starts from zero whatever it is given

func (c ignoresState) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	return c.LSTM.Unroll(g, x, active, rnn.Start(g, c.LSTM, s[0].Dim(0)))
}

type wrongGradient struct{ *rnn.LSTM } // gradients 5 % too large

func (c wrongGradient) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return c.Unroll(g, x, []int{x.Dim(0)}, s)
}

func (c wrongGradient) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	return g.Map(y, func(v grad.Float) grad.Float { return v }, func(_, _ grad.Float) grad.Float { return 1.05 }), last
}

type noStateGradient struct{ *rnn.LSTM } // Unroll cuts the gradient to the first state

func (c noStateGradient) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	return c.LSTM.Unroll(g, x, active, s.Detach(g))
}

type overwritesState struct{ *rnn.LSTM }

func (c overwritesState) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s)
	copy(s[1].Value.Data, next[1].Value.Data)
	return y, next
}

func (c overwritesState) Unroll() {} // not an Unroller: Step is all there is

type unrollOverwritesState struct{ *rnn.LSTM }

func (c unrollOverwritesState) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	copy(s[0].Value.Data, last[0].Value.Data)
	return y, last
}

type unrollOverwritesInput struct{ *rnn.LSTM }

func (c unrollOverwritesInput) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	clear(x.Value.Data)
	return y, last
}

type needsSteps struct{ *rnn.LSTM } // Unroll takes for granted that there is a step

func (c needsSteps) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	if active[0] < s[0].Dim(0) {
		s = rnn.State{g.Zeros(s[0].Dim(0), s[0].Dim(1)), g.Zeros(s[1].Dim(0), s[1].Dim(1))}
	}
	return c.LSTM.Unroll(g, x, active, s)
}

type losesState struct{ *rnn.LSTM } // without steps, no gradient passes to the first state

func (c losesState) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	if len(active) == 0 {
		s = s.Detach(g)
	}
	return c.LSTM.Unroll(g, x, active, s)
}

type needsRows struct{ *rnn.LSTM } // Step takes for granted that there is a row

func (c needsRows) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	_ = x.Value.Data[0]
	return c.LSTM.Step(g, x, s)
}

type remembersOutput struct { // gives its first output of a shape for ever
	*rnn.LSTM
	at map[tensor.Shape]*tensor.Tensor
}

func (c remembersOutput) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s)
	if c.at[y.Shape()] == nil {
		c.at[y.Shape()] = y.Value.Clone()
	}
	return g.NewVar(c.at[y.Shape()], y), next
}

func (c remembersOutput) Unroll() {}

type unnoticedNoise struct{ *rnn.LSTM } // random numbers that are not the tape's

func (c unnoticedNoise) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	if g.Train && g.Recording() {
		y = g.Mul(y, g.Const(noise(y.Shape())))
	}
	return y, last
}

func noise(s tensor.Shape) *tensor.Tensor {
	t := tensor.New(s.Dims()...)
	for i := range t.Data {
		t.Data[i] = tensor.Float(rand.Float64())
	}
	return t
}

type aliasesOutput struct { // gives the same memory at every step
	*rnn.LSTM
	out *tensor.Tensor
}

func (c aliasesOutput) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s)
	t := tensor.FromSlice(c.out.Data[:len(y.Value.Data)], y.Shape().Dims()...)
	copy(t.Data, y.Value.Data)
	return g.NewVar(t), next
}

func (c aliasesOutput) Unroll() {}

type readsOtherRows struct{ *rnn.LSTM } // a row's output depends on its neighbours

func (c readsOtherRows) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	y, last := c.LSTM.Unroll(g, x, active, s)
	return g.ScaleShift(y, 1, 1e-3*float64(s[0].Dim(0))), last
}

type hiddenState struct { // remembers a call beside the state
	*rnn.LSTM
	calls *int
}

func (c hiddenState) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	*c.calls++
	y, next := c.LSTM.Step(g, x, s)
	return g.ScaleShift(y, 1, 0.01*float64(*c.calls%7)), next
}

func (c hiddenState) Unroll() {}

type wrongStateSize struct{ *rnn.LSTM }

func (c wrongStateSize) StateSize() []int { return []int{4, 4, 1} }

type twoNames struct {
	A *grad.Var `recur:"w"`
	B *grad.Var `recur:"w"`
	*rnn.LSTM
}

type panics struct{ *rnn.LSTM }

func (c panics) Step(*grad.Tape, *grad.Var, rnn.State) (*grad.Var, rnn.State) { panic("no such step") }

type hidesStart struct { // loses the first state of a Learned
	rnn.Cell
	n *int
}

func (c hidesStart) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	*c.n++
	return c.Cell.Step(g, x, s)
}

type gruOfUser struct{ *rnn.GRU }

func (c gruOfUser) Freeze() {} // not a Freezer

type wrongWidths struct{ *rnn.LSTM }

func (c wrongWidths) Widths() (in, out int) { return 3, 3 }

type mixesRows struct{ *rnn.LSTM } // in the last bits

func (c mixesRows) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s)
	return g.ScaleShift(y, 1, 1e-6*float64(x.Dim(0))), next
}

type losesStep struct{ *rnn.LSTM } // Freeze is that of the LSTM

func (c losesStep) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.LSTM.Step(g, x, s)
	return g.Scale(y, 2), next
}

func (c losesStep) Unroll() {}

type losesWrapper struct{ *rnn.Residual } // With is that of the Residual

func TestSeesBrokenCells(t *testing.T) {
	l := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 3, 4)
	if errs := rnntest.Check(l, 3); errs != nil {
		t.Fatalf("the whole LSTM fails: %v", errs)
	}
	for name, c := range map[string]struct {
		cell rnn.Cell
		says string // in one of the errors
	}{
		"gate order":                  {swappedGates{l}, "dense: "},
		"lengths ignored":             {ignoresLengths{l}, "lengths: Unroll: final state"},
		"direction":                   {backwards{l}, "dense: Unroll: outputs"},
		"first state":                 {ignoresState{l}, "first state: Unroll: outputs"},
		"gradient":                    {wrongGradient{l}, "gradients: "},
		"no state gradient":           {noStateGradient{l}, "by first state"},
		"state overwritten":           {overwritesState{l}, "state: entry 1 of the given state was changed by Step"},
		"state overwritten by Unroll": {unrollOverwritesState{l}, "state: entry 0 of the given state was changed by Unroll"},
		"input overwritten":           {unrollOverwritesInput{l}, "state: the input was changed by Unroll"},
		"no steps":                    {needsSteps{l}, "no steps: panic"},
		"no steps, no gradient":       {losesState{l}, "no steps: Unroll: the gradient of the final state 0"},
		"no rows":                     {needsRows{l}, "no steps: panic"},
		"output remembered":           {remembersOutput{l, map[tensor.Shape]*tensor.Tensor{}}, "outputs"},
		"own noise":                   {unnoticedNoise{l}, "training: Unroll: the same random source"},
		"output aliased":              {aliasesOutput{l, tensor.New(3, 4)}, "state: a later step changed"},
		"rows mixed":                  {readsOtherRows{l}, "dense: Unroll: outputs"},
		"state kept outside":          {hiddenState{l, new(int)}, "outputs"},
		"state size":                  {wrongStateSize{l}, "state"},
		"names":                       {twoNames{nn.Zeros(1), nn.Zeros(1), l}, `the name "w"`},
		"hidden Start":                {hidesStart{rnn.NewLearned(l), new(int)}, "wrapper: rnntest_test.hidesStart embeds a *rnn.Learned and hides its Start, IsCellState, Freeze, Widths: give it Unwrap and With"},
		"hidden BeginSequence":        {hidesStart{&rnn.Dropout{Cell: gruOfUser{rnn.NewGRU(rand.New(rand.NewPCG(1, 2)), 3, 4)}, In: 0.5, PerSequence: true}, new(int)}, "wrapper: rnntest_test.hidesStart embeds a *rnn.Dropout and hides its BeginSequence"},
		"other With":                  {losesWrapper{&rnn.Residual{Cell: rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 3, 3)}}, "wrapper: With of a rnntest_test.losesWrapper returns a *rnn.Residual"},
		"widths":                      {wrongWidths{l}, "widths: the output is 3 wide by Widths, and 4 here"},
		"rows mixed in bits":          {mixesRows{l}, "rows: as it is: row 0 of 2: element 0 of the output is"},
		"other Freeze":                {losesStep{l}, "frozen: the output of what Freeze returns for single precision has other bits"},
		"panic":                       {panics{l}, "panic: no such step"},
	} {
		var all []string
		for _, err := range rnntest.Check(c.cell, 3) {
			all = append(all, err.Error())
		}
		if !strings.Contains(strings.Join(all, "\n"), c.says) {
			t.Errorf("%s: want %q in the errors, have %q", name, c.says, all)
		}
	}
}
