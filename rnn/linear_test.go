package rnn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A unit remembers what its gate lets it: a minGRU whose gate is shut keeps its state.
func ExampleMinGRU() {
	c := rnn.MinGRUOptions{}.New(rand.New(rand.NewPCG(1, 2)), 3, 2)
	c.B.Value.Data[0] = -30 // z of unit 0
	g := grad.Eval()
	s := rnn.State{g.Const(tensor.FromSlice([]tensor.Float{0.5, 0.5}, 1, 2))}
	x := rnn.FromSteps(g, []*grad.Var{g.Const(x0.Slice(0, 1)), g.Const(x1.Slice(0, 1))})
	_, last := rnn.Dynamic(g, c, x, s)
	fmt.Printf("%.3f %v\n", last[0].Value.Data[0], last[0].Value.Data[1] == 0.5)
	// Output: 0.500 false
}

// After each update the recurrent weights are held below 2^(1/T).
func ExampleIndRNN_Limit() {
	c := rnn.IndRNNOptions{}.New(rand.New(rand.NewPCG(1, 2)), 3, 2)
	c.U.Value.Data[0] = -1.5
	c.Limit(2, 100)
	fmt.Printf("%.4f\n", c.U.Value.Data[0])
	// Output: -1.0070
}

// The form of the paper's second version.
func ExampleSRUOptions() {
	r := rand.New(rand.NewPCG(1, 2))
	c := rnn.SRUOptions{Peepholes: true, Scale: math.Sqrt(3), Activation: rnn.Identity}.New(r, 4, 4)
	for _, p := range nn.Params(c) {
		fmt.Println(p.Name, p.Shape())
	}
	// Output:
	// w [4 12]
	// b [8]
	// v [2 4]
}

// linearCells are in their options, for 5 inputs.
func linearCells() map[string]rnn.Cell {
	r := rng()
	positive, positiveLSTM, bare := rnn.MinGRUOptions{}.New(r, 5, 7), rnn.MinLSTMOptions{}.New(r, 5, 7), rnn.MinGRUOptions{}.New(r, 5, 7)
	positive.Positive, positiveLSTM.Positive, bare.B = true, true, nil
	return map[string]rnn.Cell{
		"MinGRU":         noisy(rnn.MinGRUOptions{}.New(r, 5, 7)),
		"MinGRUPositive": noisy(positive),
		"MinGRUNoBias":   noisy(bare),
		"MinLSTM":        noisy(rnn.MinLSTMOptions{}.New(r, 5, 7)),
		"MinLSTMLog":     noisy(positiveLSTM),
		"IndRNN":         noisy(rnn.IndRNNOptions{}.New(r, 5, 7)),
		"IndRNNLinear":   noisy(rnn.IndRNNOptions{Activation: rnn.Identity}.New(r, 5, 7)),
		"IndRNNTanh":     noisy(rnn.IndRNNOptions{Activation: rnn.Tanh}.New(r, 5, 7)),
		"IndRNNSoftsign": noisy(rnn.IndRNNOptions{Activation: rnn.Softsign}.New(r, 5, 7)),
		"SRU":            noisy(rnn.SRUOptions{}.New(r, 5, 7)),
		"SRUSquare":      noisy(rnn.SRUOptions{}.New(r, 5, 5)),
		"SRUPeepholes":   noisy(rnn.SRUOptions{Peepholes: true}.New(r, 5, 7)),
		"SRUPeepSquare":  noisy(rnn.SRUOptions{Peepholes: true, Scale: 1.7, Activation: rnn.Identity}.New(r, 5, 5)),
	}
}

func TestLinearCells(t *testing.T) {
	for name, c := range linearCells() {
		conform(t, name, c)
	}
}

