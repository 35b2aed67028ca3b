package rnn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

// The two batches of the examples: four rows of three inputs at each of two
// steps.
var (
	x0 = tensor.FromSlice([]tensor.Float{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, 4, 3)
	x1 = tensor.FromSlice([]tensor.Float{9, 8, 7, 0, 0, 0, 6, 5, 4, 3, 2, 1}, 4, 3)
)

func show(name string, t *tensor.Tensor) {
	fmt.Println(name, t.Shape)
	for i := range t.Dim(0) {
		for _, v := range t.At(i).Data {
			fmt.Printf(" %6.3f", v)
		}
		fmt.Println()
	}
}

// A recurrent net of two steps by hand, from its weights and bias:
//
//	y0 = tanh(x0·Wx + b)
//	y1 = tanh(y0·Wy + x1·Wx + b)
func Example() {
	r := rand.New(rand.NewPCG(1, 2))
	Wx, Wy, b := nn.Uniform(r, 0.1, 3, 5), nn.Uniform(r, 1, 5, 5), nn.Zeros(5)

	g := grad.Eval()
	y0 := g.Tanh(g.Affine(g.Const(x0), Wx, b))
	y1 := g.Tanh(g.Add(g.Affine(y0, Wy, nil), g.Affine(g.Const(x1), Wx, b)))
	show("y1", y1.Value)

	// The same through a cell.
	cell := &rnn.Basic{Wx: Wx, Wh: Wy, B: b}
	ys, _ := rnn.Static(g, cell, []*grad.Var{g.Const(x0), g.Const(x1)}, nil)
	show("cell", ys[1].Value)
	// Output:
	// y1 [4 5]
	//   0.245  0.825 -0.630  0.704  0.328
	//  -0.012  0.411  0.025 -0.220 -0.396
	//   0.229  0.854 -0.309  0.258 -0.354
	//   0.629  0.468  0.434  0.126 -0.093
	// cell [4 5]
	//   0.245  0.825 -0.630  0.704  0.328
	//  -0.012  0.411  0.025 -0.220 -0.396
	//   0.229  0.854 -0.309  0.258 -0.354
	//   0.629  0.468  0.434  0.126 -0.093
}

// Static takes a list of steps and gives a list of outputs, as static_rnn.
func ExampleStatic() {
	cell := rnn.NewBasic(rand.New(rand.NewPCG(1, 2)), 3, 5)
	g := grad.Eval()
	ys, last := rnn.Static(g, cell, []*grad.Var{g.Const(x0), g.Const(x1)}, nil)
	fmt.Println(len(ys), ys[0].Shape(), ys[1].Shape(), last[0].Value.Data[19] == ys[1].Value.Data[19])
	// Output: 2 [4 5] [4 5] true
}

// One input [batch, steps, inputs] is taken apart into steps and the outputs are
// put together again. Dynamic does so itself.
func ExampleBatchMajor() {
	cell := rnn.NewBasic(rand.New(rand.NewPCG(1, 2)), 3, 5)
	x := tensor.FromSlice([]tensor.Float{
		0, 1, 2, 9, 8, 7, // row 0: step 0, step 1
		3, 4, 5, 0, 0, 0,
		6, 7, 8, 6, 5, 4,
		9, 0, 1, 3, 2, 1,
	}, 4, 2, 3)

	g := grad.Eval()
	seq := rnn.BatchMajor(g, g.Const(x), nil)
	ys, _ := rnn.Static(g, cell, seq.Unstack(g), nil)
	together := rnn.FromSteps(g, ys).BatchMajor(g)

	y, _ := rnn.Dynamic(g, cell, seq, nil)
	same := true
	for i, v := range y.BatchMajor(g).Value.Data {
		same = same && v == together.Value.Data[i]
	}
	fmt.Println(together.Shape(), same)
	// Output: [4 2 5] true
}

// Row 1 has one step. Its output at step 1 is zero and its final state is the
// one after step 0.
func ExampleDynamic() {
	cell := rnn.NewBasic(rand.New(rand.NewPCG(1, 2)), 3, 5)
	g := grad.Eval()
	x := rnn.FromSteps(g, []*grad.Var{g.Const(x0), g.Const(x1)})
	x.Len = []int{2, 1, 2, 2}

	y, last := rnn.Dynamic(g, cell, x, nil)
	fmt.Println(y.X.Value.At(1).At(1).Data)
	same := true
	for j, v := range last[0].Value.At(1).Data {
		same = same && v == y.X.Value.At(0).At(1).Data[j]
	}
	fmt.Println(same)
	// Output:
	// [0 0 0 0 0]
	// true
}

// A loop function feeds each output back as the next input, and decides when
// a row ends: outputs of unknown length.
func ExampleRaw() {
	double := counter{}
	g := grad.Eval()
	start := tensor.FromSlice([]tensor.Float{1, 3, 20}, 3, 1)
	y, _, _ := rnn.Raw(g, double, 3, func(t int, y *grad.Var, _ rnn.State, _ struct{}) (rnn.LoopStep, struct{}) {
		if t == 0 {
			return rnn.LoopStep{Input: g.Const(start)}, struct{}{}
		}
		end := make([]bool, 3)
		for i, v := range y.Value.Data {
			end[i] = v > 10
		}
		return rnn.LoopStep{Finished: end, Input: y}, struct{}{}
	}, struct{}{})
	fmt.Println(y.Len)
	for b := range 3 {
		var row []tensor.Float
		for t := range y.Len[b] {
			row = append(row, y.X.Value.At(t).At(b).Data[0])
		}
		fmt.Println(row)
	}
	// Output:
	// [4 2 1]
	// [2 4 8 16]
	// [6 12]
	// [40]
}

// counter is a user's cell: twice its input, and a state that counts steps.
type counter struct{}

func (counter) StateSize() []int { return []int{1} }

func (counter) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return g.Scale(x, 2), rnn.State{g.ScaleShift(s[0], 1, 1)}
}

