package classify

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// net reads a batch of sequences:
//
//	x_t = Embed[id_t] + Case[case_t] + Σ NGrams[ids of the n-grams that end at t], or the values of a series
//	y   = Layers(x)
//	scores = pool(y)·Out.W + Out.B, or y_t·Out.W + Out.B at each step
type net struct {
	Embed  *nn.Embedding `recur:"embed"`  // nil for series
	Case   *nn.Embedding `recur:"case"`   // nil for none
	NGrams *nn.Embedding `recur:"ngrams"` // nil for none
	Layers []layer       `recur:"layers"`
	Attend *attention    `recur:"attend"` // nil if it does not pool so
	Out    *nn.Linear    `recur:"out"`

	cfg *Config
}

// A layer reads in one direction or, with Bwd, in both.
type layer struct {
	Fwd rnn.Cell `recur:"fwd"`
	Bwd rnn.Cell `recur:"bwd"` // nil for none
}

// run gives the outputs of all steps, and for each row that after its last step: of the
// backward direction that of the first step, which it reads last.
func (l layer) run(g *grad.Tape, x rnn.Seq) (y rnn.Seq, last *grad.Var) {
	if l.Bwd == nil {
		y, _ = rnn.Dynamic(g, l.Fwd, x, nil)
		return y, y.Last(g)
	}
	fwd, bwd, _ := (&rnn.Bidirectional{Fwd: l.Fwd, Bwd: l.Bwd}).Both(g, x, nil)
	first := g.Reshape(g.Slice(bwd.X, 0, 1), x.Batch(), bwd.Width())
	return rnn.Seq{X: g.Concat(fwd.X, bwd.X), Len: x.Len}, g.Concat(fwd.Last(g), first)
}

// scores are those of each label: [batch, classes], or with a label for each step
// [steps, batch, classes].
func (n *net) scores(g *grad.Tape, b batch) *grad.Var {
	x := rnn.Seq{X: g.Dropout(n.read(g, b), n.cfg.DropoutInput), Len: b.lengths}
	y, last := x, (*grad.Var)(nil)
	for i, l := range n.Layers {
		if i > 0 {
			y.X = g.Dropout(y.X, n.cfg.Dropout)
		}
		y, last = l.run(g, y)
	}
	if n.cfg.Target == Steps {
		return n.Out.Forward(g, g.Dropout(y.X, n.cfg.Dropout))
	}
	var parts []*grad.Var
	for _, p := range n.cfg.pools() {
		switch p {
		case "last":
			parts = append(parts, last)
		case "mean":
			parts = append(parts, meanOver(g, y))
		case "max":
			parts = append(parts, maxOver(g, y))
		case "attention":
			parts = append(parts, n.Attend.over(g, y))
		case "bag":
			parts = append(parts, meanOver(g, x))
		}
	}
	return n.Out.Forward(g, g.Dropout(g.Concat(parts...), n.cfg.Dropout))
}

// read makes the inputs [steps, batch, width].
func (n *net) read(g *grad.Tape, b batch) *grad.Var {
	if n.Embed == nil {
		x := b.x
		if g.Train && n.cfg.Noise > 0 {
			x = g.Scratch(b.x.Shape)
			for i, v := range b.x.Data {
				x.Data[i] = v + tensor.Float(n.cfg.Noise*g.Rand.NormFloat64())
			}
		}
		return g.Const(x)
	}
	ids := b.ids
	if g.Train && n.cfg.DropoutWord > 0 {
		ids = g.Ints(len(b.ids))
		for i, id := range b.ids {
			if ids[i] = id; id >= 0 && g.Rand.Float64() < n.cfg.DropoutWord {
				ids[i] = text.Unknown
			}
		}
	}
	x := n.Embed.Forward(g, ids)
	if n.Case != nil {
		x = g.Add(x, n.Case.Forward(g, b.cases))
	}
	for _, grams := range b.ngrams {
		x = g.Add(x, n.NGrams.Forward(g, grams))
	}
	B := len(b.lengths)
	return g.Reshape(x, len(ids)/B, B, n.Embed.W.Dim(1))
}

