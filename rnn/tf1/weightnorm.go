package tf1

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// WeightNorm is an LSTM with weight normalisation (Salimans & Kingma 2016), as
// WeightNormLSTMCell has it: each column of Wx, Wh and Wp is scaled to a length that
// is learned apart from its direction,
//
//	w = g∘v/√max(|v|², 1e-12)
//
// TensorFlow's kernel holds the directions for x and for h one above the other.
// Everything else, peepholes too, is the LSTM's; gates lie in its order.
type WeightNorm struct {
	LSTM *rnn.LSTM `recur:"lstm"` // LSTM whose Wx, Wh and Wp are directions
	Gx   *grad.Var `recur:"gx"`   // lengths of the columns of Wx
	Gh   *grad.Var `recur:"gh"`   // lengths of the columns of Wh
	Gp   *grad.Var `recur:"gp"`   // lengths of the columns of Wp; nil where it is
}

// NewWeightNorm gives the columns of c the length 1.
func NewWeightNorm(c *rnn.LSTM) *WeightNorm {
	w := &WeightNorm{LSTM: c, Gx: nn.Constant(1, c.Wx.Dim(1)), Gh: nn.Constant(1, c.Wh.Dim(1))}
	if c.Wp != nil {
		w.Gp = nn.Constant(1, c.Wp.Dim(1))
	}
	return w
}

// StateSize is the LSTM's.
func (c *WeightNorm) StateSize() []int { return c.LSTM.StateSize() }

// Widths implements rnn.Sizer.
func (c *WeightNorm) Widths() (in, out int) { return c.LSTM.Wx.Dim(0), c.LSTM.Wh.Dim(0) }

// IsCellState asks the LSTM.
func (c *WeightNorm) IsCellState(i int) bool { return c.LSTM.IsCellState(i) }

// Step computes one step.
func (c *WeightNorm) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("WeightNorm", c, x, s)
	return c.normal(g).Step(g, x, s)
}

// Unroll normalises the weights once for all steps.
func (c *WeightNorm) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	return c.normal(g).Unroll(g, x, active, s)
}

// Plain is an LSTM that computes the same, with weights of its own that are normalised
// once and no longer follow c.
func (c *WeightNorm) Plain() *rnn.LSTM {
	l := *c.LSTM
	g := grad.Eval()
	for _, w := range []struct {
		to   **grad.Var
		size *grad.Var
	}{{&l.Wx, c.Gx}, {&l.Wh, c.Gh}, {&l.Wp, c.Gp}} {
		if *w.to != nil {
			*w.to = grad.Leaf(columns(g, *w.to, w.size).Value.Clone())
		}
	}
	return &l
}

// normal is the LSTM with the weights normalised.
func (c *WeightNorm) normal(g *grad.Tape) *rnn.LSTM {
	l := *c.LSTM
	l.Wx, l.Wh = columns(g, l.Wx, c.Gx), columns(g, l.Wh, c.Gh)
	if l.Wp != nil {
		l.Wp = columns(g, l.Wp, c.Gp)
	}
	return &l
}

// columns brings the columns of v to the lengths n.
func columns(g *grad.Tape, v, n *grad.Var) *grad.Var {
	square := g.Affine(ones(g, 1, v.Dim(0)), g.Square(v), nil)
	inverse := g.Map(square,
		func(x grad.Float) grad.Float { return grad.Float(1 / math.Sqrt(max(float64(x), 1e-12))) },
		func(x, y grad.Float) grad.Float {
			if x <= 1e-12 {
				return 0
			}
			return -y * y * y / 2
		})
	return g.MulRow(v, g.Mul(g.Reshape(inverse, v.Dim(1)), n))
}