// A cell is one step; everything else follows from it. This is the minimal gated
// unit of Feng et al. 2024 in nine lines.
func ExampleCell() {
	r := rand.New(rand.NewPCG(1, 2))
	c := gated{nn.NewLinear(r, 3, 4), nn.NewLinear(r, 3, 4)}

	g := grad.New() // gradients through time
	y, last := rnn.Dynamic(g, rnn.Stack{c, rnn.NewLSTM(r, 4, 2)}, rnn.Input(g, tensor.New(7, 2, 3), []int{7, 3}), nil)
	fmt.Println(y.X.Shape(), len(last))

	st := rnn.NewStream(c) // one step at a time
	fmt.Println(len(st.Push([]tensor.Float{1, 2, 3})))
	// Output:
	// [7 2 2] 3
	// 4
}

// Sessions of one model step together, each with a state of its own; what one saves, a
// Stream of the same cell takes up.
func ExampleNewRunner() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 3, 4)
	run, err := rnn.NewRunner(cell, rnn.Single)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := session.New(run, session.Options{})
	a, b := m.New(), m.New()
	ctx, x := context.Background(), []tensor.Float{1, 2, 3}
	for _, s := range []*session.Session{a, b, b} { // as callers ask, at once or not
		if _, err := m.Step(ctx, s, nil, x); err != nil {
			fmt.Println(err)
		}
	}
	saved, _ := b.MarshalBinary()
	st := rnn.NewStream(cell)
	fmt.Println(a.Steps(), b.Steps(), st.UnmarshalBinary(saved), st.Steps())
	// Output: 1 2 <nil> 2
}

type gated struct {
	Gate *nn.Linear `recur:"gate"`
	Cand *nn.Linear `recur:"cand"`
}

func (c gated) StateSize() []int { return []int{c.Gate.W.Dim(1)} }

func (c gated) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	z := g.Sigmoid(c.Gate.Forward(g, x))
	h := g.Lerp(s[0], c.Cand.Forward(g, x), z) // h + z∘(h̃-h)
	return h, rnn.State{h}
}

// gatedOptions are the options of a gated.
type gatedOptions struct {
	Scale float64 `json:"scale,omitempty"` // first weights are drawn from U(-Scale, Scale)
}

func init() {
	rnn.Register("gated", rnn.Spec[gatedOptions, gated]{
		New: func(o gatedOptions, r *rand.Rand, in, hidden int) gated {
			layer := func() *nn.Linear {
				return &nn.Linear{W: nn.Uniform(r, o.Scale, in, hidden), B: nn.Full(r, 0, hidden)}
			}
			return gated{layer(), layer()}
		},
		Options: func(c gated) (gatedOptions, int) { return gatedOptions{}, c.Gate.W.Dim(1) },
		Check: func(o gatedOptions, _, _ int) error {
			if o.Scale < 0 {
				return fmt.Errorf("scale is %v", o.Scale)
			}
			return nil
		},
	})
}

// A cell that is registered, in init of its file, goes to configs and files.
func ExampleRegister() {
	var c rnn.Config
	if err := json.Unmarshal([]byte(`{"gated": {"hidden": 4, "scale": 0.1}}`), &c); err != nil {
		fmt.Println(err)
		return
	}
	cell := c.New(rand.New(rand.NewPCG(1, 2)), 3)
	fmt.Printf("%T %d\n", cell, c.CountParams(3))
	fmt.Println(rnn.Config{Hidden: 4, Options: gatedOptions{Scale: -1}}.Check(3))
	// Output:
	// rnn_test.gated 32
	// scale is -1
}

// A cell from its config, and a config from its cell.
func ExampleConfig() {
	c := rnn.Config{Hidden: 128, Options: rnn.LSTMOptions{Peepholes: true}}
	cell := c.New(rand.New(rand.NewPCG(1, 2)), 40)
	again, err := rnn.ConfigOf(cell)
	text, _ := json.Marshal(again)
	fmt.Println(c, c.CountParams(40), string(text), err)

	_, err = rnn.ConfigOf(counter{})
	fmt.Println(err)
	// Output:
	// LSTM 86912 {"lstm":{"hidden":128,"peepholes":true}} <nil>
	// rnn: a cell rnn_test.counter is not of a registered kind
}

