package classify

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The graph gives the scores that the model gives.
func TestGraph(t *testing.T) {
	for _, c := range []Config{
		{Target: One, Cell: rnn.KindLSTM, Layers: 2, Bidirectional: true, Pool: "last"},
		{Target: Many, Cell: rnn.KindGRU, Layers: 1, Pool: "mean+max+bag+last+attention"},
		{Target: Steps, Cell: rnn.KindBasic, Layers: 1, Bidirectional: true},
	} {
		c.Input, c.Width, c.Hidden, c.Batch, c.Steps, c.Rate, c.Classes = Series, 2, 4, 2, 1, 1, []string{"a", "b", "c"}
		made, err := c.New(rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		n := made.(*net)
		g, err := n.Graph()
		if err != nil {
			t.Fatal(err)
		}
		x := tensor.New(4, 2, 2)
		for i := range x.Data {
			x.Data[i] = tensor.Float(i%5) - 2
		}
		lengths := []int{4, 2}
		want := n.scores(grad.Eval(), batch{x: x, lengths: lengths})
		major := tensor.New(2, 4, 2)
		for i := range 4 {
			for b := range 2 {
				copy(major.At(b).At(i).Data, x.At(i).At(b).Data)
			}
		}
		out, _, err := g.Predict(map[string]*tensor.Tensor{"x": major}, lengths, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := out["scores"]
		if c.Target == Steps {
			got = grad.Eval().TransposeBatch(grad.Leaf(got)).Value
		}
		for i, v := range want.Value.Data {
			if d := v - got.Data[i]; d > 1e-5 || d < -1e-5 {
				t.Fatalf("%s: score %d is %v, want %v", c.Pool, i, got.Data[i], v)
			}
		}
	}
	n := &net{NGrams: nn.NewEmbedding(rand.New(rand.NewPCG(1, 2)), 3, 2)}
	if _, err := n.Graph(); err == nil || !strings.Contains(err.Error(), "n-grams") {
		t.Errorf("got %v, want an error that names what it reads", err)
	}
}
