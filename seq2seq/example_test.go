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

// An encoder-decoder learns to say a list of digits backwards. Sentences differ
// in length: the decoder says End when it is done.
func ExampleEncoderDecoder() {
	r := rand.New(rand.NewPCG(1, 2))
	m := seq2seq.NewEncoderDecoder(r, 10, 12, 48) // 10 digits; the target has Start and End too
	_, err := train.Fit(context.Background(), m, reversals(r, 100, 32),
		func(g *grad.Tape, p pair) *grad.Var { return m.Loss(g, p.src, p.dst) },
		train.Options{Epochs: 12, Optimizer: &optim.Adam{LR: 1e-2}})
	fmt.Println(m.Greedy([][]int{{1, 2, 3}, {4, 0}}, 10), err)
	// Output: [[3 2 1] [0 4]] <nil>
}

// Beam search with any cell: what tells the rows apart is the state that they begin
// with, or what the cell holds for each and picks (rnn.Picker).
func ExampleDecoder_Beam() {
	r := rand.New(rand.NewPCG(1, 2))
	const start, end, width = 10, 11, 16
	cell, embed, out := rnn.NewGRU(r, width, width), nn.NewEmbedding(r, 12, width), nn.NewLinear(r, width, 12)
	d := &seq2seq.Decoder{Cell: cell, Input: embed.Forward, Score: out.Forward, Start: start, End: end, Never: []int{start}}

	g := grad.Eval()
	s := rnn.Start(g, cell, 2) // two rows
	for _, best := range d.Beam(g, s, 8, seq2seq.Beam{Width: 4, N: 2, Length: 1}) {
		fmt.Println(len(best), best[0].Score >= best[1].Score)
	}
	// Output:
	// 2 true
	// 2 true
}
