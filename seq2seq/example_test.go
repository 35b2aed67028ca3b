package seq2seq_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/train"
)

// An encoder-decoder learns to reverse a list of digits. Sentences differ
// in length: the decoder predicts End when it is done.
func ExampleEncoderDecoder() {
	r := rand.New(rand.NewPCG(1, 2))
	m := seq2seq.NewEncoderDecoder(r, 10, 12, 48) // 10 digits; the target has Start and End too
	_, err := train.Fit(context.Background(), m, reversals(r, 100, 32),
		func(g *grad.Tape, p pair) *grad.Var { return m.Loss(g, p.src, p.dst) },
		train.Options{Epochs: 12, Optimizer: &optim.Adam{LR: 1e-2}})
	fmt.Println(m.Greedy([][]int{{1, 2, 3}, {4, 0}}, 10), err)
	// Output: [[3 2 1] [0 4]] <nil>
}

// Beam search with any cell: what distinguishes the rows is the state that they begin
// with, or what the cell holds for each and picks (rnn.RowSelector).
func ExampleDecoder_Beam() {
	r := rand.New(rand.NewPCG(1, 2))
	const start, end, width = 10, 11, 16
	cell, embed, out := rnn.NewGRU(r, width, width), nn.NewEmbedding(r, 12, width), nn.NewLinear(r, width, 12)
	d := &seq2seq.Decoder{Cell: cell, Input: embed.Forward, Score: out.Forward, Start: start, End: end, Never: []int{start}}

	g := grad.Eval()
	s := rnn.Start(g, cell, 2) // two rows
	for _, best := range d.Beam(g, s, 8, seq2seq.Beam{Width: 4, N: 2, LengthPenalty: 1}) {
		fmt.Println(len(best), best[0].Score >= best[1].Score)
	}
	// Output:
	// 2 true
	// 2 true
}

// A decoder with Bahdanau's attention looks back at the outputs of the encoder, and
// reports where it looked.
func ExampleAttention() {
	r := rand.New(rand.NewPCG(1, 2))
	const tokens, start, end, h = 12, 10, 11, 16
	embed, enc := nn.NewEmbedding(r, tokens, h), rnn.NewGRU(r, h, h)
	kind := seq2seq.AttentionOptions{Score: seq2seq.Additive, AttendFirst: true}
	att := kind.New(r, rnn.NewGRU(r, kind.In(h, h, h), h), h, h)
	out := nn.NewLinear(r, h, tokens)

	g := grad.Eval()
	memory, last := rnn.Dynamic(g, enc, seq2seq.Embed(g, embed, [][]int{{3, 1, 4}, {1, 5}}), nil)
	cell := att.Bind(g, memory)
	d := &seq2seq.Decoder{Cell: cell, Input: embed.Forward, Score: out.Forward, Start: start, End: end}
	for _, h := range d.Greedy(g, cell.From(g, last), 5) {
		fmt.Println(len(h.Weights[0]), "weights for the first token")
	}
	// Output:
	// 3 weights for the first token
	// 2 weights for the first token
}
