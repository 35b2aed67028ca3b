package rnn_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func rng() *rand.Rand { return rand.New(rand.NewPCG(11, 7)) }

func draw(r *rand.Rand, dims ...int) *tensor.Tensor {
	t := tensor.New(dims...)
	for i := range t.Data {
		t.Data[i] = tensor.Float(r.NormFloat64())
	}
	return t
}

func near(t *testing.T, what string, got, want *tensor.Tensor) {
	t.Helper()
	if got.Shape != want.Shape {
		t.Fatalf("%s: shape %v, want %v", what, got.Shape, want.Shape)
	}
	for i, w := range want.Data {
		if !(math.Abs(float64(got.Data[i]-w)) <= 1e-5*(1+math.Abs(float64(w)))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got.Data[i], w)
		}
	}
}

// The definition by the loop: each row alone, one step at a time.
func rowByRow(c rnn.Cell, x *tensor.Tensor, lengths []int, s rnn.State) (y *tensor.Tensor, last []*tensor.Tensor) {
	T, B := x.Dim(0), x.Dim(1)
	for b := range B {
		g := grad.Eval()
		var row rnn.State
		for _, v := range s {
			row = append(row, g.Const(v.Value.Slice(b, b+1)))
		}
		n := T
		if lengths != nil {
			n = lengths[b]
		}
		for t := range n {
			var out *grad.Var
			out, row = c.Step(g, g.Const(x.At(t).Slice(b, b+1)), row)
			if y == nil {
				y = tensor.New(T, B, out.Dim(1))
			}
			copy(y.At(t).At(b).Data, out.Value.Data)
		}
		for i, v := range row {
			if len(last) == i {
				last = append(last, tensor.New(B, v.Dim(1)))
			}
			copy(last[i].At(b).Data, v.Value.Data)
		}
	}
	return y, last
}

func TestDynamicIsTheLoop(t *testing.T) {
	r := rng()
	c := rnn.Stack{rnn.NewLSTM(r, 3, 4), rnn.NewBasic(r, 4, 5)}
	x := draw(r, 7, 5, 3)
	s := rnn.State{}
	for _, n := range c.StateSize() {
		s = append(s, grad.Leaf(draw(r, 5, n)))
	}
	for _, lengths := range [][]int{nil, {7, 7, 7, 7, 7}, {3, 0, 7, 1, 3}, {0, 0, 0, 0, 1}} {
		want, wantLast := rowByRow(c, x, lengths, s)
		padded := x.Clone()
		for b, n := range lengths {
			for t := n; t < 7; t++ {
				for j := range padded.At(t).At(b).Data {
					padded.At(t).At(b).Data[j] = tensor.Float(math.NaN())
				}
			}
		}
		g := grad.Eval()
		y, last := rnn.Dynamic(g, c, rnn.Input(g, padded, lengths), s)
		near(t, "outputs", y.X.Value, want)
		for i := range last {
			near(t, "state", last[i].Value, wantLast[i])
		}
		if lengths == nil {
			ys, last := rnn.Static(g, c, rnn.Input(g, x, nil).Unstack(g), s)
			near(t, "static outputs", rnn.FromSteps(g, ys).X.Value, want)
			for i := range last {
				near(t, "static state", last[i].Value, wantLast[i])
			}
		}
	}
}

func TestNoStepsKeepTheState(t *testing.T) {
	r := rng()
	for _, c := range []rnn.Cell{rnn.NewLSTM(r, 3, 4), onlyStep{rnn.NewLSTM(r, 3, 4)}} {
		g := grad.Eval()
		s := rnn.State{g.Const(draw(r, 2, 4)), g.Const(draw(r, 2, 4))}
		for _, x := range []rnn.Seq{rnn.Input(g, tensor.New(0, 2, 3), nil), rnn.Input(g, draw(r, 5, 2, 3), []int{0, 0})} {
			y, last := rnn.Dynamic(g, c, x, s)
			if want := tensor.ShapeOf(x.Steps(), 2, 4); y.X.Shape() != want {
				t.Errorf("outputs %v, want %v", y.X.Shape(), want)
			}
			near(t, "state", last[1].Value, s[1].Value)
		}
	}
}

