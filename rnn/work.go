package rnn

import (
	"sync"
	"unsafe"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Work is what one step needs beside the cell and the floats of its sessions: a tape that
// only computes, and headers for memory of the caller. Steps of all cells borrow it from
// one pool, so that there is as much of it as steps run at once.
type work struct {
	g *grad.Tape
	x tensor.Tensor
	t []tensor.Tensor // one for each entry of the state
	s State
}

var works = sync.Pool{New: func() any { return &work{g: grad.Eval()} }}

func borrow() *work { return works.Get().(*work) }

// giveBack returns w, which holds on to nothing of the caller. Work whose step panicked is
// not given back.
func (w *work) giveBack() {
	w.g.Reset()
	w.x.Data = nil
	clear(w.t)
	clear(w.s)
	works.Put(w)
}

// enter makes x the input, and the entries of the state those of n rows, without copying.
func (w *work) enter(x []tensor.Float, rows int, sizes []int, entry func(i int) []tensor.Float) *grad.Var {
	w.x.Shape, w.x.Data = tensor.ShapeOf(rows, len(x)/rows), x
	if cap(w.t) < len(sizes) {
		w.t, w.s = make([]tensor.Tensor, len(sizes)), make(State, len(sizes))
	}
	w.t, w.s = w.t[:len(sizes)], w.s[:len(sizes)]
	for i, n := range sizes {
		w.t[i].Shape, w.t[i].Data = tensor.ShapeOf(rows, n), entry(i)
		w.s[i] = w.g.Const(&w.t[i])
	}
	return w.g.Const(&w.x)
}

// leave copies next over the state that was entered. An entry of next may be memory of
// another entry of that state, as where a cell hands it on.
func (w *work) leave(next State) {
	if w.moved(next) {
		next = w.g.List(next...)
		for i, v := range next {
			t := w.g.Scratch(v.Shape())
			copy(t.Data, v.Value.Data)
			next[i] = w.g.Const(t)
		}
	}
	for i, v := range next {
		copy(w.t[i].Data, v.Value.Data)
	}
}

// moved reports whether copying next entry by entry might read what was overwritten.
func (w *work) moved(next State) bool {
	if len(next) > 8 {
		return true // more than it is worth to compare
	}
	for i, v := range next {
		for j := range i {
			if overlap(v.Value.Data, w.t[j].Data) {
				return true
			}
		}
	}
	return false
}

// overlap reports whether a and b share memory.
func overlap(a, b []tensor.Float) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	const size = unsafe.Sizeof(a[0])
	p, q := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return p < q+uintptr(len(b))*size && q < p+uintptr(len(a))*size
}
