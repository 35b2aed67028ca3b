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
	Src   *nn.Embedding `recur:"src"`
	Dst   *nn.Embedding `recur:"dst"`
	Enc   rnn.Cell      `recur:"enc"`
	Dec   rnn.Cell      `recur:"dec"`
	Out   *nn.Linear    `recur:"out"` // Dec's output to a score for each target token
	Start int           // token that the decoder reads first
	End   int           // token that ends a sentence
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
	loss, _ := m.decoder().Loss(g, s, dst, LossOptions{})
	return loss
}

func (m *EncoderDecoder) decoder() *Decoder {
	return &Decoder{Cell: m.Dec, Input: m.Dst.Forward, Score: m.Out.Forward, Start: m.Start, End: m.End}
}

// Greedy translates each row of src by its likeliest token at every step. A row
// ends at its own End, which is not part of the result, or after limit tokens.
func (m *EncoderDecoder) Greedy(src [][]int, limit int) (said [][]int) {
	g := grad.Eval()
	_, s := rnn.Dynamic(g, m.Enc, Embed(g, m.Src, src), nil)
	for _, h := range m.decoder().Greedy(g, s, limit) {
		said = append(said, h.Tokens)
	}
	return said
}