// logged prints what a cell gives. With and Unwrap keep what the cell has beside Step,
// such as the first state that Learned starts from.
type logged struct{ rnn.Cell }

func (c logged) Unwrap() rnn.Cell            { return c.Cell }
func (c logged) With(cell rnn.Cell) rnn.Cell { return logged{cell} }

func (c logged) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.Cell.Step(g, x, s)
	fmt.Printf("%.3f\n", y.Value.Data)
	return y, next
}

func ExampleWrapper() {
	cell := rnn.NewLearned(rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 1, 2))
	cell.Initial[0].Value.Data[0] = 1
	fmt.Printf("%.3f\n", rnn.NewStream(cell).Push([]tensor.Float{1}))
	rnn.NewStream(logged{cell}).Push([]tensor.Float{1})
	// Output:
	// [-0.065 0.010]
	// [-0.065 0.010]
}

// Three layers, each fed the outputs of the one before.
func ExampleStack() {
	r := rand.New(rand.NewPCG(1, 2))
	deep := rnn.Stack{rnn.NewBasic(r, 2, 100), rnn.NewBasic(r, 100, 100), rnn.NewBasic(r, 100, 100)}
	g := grad.Eval()
	y, last := rnn.Dynamic(g, deep, rnn.Input(g, tensor.New(5, 20, 2), nil), nil)
	fmt.Println(y.X.Shape(), len(last))
	// Output: [5 20 100] 3
}

// Both directions, each row read backwards from its own end.
func ExampleBidirectional() {
	r := rand.New(rand.NewPCG(1, 2))
	both := &rnn.Bidirectional{Fwd: rnn.NewLSTM(r, 3, 4), Bwd: rnn.NewLSTM(r, 3, 4)}
	g := grad.Eval()
	y, last := both.Run(g, rnn.Input(g, tensor.New(5, 2, 3), []int{5, 2}), nil)
	fmt.Println(y.X.Shape(), len(last))
	// Output: [5 2 8] 4
}

// Back-propagation through time cut into windows of 10 steps.
func ExampleTruncated() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := rnn.NewLSTM(r, 1, 8)
	g := grad.New()
	y, _ := rnn.Truncated(g, cell, rnn.Input(g, tensor.New(100, 4, 1), nil), nil, 10)
	g.Backward(g.Mean(g.Square(y.X)))
	fmt.Println(y.X.Shape(), g.Grad(cell.Wh).Shape)
	// Output: [100 4 8] [8 32]
}

// A long text in batches of 20 steps: the state goes from one to the next.
func ExampleCarry() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 1, 8)
	text := tensor.New(60, 4, 1)
	g := grad.New()
	var carry rnn.Carry
	for lo := 0; lo < 60; lo += 20 {
		g.Reset()
		_, last := rnn.Dynamic(g, cell, rnn.Input(g, text.Slice(lo, lo+20), nil), carry.Load(g))
		carry.Store(last)
		// loss, Backward and an optimiser's Step would stand here
	}
	fmt.Println(carry.Load(g)[0].Shape())
	// Output: [4 8]
}

// Ten thousand steps in the memory of a few hundred.
func ExampleFold() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 1, 4)
	x := tensor.New(10_000, 1, 1)
	g := grad.New()
	loss, _ := rnn.Fold(g, cell, rnn.Input(g, x, nil), nil, 0, func(g *grad.Tape, y rnn.Seq, lo int) *grad.Var {
		return g.Sum(g.Square(y.X))
	})
	g.Backward(loss)
	fmt.Println(g.Bytes() < 1<<20)
	// Output: true
}

// One step at a time; the session is saved and taken up again.
func ExampleStream() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 1, 16)
	st := rnn.NewStream(cell)
	for _, tick := range []tensor.Float{1, 2, 3} {
		st.Push([]tensor.Float{tick})
	}
	saved, err := st.MarshalBinary()

	again := rnn.NewStream(cell)
	fmt.Println(err, again.UnmarshalBinary(saved), again.Steps())
	a, b := st.Push([]tensor.Float{4}), again.Push([]tensor.Float{4})
	fmt.Println(a[0] == b[0])
	// Output:
	// <nil> <nil> 3
	// true
}

// A trained cell is frozen once for serving; its streams share the weights.
func ExampleFreeze() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 1)), 2, 32)
	x := []tensor.Float{1, -1}

	single, _ := rnn.Freeze(cell, rnn.Single) // an LSTM always has a frozen form
	bytes, _ := rnn.Freeze(cell, rnn.Int8)    // a byte for each weight
	exact, small := rnn.NewStream(single).Push(x), rnn.NewStream(bytes).Push(x)

	fmt.Println("single:", slices.Equal(exact, rnn.NewStream(cell).Push(x)))
	fmt.Println("int8 within 0.001:", math.Abs(float64(small[0]-exact[0])) < 0.001)
	_, err := rnn.Freeze(rnn.Stack{cell, gated{}}, rnn.Int8) // with a cell of your own
	fmt.Println(err)
	// Output:
	// single: true
	// int8 within 0.001: true
	// cell 1 of 2: rnn: rnn_test.gated has no form for inference alone, and stays as it is
}
