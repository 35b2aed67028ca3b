package seq2seq

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// EncoderDecoder is the network of Sutskever et al. 2014 and Cho et al. 2014: Enc
// reads the source, and Dec, begun with Enc's final state, writes the target one
// token at a time until it writes End.
//
// Enc and Dec must have states of the same sizes.
type EncoderDecoder struct {
	Src, Dst *nn.Embedding
	Enc, Dec rnn.Cell
	Out      *nn.Linear // Dec's output to a score for each target token
	Start    int        // token that the decoder reads first
	End      int        // token that ends a sentence
}

// NewEncoderDecoder makes LSTMs of the given width over vocabularies of src and
// dst tokens, with Start and End the last two of dst.
func NewEncoderDecoder(r *rand.Rand, src, dst, width int) *EncoderDecoder {
	return &EncoderDecoder{
		Src: nn.NewEmbedding(r, src, width), Dst: nn.NewEmbedding(r, dst, width),
		Enc: rnn.NewLSTM(r, width, width), Dec: rnn.NewLSTM(r, width, width),
		Out:   nn.NewLinear(r, width, dst),
		Start: dst - 2, End: dst - 1,
	}
}

// Loss is the mean over target tokens, End included, of their cross-entropy,
// with the decoder reading the true target (teacher forcing). src and dst have a
// row of tokens for each sentence.
func (m *EncoderDecoder) Loss(g *grad.Tape, src, dst [][]int) *grad.Var {
	_, s := rnn.Dynamic(g, m.Enc, Embed(g, m.Src, src), nil)
	in, out := Shift(dst, m.Start, m.End)
	y, _ := rnn.Dynamic(g, m.Dec, Embed(g, m.Dst, in), s)
	want, lengths := Pad(out)
	return nn.SequenceLoss(g, m.Out.Forward(g, y.X), want, lengths)
}

// Greedy translates each row of src by its likeliest token at every step. A row
// ends at its own End, which is not part of the result, or after limit tokens.
func (m *EncoderDecoder) Greedy(src [][]int, limit int) [][]int {
	g := grad.Eval()
	_, s := rnn.Dynamic(g, m.Enc, Embed(g, m.Src, src), nil)
	return Greedy(g, m.Dec, s, m.Dst, m.Out, m.Start, m.End, limit)
}

// Greedy runs a decoder cell from state s: each row reads start, then what it
// said last, and says the token with the highest score, of those equal the first.
// A row that says end stops there: its state is kept and what the cell might say
// afterwards is never computed. The results are without end.
func Greedy(g *grad.Tape, dec rnn.Cell, s rnn.State, embed *nn.Embedding, out *nn.Linear, start, end, limit int) [][]int {
	batch := s[0].Dim(0)
	said, done := make([][]int, batch), make([]bool, batch)
	rnn.Raw(g, dec, batch, func(t int, y *grad.Var, _ rnn.State, ids []int) (rnn.Turn, []int) {
		if t > 0 {
			scores := out.Forward(g, y)
			for b := range ids {
				if done[b] {
					continue
				}
				ids[b] = argmax(scores.Value.At(b).Data)
				if done[b] = ids[b] == end; !done[b] {
					said[b] = append(said[b], ids[b])
				}
			}
		}
		if t >= limit {
			done = filled(batch, true)
		}
		return rnn.Turn{Finished: done, Input: embed.Forward(g, ids), State: first(t, s)}, ids
	}, filled(batch, start))
	return said
}

// first is s before the first step and nil, the cell's own, after.
func first(t int, s rnn.State) rnn.State {
	if t == 0 {
		return s
	}
	return nil
}

func filled[T any](n int, v T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = v
	}
	return s
}

func argmax(x []grad.Float) (k int) {
	for i, v := range x {
		if v > x[k] {
			k = i
		}
	}
	return k
}
