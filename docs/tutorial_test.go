package docs_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// The functions below hold the code of the tutorial, section by section. TestCode compares
// the two.

var (
	r  = rand.New(rand.NewPCG(1, 2))
	x0 = tensor.FromSlice([]tensor.Float{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, 4, 3)
	x1 = tensor.FromSlice([]tensor.Float{9, 8, 7, 0, 0, 0, 6, 5, 4, 3, 2, 1}, 4, 3)
)

func Example_twoSteps() {
	x0 := tensor.FromSlice([]tensor.Float{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, 4, 3)
	x1 := tensor.FromSlice([]tensor.Float{9, 8, 7, 0, 0, 0, 6, 5, 4, 3, 2, 1}, 4, 3)

	r := rand.New(rand.NewPCG(1, 2))
	Wx, Wy, b := nn.Uniform(r, 0.1, 3, 5), nn.Uniform(r, 1, 5, 5), nn.Zeros(5)

	g := grad.Eval() // a tape that computes and records nothing
	y0 := g.Tanh(g.Affine(g.Const(x0), Wx, b))
	y1 := g.Tanh(g.Add(g.Affine(y0, Wy, nil), g.Affine(g.Const(x1), Wx, b)))

	fmt.Println(y0.Shape(), y1.Shape())
	fmt.Printf("%.3f\n", y1.Value.At(0).Data)
	// Output:
	// [4 5] [4 5]
	// [0.245 0.825 -0.630 0.704 0.328]
}

func Example_static() {
	g := grad.Eval()
	cell := rnn.NewBasic(r, 3, 5)
	ys, last := rnn.Static(g, cell, []*grad.Var{g.Const(x0), g.Const(x1)}, nil)

	fmt.Println(len(ys), ys[1].Value.Data[19] == last[0].Value.Data[19])
	// Output: 2 true
}

func Example_loop() {
	g, c := grad.Eval(), rnn.NewBasic(r, 3, 5)
	xs := []*grad.Var{g.Const(x0), g.Const(x1)}
	var y *grad.Var
	var ys []*grad.Var
	s := rnn.Start(g, c, 4)
	for _, x := range xs {
		y, s = c.Step(g, x, s)
		ys = append(ys, y)
	}

	static, _ := rnn.Static(g, c, xs, nil)
	fmt.Println(len(ys), ys[1].Value.Data[19] == static[1].Value.Data[19])
	// Output: 2 true
}

func Example_batchMajor() {
	g, cell := grad.Eval(), rnn.NewBasic(r, 3, 5)
	x := tensor.New(4, 2, 3)
	seq := rnn.BatchMajor(g, g.Const(x), nil) // [4 rows, 2 steps, 3 inputs]
	ys, _ := rnn.Static(g, cell, seq.Unstack(g), nil)
	together := rnn.FromSteps(g, ys).BatchMajor(g) // [4 2 5]

	fmt.Println(together.Shape())
	// Output: [4 2 5]
}

func Example_dynamic() {
	g, cell := grad.Eval(), rnn.NewBasic(r, 3, 5)
	seq := rnn.FromSteps(g, []*grad.Var{g.Const(x0), g.Const(x1)})
	y, last := rnn.Dynamic(g, cell, seq, nil)

	fmt.Println(y.X.Shape(), last[0].Shape())
	// Output: [2 4 5] [4 5]
}

func Example_lengths() {
	g, cell := grad.Eval(), rnn.NewBasic(r, 3, 5)
	x := rnn.FromSteps(g, []*grad.Var{g.Const(x0), g.Const(x1)})
	x.Len = []int{2, 1, 2, 2}
	y, last := rnn.Dynamic(g, cell, x, nil)
	fmt.Println(y.X.Value.At(1).At(1).Data) // [0 0 0 0 0]
	// last[0] row 1 is the state after its only step

	fmt.Println(last[0].Value.At(1).Data[4] == y.X.Value.At(0).At(1).Data[4])
	// Output:
	// [0 0 0 0 0]
	// true
}

func Example_raw() {
	g, cell := grad.Eval(), rnn.NewBasic(r, 1, 1)
	const batch = 3
	type L = int // how often the loop ran
	var l L
	y, last, _ := rnn.Raw(g, cell, batch, func(t int, y *grad.Var, s rnn.State, l L) (rnn.LoopStep, L) {
		ended := []bool{t == 3, t == 1, t == 2}
		next := y
		if y == nil {
			next = g.Const(tensor.New(batch, 1))
		}
		l++
		return rnn.LoopStep{Finished: ended, Input: next}, l
	}, l)
	// y.Len is how many steps each row took

	fmt.Println(y.Len, last[0].Shape())
	// Output: [3 1 2] [3 1]
}

func Example_encoderDecoder() {
	r := rand.New(rand.NewPCG(1, 2))
	m := seq2seq.NewEncoderDecoder(r, 10, 12, 48) // 10 digits; the target has Start and End too
	_, err := train.Fit(context.Background(), m, reversals(r, 100, 32),
		func(g *grad.Tape, p pair) *grad.Var { return m.Loss(g, p.src, p.dst) },
		train.Options{Epochs: 12, Optimizer: &optim.Adam{LR: 1e-2}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Greedy([][]int{{1, 2, 3}, {4, 0}}, 10)) // [[3 2 1] [0 4]]
	// Output: [[3 2 1] [0 4]]
}

func Example_training() {
	cell, out := rnn.NewBasic(r, 3, 5), nn.NewLinear(r, 5, 1)
	model := &struct {
		Cell *rnn.Basic
		Out  *nn.Linear
	}{cell, out}
	adam, want, before := &optim.Adam{LR: 1e-2}, tensor.New(2, 4, 1), cell.Wh.Value.Data[0]
	x := rnn.Seq{X: grad.Eval().Const(tensor.New(2, 4, 3))}

	g := grad.New()
	y, _ := rnn.Dynamic(g, cell, x, nil)
	loss := nn.MSE(g, out.Forward(g, y.X), want)
	g.Backward(loss) // gradients are now on the tape: g.Grad(cell.Wh)
	adam.Step(g, nn.Params(model))

	fmt.Println(g.Grad(cell.Wh).Shape, before == cell.Wh.Value.Data[0])
	// Output: [5 5] true
}

type pair struct{ src, dst [][]int }

func reversals(r *rand.Rand, n, batch int) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		for range n {
			var p pair
			for range batch {
				s := make([]int, 2+r.IntN(3))
				for i := range s {
					s[i] = r.IntN(10)
				}
				d := slices.Clone(s)
				slices.Reverse(d)
				p.src, p.dst = append(p.src, s), append(p.dst, d)
			}
			if !yield(p) {
				return
			}
		}
	}
}

func Example_carry() {
	g, cell := grad.New(), rnn.NewLSTM(r, 1, 8)
	const T = 60
	text, steps := tensor.New(T, 4, 1), 0
	window := func(lo int) rnn.Seq { return rnn.Input(g, text.Slice(lo, lo+20), nil) }

	var carry rnn.Carry
	for lo := 0; lo < T; lo += 20 {
		g.Reset()
		y, last := rnn.Dynamic(g, cell, window(lo), carry.Load(g))
		carry.Store(last) // values only: the gradient stops here
		steps += y.Steps()
	}

	fmt.Println(steps, carry.Load(g)[0].Shape())
	// Output: 60 [4 8]
}

// A forget gate begins at 0.73 with a bias of 1, which is what an LSTM has, and at 0.95 with 3.
func Example_forgetBias() {
	cell := rnn.NewLSTM(r, 1, 8)
	bias := float64(cell.B.Value.Data[8]) // input, forget, candidate, output
	fmt.Printf("%.2f %.2f\n", 1/(1+math.Exp(-bias)), 1/(1+math.Exp(-3)))
	// Output: 0.73 0.95
}

func Example_stack() {
	deep := rnn.Stack{rnn.NewBasic(r, 2, 100), rnn.NewBasic(r, 100, 100), rnn.NewBasic(r, 100, 100)}

	y, last := rnn.Dynamic(grad.Eval(), deep, rnn.Seq{X: grad.Eval().Const(tensor.New(2, 4, 2))}, nil)
	fmt.Println(y.X.Shape(), len(last))
	// Output: [2 4 100] 3
}

func Example_dropout() {
	cell := &rnn.Dropout{Cell: rnn.NewLSTM(r, 2, 100), In: 0.5}

	y, _ := rnn.Dynamic(grad.Eval(), cell, rnn.Seq{X: grad.Eval().Const(tensor.New(2, 4, 2))}, nil)
	fmt.Println(y.X.Shape())
	// Output: [2 4 100]
}

func Example_gated() {
	const in, hidden = 3, 5
	rnn.NewLSTM(r, in, hidden)
	rnn.LSTMOptions{Peepholes: true}.New(r, in, hidden) // gates see c (Gers & Schmidhuber 2000)
	rnn.NewGRU(r, in, hidden)                           // two gates, one state (Cho et al. 2014)

	fmt.Println(rnn.NewLSTM(r, in, hidden).StateSize(), rnn.NewGRU(r, in, hidden).StateSize())
	// Output: [5 5] [5]
}

type minGRU struct{ Gate, Cand *nn.Linear }

func (c minGRU) StateSize() []int { return []int{c.Gate.W.Dim(1)} }

func (c minGRU) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	z := g.Sigmoid(c.Gate.Forward(g, x))
	h := g.Lerp(s[0], c.Cand.Forward(g, x), z) // h + z∘(h̃-h)
	return h, rnn.State{h}
}

