package caption

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
)

// net puts a vector v into words:
//
//	v = tanh(Sum(what)), of a meaning the 1s of its act and slots, of regions the mean over
//	    them, after a cell over the stripes of each (Stripes), layers for each by
//	    itself (Dense) and for all in their order (Enc)
//	s_0 = tanh(Begin(v))                        if v is fed first
//	x_t = [Embed[word_t]; v]                    if v is fed every step
//	y_t, s_{t+1} = Cell(x_t, s_t)               with attention to slots or regions, if any
//	P(word_{t+1}) = softmax(Out(y_t))
//
// With a SCLSTM, x_t = [Embed[word_t]; act] and s_0 = {0, 0, slots}. Where regions can be
// put into several languages, the language is read at every step as an act is.
type net struct {
	Embed   *nn.Embedding          `recur:"embed"`
	SCLSTM  *rnn.SCLSTM            `recur:"sclstm"`    // the decoder, or
	Cell    rnn.Cell               `recur:"cell"`      // this, or
	Att     *seq2seq.Attention     `recur:"attention"` // this, which has a cell of its own
	Stripes *rnn.Bidirectional     `recur:"stripes"`   // cells over the stripes of each region; nil to read it whole
	Dense   []*nn.Linear           `recur:"dense"`     // layers for each region by itself
	Enc     rnn.BidirectionalStack `recur:"enc"`       // layers over the regions; nil if they are in no order
	Sum     *nn.Linear             `recur:"sum"`       // projection of meanings or regions to v
	Slots   *nn.Embedding          `recur:"slots"`     // embedding of slots for the attention, the last for none
	Begin   *nn.Linear             `recur:"begin"`     // v to the first state; nil if it is not fed first
	Out     *nn.Linear             `recur:"out"`

	c *Config
}

func newNet(r *rand.Rand, c *Config) *net {
	n := &net{Embed: nn.NewEmbedding(r, c.Size, c.Embed), Out: nn.NewLinear(r, c.Hidden, c.Size), c: c}
	if c.Decoder == SCLSTM {
		n.SCLSTM = rnn.NewSCLSTM(r, c.Embed+c.Acts, c.Hidden, c.Slots)
		return n
	}
	if c.Width == 0 {
		n.Sum = nn.NewLinear(r, c.Acts+c.Slots, c.Hidden)
		if c.Attention != "" {
			n.Slots = nn.NewEmbedding(r, c.Slots+1, c.Hidden)
		}
	} else {
		in := c.Width
		if c.Stripes > 0 {
			n.Stripes = &rnn.Bidirectional{Fwd: c.Cell.New(r, in/c.Stripes, c.StripeHidden), Bwd: c.Cell.New(r, in/c.Stripes, c.StripeHidden)}
			in = c.Stripes * 2 * c.StripeHidden
		}
		for range c.DenseLayers {
			n.Dense = append(n.Dense, &nn.Linear{W: nn.He(r, in, c.DenseWidth), B: nn.Full(r, 0, c.DenseWidth)})
			in = c.DenseWidth
		}
		for range c.EncoderLayers {
			n.Enc = append(n.Enc, &rnn.Bidirectional{Fwd: c.Cell.New(r, in, c.Hidden), Bwd: c.Cell.New(r, in, c.Hidden)})
			in = 2 * c.Hidden
		}
		n.Sum = nn.NewLinear(r, in, c.Hidden)
	}
	if c.Attention != "" {
		o := seq2seq.AttentionOptions{Score: c.Attention}
		n.Att = o.New(r, c.Cell.New(r, o.In(c.reads(), c.Hidden, c.Hidden), c.Hidden), c.Hidden, c.Hidden)
	} else {
		n.Cell = c.Cell.New(r, c.reads(), c.Hidden)
	}
	if c.Feed != Every {
		n.Begin = nn.NewLinear(r, c.Hidden, c.Hidden*stateCount(c.Cell))
	}
	return n
}

// A what is a batch of things to put into words.
type what struct {
	acts  []int          // acts of meanings; of regions the languages
	slots [][]int        // features of each meaning
	x     *tensor.Tensor // [regions, batch, width]; nil of meanings
	len   []int          // regions of each
}

