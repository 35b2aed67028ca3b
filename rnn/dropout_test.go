package rnn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A deep net with dropout between its layers, as PyTorch's dropout=0.3: on the output
// of every layer but the last.
func ExampleDropout() {
	r := rand.New(rand.NewPCG(1, 2))
	deep := rnn.Stack{
		&rnn.Dropout{Cell: rnn.NewLSTM(r, 3, 8), Out: 0.3},
		rnn.NewLSTM(r, 8, 8),
	}
	x := tensor.New(5, 2, 3)
	g := grad.New() // trains: masks are drawn from g.Rand
	y, _ := rnn.Dynamic(g, deep, rnn.Input(g, x, nil), nil)
	e := grad.Eval() // does not
	z, _ := rnn.Dynamic(e, deep, rnn.Input(e, x, nil), nil)
	fmt.Println(y.X.Shape(), z.X.Shape())
	// Output: [5 2 8] [5 2 8]
}

// Recurrent dropout as Keras has it: one mask a sequence, on the state and never on c.
func ExampleDropout_perSequence() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := &rnn.Dropout{Cell: rnn.NewLSTM(r, 3, 200), State: 0.5, PerSequence: true}
	g := grad.New()
	_, last := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(4, 1, 3), nil), rnn.State{g.Const(full(1, 1, 200)), g.Const(full(1, 1, 200))})
	dropped := func(v *grad.Var) bool { return slices.Contains(v.Value.Data, 0) }
	fmt.Println("h:", dropped(last[0]), "c:", dropped(last[1]))
	// Output: h: true c: false
}

func full(v tensor.Float, dims ...int) *tensor.Tensor {
	t := tensor.New(dims...)
	for i := range t.Data {
		t.Data[i] = v
	}
	return t
}

// echo gives its input as output and as state.
type echo struct{ W *grad.Var }

func (echo) StateSize() []int { return []int{200} }

func (echo) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return x, rnn.State{x}
}

func zeros(d []tensor.Float) (at []int) {
	for i, v := range d {
		if v == 0 {
			at = append(at, i)
		}
	}
	return at
}

func TestDropoutMasks(t *testing.T) {
	const T, B, W = 5, 3, 200
	ones := tensor.New(T, B, W)
	for i := range ones.Data {
		ones.Data[i] = 1
	}
	for _, shared := range []bool{false, true} {
		for name, d := range map[string]*rnn.Dropout{
			"in": {Cell: echo{}, In: 0.25}, "out": {Cell: echo{}, Out: 0.25}, "state": {Cell: echo{}, State: 0.25},
		} {
			d.PerSequence = shared
			g := grad.New()
			g.Rand = rand.New(rand.NewPCG(4, 2))
			y, last := rnn.Dynamic(g, d, rnn.Input(g, ones, []int{5, 4, 5}), nil)
			seen := y.X.Value
			if name == "state" {
				seen = last[0].Value
				if n := len(zeros(seen.Data)); n < 100 || n > 200 {
					t.Errorf("%s: %d of %d dropped, want about a quarter", name, n, B*W)
				}
				continue
			}
			dropped := 0
			for step := range 4 {
				for b := range B {
					row := seen.At(step).At(b).Data
					dropped += len(zeros(row))
					for _, v := range row {
						if v != 0 && math.Abs(float64(v)-1/0.75) > 1e-6 {
							t.Fatalf("%s: a kept value is %v, want %v", name, v, 1/0.75)
						}
					}
					same := slices.Equal(row, seen.At(0).At(b).Data)
					if step > 0 && same != shared {
						t.Errorf("%s: row %d has the same mask at steps 0 and %d: %v, want %v", name, b, step, same, shared)
					}
					if b > 0 && slices.Equal(row, seen.At(step).At(0).Data) {
						t.Errorf("%s: rows 0 and %d share a mask", name, b)
					}
				}
			}
			if n := 4 * B * W; dropped < n/5 || dropped > n*3/10 {
				t.Errorf("%s: %d of %d dropped, want about a quarter", name, dropped, n)
			}
			e := grad.Eval()
			if y, _ := rnn.Dynamic(e, d, rnn.Input(e, ones, nil), nil); len(zeros(y.X.Value.Data)) > 0 {
				t.Errorf("%s: something is dropped outside training", name)
			}
		}
	}
}

// The masks of input and output are drawn apart: of 0.5 and 0.5 they leave a quarter.
func TestDropoutMasksAreIndependent(t *testing.T) {
	const n = 3 * 200
	for _, shared := range []bool{false, true} {
		d := &rnn.Dropout{Cell: echo{}, In: 0.5, Out: 0.5, PerSequence: shared}
		g := grad.New()
		y, _ := rnn.Dynamic(g, d, rnn.Input(g, full(1, 1, 3, 200), nil), nil)
		if left := n - len(zeros(y.X.Value.Data)); left < n/6 || left > n/3 {
			t.Errorf("PerSequence %v: %d of %d are left, want about a quarter", shared, left, n)
		}
	}
}

