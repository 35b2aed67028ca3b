package data

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// Shuffled is a copy of items in an order drawn by seed. Epoch picks another of
// the seed's orders, so that train.FitEpochs sees a new one each time and a resumed
// run the same again.
func Shuffled[S ~[]T, T any](items S, seed uint64, epoch int) S {
	s := slices.Clone(items)
	rand.New(rand.NewPCG(seed, uint64(epoch))).Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

// Batches yields items, shuffled by seed and epoch, in batches of size, the last
// of which may be smaller. For batches in order there is slices.Chunk.
func Batches[S ~[]T, T any](items S, size int, seed uint64, epoch int) iter.Seq[S] {
	return func(yield func(S) bool) { slices.Chunk(Shuffled(items, seed, epoch), size)(yield) }
}

// poolBatches is how many batches Buckets sorts at a time: many enough for lengths
// to be alike within each, few enough for batches to differ from epoch to epoch.
const poolBatches = 50

// Buckets is Batches for sequences: those of a batch are of about the same length,
// so that little is padded. Items are shuffled, sorted by length within pools of 50
// batches, and the batches of all pools are shuffled again.
func Buckets[S ~[]T, T any](items S, length func(T) int, size int, seed uint64, epoch int) iter.Seq[S] {
	return func(yield func(S) bool) {
		var batches []S
		for pool := range slices.Chunk(Shuffled(items, seed, epoch), size*poolBatches) {
			slices.SortStableFunc(pool, func(a, b T) int { return cmp.Compare(length(b), length(a)) })
			batches = slices.AppendSeq(batches, slices.Chunk(pool, size))
		}
		slices.Values(Shuffled(batches, seed, ^epoch))(yield)
	}
}

// Pad lays sequences of steps of width values out in time-major order, [steps,
// batch, width], with zeros past the end of each, and returns how many steps each
// has. (Sequences of ids are padded by seq2seq.Pad.)
func Pad(sequences [][]tensor.Float, width int) (x *tensor.Tensor, lengths []int) {
	steps := 0
	lengths = make([]int, len(sequences))
	for i, s := range sequences {
		if width < 1 || len(s)%width != 0 {
			panic(&tensor.ShapeError{Op: "data.Pad", Detail: fmt.Sprintf("sequence %d has %d values, which are no steps of width %d", i, len(s), width)})
		}
		lengths[i] = len(s) / width
		steps = max(steps, lengths[i])
	}
	x = tensor.New(steps, len(sequences), width)
	for i, s := range sequences {
		for t := range lengths[i] {
			copy(x.Data[(t*len(sequences)+i)*width:], s[t*width:(t+1)*width])
		}
	}
	return x, lengths
}

// Split parts items, in their order, into those to train on, the share valid after
// them to validate on, and the share test at the end, each rounded down. For items
// that are no sequence in time give it Shuffled ones.
func Split[T any](items []T, valid, test float64) (train, validation, testing []T) {
	if !(valid >= 0 && test >= 0 && valid+test <= 1) {
		panic(fmt.Sprintf("data.Split: shares %v and %v are not those of a whole", valid, test))
	}
	n := len(items)
	v, t := int(valid*float64(n)), int(test*float64(n))
	return items[: n-v-t : n-v-t], items[n-v-t : n-t : n-t], items[n-t:]
}