// decoder gives one for a batch, with its first state.
func (n *net) decoder(g *grad.Tape, w *what) (*seq2seq.Decoder, rnn.State) {
	cell, s := n.begin(g, w)
	return &seq2seq.Decoder{
		Cell:  cell,
		Input: func(g *grad.Tape, ids []int) *grad.Var { return g.Dropout(n.Embed.Forward(g, ids), n.c.Dropout) },
		Score: func(g *grad.Tape, y *grad.Var) *grad.Var { return n.Out.Forward(g, g.Dropout(y, n.c.Dropout)) },
		Start: text.Start, End: text.End, Never: []int{text.Unknown, text.Start},
	}, s
}

// begin gives the cell of a decoder and its first state.
func (n *net) begin(g *grad.Tape, w *what) (rnn.Cell, rnn.State) {
	B := len(w.acts)
	act := g.Const(nn.OneHot(w.acts, n.c.Acts))
	if n.SCLSTM != nil {
		s := rnn.State{g.Zeros(B, n.c.Hidden), g.Zeros(B, n.c.Hidden), g.Const(manyHot(w.slots, 0, n.c.Slots)), g.Zeros(B, 1)}
		return &fed{&penalised{n.SCLSTM, n.c.StepPenalty, n.c.StepBase}, act}, s
	}
	v, memory := n.see(g, w)
	cell := n.Cell
	var s rnn.State
	if n.Begin != nil {
		s = g.Split(g.Tanh(n.Begin.Forward(g, v)), stateCount(n.c.Cell))
	}
	if n.Att != nil {
		bound := n.Att.Bind(g, memory)
		if s != nil {
			s = bound.From(g, s)
		}
		cell = bound
	}
	if s == nil {
		s = rnn.Start(g, cell, B)
	}
	if n.c.Feed != First {
		cell = &fed{cell, v}
	}
	if n.c.Width > 0 && n.c.Acts > 1 {
		cell = &fed{cell, act}
	}
	return cell, s
}

// see gives v [batch, hidden] and, to attend to, a memory [regions, batch, hidden].
func (n *net) see(g *grad.Tape, w *what) (v *grad.Var, memory rnn.Seq) {
	if w.x == nil {
		hot := manyHot(w.slots, n.c.Acts, n.c.Acts+n.c.Slots)
		for i, a := range w.acts {
			hot.Data[i*(n.c.Acts+n.c.Slots)+a] = 1
		}
		v = g.Tanh(n.Sum.Forward(g, g.Const(hot)))
		if n.Slots != nil {
			rows := make([][]int, len(w.slots))
			for i, ids := range w.slots {
				if rows[i] = ids; len(ids) == 0 {
					rows[i] = []int{n.c.Slots}
				}
			}
			memory = seq2seq.Embed(g, n.Slots, rows)
		}
		return v, memory
	}
	x := rnn.Input(g, w.x, w.len)
	if n.Stripes != nil {
		x.X = n.stripes(g, x.X)
	}
	for _, l := range n.Dense {
		x.X = g.Dropout(g.ReLU(l.Forward(g, x.X)), n.c.Dropout)
	}
	for _, b := range n.Enc {
		x, _ = b.Run(g, x, nil)
		x.X = g.Dropout(x.X, n.c.Dropout)
	}
	memory = rnn.Seq{X: g.Tanh(n.Sum.Forward(g, x.X)), Len: w.len}
	// Attention that asks for nothing gives the mean.
	return seq2seq.Attend(g, g.Zeros(len(w.acts), n.c.Hidden), memory), memory
}

// stripes reads the stripes of each region [regions, batch, width] one after another, both
// ways, as ReNet reads a picture down and then across (Visin et al. 2015), and puts their
// outputs side by side, [regions, batch, stripes·2·hidden].
func (n *net) stripes(g *grad.Tape, x *grad.Var) *grad.Var {
	T, B := x.Dim(0), x.Dim(1)
	stripes := g.TransposeBatch(g.Reshape(x, T*B, n.c.Stripes, n.c.Width/n.c.Stripes))
	y, _ := n.Stripes.Run(g, rnn.Seq{X: stripes}, nil)
	return g.Dropout(g.Reshape(g.TransposeBatch(y.X), T, B, n.c.Stripes*2*n.c.StripeHidden), n.c.Dropout)
}

