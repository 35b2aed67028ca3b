package music

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Playing says how the keys of a step are drawn, one after another from the lowest.
type Playing struct {
	Temperature float64 // of σ(scores/Temperature); 0 means 1, negative the keys that are likelier than not
	Steps       int     // how many; 0 for 64
	Seed        uint64
}

// Play goes on from a piece, which may be empty, and yields the keys of each step, until
// it has played Steps, yield returns false, or ctx ends. A step costs the same however
// long the piece.
func (m *Model) Play(ctx context.Context, from Piece, p Playing, yield func(keys []int) bool) error {
	if math.IsNaN(p.Temperature) || p.Steps < 0 {
		return errors.New("music: the temperature is NaN, or steps are below 0")
	}
	from, err := from.sorted()
	if err != nil {
		return fmt.Errorf("music: %w", err)
	}
	steps := p.Steps
	if steps == 0 {
		steps = 64
	}
	heat := p.Temperature
	if heat == 0 {
		heat = 1
	}
	r := rand.New(rand.NewPCG(p.Seed, 1))
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
	for range steps {
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
