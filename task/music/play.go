package music

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
)

// Play goes on from a piece, which may be empty, and yields the keys of each step, until
// it has played as many as the limit says, 64 if that is 0, yield returns false, or ctx
// ends. The keys of a step are drawn one after another from the lowest, each by
// σ(score/Temperature), so that TopK and TopP have no meaning; with a negative temperature
// those sound that are likelier than not. A step costs the same however long the piece.
func (m *Model) Play(ctx context.Context, from Piece, s seq2seq.Sampling, yield func(keys []int) bool) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.TopK > 0 || s.TopP > 0 {
		return errors.New("music: top-k and top-p are for tokens; keys are sampled one by one")
	}
	from, err := from.sorted()
	if err != nil {
		return fmt.Errorf("music: %w", err)
	}
	heat := cmp.Or(s.Temperature, 1)
	r := rand.New(rand.NewPCG(s.Seed, 1))
	stream, g := rnn.NewStream(m.net.Cells), grad.Eval()
	push := func(keys []int) []tensor.Float {
		g.Reset()
		x := g.Zeros(1, Keys)
		press(x.Value.Data, keys, 0)
		y := stream.Push(x.Value.Data)
		h := g.Zeros(1, len(y))
		copy(h.Value.Data, y)
		return m.net.head(g, h, x).Value.Data
	}
	scores := push(nil)
	for _, keys := range from {
		scores = push(keys)
	}
	for range cmp.Or(s.Limit, 64) {
		if err := ctx.Err(); err != nil {
			return err
		}
		keys := []int{}
		for k, s := range scores {
			for _, below := range keys {
				s += m.net.Below.Value.Data[below*Keys+k]
			}
			sounds := s > 0
			if heat > 0 {
				sounds = r.Float64() < 1/(1+math.Exp(-float64(s)/heat))
			}
			if sounds {
				keys = append(keys, k)
			}
		}
		if !yield(keys) {
			return nil
		}
		scores = push(keys)
	}
	return nil
}