func TestBatchMajor(t *testing.T) {
	g := grad.Eval()
	x := draw(rng(), 4, 2, 3) // [batch, time, width]
	q := rnn.BatchMajor(g, g.Const(x), []int{2, 1, 2, 0})
	if q.Steps() != 2 || q.Batch() != 4 || !slices.Equal(q.X.Value.At(1).At(3).Data, x.At(3).At(1).Data) {
		t.Error("time-major layout is wrong")
	}
	near(t, "and back", q.BatchMajor(g).Value, x)
	last := q.Last(g).Value
	if !slices.Equal(last.At(0).Data, x.At(0).At(1).Data) || !slices.Equal(last.At(1).Data, x.At(1).At(0).Data) || last.At(3).Data[0] != 0 {
		t.Error("Last is not the last valid step")
	}
}

func TestReverse(t *testing.T) {
	g := grad.Eval()
	x := tensor.FromSlice([]tensor.Float{1, 10, 2, 20, 3, 30}, 3, 2, 1)
	got := rnn.Reverse(g, rnn.Input(g, x, []int{3, 2})).X.Value.Data
	if want := []tensor.Float{3, 20, 2, 10, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("reversed to %v, want %v", got, want)
	}
}

func TestBidirectional(t *testing.T) {
	r := rng()
	x, lengths := draw(r, 5, 3, 2), []int{5, 2, 0}
	fwd, bwd := rnn.NewLSTM(r, 2, 4), rnn.NewBasic(r, 2, 4)
	g := grad.Eval()
	b := &rnn.Bidirectional{Fwd: fwd, Bwd: bwd}
	y, last := b.Run(g, rnn.Input(g, x, lengths), nil)
	f, fl := rnn.Dynamic(g, fwd, rnn.Input(g, x, lengths), nil)
	// Row 1 has two steps: the backward cell reads step 1, then step 0.
	s := rnn.Start(g, bwd, 1)
	y1, s := bwd.Step(g, g.Const(x.At(1).Slice(1, 2)), s)
	y0, s := bwd.Step(g, g.Const(x.At(0).Slice(1, 2)), s)
	for step, want := range []*grad.Var{y0, y1} {
		row := y.X.Value.At(step).At(1).Data
		near(t, "backward half", tensor.FromSlice(row[4:], 1, 4), want.Value)
		if !slices.Equal(row[:4], f.X.Value.At(step).At(1).Data) {
			t.Error("forward half differs from the forward cell")
		}
	}
	near(t, "backward state", last[2].Value.Slice(1, 2), s[0].Value)
	near(t, "forward state", last[0].Value, fl[0].Value)
	for m, want := range map[rnn.Merge]func(a, b tensor.Float) tensor.Float{
		rnn.Sum:      func(a, b tensor.Float) tensor.Float { return a + b },
		rnn.Multiply: func(a, b tensor.Float) tensor.Float { return a * b },
		rnn.Average:  func(a, b tensor.Float) tensor.Float { return (a + b) / 2 },
	} {
		merged, _ := (&rnn.Bidirectional{Fwd: fwd, Bwd: bwd, Merge: m}).Run(g, rnn.Input(g, x, lengths), nil)
		row, both := merged.X.Value.At(0).At(0).Data, y.X.Value.At(0).At(0).Data
		for j := range row {
			if w := want(both[j], both[4+j]); math.Abs(float64(row[j]-w)) > 1e-6 {
				t.Errorf("%v: element %d is %v, want %v", m, j, row[j], w)
			}
		}
	}
	k := rnn.BidirectionalStack{b, {Fwd: rnn.NewBasic(r, 8, 3), Bwd: rnn.NewBasic(r, 8, 3)}}
	y2, last2 := k.Run(g, rnn.Input(g, x, lengths), nil)
	if y2.Width() != 6 || len(last2) != 5 {
		t.Errorf("stacked: width %d, %d state entries", y2.Width(), len(last2))
	}
	again, _ := k.Run(g, rnn.Input(g, x, lengths), rnn.State{g.Zeros(3, 4), g.Zeros(3, 4), g.Zeros(3, 4), g.Zeros(3, 3), g.Zeros(3, 3)})
	near(t, "zeros are the default state", again.X.Value, y2.X.Value)
}

func TestRawIsDynamic(t *testing.T) {
	r := rng()
	c := rnn.NewLSTM(r, 3, 4)
	x, lengths := draw(r, 6, 4, 3), []int{6, 2, 0, 4}
	g := grad.Eval()
	want, wantLast := rnn.Dynamic(g, c, rnn.Input(g, x, lengths), nil)
	calls := 0
	y, last, count := rnn.Raw(g, c, 4, func(t int, _ *grad.Var, _ rnn.State, n int) (rnn.LoopStep, int) {
		calls++
		done := make([]bool, 4)
		for b := range done {
			done[b] = t >= lengths[b]
		}
		return rnn.LoopStep{Finished: done, Input: g.Const(x.At(min(t, 5)))}, n + 1
	}, 0)
	near(t, "outputs", y.X.Value, want.X.Value)
	near(t, "h", last[0].Value, wantLast[0].Value)
	near(t, "c", last[1].Value, wantLast[1].Value)
	if !slices.Equal(y.Len, lengths) || count != calls || calls != 7 {
		t.Errorf("lengths %v, loop state %d after %d calls", y.Len, count, calls)
	}
}

