package rnn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/tensor"
)

// A deep net whose layers add to what they are given.
func ExampleResidual() {
	r := rand.New(rand.NewPCG(1, 2))
	deep := rnn.Stack{&rnn.InputProjection{In: nn.NewLinear(r, 3, 16), Cell: rnn.NewLSTM(r, 16, 16)}}
	for range 3 {
		deep = append(deep, &rnn.Residual{Cell: rnn.NewLSTM(r, 16, 16)})
	}
	fmt.Println(len(rnn.NewStream(deep).Push([]tensor.Float{1, 2, 3})))
	// Output: 16
}

// A gate that is shut carries the input past the cell.
func ExampleHighway() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := rnn.NewHighway(r, rnn.NewGRU(r, 3, 3), 3)
	for i := range cell.Gate.B.Value.Data {
		cell.Gate.B.Value.Data[i] = -100
	}
	fmt.Println(rnn.NewStream(cell).Push([]tensor.Float{1, 2, 3}))
	// Output: [1 2 3]
}

// A cell that forecasts two values from three, one layer before it and one after.
func ExampleOutputProjection() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := &rnn.OutputProjection{
		Cell: &rnn.InputProjection{In: nn.NewLinear(r, 3, 16), Cell: rnn.NewLSTM(r, 16, 32)},
		Out:  nn.NewLinear(r, 32, 2),
	}
	for _, p := range nn.Params(cell) {
		fmt.Println(p.Name, p.Shape())
	}
	// Output:
	// in.w [3 16]
	// in.b [16]
	// wx [16 128]
	// wh [32 128]
	// b [128]
	// out.w [32 2]
	// out.b [2]
}

// The first state is a parameter, the same for every row.
func ExampleLearned() {
	cell := rnn.NewLearned(rnn.NewGRU(rand.New(rand.NewPCG(1, 2)), 3, 2))
	g := grad.New()
	y, _ := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(4, 5, 3), nil), nil)
	g.Backward(g.Sum(y.X))
	fmt.Println(len(cell.Initial), g.Grad(cell.Initial[0]).Shape)
	// Output: 1 [1 2]
}

func TestWrappers(t *testing.T) {
	r := rng()
	for name, c := range map[string]rnn.Cell{
		"Dropout":            &rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 5, 7)), In: 0.3, Out: 0.4},
		"DropoutState":       &rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 5, 7)), In: 0.2, State: 0.3},
		"DropoutSequence":    &rnn.Dropout{Cell: noisy(rnn.NewGRU(r, 5, 7)), In: 0.3, Out: 0.4, PerSequence: true},
		"DropoutSequenceAll": &rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 5, 7)), In: 0.3, Out: 0.4, State: 0.2, PerSequence: true},
		"DropoutStack": rnn.Stack{&rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 5, 4)), Out: 0.5, PerSequence: true},
			&rnn.Dropout{Cell: noisy(rnn.NewGRU(r, 4, 3)), State: 0.5, PerSequence: true}},
		"Zoneout":          &rnn.Zoneout{Cell: noisy(rnn.NewLSTM(r, 5, 7)), H: 0.2, C: 0.5},
		"ZoneoutOutput":    &rnn.Zoneout{Cell: noisy(rnn.NewLSTM(r, 5, 7)), H: 0.2, C: 0.5, Output: true},
		"DropoutLinear":    &rnn.Dropout{Cell: noisy(rnn.SRUOptions{}.New(r, 5, 7)), In: 0.3, Out: 0.4, State: 0.5},
		"ResidualLinear":   &rnn.Residual{Cell: noisy(rnn.MinGRUOptions{}.New(r, 5, 5))},
		"Residual":         &rnn.Residual{Cell: noisy(rnn.NewLSTM(r, 5, 5))},
		"Highway":          noisy(rnn.NewHighway(r, noisy(rnn.NewGRU(r, 5, 5)), 5)),
		"InputProjection":  &rnn.InputProjection{In: nn.NewLinear(r, 5, 4), Cell: noisy(rnn.NewLSTM(r, 4, 7))},
		"OutputProjection": &rnn.OutputProjection{Cell: noisy(rnn.NewLSTM(r, 5, 7)), Out: nn.NewLinear(r, 7, 2), Activation: rnn.Tanh},
		"Learned":          noisy(rnn.NewLearned(noisy(rnn.NewLSTM(r, 5, 7)))),
		"LearnedUser":      noisy(rnn.NewLearned(gated{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)})),
		"All": &rnn.Residual{Cell: &rnn.OutputProjection{Out: nn.NewLinear(r, 3, 5), Cell: &rnn.Zoneout{H: 0.1, C: 0.1,
			Cell: &rnn.Dropout{In: 0.1, State: 0.2, PerSequence: true, Cell: noisy(rnn.NewLearned(noisy(rnn.NewLSTM(r, 5, 3))))}}}},
	} {
		conform(t, name, c)
	}
}

