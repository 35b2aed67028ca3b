package lm

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// net is a language model over ids:
//
//	x_t = Embed[id_t]
//	h_t = Cells(x_t, h_{t-1})
//	P(id_{t+1}) = softmax(h_t·Out.W + Out.B), or tied softmax(h_t·Embedᵀ + Bias)
type net struct {
	Embed *nn.Embedding `recur:"embed"`
	Cells rnn.Stack     `recur:"cells"`
	Out   *nn.Linear    `recur:"out"`  // nil if tied
	Bias  *grad.Var     `recur:"bias"` // [ids], nil if not

	run rnn.Stack // Cells with their dropout
}

// scores are those of the next id at every step: ids [steps*batch] time-major gives
// [steps, batch, ids].
func (n *net) scores(g *grad.Tape, ids []int, batch int, s rnn.State) (*grad.Var, rnn.State) {
	x := g.Reshape(n.Embed.Forward(g, ids), len(ids)/batch, batch, n.Embed.W.Dim(1))
	y, last := rnn.Dynamic(g, n.run, rnn.Seq{X: x}, s)
	return n.head(g, y.X), last
}

// head scores the ids by the output of the cells.
func (n *net) head(g *grad.Tape, y *grad.Var) *grad.Var {
	if n.Out != nil {
		return n.Out.Forward(g, y)
	}
	return g.AffineT(y, n.Embed.W, n.Bias)
}
