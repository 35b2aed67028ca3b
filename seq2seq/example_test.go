package seq2seq_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/optim"
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