// spy is a cell with every optional interface, which notes what it is asked.
type spy struct {
	*rnn.LSTM
	notes *notes
}

type notes struct {
	drawn, started, unrolled int
	picked                   [][]int
}

func (c spy) Start(g *grad.Tape, batch int) rnn.State {
	c.notes.started += batch
	return rnn.State{g.Const(full(0.5, batch, 3)), g.Const(full(0.25, batch, 3))}
}

func (c spy) BeginSequence(g *grad.Tape, batch int) rnn.Cell {
	c.notes.drawn += batch
	return c
}

func (c spy) SelectRows(g *grad.Tape, rows []int) rnn.Cell {
	c.notes.picked = append(c.notes.picked, slices.Clone(rows))
	return c
}

func (c spy) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	c.notes.unrolled++
	return c.LSTM.Unroll(g, x, active, s)
}

// Wrappers pass the optional interfaces on and keep the cell fused where they can.
func TestWrappersPassOn(t *testing.T) {
	r := rng()
	for name, w := range map[string]struct {
		wrap  func(rnn.Cell) rnn.Cell
		fused bool
	}{
		"Dropout":            {func(c rnn.Cell) rnn.Cell { return &rnn.Dropout{Cell: c, In: 0.1, Out: 0.1} }, true},
		"Dropout, State":     {func(c rnn.Cell) rnn.Cell { return &rnn.Dropout{Cell: c, State: 0.1} }, false},
		"Dropout, sequence":  {func(c rnn.Cell) rnn.Cell { return &rnn.Dropout{Cell: c, In: 0.1, PerSequence: true} }, true},
		"Zoneout":            {func(c rnn.Cell) rnn.Cell { return &rnn.Zoneout{Cell: c, H: 0.1} }, false},
		"Residual":           {func(c rnn.Cell) rnn.Cell { return &rnn.Residual{Cell: c} }, true},
		"Highway":            {func(c rnn.Cell) rnn.Cell { return rnn.NewHighway(r, c, 3) }, true},
		"InputProjection":    {func(c rnn.Cell) rnn.Cell { return &rnn.InputProjection{In: nn.NewLinear(r, 3, 3), Cell: c} }, true},
		"OutputProjection":   {func(c rnn.Cell) rnn.Cell { return &rnn.OutputProjection{Out: nn.NewLinear(r, 3, 3), Cell: c} }, true},
		"Learned":            {func(c rnn.Cell) rnn.Cell { return rnn.NewLearned(c) }, true},
		"user's":             {func(c rnn.Cell) rnn.Cell { return counted{c, new(int)} }, false},
		"Stack":              {func(c rnn.Cell) rnn.Cell { return rnn.Stack{c} }, true},
		"Residual of Stack":  {func(c rnn.Cell) rnn.Cell { return &rnn.Residual{Cell: rnn.Stack{c}} }, true},
		"Dropout of Zoneout": {func(c rnn.Cell) rnn.Cell { return &rnn.Dropout{Cell: &rnn.Zoneout{Cell: c, H: 0.1}, Out: 0.1} }, false},
	} {
		n := new(notes)
		c := w.wrap(spy{LSTM: rnn.NewLSTM(r, 3, 3), notes: n})
		if rnn.IsCellState(c, 0) || !rnn.IsCellState(c, 1) {
			t.Errorf("%s: IsCellState is not passed on", name)
		}
		if s := rnn.Start(grad.Eval(), c, 1); s[0].Value.Data[0] != 0.5 || s[1].Value.Data[0] != 0.25 {
			t.Errorf("%s: the first state is %v, %v, not the cell's", name, s[0].Value.Data, s[1].Value.Data)
		}
		*n = notes{}
		g := grad.New()
		rnn.Dynamic(g, c, rnn.Input(g, draw(r, 3, 4, 3), []int{1, 3, 0, 2}), nil)
		if n.drawn != 4 {
			t.Errorf("%s: drawn for %d rows, want 4", name, n.drawn)
		}
		if _, learned := c.(*rnn.Learned); n.started != 4 && !learned {
			t.Errorf("%s: started for %d rows, want 4", name, n.started)
		}
		if len(n.picked) == 0 || !slices.Equal(n.picked[0], []int{1, 3, 0, 2}) {
			t.Errorf("%s: rows %v were picked, want [1 3 0 2] first", name, n.picked)
		}
		if (n.unrolled > 0) != w.fused {
			t.Errorf("%s: unrolled %d times, fused should be %v", name, n.unrolled, w.fused)
		}
	}
}