func TestLinearCellsByHand(t *testing.T) {
	phis := map[rnn.Activation]scalar{
		{}: math.Tanh, rnn.Tanh: math.Tanh, rnn.Identity: plain(nil),
		rnn.ReLU: func(x float64) float64 { return math.Max(x, 0) }, rnn.Softsign: func(x float64) float64 { return x / (1 + math.Abs(x)) },
	}
	form := func(positive bool) scalar {
		if !positive {
			return plain(nil)
		}
		return func(x float64) float64 {
			if x >= 0 {
				return x + 0.5
			}
			return sigmoid(x)
		}
	}
	// units makes a stepper of what one unit does.
	units := func(f func(j int, x []float64, s float64) (y, next float64)) stepper {
		return func(x []float64, s [][]float64) (y []float64, next [][]float64) {
			y, next = make([]float64, len(s[0])), [][]float64{make([]float64, len(s[0]))}
			for j := range y {
				y[j], next[0][j] = f(j, x, s[0][j])
			}
			return y, next
		}
	}
	for name, c := range linearCells() {
		H := c.StateSize()[0]
		var step stepper
		switch c := c.(type) {
		case *rnn.MinGRU:
			step = units(func(j int, x []float64, h float64) (float64, float64) {
				z, u := sigmoid(times(x, c.W, j)+at(c.B, j)), form(c.Positive)(times(x, c.W, H+j)+at(c.B, H+j))
				h = (1-z)*h + z*u
				return h, h
			})
		case *rnn.MinLSTM:
			step = units(func(j int, x []float64, h float64) (float64, float64) {
				f, i := sigmoid(times(x, c.W, j)+at(c.B, j)), sigmoid(times(x, c.W, H+j)+at(c.B, H+j))
				u := form(c.Positive)(times(x, c.W, 2*H+j) + at(c.B, 2*H+j))
				h = f/(f+i)*h + i/(f+i)*u
				return h, h
			})
		case *rnn.IndRNN:
			phi := phis[c.Activation]
			if c.Activation == (rnn.Activation{}) {
				phi = phis[rnn.ReLU]
			}
			step = units(func(j int, x []float64, h float64) (float64, float64) {
				h = phi(times(x, c.W, j) + at(c.U, j)*h + at(c.B, j))
				return h, h
			})
		case *rnn.SRU:
			step = units(func(j int, x []float64, s float64) (float64, float64) {
				f := sigmoid(times(x, c.W, H+j) + at(c.B, j) + at(c.V, j)*s)
				r := sigmoid(times(x, c.W, 2*H+j) + at(c.B, H+j) + at(c.V, H+j)*s)
				next := f*s + (1-f)*times(x, c.W, j)
				skip, scale := x[j%len(x)], c.Scale
				if len(x) != H {
					skip = times(x, c.W, 3*H+j)
				}
				if scale == 0 {
					scale = 1
				}
				return r*phis[c.Activation](next) + (1-r)*scale*skip, next
			})
		}
		byHand(t, name, c, step)
	}
}

// manySteps is more than twice what a narrow recurrence is cut at in time.
const manySteps = 5000

// The bits do not depend on the cores, wide or long, values and gradients.
func TestLinearCellsOnCores(t *testing.T) {
	r := rng()
	for name, c := range map[string]struct {
		cell    rnn.Cell
		lengths []int
	}{
		"MinGRU wide":  {rnn.MinGRUOptions{}.New(r, 3, 700), []int{40, 1, 0, 13, 40, 7, 39, 22, 5}},
		"MinLSTM long": {rnn.MinLSTMOptions{}.New(r, 3, 9), []int{manySteps, 0, 7, manySteps - 1}},
		"SRU long":     {rnn.SRUOptions{}.New(r, 3, 30), []int{manySteps, manySteps}},
		"SRU wide":     {rnn.SRUOptions{Peepholes: true}.New(r, 3, 200), slices.Repeat([]int{30, 29, 12, 30}, 10)},
		"IndRNN wide":  {rnn.IndRNNOptions{Activation: rnn.Tanh}.New(r, 3, 200), slices.Repeat([]int{30, 29, 12, 30}, 10)},
	} {
		x := draw(r, slices.Max(c.lengths), len(c.lengths), 3)
		run := func(procs int) (results []*tensor.Tensor) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			g := grad.New()
			leaf := grad.Leaf(x)
			y, last := rnn.Dynamic(g, c.cell, rnn.Seq{X: leaf, Len: c.lengths}, nil)
			g.Backward(lossOver(g, y.X, last))
			results = append(results, y.X.Value, last[0].Value, g.Grad(leaf))
			for _, p := range nn.Params(c.cell) {
				results = append(results, g.Grad(p.Var))
			}
			return results
		}
		want := run(1)
		for _, procs := range []int{2, 8} {
			for i, got := range run(procs) {
				if !slices.Equal(got.Data, want[i].Data) {
					t.Errorf("%s: result %d differs on %d cores", name, i, procs)
				}
			}
		}
		g := grad.Eval()
		y, last := rowByRow(c.cell, x, c.lengths, rnn.Start(g, c.cell, len(c.lengths)))
		near(t, name+": outputs", want[0], y)
		near(t, name+": state", want[1], last[0])
	}
}

