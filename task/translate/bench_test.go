package translate

import (
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/seq2seq"
)

// BenchmarkStep is a step of training by the preset multi30k: 64 pairs of 15 tokens.
func BenchmarkStep(b *testing.B) {
	c, err := Preset("multi30k")
	if err != nil {
		b.Fatal(err)
	}
	c.SourceSize, c.TargetSize = 8000, 8000
	r := rand.New(rand.NewPCG(1, 2))
	n := newNet(c, r)
	var pairs batch
	for range c.Batch {
		row := make([]int, 15)
		for i := range row {
			row[i] = 3 + r.IntN(7997)
		}
		pairs.src, pairs.dst = append(pairs.src, row), append(pairs.dst, row)
	}
	params, adam := nn.Params(n), &optim.Adam{LR: 1e-3}
	g := grad.New()
	for b.Loop() {
		g.Reset()
		g.Backward(n.loss(g, pairs, seq2seq.LossOptions{LabelSmoothing: 0.1}))
		adam.Step(g, params)
	}
	b.ReportMetric(float64(b.N*pairs.tokens())/b.Elapsed().Seconds(), "tokens/s")
}