// State dropout leaves an LSTM's c alone, in a stack and under wrappers too.
func TestDropoutSparesMemory(t *testing.T) {
	r := rng()
	d := &rnn.Dropout{Cell: rnn.Stack{rnn.NewLSTM(r, 3, 50), &rnn.Residual{Cell: rnn.NewLSTM(r, 50, 50)}}, State: 0.5}
	g := grad.New()
	_, last := rnn.Dynamic(g, d, rnn.Input(g, draw(r, 3, 2, 3), nil), nil)
	for i, v := range last {
		if n := len(zeros(v.Value.Data)); n > 0 != (i%2 == 0) {
			t.Errorf("state %d has %d zeros", i, n)
		}
	}
}

// With one mask a sequence, segments that are run again meet the same mask.
func TestDropoutInSegments(t *testing.T) {
	r := rng()
	d := &rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 3, 6)), In: 0.3, Out: 0.3, State: 0.3, PerSequence: true}
	x := draw(r, 9, 2, 3)
	run := func(f func(g *grad.Tape) *grad.Var) (tensor.Float, []*tensor.Tensor) {
		return gradients(d, func(g *grad.Tape) *grad.Var {
			g.Rand = rand.New(rand.NewPCG(1, 3))
			return f(g)
		})
	}
	want, dWant := run(func(g *grad.Tape) *grad.Var {
		y, _ := rnn.Dynamic(g, d, rnn.Input(g, x, nil), nil)
		return g.Sum(g.Square(y.X))
	})
	got, dGot := run(func(g *grad.Tape) *grad.Var {
		total, _ := rnn.Fold(g, d, rnn.Input(g, x, nil), nil, 2, func(g *grad.Tape, y rnn.Seq, _ int) *grad.Var { return g.Sum(g.Square(y.X)) })
		return total
	})
	if math.Abs(float64(got-want)) > 1e-5*float64(want) {
		t.Errorf("loss %v in segments, %v whole", got, want)
	}
	for i := range dWant {
		near(t, "gradient", dGot[i], dWant[i])
	}
}

// With one mask a sequence, every way to run one meets the same masks.
func TestDropoutMasksInEveryLoop(t *testing.T) {
	r := rng()
	const T, B = 7, 4
	lengths := []int{3, 7, 0, 5}
	x := draw(r, T, B, 3)
	d := &rnn.Residual{Cell: rnn.Stack{
		&rnn.Dropout{Cell: noisy(rnn.NewLSTM(r, 3, 6)), In: 0.3, Out: 0.4, State: 0.5, PerSequence: true},
		&rnn.Dropout{Cell: noisy(rnn.NewGRU(r, 6, 3)), In: 0.3, Out: 0.4, PerSequence: true},
	}}
	tape := func() (*grad.Tape, rnn.Seq) {
		g := grad.New()
		g.Rand = rand.New(rand.NewPCG(5, 5))
		return g, rnn.Input(g, x, lengths)
	}
	g, q := tape()
	want, wantLast := rnn.Dynamic(g, d, q, nil)
	check := func(name string, y rnn.Seq, last rnn.State) {
		t.Helper()
		near(t, name+": outputs", y.X.Value, want.X.Value)
		for i := range last {
			near(t, fmt.Sprintf("%s: state %d", name, i), last[i].Value, wantLast[i].Value)
		}
	}
	g, q = tape()
	y, last := rnn.Truncated(g, d, q, nil, 2)
	check("Truncated", y, last)
	g, q = tape()
	y, last = rnn.Recomputed(g, d, q, nil, 2)
	check("Recomputed", y, last)
	g, q = tape()
	steps := q.Unstack(g)
	y, last, _ = rnn.Raw(g, d, B, func(t int, _ *grad.Var, _ rnn.State, _ any) (rnn.LoopStep, any) {
		turn := rnn.LoopStep{Finished: make([]bool, B)}
		if t < T {
			turn.Input = steps[t]
		}
		for b, n := range lengths {
			turn.Finished[b] = t >= n
		}
		return turn, nil
	}, nil)
	check("Raw", y, last)
	g, q = tape()
	q.Len = nil
	full, _ := rnn.Dynamic(g, d, q, nil)
	g, q = tape()
	ys, _ := rnn.Static(g, d, q.Unstack(g), nil)
	near(t, "Static", rnn.FromSteps(g, ys).X.Value, full.X.Value)
}
