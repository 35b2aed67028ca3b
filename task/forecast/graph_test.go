package forecast

import (
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// The graph gives the quantiles that the net gives.
func TestGraph(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := newNet(r, 5)
	for _, p := range nn.Params(n) {
		for i := range p.Value.Data {
			p.Value.Data[i] += tensor.Float(0.1 * r.NormFloat64())
		}
	}
	g, err := n.Graph()
	if err != nil {
		t.Fatal(err)
	}
	const steps, horizon = 6, 2
	x := tensor.New(steps, 1, features)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	want := n.forward(grad.Eval(), n.Cell, x, horizon)
	out, _, err := g.Predict(map[string]*tensor.Tensor{"x": tensor.FromSlice(x.Data, 1, steps, features)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := out["quantiles"].Data[(steps-horizon)*len(quantiles):]
	for i, v := range want.Value.Data {
		if d := v - got[i]; d > 1e-5 || d < -1e-5 {
			t.Fatalf("quantile %d is %v, want %v", i, got[i], v)
		}
	}
}
