package seq2seq_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
)

// kinds are all attentions, by name, for a cell of 4 and a memory of 4.
func kinds() map[string]seq2seq.AttentionOptions {
	all := map[string]seq2seq.AttentionOptions{}
	for _, score := range seq2seq.Scores() {
		for name, o := range map[string]seq2seq.AttentionOptions{
			"feeding": {Out: 5}, "plain": {NoInputFeeding: true}, "before": {AttendFirst: true, Width: 3, Out: 3}, "coverage": {Coverage: true}, "before, coverage": {AttendFirst: true, Coverage: true},
		} {
			if o.Score = score; score == seq2seq.Dot && o.AttendFirst {
				continue // the others have it
			}
			all[fmt.Sprint(score, ", ", name)] = o
		}
	}
	return all
}

// remembering is an attention whose memory is the same for every row.
type remembering struct {
	Att    *seq2seq.Attention
	Memory *grad.Var // [T, 1, width]
}

func (c *remembering) bind(g *grad.Tape, batch int) *seq2seq.Bound {
	b := c.Att.Bind(g, rnn.Seq{X: c.Memory})
	return b.SelectRows(g, make([]int, batch)).(*seq2seq.Bound)
}

func (c *remembering) StateSize() []int { return c.bind(grad.Eval(), 1).StateSize() }

func (c *remembering) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return c.bind(g, x.Dim(0)).Step(g, x, s)
}

func (c *remembering) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	return c.bind(g, s[0].Dim(0)).Unroll(g, x, active, s)
}

// Every kind keeps the declares of a cell.
func TestAttentionIsACell(t *testing.T) {
	for name, o := range kinds() {
		t.Run(name, func(t *testing.T) {
			r := rng()
			a := o.New(r, rnn.NewLSTM(r, o.In(3, 4, 4), 4), 4, 4)
			if a.Cover != nil {
				a.Cover = nn.Uniform(r, 1, a.Cover.Value.Shape.Dims()...)
			}
			n := nn.Count(nn.Params(a)) - nn.Count(nn.Params(a.Cell))
			if f := nn.Untagged(a); f != nil {
				t.Errorf("fields without a tag: %v", f)
			}
			if got := nn.Count(nn.Params(o.New(nn.Shapes, nil, 4, 4))); got != n {
				t.Errorf("%d parameters are counted, there are %d", got, n)
			}
			rnntest.Cell(t, &remembering{a, nn.Uniform(r, 1, 5, 1, 4)}, 3)
		})
	}
}