// Gates far from 0 stay right: neither part is NaN when both σ vanish.
func TestMinLSTMFarGates(t *testing.T) {
	c := rnn.MinLSTMOptions{}.New(rng(), 1, 6)
	clear(c.W.Value.Data)
	f := []tensor.Float{-500, -500, -700, 700, -120, -90}
	i := []tensor.Float{-500, -501, 700, -700, -119, 3}
	copy(c.B.Value.Data, f)
	copy(c.B.Value.Data[6:], i)
	for j := range 6 {
		c.B.Value.Data[12+j] = 1 // u, and h is 0: so h' = i'
	}
	g := grad.New()
	y, _ := rnn.Dynamic(g, c, rnn.Input(g, tensor.New(1, 1, 1), nil), nil)
	g.Backward(g.Sum(y.X))
	want := []float64{0.5, sigmoid(-1), 1, 0, sigmoid(1), 1}
	nearNumbers(t, "i'", tensor.FromSlice(y.X.Value.Data, 6), want)
	d := g.Grad(c.B).Data
	for j, w := range want {
		slope := w * (1 - w) // by i, and its opposite by f, where σ is e^v
		if !(math.Abs(float64(d[6+j])-slope) <= 1e-6 && math.Abs(float64(d[j])+slope) <= 1e-6) {
			t.Errorf("unit %d: the gradients by f and i are %v and %v, want ∓%v", j, d[j], d[6+j], slope)
		}
	}
}

// A gradient that only one parameter wants is computed, and no other.
func TestLinearOneWanted(t *testing.T) {
	x := draw(rng(), 4, 2, 5)
	run := func(c rnn.Cell, g *grad.Tape) {
		y, _ := rnn.Dynamic(g, c, rnn.Input(g, x, nil), nil)
		g.Backward(g.Sum(g.Square(y.X)))
	}
	for name := range linearCells() {
		all := linearCells()[name]
		full := grad.New()
		run(all, full)
		for k, p := range nn.Params(all) {
			one, g := linearCells()[name], grad.New()
			params := nn.Params(one)
			onlyWants(one, g, params[k].Var)
			run(one, g)
			near(t, name+": "+p.Name, g.Grad(params[k].Var), full.Grad(p.Var))
			for i, other := range params {
				if i != k && g.GradIfSet(other.Var) != nil {
					t.Errorf("%s: only %s is wanted, and %s has a gradient", name, p.Name, other.Name)
				}
			}
		}
	}
}

func TestLinearStreamAllocatesNothing(t *testing.T) {
	x := make([]tensor.Float, 5)
	for name, c := range linearCells() {
		st := rnn.NewStream(c)
		if n := testing.AllocsPerRun(100, func() { st.Push(x) }); n > 0 && !race.Enabled {
			t.Errorf("%s: %v allocations a step", name, n)
		}
	}
}