// meanOver is the mean of each row's valid steps, zeros if there are none: [batch, width].
func meanOver(g *grad.Tape, q rnn.Seq) *grad.Var {
	weights := g.NewTensor(tensor.ShapeOf(q.Steps(), q.Batch()))
	for b, n := range q.Len {
		for t := range n {
			weights.Data[t*q.Batch()+b] = 1 / tensor.Float(n)
		}
	}
	return weigh(g, q, g.Const(weights))
}

// weigh is Σ_t weights[t]·x[t] of each row: [batch, width] from x [steps, batch, width]
// and weights [steps, batch].
func weigh(g *grad.Tape, q rnn.Seq, weights *grad.Var) *grad.Var {
	T, B, W := q.Steps(), q.Batch(), q.Width()
	rows := g.MulCol(g.Reshape(q.X, T*B, W), g.Reshape(weights, T*B))
	y := g.NewVar(g.NewTensor(tensor.ShapeOf(B, W)), rows)
	for t := range T {
		for i, v := range rows.Value.Data[t*B*W : (t+1)*B*W] {
			y.Value.Data[i] += v
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			d := g.Grad(rows).Data
			for t := range T {
				for i, v := range dy.Data {
					d[t*B*W+i] += v
				}
			}
		})
	}
	return y
}

// maxOver is the greatest value of each row's valid steps, zeros if there are none:
// [batch, width].
func maxOver(g *grad.Tape, q rnn.Seq) *grad.Var {
	B, W := q.Batch(), q.Width()
	y := g.NewVar(g.NewTensor(tensor.ShapeOf(B, W)), q.X)
	at := g.Ints(B * W) // where the greatest stands in x, -1 for nowhere
	for b, n := range q.Len {
		for j := range W {
			i := b*W + j
			best := tensor.Float(math.Inf(-1))
			at[i] = -1
			for t := range n {
				if v := q.X.Value.Data[t*B*W+i]; v > best {
					best, at[i] = v, t*B*W+i
				}
			}
			if at[i] >= 0 {
				y.Value.Data[i] = best
			}
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			dx := g.Grad(q.X).Data
			for i, from := range at {
				if from >= 0 {
					dx[from] += dy.Data[i]
				}
			}
		})
	}
	return y
}

// attentionWidth is that of the layer which looks at a step.
const attentionWidth = 64

// An attention weighs the steps of each row (Yang et al. 2016):
//
//	e_t = tanh(y_t·Look.W + Look.B)·V
//	a   = softmax(e) over the row's steps
//	out = Σ_t a_t·y_t
type attention struct {
	Look *nn.Linear `recur:"look"`
	V    *grad.Var  `recur:"v"` // [attentionWidth, 1]
}

func newAttention(r *rand.Rand, in int) *attention {
	return &attention{nn.NewLinear(r, in, attentionWidth), nn.Glorot(r, attentionWidth, 1)}
}

func (a *attention) over(g *grad.Tape, y rnn.Seq) *grad.Var {
	T, B := y.Steps(), y.Batch()
	e := g.Reshape(g.Affine(g.Tanh(a.Look.Forward(g, y.X)), a.V, nil), T, B)
	past, valid := g.NewTensor(tensor.ShapeOf(T, B)), g.NewTensor(tensor.ShapeOf(T, B))
	for b, n := range y.Len {
		for t := range T {
			if t < n {
				valid.Data[t*B+b] = 1
			} else {
				past.Data[t*B+b] = -1e30
			}
		}
	}
	weights := g.TransposeBatch(g.Softmax(g.TransposeBatch(g.Add(e, g.Const(past)))))
	return weigh(g, y, g.Mul(weights, g.Const(valid))) // a row without steps has no weight at all
}