// counted is a user's wrapper: it counts the steps.
type counted struct {
	rnn.Cell
	n *int
}

func (c counted) Unwrap() rnn.Cell            { return c.Cell }
func (c counted) With(cell rnn.Cell) rnn.Cell { return counted{cell, c.n} }

func (c counted) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	*c.n++
	return c.Cell.Step(g, x, s)
}

// A user's wrapper loses nothing of the cell: see the cases library/wrapper.
func TestUserWrapper(t *testing.T) {
	l := rnn.NewLearned(rnn.NewLSTM(rng(), 3, 4))
	for _, p := range nn.Params(l) {
		for i := range p.Value.Data {
			p.Value.Data[i] = 0.3
		}
	}
	rnntest.Cell(t, counted{l, new(int)}, 3)
	x := []tensor.Float{1, 2, 3}
	want := rnn.NewStream(l).Push(x)
	frozen, err := rnn.Freeze(counted{l, new(int)}, rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]rnn.Cell{"as it is": counted{l, new(int)}, "frozen": frozen} {
		if y := rnn.NewStream(c).Push(x); !slices.Equal(y, want) {
			t.Errorf("%s: gives %v, the cell %v", name, y, want)
		}
	}
	if _, ok := rnn.As[*rnn.Learned](counted{l, nil}); !ok {
		t.Error("As does not find the cell")
	}
}

// The wrappers against their equations, step by step.
func TestWrappersByHand(t *testing.T) {
	r := rng()
	inner := noisy(rnn.NewGRU(r, 5, 5))
	step := gruByHand(inner, sigmoid, math.Tanh)
	highway := noisy(rnn.NewHighway(r, rnn.NewGRU(r, 5, 5), 5))
	highway.Cell = inner
	in, out := noisyLinear(r, 5, 5), noisyLinear(r, 5, 2)
	affine := func(x []float64, l *nn.Linear) []float64 {
		y := make([]float64, l.W.Dim(1))
		for j := range y {
			y[j] = times(x, l.W, j) + at(l.B, j)
		}
		return y
	}
	for name, w := range map[string]struct {
		cell rnn.Cell
		step stepper
	}{
		"Residual": {&rnn.Residual{Cell: inner}, func(x []float64, s [][]float64) ([]float64, [][]float64) {
			y, next := step(x, s)
			y = slices.Clone(y)
			for j := range y {
				y[j] += x[j]
			}
			return y, next
		}},
		"Highway": {highway, func(x []float64, s [][]float64) ([]float64, [][]float64) {
			y, next := step(x, s)
			y = slices.Clone(y)
			for j, a := range affine(x, highway.Gate) {
				y[j] = sigmoid(a)*y[j] + (1-sigmoid(a))*x[j]
			}
			return y, next
		}},
		"InputProjection": {&rnn.InputProjection{In: in, Cell: inner}, func(x []float64, s [][]float64) ([]float64, [][]float64) {
			return step(affine(x, in), s)
		}},
		"OutputProjection": {&rnn.OutputProjection{Cell: inner, Out: out}, func(x []float64, s [][]float64) ([]float64, [][]float64) {
			y, next := step(x, s)
			return affine(y, out), next
		}},
		"OutputProjection with tanh": {&rnn.OutputProjection{Cell: inner, Out: out, Activation: rnn.Tanh}, func(x []float64, s [][]float64) ([]float64, [][]float64) {
			y, next := step(x, s)
			y = affine(y, out)
			for j := range y {
				y[j] = math.Tanh(y[j])
			}
			return y, next
		}},
	} {
		byHand(t, name, w.cell, w.step)
	}
}

func noisyLinear(r *rand.Rand, in, out int) *nn.Linear {
	return &nn.Linear{W: grad.Leaf(draw(r, in, out)), B: grad.Leaf(draw(r, out))}
}

func TestWrapperWidths(t *testing.T) {
	r := rng()
	for name, c := range map[string]rnn.Cell{
		"Residual":         &rnn.Residual{Cell: rnn.NewLSTM(r, 5, 4)},
		"Highway":          rnn.NewHighway(r, rnn.NewLSTM(r, 5, 4), 5),
		"InputProjection":  &rnn.InputProjection{In: nn.NewLinear(r, 5, 3), Cell: rnn.NewLSTM(r, 5, 4)},
		"OutputProjection": &rnn.OutputProjection{Cell: rnn.NewLSTM(r, 5, 4), Out: nn.NewLinear(r, 5, 3)},
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			g := grad.New()
			rnn.Dynamic(g, c, rnn.Input(g, tensor.New(2, 2, 5), nil), nil)
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