// A loop function may replace the state and what is emitted; finished rows keep
// their state and emit zeros, as in tf.nn.raw_rnn.
func TestRawReplaces(t *testing.T) {
	g := grad.Eval()
	c := rnn.NewBasic(rng(), 1, 1)
	one := tensor.FromSlice([]tensor.Float{1, 1}, 2, 1)
	y, last, _ := rnn.Raw(g, c, 2, func(t int, y *grad.Var, s rnn.State, _ struct{}) (rnn.LoopStep, struct{}) {
		turn := rnn.LoopStep{Finished: []bool{t >= 1, t >= 2}, Input: g.Const(one)}
		if t > 0 {
			turn.State = rnn.State{g.Const(tensor.FromSlice([]tensor.Float{tensor.Float(t), tensor.Float(t)}, 2, 1))}
			turn.Emit = g.Const(tensor.FromSlice([]tensor.Float{7, 8}, 2, 1))
		}
		return turn, struct{}{}
	}, struct{}{})
	if got := y.X.Value.Data; !slices.Equal(got, []tensor.Float{7, 8, 0, 8}) {
		t.Errorf("emitted %v", got)
	}
	if got := last[0].Value.Data; !slices.Equal(got, []tensor.Float{1, 2}) {
		t.Errorf("last state %v, want 1 for the row that finished first", got)
	}
}

// lossOver weighs outputs and final states unevenly.
func lossOver(g *grad.Tape, y *grad.Var, last rnn.State) *grad.Var {
	loss := g.Sum(g.Square(y))
	for i, l := range last {
		loss = g.Add(loss, g.Scale(g.Sum(g.Square(l)), float64(i+2)))
	}
	return loss
}

func gradients(c rnn.Cell, run func(g *grad.Tape) *grad.Var) (loss tensor.Float, ds []*tensor.Tensor) {
	g := grad.New()
	l := run(g)
	g.Backward(l)
	for _, p := range nn.Params(c) {
		ds = append(ds, g.Grad(p.Var).Clone())
	}
	return l.Value.Data[0], ds
}

func TestRecomputeIsDynamic(t *testing.T) {
	r := rng()
	c := rnn.Stack{rnn.NewLSTM(r, 3, 4), rnn.NewLSTM(r, 4, 4)}
	x := draw(r, 11, 3, 3)
	for _, lengths := range [][]int{nil, {11, 0, 4}} {
		want, dWant := gradients(c, func(g *grad.Tape) *grad.Var {
			y, last := rnn.Dynamic(g, c, rnn.Input(g, x, lengths), nil)
			return lossOver(g, y.X, last)
		})
		for _, segment := range []int{0, 1, 3, 11, 50} {
			forms := map[string]func(g *grad.Tape) *grad.Var{
				"Recomputed": func(g *grad.Tape) *grad.Var {
					y, last := rnn.Recomputed(g, c, rnn.Input(g, x, lengths), nil, segment)
					return lossOver(g, y.X, last)
				},
				"Fold": func(g *grad.Tape) *grad.Var {
					total, last := rnn.Fold(g, c, rnn.Input(g, x, lengths), nil, segment, func(g *grad.Tape, y rnn.Seq, lo int) *grad.Var {
						return g.Sum(g.Square(y.X))
					})
					return g.Add(total, lossOver(g, g.Zeros(1), last))
				},
			}
			for name, run := range forms {
				got, dGot := gradients(c, run)
				if math.Abs(float64(got-want)) > 1e-4*math.Abs(float64(want)) {
					t.Errorf("%s by %d: loss %v, want %v", name, segment, got, want)
				}
				for i := range dWant {
					near(t, name, dGot[i], dWant[i])
				}
			}
		}
	}
}

