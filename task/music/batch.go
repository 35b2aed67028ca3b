package music

import (
	"iter"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// A stretch is steps of a piece to read: at each, the keys that sounded before it are
// read, those of the step are wanted.
type stretch struct {
	piece Piece
	lo    int
	hi    int // end
	move  int // keys by which it is transposed
}

// A batch is stretches side by side.
type batch struct {
	x       *tensor.Tensor // [steps, batch, Keys]: what has sounded last
	next    *tensor.Tensor // keys that sound next
	want    *tensor.Tensor // next, but NaN where it does not count
	lengths []int
}

// lay lays stretches out. With skip the first step of each piece is not wanted, for
// nothing was heard before it.
func lay(of []stretch, skip bool) batch {
	steps := 0
	b := batch{lengths: make([]int, len(of))}
	for i, s := range of {
		b.lengths[i] = s.hi - s.lo
		steps = max(steps, b.lengths[i])
	}
	for _, x := range []**tensor.Tensor{&b.x, &b.next, &b.want} {
		*x = tensor.New(steps, len(of), Keys)
	}
	for i, s := range of {
		for t := range steps {
			row := func(x *tensor.Tensor) []tensor.Float { return x.Data[(t*len(of)+i)*Keys:][:Keys] }
			at := s.lo + t
			if at < s.hi {
				press(row(b.next), s.piece[at], s.move)
				copy(row(b.want), row(b.next))
			}
			if 0 < at && at < s.hi {
				press(row(b.x), s.piece[at-1], s.move)
			}
			if at >= s.hi || at == 0 && skip {
				for k := range Keys {
					row(b.want)[k] = tensor.Float(math.NaN())
				}
			}
		}
	}
	return b
}

func press(row []tensor.Float, keys []int, move int) {
	for _, k := range keys {
		row[k+move] = 1
	}
}

// stretches cuts the pieces into stretches of at most c.Window, begun at another place in
// each epoch, and moves them.
func (c *Config) stretches(pieces []Piece, epoch int) (all []stretch) {
	r := rand.New(rand.NewPCG(c.Seed, 1<<32+uint64(epoch)))
	for _, p := range pieces {
		move := 0
		if c.Transpose > 0 {
			low, high := p.span()
			move = max(-low, min(Keys-1-high, r.IntN(2*c.Transpose+1)-c.Transpose))
		}
		lo := 0
		if len(p) > c.Window {
			lo = -r.IntN(c.Window)
		}
		for ; lo < len(p); lo += c.Window {
			all = append(all, stretch{p, max(lo, 0), min(lo+c.Window, len(p)), move})
		}
	}
	return all
}

// batches puts stretches of about the same length side by side.
func (c *Config) batches(pieces []Piece, epoch int) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		for of := range data.Buckets(c.stretches(pieces, epoch), func(s stretch) int { return s.hi - s.lo }, c.Batch, c.Seed, epoch) {
			if !yield(lay(of, false)) {
				return
			}
		}
	}
}
