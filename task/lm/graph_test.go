package lm

import (
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// The graph gives the scores that the model gives, tied or not.
func TestGraph(t *testing.T) {
	for _, tied := range []bool{false, true} {
		c := small()
		c.Size, c.Tied, c.Layers, c.Dropout = 11, tied, 2, 0.3
		made, err := c.New(rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		n := made.(*net)
		for _, p := range nn.Params(n) { // biases too
			for i := range p.Value.Data {
				p.Value.Data[i] += tensor.Float(i%7) * 0.01
			}
		}
		g, err := n.Graph()
		if err != nil {
			t.Fatal(err)
		}
		ids := []int{1, 7, 3, 0, 10, 2}
		want, _ := n.scores(grad.Eval(), ids, 1, nil)
		x := tensor.New(1, len(ids))
		for i, id := range ids {
			x.Data[i] = tensor.Float(id)
		}
		out, _, err := g.Predict(map[string]*tensor.Tensor{"ids": x}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want.Value.Data {
			if d := v - out["scores"].Data[i]; d > 1e-5 || d < -1e-5 {
				t.Fatalf("tied %v: score %d is %v, want %v", tied, i, out["scores"].Data[i], v)
			}
		}
	}
}
