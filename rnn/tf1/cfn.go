package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// CFN is the chaos-free network of Laurent & von Brecht 2017, as CFNCell has it. With
// vθ, vη, w = split(x·Kernel) and uθ, uη = split(h·Recurrent + Bias),
//
//	h' = σ(vθ+uθ)∘tanh(h) + (1-σ(vη+uη))∘tanh(w)
//
// The paper has σ in place of 1-σ; TensorFlow turns that gate so that a bias of 1
// begins with little input. The state is {h}, the output h'.
type CFN struct {
	Kernel    *grad.Var `recur:"kernel"`    // [in, 3*hidden]: θ, η, w
	Recurrent *grad.Var `recur:"recurrent"` // [hidden, 2*hidden]: θ, η
	Bias      *grad.Var `recur:"bias"`      // [2*hidden]: θ, η
}

func init() {
	rnn.Register("cfn", rnn.Spec[CFNOptions, *CFN]{
		New:     CFNOptions.New,
		Options: func(c *CFN) (CFNOptions, int) { return CFNOptions{}, c.Recurrent.Dim(0) },
	})
}

// CFNOptions are the options of a CFN: none.
type CFNOptions struct{}

// New draws the kernels by Glorot and sets the bias to 1.
func (CFNOptions) New(r *rand.Rand, in, hidden int) *CFN {
	return &CFN{nn.GlorotGates(r, in, 3, hidden), nn.GlorotGates(r, hidden, 2, hidden), nn.Full(r, 1, 2*hidden)}
}

// StateSize is {hidden}.
func (c *CFN) StateSize() []int { return []int{c.Recurrent.Dim(0)} }

// Widths implements rnn.Sizer.
func (c *CFN) Widths() (in, out int) { return c.Kernel.Dim(0), c.Recurrent.Dim(0) }

// Step computes one step.
func (c *CFN) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("CFN", c, x, s)
	v, u := g.Split(g.Affine(x, c.Kernel, nil), 3), g.Split(g.Affine(s[0], c.Recurrent, c.Bias), 2)
	theta, eta := g.Sigmoid(g.Add(v[0], u[0])), g.Sigmoid(g.Add(v[1], u[1]))
	h := g.Add(g.Mul(theta, g.Tanh(s[0])), g.Mul(g.ScaleShift(eta, -1, 1), g.Tanh(v[2])))
	return h, rnn.State(g.List(h))
}
