package translate

import (
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
)

// net is an encoder-decoder over ids:
//
//	m_i, last = Enc(√Embed·Src[source_i])     from both ends
//	s_0 = tanh(Bridge·last)                   layer by layer
//	h_t, s_t = Att(√Embed·Dst[target_{t-1}], s_{t-1}; m)
//	P(target_t) = softmax(h_t·Out.W + Out.B), or tied softmax(h_t·Dstᵀ + Bias)
type net struct {
	Dst    *nn.Embedding          `recur:"dst"`
	Src    *nn.Embedding          `recur:"src"` // Dst itself if they are shared
	Enc    rnn.BidirectionalStack `recur:"enc"`
	Bridge [][]*nn.Linear         `recur:"bridge"` // [layer][entry of the state]
	Att    *seq2seq.Attention     `recur:"att"`
	Dec    rnn.Stack              `recur:"dec"`  // Att's cell, or the decoder itself without attention
	Out    *nn.Linear             `recur:"out"`  // nil if tied
	Bias   *grad.Var              `recur:"bias"` // [target ids], nil if not

	cfg   *Config
	scale float64 // scale of embeddings as inputs
}

// A batch is pairs of sentences as ids.
type batch struct{ src, dst [][]int }

// encode reads src, and gives the decoder with the state that it begins with.
func (n *net) encode(g *grad.Tape, src [][]int) (*seq2seq.Decoder, rnn.State) {
	x := seq2seq.Embed(g, n.Src, n.dropWords(g, src))
	x.X = n.input(g, x.X)
	memory, last := n.Enc.Run(g, x, nil)
	s := n.bridge(g, last)
	d := &seq2seq.Decoder{
		Cell: n.Dec, Score: n.score, Start: text.Start, End: text.End, Never: []int{text.Unknown, text.Start},
		Input: func(g *grad.Tape, ids []int) *grad.Var {
			if g.Train && n.cfg.DropoutWord > 0 {
				ids = n.dropWords(g, [][]int{ids})[0]
			}
			return n.input(g, n.Dst.Forward(g, ids))
		},
	}
	if n.Att == nil {
		return d, s
	}
	bound := n.Att.Bind(g, memory)
	d.Cell = bound
	return d, bound.From(g, s)
}

// input makes an input of embeddings.
func (n *net) input(g *grad.Tape, x *grad.Var) *grad.Var {
	return g.Dropout(g.Scale(x, n.scale), n.cfg.Dropout)
}

// bridge makes the decoder's first state of the encoder's last one.
func (n *net) bridge(g *grad.Tape, last rnn.State) (s rnn.State) {
	for _, layer := range n.Bridge {
		k := len(layer)
		for i, l := range layer {
			s = append(s, g.Tanh(l.Forward(g, g.Concat(last[i], last[k+i]))))
		}
		last = last[2*k:]
	}
	return s
}

func (n *net) score(g *grad.Tape, h *grad.Var) *grad.Var {
	h = g.Dropout(h, n.cfg.Dropout)
	if n.Out != nil {
		return n.Out.Forward(g, h)
	}
	return g.AffineT(h, n.Dst.W, n.Bias)
}

// dropWords makes some ids -1, whose embedding is zero, while training.
func (n *net) dropWords(g *grad.Tape, rows [][]int) [][]int {
	p := n.cfg.DropoutWord
	if !g.Train || p == 0 {
		return rows
	}
	kept := make([][]int, len(rows))
	for i, row := range rows {
		kept[i] = g.Ints(len(row))
		for k, id := range row {
			if kept[i][k] = id; g.Rand.Float64() < p {
				kept[i][k] = -1
			}
		}
	}
	return kept
}

// loss is the mean over the tokens of the target, and the coverage loss if it is asked
// for.
func (n *net) loss(g *grad.Tape, b batch, lesson seq2seq.LossOptions) *grad.Var {
	d, s := n.encode(g, b.src)
	loss, last := d.Loss(g, s, b.dst, lesson)
	if bound, ok := d.Cell.(*seq2seq.Bound); ok && g.Train && n.cfg.CoverageLoss > 0 {
		loss = g.Add(loss, g.Scale(g.Sum(bound.Overlap(last)), n.cfg.CoverageLoss/float64(b.tokens())))
	}
	return loss
}

// tokens are those of the target, ends included.
func (b batch) tokens() (n int) {
	for _, row := range b.dst {
		n += len(row) + 1
	}
	return n
}

// Shard implements train.Sharder.
func (b batch) Shard(i, n int) (part batch, weight float64) {
	lo, hi := i*len(b.src)/n, (i+1)*len(b.src)/n
	part = batch{b.src[lo:hi], b.dst[lo:hi]}
	if lo < hi {
		weight = float64(part.tokens())
	}
	return part, weight
}
