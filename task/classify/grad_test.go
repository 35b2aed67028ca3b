package classify

import (
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The ways to pool have the right gradients, with rows of all lengths, and steps past the
// end change nothing.
func TestPooling(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	x := nn.Normal(r, 1, 4, 3, 5)
	lengths := []int{4, 0, 2}
	a := newAttention(r, 5)
	for name, pool := range map[string]func(*grad.Tape, rnn.Seq) *grad.Var{
		"mean": meanOver, "max": maxOver, "attention": a.over,
	} {
		f := func(g *grad.Tape) *grad.Var {
			y := pool(g, rnn.Seq{X: x, Len: lengths})
			return g.Sum(g.Mul(y, g.Const(tensor.FromSlice(weights15(), 3, 5))))
		}
		if err := grad.Check(f, x, a.Look.W, a.Look.B, a.V); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		before := f(grad.Eval()).Value.Data[0]
		x.Value.Data[(3*3+2)*5] += 7 // step 3 of the row of length 2
		if after := f(grad.Eval()).Value.Data[0]; after != before {
			t.Errorf("%s: what is past the end counts", name)
		}
	}
}

func weights15() []tensor.Float {
	w := make([]tensor.Float, 15)
	for i := range w {
		w[i] = tensor.Float(i%4) - 1.5
	}
	return w
}

// The losses have the right gradients, and are those of package nn where weights are even.
func TestLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, target := range []string{One, Steps, Many} {
		c := Config{Input: Series, Target: target, Cell: rnn.KindGRU, Hidden: 4, Layers: 1, Pool: "mean", Batch: 2, Steps: 1, Rate: 1, Width: 2, Classes: []string{"a", "b", "c"}, LabelSmoothing: 0.1}
		made, err := c.New(r)
		if err != nil {
			t.Fatal(err)
		}
		m := &Model{Config: c, net: made.(*net), scale: &scale{Mean: []float64{0, 0}, Std: []float64{1, 1}}}
		items := []*item{{x: []tensor.Float{1, 2, 3, 4, 5, 6}, steps: 3, want: []int32{2}}, {x: []tensor.Float{1, 2}, steps: 1, want: []int32{0}}}
		if target == Steps {
			items[0].want = []int32{2, noLabel, 1}
		}
		b := m.batch(items)
		var params []*grad.Var
		for _, p := range nn.Params(m.net) {
			params = append(params, p.Var)
		}
		if err := grad.Check(func(g *grad.Tape) *grad.Var { return m.loss(g, b) }, params...); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		g := grad.Eval()
		scores := m.net.scores(g, b)
		var want *grad.Var
		if target == Many {
			want = nn.BCE(g, scores, tensor.FromSlice([]tensor.Float{0, 0, 1, 1, 0, 0}, 2, 3))
		} else {
			want = nn.CrossEntropy(g, scores, b.want)
		}
		if got := m.loss(g, b).Value.Data[0]; got-want.Value.Data[0] > 1e-6 || want.Value.Data[0]-got > 1e-6 {
			t.Errorf("%s: loss %v, want %v", target, got, want.Value.Data[0])
		}
	}
}
