package graph

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// Cross-entropy of the logits is the likelihood of the probabilities, whatever the last
// layer is, and has the same gradients.
func TestLogits(t *testing.T) {
	for name, layers := range map[string][]Layer{
		"dense":      {{Name: "out", Op: &Dense{Units: 3, Activation: "softmax"}}},
		"activation": {{Name: "d", Op: &Dense{Units: 3}}, {Name: "out", Op: &Activation{"softmax"}}},
	} {
		net := randomNet(t, &Config{Inputs: []Input{{Name: "x", Width: 4}}, Layers: layers})
		logits, err := net.Logits()
		if err != nil {
			t.Fatal(err)
		}
		x := random(rand.New(rand.NewPCG(1, 2)), 5, 4)
		want := []int{0, 2, -1, 1, 1}
		run := func(n *Net, loss func(*grad.Tape, *grad.Var, []int) *grad.Var) (v tensor.Float, dw []tensor.Float) {
			g := grad.New()
			out, _ := n.Run(g, []Value{{X: g.Const(x)}}, nil)
			l := loss(g, out[0].X, want)
			g.Backward(l)
			return l.Value.Data[0], append([]tensor.Float{}, g.Grad(nn.Params(net)[0].Var).Data...)
		}
		a, da := run(logits, nn.CrossEntropy)
		b, db := run(net, nn.NLL)
		if math.Abs(float64(a-b)) > 1e-5 {
			t.Errorf("%s: the loss is %v of logits and %v of probabilities", name, a, b)
		}
		for i := range da {
			if math.Abs(float64(da[i]-db[i])) > 1e-5 {
				t.Fatalf("%s: gradient %d is %v of logits and %v of probabilities", name, i, da[i], db[i])
			}
		}
	}
}

func TestNoLogits(t *testing.T) {
	in := []Input{{Name: "x", Width: 4}}
	soft := Layer{Name: "soft", Op: &Dense{Units: 3, Activation: "softmax"}}
	for want, c := range map[string]*Config{
		"does not end in": {Inputs: in, Layers: []Layer{{Name: "out", Op: &Dense{Units: 3, Activation: "relu"}}}},
		"is an input":     {Inputs: in, Layers: []Layer{soft}, Outputs: []string{"x"}},
		"reads output":    {Inputs: in, Layers: []Layer{soft, {Name: "top", Op: &Dense{Units: 3, Activation: "sigmoid"}}}, Outputs: []string{"top", "soft"}},
	} {
		if _, err := randomNet(t, c).Logits(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}
