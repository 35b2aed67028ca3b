package onnx

// copyStrided copies a block of the given dimensions from src to dst, which hold
// the same type: from element srcAt on with the strides from, to element dstAt on
// with the strides to. Operators that move elements and do not look at them are
// one or more of these.
func copyStrided(dst *Tensor, dstAt int, to []int, src *Tensor, srcAt int, from, dims []int) {
	if product(dims) > 0 {
		dims, t, f := merge(dims, to, from) // of their own, so that the arguments do not escape
		kinds[src.DType].move(dst, dstAt, t, src, srcAt, f, dims)
	}
}

func (elements[T]) move(y *Tensor, dstAt int, to []int, x *Tensor, srcAt int, from, dims []int) {
	dst, src := y.data.([]T), x.data.([]T)
	last := len(dims) - 1
	n, st, sf := dims[last], to[last], from[last]
	at := make([]int, last)
	for {
		switch {
		case st == 1 && sf == 1:
			copy(dst[dstAt:dstAt+n], src[srcAt:srcAt+n])
		default:
			for k, i, j := 0, dstAt, srcAt; k < n; k, i, j = k+1, i+st, j+sf {
				dst[i] = src[j]
			}
		}
		i := last - 1
		for ; i >= 0; i-- {
			dstAt, srcAt = dstAt+to[i], srcAt+from[i]
			if at[i]++; at[i] < dims[i] {
				break
			}
			dstAt, srcAt = dstAt-at[i]*to[i], srcAt-at[i]*from[i]
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// merge joins dimensions that lie in one piece for both sides. The result has one
// at least.
func merge(dims, to, from []int) (d, t, f []int) {
	for i, n := range dims {
		if n == 1 {
			continue
		}
		if k := len(d) - 1; k >= 0 && t[k] == to[i]*n && f[k] == from[i]*n {
			d[k], t[k], f[k] = d[k]*n, to[i], from[i]
			continue
		}
		d, t, f = append(d, n), append(t, to[i]), append(f, from[i])
	}
	if d == nil {
		return []int{1}, []int{1}, []int{1}
	}
	return d, t, f
}

// pick makes a tensor of the blocks of the given size that at lists by number; a
// negative one leaves zeros.
func pick(t *Tensor, shape []int, at []int, size int) *Tensor {
	y := newTensor(t.DType, shape)
	kinds[t.DType].pick(y, t, at, size)
	return y
}

func (elements[T]) pick(dst, src *Tensor, at []int, size int) {
	y, x := dst.data.([]T), src.data.([]T)
	for i, k := range at {
		if k >= 0 {
			copy(y[i*size:(i+1)*size], x[k*size:(k+1)*size])
		}
	}
}
