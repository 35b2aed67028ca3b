package train

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A Sharder is a batch that can be split for data-parallel training. Shard
// returns part i of n, and its weight in the mean over the batch, such as its
// number of rows or of valid steps; a part of weight 0 is left out.
type Sharder[B any] interface {
	Shard(i, n int) (part B, weight float64)
}

// Rows is a batch that can be split, whose rows count alike.
type Rows[T any] []T

// Shard implements Sharder.
func (b Rows[T]) Shard(i, n int) (part Rows[T], weight float64) {
	part = b[len(b)*i/n : len(b)*(i+1)/n]
	return part, float64(len(part))
}

// shards computes the gradients of a batch, each shard on a tape of its own.
type shards[B any] struct {
	seed  uint64
	tapes []*grad.Tape
	loss  []float64
	errs  []error
}

func newShards[B any](n int, seed uint64) *shards[B] {
	s := &shards[B]{seed: seed, loss: make([]float64, max(n, 1)), errs: make([]error, max(n, 1))}
	for range max(n, 1) {
		s.tapes = append(s.tapes, grad.New())
	}
	return s
}

// gradients leaves those of the mean loss on the first tape, and returns the loss
// and the bytes of all tapes. Random draws depend on the seed, the step and the
// shard alone, so a step can be repeated without keeping a generator's state.
func (s *shards[B]) gradients(step int, b B, loss func(*grad.Tape, B) *grad.Var, params []nn.Param) (mean float64, bytes int, err error) {
	n := len(s.tapes)
	parts, weights := []B{b}, []float64{1}
	if n > 1 {
		sharder, ok := any(b).(Sharder[B])
		if !ok {
			return 0, 0, fmt.Errorf("train: Options.Shards is %d, but a %T has no method Shard", n, b)
		}
		parts, weights = parts[:0], weights[:0]
		for i := range n {
			part, w := sharder.Shard(i, n)
			if w > 0 {
				parts, weights = append(parts, part), append(weights, w)
			}
		}
		if len(parts) == 0 {
			return 0, 0, errors.New("train: every shard of a batch has weight 0")
		}
	}
	var total float64
	for _, w := range weights {
		total += w
	}
	par.For(len(parts), 1, func(i, _ int) {
		s.loss[i], s.errs[i] = s.one(i, step, parts[i], loss, weights[i]/total)
	})
	for _, err := range s.errs[:len(parts)] {
		if err != nil {
			return 0, 0, err
		}
	}
	g := s.tapes[0]
	for i := range parts { // in order: the same bits whatever ran first
		mean += s.loss[i] * weights[i] / total
		bytes += s.tapes[i].Bytes()
		if i > 0 {
			for _, p := range params {
				if d := s.tapes[i].GradIfSet(p.Var); d != nil {
					kernel.Axpy(1, d.Data, g.Grad(p.Var).Data)
				}
			}
		}
	}
	return mean, bytes, nil
}

// one goes through shard i and back.
func (s *shards[B]) one(i, step int, part B, loss func(*grad.Tape, B) *grad.Var, share float64) (v float64, err error) {
	defer tensor.Catch(&err)
	g := s.tapes[i]
	g.Reset()
	g.Rand = rand.New(rand.NewPCG(s.seed, uint64(step)<<16|uint64(i)))
	l := loss(g, part)
	if v, err = scalar(l); err != nil {
		return 0, err
	}
	if share != 1 {
		l = g.Scale(l, share)
	}
	g.Backward(l)
	return v, nil
}
