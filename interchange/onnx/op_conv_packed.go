package onnx

import (
	"slices"
	"sync"

	"github.com/recur-go/recur/tensor"
)

// A windowTable is what table gives for inputs of one size, window by window.
type windowTable struct {
	in []int
	at []int // [windows, size]
}

// tableOf is the table of w, made anew where the size of the input is another than last time.
func (v *convolution) tableOf(w *windows) []int {
	if t := v.table.Load(); t != nil && slices.Equal(t.in, w.in) {
		return t.at
	}
	list, n, size := w.table(), product(w.out), product(w.kernel)
	at := make([]int, len(list))
	for k := range size {
		for o := range n {
			at[o*size+k] = list[k*n+o]
		}
	}
	if len(at) <= 1<<16 { // more take their time anyway
		v.table.Store(&windowTable{slices.Clone(w.in), at})
	}
	return at
}

// packedRun multiplies the windows of so many images at once, a row each, by the filters. Rows
// of a product do not mix, so an image gets the bits that it gets alone.
func (v *convolution) packedRun(x []tensor.Float, table []int, N, C, M, in, out int) []tensor.Float {
	y := make([]tensor.Float, N*M*out)
	if len(y) == 0 || C == 0 {
		return y
	}
	const most = 1 << 18 // values of windows and results at a time
	size := len(table) / out
	k := C * size
	part := max(1, min(N, most/(out*(k+M))))
	memory := borrowed(part * out * (k + M))
	defer scratch.Put(memory)
	rows, made := (*memory)[:part*out*k], (*memory)[part*out*k:]
	for lo := 0; lo < N; lo += part {
		n := min(part, N-lo)
		for b := range n {
			for o := range out {
				window := rows[(b*out+o)*k:][:k]
				places := table[o*size:][:size]
				first := places[0]
				whole := first >= 0 && places[size-1] == first+size-1 // and so are those between
				for ch := range C {
					plane, to := x[((lo+b)*C+ch)*in:][:in], window[ch*size:][:size]
					if whole && size > 8 {
						copy(to, plane[first:])
						continue
					}
					for i, at := range places {
						if at >= 0 {
							to[i] = plane[at]
						} else {
							to[i] = 0
						}
					}
				}
			}
		}
		v.packed.Mul(n*out, rows, k, nil, made, M)
		for b := range n {
			for o := range out {
				for m, value := range made[(b*out+o)*M:][:M] {
					y[((lo+b)*M+m)*out+o] = value
				}
			}
		}
	}
	return y
}

// scratch has the memory of products, of type *[]tensor.Float.
var scratch = sync.Pool{New: func() any { return new([]tensor.Float) }}

// borrowed is memory of n values, which may be any.
func borrowed(n int) *[]tensor.Float {
	b := scratch.Get().(*[]tensor.Float)
	if cap(*b) < n {
		*b = make([]tensor.Float, n)
	}
	*b = (*b)[:n]
	return b
}
