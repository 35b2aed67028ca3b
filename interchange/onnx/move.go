package onnx

// copyStrided copies a block of the given dimensions from src to dst, which hold
// the same type: from element srcAt on with the strides from, to element dstAt on
// with the strides to. Operators that move elements and do not look at them are
// one or more of these.
func copyStrided(dst any, dstAt int, to []int, src any, srcAt int, from, dims []int) {
	if product(dims) == 0 {
		return
	}
	dims, to, from = merge(dims, to, from)
	switch s := src.(type) {
	case []float32:
		strided(dst.([]float32), dstAt, to, s, srcAt, from, dims)
	case []float64:
		strided(dst.([]float64), dstAt, to, s, srcAt, from, dims)
	case []int8:
		strided(dst.([]int8), dstAt, to, s, srcAt, from, dims)
	case []int16:
		strided(dst.([]int16), dstAt, to, s, srcAt, from, dims)
	case []int32:
		strided(dst.([]int32), dstAt, to, s, srcAt, from, dims)
	case []int64:
		strided(dst.([]int64), dstAt, to, s, srcAt, from, dims)
	case []uint8:
		strided(dst.([]uint8), dstAt, to, s, srcAt, from, dims)
	case []uint16:
		strided(dst.([]uint16), dstAt, to, s, srcAt, from, dims)
	case []uint32:
		strided(dst.([]uint32), dstAt, to, s, srcAt, from, dims)
	case []uint64:
		strided(dst.([]uint64), dstAt, to, s, srcAt, from, dims)
	case []bool:
		strided(dst.([]bool), dstAt, to, s, srcAt, from, dims)
	case []string:
		strided(dst.([]string), dstAt, to, s, srcAt, from, dims)
	}
}

func strided[T any](dst []T, dstAt int, to []int, src []T, srcAt int, from, dims []int) {
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
	switch d := t.data.(type) {
	case []float32:
		picked(y.data.([]float32), d, at, size)
	case []float64:
		picked(y.data.([]float64), d, at, size)
	case []int8:
		picked(y.data.([]int8), d, at, size)
	case []int16:
		picked(y.data.([]int16), d, at, size)
	case []int32:
		picked(y.data.([]int32), d, at, size)
	case []int64:
		picked(y.data.([]int64), d, at, size)
	case []uint8:
		picked(y.data.([]uint8), d, at, size)
	case []uint16:
		picked(y.data.([]uint16), d, at, size)
	case []uint32:
		picked(y.data.([]uint32), d, at, size)
	case []uint64:
		picked(y.data.([]uint64), d, at, size)
	case []bool:
		picked(y.data.([]bool), d, at, size)
	case []string:
		picked(y.data.([]string), d, at, size)
	}
	return y
}

func picked[T any](y, x []T, at []int, size int) {
	for i, k := range at {
		if k >= 0 {
			copy(y[i*size:(i+1)*size], x[k*size:(k+1)*size])
		}
	}
}
