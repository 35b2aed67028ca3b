package rnntest_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
)

// leaky is a user's cell: h' = h + (tanh(In(x)) - h)/4.
type leaky struct{ In *nn.Linear }

func (c leaky) StateSize() []int { return []int{c.In.W.Dim(1)} }

func (c leaky) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	h := g.Add(g.Scale(s[0], 0.75), g.Scale(g.Tanh(c.In.Forward(g, x)), 0.25))
	return h, rnn.State{h}
}

// In a test of one's own this is rnntest.Cell(t, cell, 3).
func ExampleCheck() {
	cell := leaky{nn.NewLinear(rand.New(rand.NewPCG(1, 2)), 3, 4)}
	fmt.Println(rnntest.Check(cell, 3))
	// Output: []
}
