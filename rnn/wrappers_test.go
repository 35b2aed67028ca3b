package rnn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func TestLinearCells(t *testing.T) {
	r := rng()
	positive, minPositive := rnn.NewMinGRU(r, 5, 7), rnn.NewMinLSTM(r, 5, 7)
	positive.Positive, minPositive.Positive = true, true
	independent := rnn.NewIndRNN(r, 5, 7)
	independent.Activation = rnn.Identity
	smooth := rnn.NewIndRNN(r, 5, 7)
	smooth.Activation = rnn.Tanh
	for name, c := range map[string]rnn.Cell{
		"MinGRU":         noisy(rnn.NewMinGRU(r, 5, 7)),
		"MinGRUPositive": noisy(positive),
		"MinLSTM":        noisy(rnn.NewMinLSTM(r, 5, 7)),
		"MinLSTMLog":     noisy(minPositive),
		"IndRNN":         noisy(rnn.NewIndRNN(r, 5, 7)),
		"IndRNNLinear":   noisy(independent),
		"IndRNNTanh":     noisy(smooth),
		"SRU":            noisy(rnn.NewSRU(r, 5, 7)),
		"SRUSquare":      noisy(rnn.NewSRU(r, 5, 5)),
		"SRUSeesState":   noisy(rnn.SRUOptions{SeesState: true}.New(r, 5, 7)),
		"SRUSeesSquare":  noisy(rnn.SRUOptions{SeesState: true, Activation: rnn.Identity}.New(r, 5, 5)),
	} {
		conform(t, name, c)
	}
}

// The scan against the loop, for states so large that it is shared out.
func TestScanIsTheLoop(t *testing.T) {
	r := rng()
	const T, B, H = 40, 9, 700
	c := rnn.NewMinGRU(r, 3, H)
	x := draw(r, T, B, 3)
	lengths := []int{40, 1, 0, 13, 40, 7, 39, 22, 5}
	g := grad.Eval()
	y, last := rnn.Dynamic(g, c, rnn.Input(g, x, lengths), nil)
	want, wantLast := rowByRow(c, x, lengths, rnn.Start(g, c, B))
	near(t, "outputs", y.X.Value, want)
	near(t, "state", last[0].Value, wantLast[0])
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

func TestZoneoutKeeps(t *testing.T) {
	r := rng()
	z := &rnn.Zoneout{Cell: rnn.NewLSTM(r, 3, 300), H: 0.3, C: 0.7}
	s := rnn.State{grad.Leaf(draw(r, 1, 300)), grad.Leaf(draw(r, 1, 300))}
	g := grad.New()
	_, last := rnn.Dynamic(g, z, rnn.Input(g, draw(r, 1, 1, 3), nil), s)
	for i, p := range []float64{0.3, 0.7} {
		kept := 0
		for j, v := range last[i].Value.Data {
			if v == s[i].Value.Data[j] {
				kept++
			}
		}
		if f := float64(kept) / 300; math.Abs(f-p) > 0.1 {
			t.Errorf("state %d: %.2f kept, want about %.1f", i, f, p)
		}
	}
}

func TestIndRNNLimit(t *testing.T) {
	c := rnn.NewIndRNN(rng(), 2, 50)
	c.U.Value.Data[0] = -9
	c.Limit(2, 10)
	for _, u := range c.U.Value.Data {
		if math.Abs(float64(u)) > math.Pow(2, 0.1)+1e-6 {
			t.Fatalf("u is %v", u)
		}
	}
}

func TestShapes(t *testing.T) {
	r := rng()
	c := rnn.NewLSTM(r, 2, 3)
	x := draw(r, 4, 2, 2)
	g := grad.Eval()
	q := rnn.Input(g, x, []int{4, 2})
	all := rnn.SequenceToSequence(g, c, q)
	near(t, "sequence to vector", rnn.SequenceToVector(g, c, q).Value, all.Last(g).Value)
	fed := tensor.New(4, 2, 2)
	copy(fed.Data, x.At(0).Data)
	want, _ := rnn.Dynamic(g, c, rnn.Input(g, fed, []int{4, 2}), nil)
	near(t, "vector to sequence", rnn.VectorToSequence(g, c, g.Const(x.At(0)), 4, []int{4, 2}).X.Value, want.X.Value)
}