// With a memory for each row, of lengths of their own, rows do not mix, and gradients are
// right, also those of the memory and of the coverage loss.
func TestAttentionOfRaggedMemory(t *testing.T) {
	for name, o := range kinds() {
		r := rng()
		a := o.New(r, rnn.NewGRU(r, o.In(2, 4, 4), 4), 4, 4)
		x, mem := nn.Uniform(r, 1, 3, 4, 2), nn.Uniform(r, 1, 5, 4, 4)
		lengths, said := []int{5, 1, 0, 3}, []int{2, 3, 1, 0}
		for row, n := range lengths { // what lies past the end must not matter
			for s := n; s < 5; s++ {
				for i := range 4 {
					mem.Value.Data[(s*4+row)*4+i] = tensor.Float(math.NaN())
				}
			}
		}
		clean := grad.Leaf(mem.Value.Clone())
		for i, v := range clean.Value.Data {
			if v != v {
				clean.Value.Data[i] = 0
			}
		}
		run := func(g *grad.Tape, mem *grad.Var) (*grad.Var, rnn.State, *seq2seq.Bound) {
			b := a.Bind(g, rnn.Seq{X: mem, Len: lengths})
			y, last := rnn.Dynamic(g, b, rnn.Seq{X: x, Len: said}, nil)
			return y.X, last, b
		}
		g := grad.Eval()
		y, _, _ := run(g, mem)
		for row := range 4 {
			b := a.Bind(g, rnn.Seq{X: g.TransposeBatch(g.Slice(g.TransposeBatch(clean), row, row+1)), Len: lengths[row : row+1]})
			alone, last := rnn.Dynamic(g, b, rnn.Seq{X: g.TransposeBatch(g.Slice(g.TransposeBatch(x), row, row+1)), Len: said[row : row+1]}, nil)
			width := alone.Width()
			for s := range 3 {
				for i := range width {
					got, want := y.Value.Data[(s*4+row)*width+i], alone.X.Value.Data[s*width+i]
					if math.Abs(float64(got-want)) > 1e-6 {
						t.Fatalf("%s: row %d, step %d: %v, alone %v", name, row, s, got, want)
					}
				}
			}
			if w := b.Weights(last)[0]; said[row] > 0 && lengths[row] > 0 {
				sum := 0.0
				for _, v := range w {
					sum += float64(v)
				}
				if len(w) != lengths[row] || math.Abs(sum-1) > 1e-5 {
					t.Errorf("%s: row %d of %d steps has the weights %v", name, row, lengths[row], w)
				}
			}
		}
		var vars []*grad.Var
		for _, p := range nn.Params(a) {
			vars = append(vars, p.Var)
		}
		if err := grad.Check(func(g *grad.Tape) *grad.Var {
			y, last, b := run(g, clean)
			loss := g.Sum(g.Square(y))
			if o.Coverage {
				loss = g.Add(loss, g.Sum(b.Overlap(last)))
			}
			return loss
		}, append(vars, x, clean)...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Coverage and overlap as one reckons them by hand.
func TestCoverage(t *testing.T) {
	r := rng()
	o := seq2seq.AttentionOptions{Coverage: true}
	a := o.New(r, rnn.NewGRU(r, o.In(2, 3, 3), 3), 3, 3)
	g := grad.Eval()
	b := a.Bind(g, rnn.Seq{X: nn.Uniform(r, 1, 4, 1, 3)})
	s := rnn.Start(g, b, 1)
	covered, overlap := make([]float64, 4), 0.0
	for range 3 {
		_, s = b.Step(g, nn.Uniform(r, 1, 1, 2), s)
		for i, w := range b.Weights(s)[0] {
			overlap += min(float64(w), covered[i])
			covered[i] += float64(w)
		}
	}
	if got := float64(b.Overlap(s).Value.Data[0]); math.Abs(got-overlap) > 1e-5 || overlap == 0 {
		t.Errorf("overlap %v, want %v", got, overlap)
	}
	if sum := covered[0] + covered[1] + covered[2] + covered[3]; math.Abs(sum-3) > 1e-5 {
		t.Errorf("3 steps cover %v", sum)
	}
}

// Picked rows, and rows picked of those, attend to their own memory.
func TestPick(t *testing.T) {
	r := rng()
	a := seq2seq.NewAttention(r, rnn.NewGRU(r, 2+3, 3), 3)
	g := grad.Eval()
	b := a.Bind(g, rnn.Seq{X: nn.Uniform(r, 1, 4, 3, 3), Len: []int{4, 2, 3}})
	x := nn.Uniform(r, 1, 3, 2)
	all, _ := b.Step(g, x, rnn.Start(g, b, 3))
	rows := []int{2, 0, 2, 1}
	picked := rnn.SelectRows(g, rnn.SelectRows(g, b, []int{1, 2, 0}), []int{1, 2, 1, 0})
	y, _ := picked.Step(g, g.GatherRows(x, rows), rnn.Start(g, picked, 4))
	for i, row := range rows {
		if !slices.Equal(y.Value.At(i).Data, all.Value.At(row).Data) {
			t.Errorf("row %d picked from %d differs", i, row)
		}
	}
}

// The bits of values and gradients are the same on any number of cores.
func TestAttentionOnCores(t *testing.T) {
	r := rng()
	const B, T, h = 32, 20, 64
	o := seq2seq.AttentionOptions{Score: seq2seq.Additive, Coverage: true}
	a := o.New(r, rnn.NewGRU(r, o.In(h, h, h), h), h, h)
	x, mem := nn.Uniform(r, 1, 4, B, h), nn.Uniform(r, 1, T, B, h)
	lengths := make([]int, B)
	for i := range lengths {
		lengths[i] = 1 + i%T
	}
	run := func(cores int) (all [][]grad.Float) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		g := grad.New()
		b := a.Bind(g, rnn.Seq{X: mem, Len: lengths})
		y, last := rnn.Dynamic(g, b, rnn.Seq{X: x}, nil)
		g.Backward(g.Add(g.Sum(g.Square(y.X)), g.Sum(b.Overlap(last))))
		for _, v := range []*grad.Var{a.V, a.Cover, a.Key, a.Mix.W, x, mem} {
			all = append(all, slices.Clone(g.Grad(v).Data))
		}
		return append(all, slices.Clone(y.X.Value.Data))
	}
	one, four := run(1), run(4)
	for i := range one {
		if !slices.Equal(one[i], four[i]) {
			t.Errorf("array %d differs", i)
		}
	}
}
