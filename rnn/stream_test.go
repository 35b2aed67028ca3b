package rnn_test

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// idle is the heap that each of n idle streams holds.
func idle(c rnn.Cell, n int) float64 {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // a second time, for what pools held
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	in, _, _ := rnn.Widths(c)
	x, all := make([]tensor.Float, in), make([]*rnn.Stream, n)
	before := heap()
	for i := range all {
		all[i] = rnn.NewStream(c)
		all[i].Push(x)
	}
	after := heap()
	runtime.KeepAlive(all)
	return (float64(after) - float64(before)) / float64(n)
}

// An idle stream holds the floats of its state and of its last output, and little more.
func TestIdleStream(t *testing.T) {
	c := rnn.NewLSTM(rng(), 64, 128)
	floats := float64(3 * 128 * unsafe.Sizeof(tensor.Float(0)))
	if b := idle(c, 500); b > floats+400 {
		t.Errorf("a stream of %v bytes of floats holds %.0f", floats, b)
	} else {
		t.Logf("%.0f bytes, of which floats %v", b, floats)
	}
}

// The last output may be the next input, and a state that was given keeps its values when
// the stream starts anew.
func TestStreamFeedsItself(t *testing.T) {
	c := rnn.NewLSTM(rng(), 4, 4)
	a, b := rnn.NewStream(c), rnn.NewStream(c)
	x, y := []tensor.Float{1, -2, 0.5, 3}, make([]tensor.Float, 4)
	for i := range 5 {
		if i > 0 {
			copy(x, y)
			y = a.Push(y)
		} else {
			y = a.Push(x)
		}
		if want := b.Push(slices.Clone(x)); !slices.Equal(y, want) {
			t.Fatalf("step %d: %v, want %v", i, y, want)
		}
	}
	was := a.State()
	h := slices.Clone(was[0].Value.Data)
	a.Push(x)
	if slices.Equal(was[0].Value.Data, h) {
		t.Error("a step did not overwrite what State gave")
	}
	h = slices.Clone(was[0].Value.Data)
	a.Reset()
	if !slices.Equal(was[0].Value.Data, h) || a.State()[0].Value.Data[0] != 0 {
		t.Error("Reset overwrote what State gave, or is no first state")
	}
	if err := a.SetState(was); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.State()[0].Value.Data, h) {
		t.Error("SetState did not take the state")
	}
}
