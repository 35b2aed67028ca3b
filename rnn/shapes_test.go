package rnn_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A caption: what is known of two images, eight values each, becomes word scores at
// five steps.
func ExampleVectorToSequence() {
	r := rand.New(rand.NewPCG(1, 2))
	const words = 20
	cell := &rnn.OutputProjection{Cell: rnn.NewLSTM(r, 8, 16), Out: nn.NewLinear(r, 16, words)}
	g := grad.Eval()
	images := g.Const(nn.Uniform(r, 1, 2, 8).Value)
	scores := rnn.VectorToSequence(g, cell, images, 5, nil)
	fmt.Println(scores.X.Shape())
	// Output: [5 2 20]
}

// A judgement of two reviews of three and six words, positive or negative.
func ExampleSequenceToVector() {
	r := rand.New(rand.NewPCG(1, 2))
	embedding, cell, judge := nn.NewEmbedding(r, 100, 8), rnn.NewGRU(r, 8, 16), nn.NewLinear(r, 16, 1)
	g := grad.Eval()
	ids := []int{ // time-major, and -1 where a review has ended
		7, 12,
		9, 44,
		2, 3,
		-1, 81,
		-1, 5,
		-1, 2,
	}
	words := g.Reshape(embedding.Forward(g, ids), 6, 2, 8)
	score := judge.Forward(g, rnn.SequenceToVector(g, cell, rnn.Seq{X: words, Len: []int{3, 6}}))
	fmt.Println(score.Shape())
	// Output: [2 1]
}

// The price of the day after, for each of thirty days.
func ExampleSequenceToSequence() {
	r := rand.New(rand.NewPCG(1, 2))
	cell := &rnn.OutputProjection{Cell: rnn.NewBasic(r, 1, 16), Out: nn.NewLinear(r, 16, 1)}
	g := grad.New()
	prices := draw(r, 31, 4, 1) // of four shares
	y := rnn.SequenceToSequence(g, cell, rnn.Input(g, prices.Slice(0, 30), nil))
	loss := nn.MSE(g, y.X, prices.Slice(1, 31))
	g.Backward(loss)
	fmt.Println(y.X.Shape(), loss.Shape())
	// Output: [30 4 1] [1]
}

func TestShapes(t *testing.T) {
	r := rng()
	c := rnn.NewLSTM(r, 2, 3)
	x := draw(r, 4, 3, 2)
	lengths := []int{4, 2, 0}
	g := grad.Eval()
	q := rnn.Input(g, x, lengths)
	all := rnn.SequenceToSequence(g, c, q)
	want, last := rnn.Dynamic(g, c, q, nil)
	near(t, "sequence to sequence", all.X.Value, want.X.Value)
	if !slices.Equal(all.Len, lengths) {
		t.Errorf("lengths %v, want %v", all.Len, lengths)
	}
	vector := rnn.SequenceToVector(g, c, q)
	near(t, "sequence to vector", vector.Value, last[0].Value) // h is the last output, and 0 where there is none

	fed := tensor.New(4, 3, 2)
	copy(fed.Data, x.At(0).Data)
	want, _ = rnn.Dynamic(g, c, rnn.Input(g, fed, lengths), nil)
	near(t, "vector to sequence", rnn.VectorToSequence(g, c, g.Const(x.At(0)), 4, lengths).X.Value, want.X.Value)
	for steps := range 3 {
		y := rnn.VectorToSequence(g, c, g.Const(x.At(0)), steps, nil)
		if s := tensor.ShapeOf(steps, 3, 3); y.X.Shape() != s {
			t.Errorf("%d steps: %v, want %v", steps, y.X.Shape(), s)
		}
	}
}

// The gradient of the captions reaches the images.
func TestVectorToSequenceGradient(t *testing.T) {
	r := rng()
	c := noisy(rnn.NewGRU(r, 2, 3))
	v := grad.Leaf(draw(r, 3, 2))
	err := grad.Check(func(g *grad.Tape) *grad.Var {
		return g.Sum(g.Square(rnn.VectorToSequence(g, c, v, 5, []int{5, 1, 0}).X))
	}, v, c.Wx, c.Wh, c.B)
	if err != nil {
		t.Error(err)
	}
}

func TestVectorToSequenceMistakes(t *testing.T) {
	c := rnn.NewGRU(rng(), 2, 3)
	for name, f := range map[string]func(g *grad.Tape){
		"steps":   func(g *grad.Tape) { rnn.VectorToSequence(g, c, g.Zeros(3, 2), -1, nil) },
		"rank":    func(g *grad.Tape) { rnn.VectorToSequence(g, c, g.Zeros(4, 3, 2), 4, nil) },
		"lengths": func(g *grad.Tape) { rnn.VectorToSequence(g, c, g.Zeros(3, 2), 4, []int{5, 1, 1}) },
		"width":   func(g *grad.Tape) { rnn.VectorToSequence(g, c, g.Zeros(3, 3), 4, nil) },
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			f(grad.Eval())
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