func TestLinearShapes(t *testing.T) {
	for name, c := range linearCells() {
		H := c.StateSize()[0]
		for what, f := range map[string]func(g *grad.Tape){
			"input": func(g *grad.Tape) { c.Step(g, g.Zeros(2, 4), rnn.Start(g, c, 2)) },
			"state": func(g *grad.Tape) { c.Step(g, g.Zeros(2, 5), rnn.State{g.Zeros(2, H+1)}) },
			"rows":  func(g *grad.Tape) { c.Step(g, g.Zeros(2, 5), rnn.Start(g, c, 1)) },
			"none":  func(g *grad.Tape) { c.Step(g, g.Zeros(2, 5), nil) },
			"parameter": func(g *grad.Tape) {
				c := linearCells()[name]
				p := nn.Params(c)
				*p[len(p)-1].Var = *grad.Leaf(tensor.New(1, 1))
				c.Step(g, g.Zeros(2, 5), rnn.State{g.Zeros(2, H)})
			},
		} {
			err := func() (err error) {
				defer tensor.Catch(&err)
				f(grad.New())
				return nil
			}()
			var shape *tensor.ShapeError
			if !errors.As(err, &shape) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

func TestIndRNNOptions(t *testing.T) {
	c := rnn.IndRNNOptions{}.New(rng(), 2, 500)
	u := c.U.Value.Data
	if lo, hi := slices.Min(u), slices.Max(u); lo < 0 || hi > 1 || lo > 0.05 || hi < 0.95 {
		t.Errorf("u lies in [%v, %v], want about [0, 1]", lo, hi)
	}
	u[0], u[1] = -9, 9
	c.Limit(2, 10)
	most := tensor.Float(math.Pow(2, 0.1))
	if u[0] != -most || u[1] != most || slices.Max(u[2:]) > 1 {
		t.Errorf("u is %v, %v… after Limit", u[0], u[1])
	}
}

// The linear cells at the sizes of BenchmarkForward and BenchmarkTrain, and over one
// long narrow sequence.
func BenchmarkLinear(b *testing.B) {
	for _, size := range []struct{ T, B, in, hidden int }{{benchT, benchB, benchI, benchH}, {1 << 15, 1, 8, 16}} {
		r := rng()
		x := draw(r, size.T, size.B, size.in)
		for _, c := range []struct {
			name string
			cell rnn.Cell
		}{
			{"LSTM", rnn.NewLSTM(r, size.in, size.hidden)},
			{"GRU", rnn.NewGRU(r, size.in, size.hidden)},
			{"MinGRU", rnn.MinGRUOptions{}.New(r, size.in, size.hidden)},
			{"MinGRUPositive", func() rnn.Cell { c := rnn.MinGRUOptions{}.New(r, size.in, size.hidden); c.Positive = true; return c }()},
			{"MinLSTM", rnn.MinLSTMOptions{}.New(r, size.in, size.hidden)},
			{"IndRNN", rnn.IndRNNOptions{}.New(r, size.in, size.hidden)},
			{"IndRNNLinear", func() rnn.Cell {
				c := rnn.IndRNNOptions{}.New(r, size.in, size.hidden)
				c.Activation = rnn.Identity
				return c
			}()},
			{"SRU", rnn.SRUOptions{}.New(r, size.in, size.hidden)},
			{"SRUPeepholes", rnn.SRUOptions{Peepholes: true}.New(r, size.in, size.hidden)},
		} {
			name := fmt.Sprintf("%s/T=%d,B=%d", c.name, size.T, size.B)
			b.Run("Forward/"+name, func(b *testing.B) {
				g := grad.Eval()
				b.ReportAllocs()
				for b.Loop() {
					g.Reset()
					rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
				}
			})
			b.Run("Train/"+name, func(b *testing.B) {
				g := grad.New()
				b.ReportAllocs()
				for b.Loop() {
					g.Reset()
					y, _ := rnn.Dynamic(g, c.cell, rnn.Input(g, x, nil), nil)
					g.Backward(g.Sum(y.X))
				}
			})
			b.Run("Stream/"+name, func(b *testing.B) {
				st, x := rnn.NewStream(c.cell), make([]tensor.Float, size.in)
				b.ReportAllocs()
				for b.Loop() {
					st.Push(x)
				}
			})
		}
	}
}
