package data

import (
	"errors"
	"slices"
	"testing"

	"github.com/recur-go/recur/tensor"
)

func TestBatches(t *testing.T) {
	items := make([]int, 1000)
	for i := range items {
		items[i] = i
	}
	flat := func(epoch int) (all []int) {
		sizes := 0
		for b := range Batches(items, 64, 7, epoch) {
			all, sizes = append(all, b...), sizes+1
		}
		if sizes != 16 {
			t.Errorf("%d batches, want 16", sizes)
		}
		return all
	}
	first := flat(0)
	if !slices.Equal(first, flat(0)) || slices.Equal(first, flat(1)) {
		t.Error("an epoch is in the same order again, another in another")
	}
	if slices.Sort(first); !slices.Equal(first, items) {
		t.Error("a batch lacks an item, or has one twice")
	}
}

func TestBuckets(t *testing.T) {
	items := Shuffled(make([]int, 2000), 1, 0)
	for i := range items {
		items[i] = i * 7919 % 100 // lengths
	}
	var all []int
	padding := 0
	for b := range Buckets(items, func(n int) int { return n }, 16, 3, 0) {
		all = append(all, b...)
		for _, n := range b {
			padding += slices.Max(b) - n
		}
	}
	if padding > 2*len(items) {
		t.Errorf("%d steps of padding for %d items", padding, len(items))
	}
	slices.Sort(all)
	if slices.Sort(items); !slices.Equal(all, items) {
		t.Error("buckets lack items")
	}
}

func TestPad(t *testing.T) {
	x, lengths := Pad([][]tensor.Float{{1, 2, 3, 4}, {}, {5, 6}}, 2)
	if want := []tensor.Float{1, 2, 0, 0, 5, 6, 3, 4, 0, 0, 0, 0}; !slices.Equal(x.Data, want) || !slices.Equal(lengths, []int{2, 0, 1}) {
		t.Errorf("%v, lengths %v", x.Data, lengths)
	}
	err := func() (err error) {
		defer tensor.Catch(&err)
		Pad([][]tensor.Float{{1, 2, 3}}, 2)
		return nil
	}()
	var shape *tensor.ShapeError
	if !errors.As(err, &shape) {
		t.Errorf("%v", err)
	}
}

func TestSplitShares(t *testing.T) {
	a, b, c := Split([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.2, 0.1)
	if !slices.Equal(a, []int{1, 2, 3, 4, 5, 6, 7}) || !slices.Equal(b, []int{8, 9}) || !slices.Equal(c, []int{10}) {
		t.Error(a, b, c)
	}
}