func TestMinGRU(t *testing.T) {
	rnntest.Cell(t, minGRU{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)}, 5)
}

func Example_stream() {
	cell := rnn.NewLSTM(r, 1, 16)
	const tick = 0.5

	st := rnn.NewStream(cell)
	y := st.Push([]tensor.Float{tick})
	saved, err := st.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	again := rnn.NewStream(cell)
	err = again.UnmarshalBinary(saved) // continues exactly

	fmt.Println(len(y), err, slices.Equal(st.Push([]tensor.Float{tick}), again.Push([]tensor.Float{tick})))
	// Output: 16 <nil> true
}

func TestForecast(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	airline, err := sets.Find("airline")
	if err != nil {
		t.Fatal(err)
	}
	table, err := airline.Table()
	if err != nil {
		t.Fatal(err)
	}
	ctx, sales := t.Context(), table.Series[0].Y

	cfg := forecast.Config{Job: forecast.Job{Season: 12, Horizon: 6}}
	m, err := forecast.Fit(ctx, cfg, task.Options{}, data.Series{Y: sales})
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Predict(ctx, data.Series{Y: sales})
	// f[0].Point has 6 values, and f[0].Bands the prediction intervals of 50, 80 and 95 %

	if err != nil {
		t.Fatal(err)
	}
	if len(f) != 1 || len(f[0].Point) != 6 || len(f[0].Bands) != 3 {
		t.Fatalf("%d forecasts, %d values, %d bands", len(f), len(f[0].Point), len(f[0].Bands))
	}
	for k, level := range []float64{0.5, 0.8, 0.95} {
		if f[0].Bands[k].Level != level {
			t.Errorf("band %d is of %g, want %g", k, f[0].Bands[k].Level, level)
		}
	}
}
