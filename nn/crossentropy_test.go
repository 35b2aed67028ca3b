package nn_test

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A large vocabulary is cut over the cores, and has the same bits for any number of
// them; the gradients of a row sum to 0, and its loss is that of the definition.
func TestCrossEntropyOnSeveralCores(t *testing.T) {
	const rows, classes = 70, 3001
	x := nn.Normal(rng(), 3, rows, classes)
	want := make([]int, rows)
	for i := range want {
		want[i] = (i*97)%classes - i%5/4*classes // every fifth is padding
	}
	var first []tensor.Float
	for _, procs := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		g := grad.New()
		loss := nn.CrossEntropySmooth(g, x, want, 0.1)
		g.Backward(loss)
		got := append(slices.Clone(g.Grad(x).Data), loss.Value.Data[0])
		if first == nil {
			first = got
		} else if !slices.Equal(got, first) {
			t.Errorf("%d processors give other bits than one", procs)
		}
	}
	var sum, count float64
	for i, id := range want {
		row := x.Value.Data[i*classes : (i+1)*classes]
		var z, dx float64
		for j, v := range row {
			z += math.Exp(float64(v))
			dx += float64(first[i*classes+j])
		}
		if math.Abs(dx) > 1e-6 {
			t.Errorf("row %d: the gradients sum to %v", i, dx)
		}
		if id < 0 {
			continue
		}
		count++
		for j, v := range row {
			p := 0.1 / classes
			if j == id {
				p += 0.9
			}
			sum -= p * (float64(v) - math.Log(z))
		}
	}
	if got := float64(first[rows*classes]); math.Abs(got-sum/count) > 1e-5 {
		t.Errorf("loss %v, want %v", got, sum/count)
	}
}

// Scores may serve two losses, and padding gives none of them a gradient.
func TestCrossEntropyAddsToGradients(t *testing.T) {
	x := nn.Normal(rng(), 1, 4, 6)
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		y := g.Tanh(x)
		return g.Add(nn.CrossEntropy(g, y, []int{0, -1, 5, 2}), nn.CrossEntropy(g, y, []int{-1, 1, 1, 2}))
	}, x); err != nil {
		t.Error(err)
	}
}

// The loss of probabilities is that of the logits that they came from, and stays finite
// where one is 0.
func TestNLL(t *testing.T) {
	x := nn.Normal(rng(), 1, 4, 6)
	want := []int{0, -1, 5, 2}
	g := grad.Eval()
	a, b := nn.CrossEntropy(g, x, want).Value.Data[0], nn.NLL(g, g.Softmax(x), want).Value.Data[0]
	if math.Abs(float64(a-b)) > 1e-6 {
		t.Errorf("NLL is %v, want %v", b, a)
	}
	if err := grad.Check(func(g *grad.Tape) *grad.Var { return nn.NLL(g, g.Softmax(x), want) }, x); err != nil {
		t.Error(err)
	}
	zero := nn.Zeros(1, 2)
	g = grad.New()
	loss := nn.NLL(g, zero, []int{1})
	g.Backward(loss)
	if v := float64(loss.Value.Data[0]); math.Abs(v-16.118) > 1e-3 || math.Abs(float64(g.Grad(zero).Data[1])+1e7) > 1e3 {
		t.Errorf("of probability 0: %v, gradient %v", v, g.Grad(zero).Data)
	}
}