// loss is the mean over the words of their cross-entropy, and for a SCLSTM what Wen et
// al. 2015 add to it for each sentence:
//
//	EndWeight·‖d_T‖ + Σ_t StepPenalty·StepBase^‖d_t - d_{t+1}‖
//
// with the norms sums over the entries of d, as RNNLG has it. The first wants every slot
// mentioned, the second one slot at a time.
func (n *net) loss(g *grad.Tape, w *what, sentences [][]int) *grad.Var {
	d, s := n.decoder(g, w)
	var o seq2seq.LossOptions
	if g.Train {
		o.LabelSmoothing = n.c.LabelSmoothing
	}
	loss, last := d.Loss(g, s, sentences, o)
	if n.SCLSTM == nil || !g.Train {
		return loss
	}
	words := 0
	for _, s := range sentences {
		words += len(s) + 1
	}
	left := g.Scale(g.Sum(last[2]), n.c.EndWeight) // d is not negative
	return g.Add(loss, g.Scale(g.Add(left, g.Sum(last[3])), 1/float64(words)))
}

// manyHot gives [len(ids), n] with a 1 at each of a row's ids, which begin at column at.
func manyHot(ids [][]int, at, n int) *tensor.Tensor {
	t := tensor.New(len(ids), n)
	for i, row := range ids {
		for _, id := range row {
			t.Data[i*n+at+id] = 1
		}
	}
	return t
}

// A fed cell reads, beside its input, the same vector at every step: x becomes [x; v].
type fed struct {
	rnn.Cell
	v *grad.Var // [batch, n]
}

// Unwrap returns the cell.
func (c *fed) Unwrap() rnn.Cell { return c.Cell }

// With returns the same wrapper around cell.
func (c *fed) With(cell rnn.Cell) rnn.Cell { return &fed{cell, c.v} }

// Widths implements rnn.Sizer.
func (c *fed) Widths() (in, out int) {
	if in, out, _ = rnn.Widths(c.Cell); in >= 0 {
		in -= c.v.Dim(1)
	}
	return in, out
}

// SelectRows picks rows of the cell and of v.
func (c *fed) SelectRows(g *grad.Tape, rows []int) rnn.Cell {
	return &fed{rnn.SelectRows(g, c.Cell, rows), g.GatherRows(c.v, rows)}
}

// Step gives the cell both.
func (c *fed) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	return c.Cell.Step(g, g.Concat(x, c.v), s)
}

// A penalised cell has one more entry of state [1]: the penalty of its steps so far.
type penalised struct {
	*rnn.SCLSTM
	eta, xi float64
}

// StateSize is {hidden, hidden, slots, 1}.
func (c *penalised) StateSize() []int { return append(c.SCLSTM.StateSize(), 1) }

// Freeze freezes the cell.
func (c *penalised) Freeze(p rnn.Precision) (rnn.Cell, error) {
	cell, err := c.SCLSTM.Freeze(p)
	return &penalised{cell.(*rnn.SCLSTM), c.eta, c.xi}, err
}

// Step adds up η·ξ^|Δd|.
func (c *penalised) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, next := c.SCLSTM.Step(g, x, s[:3])
	cost := s[3]
	if g.Train && c.eta > 0 {
		read := g.Sub(s[2], next[2]) // not negative
		cost = g.Add(cost, rowSums(g, g.Scale(g.Exp(g.Scale(read, math.Log(c.xi))), c.eta)))
	}
	return y, append(next, cost)
}

// rowSums are the sums of the rows of x [n, w], [n, 1].
func rowSums(g *grad.Tape, x *grad.Var) *grad.Var {
	ones := g.NewTensor(tensor.ShapeOf(x.Dim(1), 1))
	for i := range ones.Data {
		ones.Data[i] = 1
	}
	return g.Affine(x, g.Const(ones), nil)
}