// Memory of Fold grows with the square root of the steps, that of Dynamic with
// the steps.
func TestFoldMemory(t *testing.T) {
	c := rnn.NewLSTM(rng(), 1, 8)
	bytes := func(T int, run func(g *grad.Tape, x rnn.Seq) *grad.Var) int {
		g := grad.New()
		g.Backward(run(g, rnn.Input(g, tensor.New(T, 1, 1), nil)))
		return g.Bytes()
	}
	fold := func(g *grad.Tape, x rnn.Seq) *grad.Var {
		total, _ := rnn.Fold(g, c, x, nil, 0, func(g *grad.Tape, y rnn.Seq, _ int) *grad.Var { return g.Sum(g.Square(y.X)) })
		return total
	}
	whole := func(g *grad.Tape, x rnn.Seq) *grad.Var {
		y, _ := rnn.Dynamic(g, c, x, nil)
		return g.Sum(g.Square(y.X))
	}
	small, large := bytes(1000, fold), bytes(16000, fold)
	if large > 6*small { // √16 = 4, and blocks of memory round up
		t.Errorf("16 times the steps take %d bytes for %d: %.1f times", large, small, float64(large)/float64(small))
	}
	if dynamic := bytes(16000, whole); dynamic < 8*large {
		t.Errorf("Dynamic takes %d bytes, Fold %d", dynamic, large)
	}
}

func TestTruncated(t *testing.T) {
	r := rng()
	c := rnn.NewLSTM(r, 2, 3)
	x := grad.Leaf(draw(r, 6, 2, 2))
	g := grad.New()
	want, wantLast := rnn.Dynamic(g, c, rnn.Seq{X: x}, nil)
	got, last := rnn.Truncated(g, c, rnn.Seq{X: x}, nil, 2)
	near(t, "outputs", got.X.Value, want.X.Value)
	near(t, "state", last[1].Value, wantLast[1].Value)
	// A loss at step 3 reaches steps 2 and 3, not 1.
	g.Backward(g.Sum(g.Slice(got.X, 3, 4)))
	dx := g.Grad(x)
	for step := range 6 {
		reached := false
		for _, d := range dx.At(step).Data {
			reached = reached || d != 0
		}
		if want := step == 2 || step == 3; reached != want {
			t.Errorf("gradient reaches step %d: %v, want %v", step, reached, want)
		}
	}
}

func TestCarry(t *testing.T) {
	r := rng()
	c := rnn.NewLSTM(r, 2, 3)
	x := draw(r, 6, 2, 2)
	g := grad.New()
	want, _ := rnn.Dynamic(g, c, rnn.Input(g, x, nil), nil)
	second := want.X.Value.Slice(3, 6).Clone()
	var k rnn.Carry
	for half := range 2 {
		g.Reset() // the state outlives the tape's memory
		y, last := rnn.Dynamic(g, c, rnn.Input(g, x.Slice(3*half, 3*half+3), nil), k.Load(g))
		k.Store(last)
		if half == 1 {
			near(t, "second half", y.X.Value, second)
		}
	}
	b, err := k.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back rnn.Carry
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	for i, v := range k.Load(g) {
		if got := back.Load(g)[i]; got.Shape() != v.Shape() || !slices.Equal(got.Value.Data, v.Value.Data) {
			t.Errorf("state %d came back as another", i)
		}
	}
	for n := range b {
		if err := back.UnmarshalBinary(b[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(b))
		}
	}
	if err := back.UnmarshalBinary(append(b, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
	k.Reset()
	if k.Load(g) != nil {
		t.Error("a reset Carry still has a state")
	}
}

func FuzzCarry(f *testing.F) {
	var k rnn.Carry
	k.Store(rnn.Start(grad.Eval(), rnn.NewLSTM(rng(), 2, 3), 2))
	b, err := k.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var k rnn.Carry
		if k.UnmarshalBinary(b) != nil {
			return
		}
		if again, err := k.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x came back as %x, %v", b, again, err)
		}
	})
}

// onlyStep hides Unroll.
type onlyStep struct{ rnn.Cell }

// A layer without a state is a cell too.
type stateless struct{ *nn.Linear }

func (c stateless) StateSize() []int { return nil }

func (c stateless) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return c.Forward(g, x), s
}

func TestStateless(t *testing.T) { conform(t, "stateless", stateless{nn.NewLinear(rng(), 5, 3)}) }

func TestSetState(t *testing.T) {
	st := rnn.NewStream(rnn.NewLSTM(rng(), 2, 3))
	g := grad.Eval()
	for want, s := range map[string]rnn.State{
		"0 entries, the stream wants 2":            {},
		"state 0 is missing":                       {nil, nil},
		"state 1 is [1 4], the stream wants [1 3]": {g.Zeros(1, 3), g.Zeros(1, 4)},
	} {
		if err := st.SetState(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
