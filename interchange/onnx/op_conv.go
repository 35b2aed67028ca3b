package onnx

import (
	"slices"
	"sync/atomic"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

func init() {
	register("",
		version{"Conv", 1, 2, 3, 1, conv},
		version{"ConvTranspose", 1, 2, 3, 1, convTranspose},
	)
}

// A sliding is how windows slide over the dimensions of an image or a sequence.
type sliding struct {
	kernel, strides, dilations, pads []int // nil for defaults; pads: all begins, then all ends
	auto                             string
	ceil                             bool
}

func slidingOf(n *nodeDef) *sliding {
	s := &sliding{
		kernel: n.ints("kernel_shape"), strides: n.ints("strides"), dilations: n.ints("dilations"), pads: n.ints("pads"),
		auto: n.oneOf("auto_pad", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
		ceil: n.bool("ceil_mode", false),
	}
	for _, list := range [][]int{s.kernel, s.strides, s.dilations} {
		for _, v := range list {
			if v < 1 {
				fail("kernel %v, strides %v, dilations %v", s.kernel, s.strides, s.dilations)
			}
		}
	}
	return s
}

// windows is a sliding over dimensions of known sizes.
type windows struct {
	in, out, kernel, stride, dilation, before, after []int
}

func or(list []int, rank, def int) []int {
	if list == nil {
		list = slices.Repeat([]int{def}, rank)
	}
	if len(list) != rank {
		fail("%v for %d dimensions", list, rank)
	}
	return list
}

// over works out the sizes of what comes out. kernel is the size of a window.
func (s *sliding) over(in, kernel []int) *windows {
	rank := len(in)
	w := &windows{in: in, kernel: kernel, stride: or(s.strides, rank, 1), dilation: or(s.dilations, rank, 1)}
	pads := slices.Clone(or(s.pads, 2*rank, 0))
	w.out = make([]int, rank)
	for i, n := range in {
		span, stride := (kernel[i]-1)*w.dilation[i]+1, w.stride[i]
		switch s.auto {
		case "SAME_UPPER", "SAME_LOWER":
			w.out[i] = (n + stride - 1) / stride
			total := max(0, (w.out[i]-1)*stride+span-n)
			pads[i], pads[rank+i] = total/2, total-total/2
			if s.auto == "SAME_LOWER" {
				pads[i], pads[rank+i] = pads[rank+i], pads[i]
			}
		case "VALID":
			pads[i], pads[rank+i] = 0, 0
			fallthrough
		default:
			if pads[i] < 0 || pads[rank+i] < 0 {
				fail("pads %v", pads)
			}
			room := n + pads[i] + pads[rank+i] - span
			if room < 0 {
				fail("a window of %d does not fit into %d with pads %d and %d", span, n, pads[i], pads[rank+i])
			}
			w.out[i] = room/stride + 1
			if s.ceil && s.auto != "VALID" && room%stride != 0 && w.out[i]*stride < n+pads[i] {
				w.out[i]++ // unless it would begin in the padding after the end
			}
			if s.ceil && s.auto == "VALID" && room%stride != 0 {
				w.out[i]++
			}
		}
	}
	w.before, w.after = pads[:rank], pads[rank:]
	return w
}

// visit calls f for every element of the window at out that lies inside, with its
// number in the window and its place in the input.
func (w *windows) visit(out []int, f func(k, at int)) {
	k := 0
	indices(w.kernel, func(index []int) {
		at := 0
		for i, v := range index {
			p := out[i]*w.stride[i] - w.before[i] + v*w.dilation[i]
			if p < 0 || p >= w.in[i] {
				at = -1
				break
			}
			at = at*w.in[i] + p
		}
		if at >= 0 {
			f(k, at)
		}
		k++
	})
}

// table lists for each window and each of its elements the place in the input, -1
// for padding: columns of windows, rows of elements.
func (w *windows) table() []int {
	n := product(w.out)
	list := make([]int, sized(Int64, []int{product(w.kernel), n}))
	for i := range list {
		list[i] = -1
	}
	o := 0
	indices(w.out, func(out []int) {
		w.visit(out, func(k, at int) { list[k*n+o] = at })
		o++
	})
	return list
}

// A convolution is a product of the filters with a matrix whose columns are the windows.
// Where the filters never change it is one of the windows with the filters, packed once.
type convolution struct {
	*sliding
	group  int
	shape  []int // of filters that never change, nil if they do
	packed *kernel.Packed
	table  atomic.Pointer[windowTable]
}

func conv(n *nodeDef) op { return &convolution{sliding: slidingOf(n), group: n.int("group", 1)} }

// prepare implements preparer.
func (v *convolution) prepare(in []Value) []int {
	w, ok := in[1].(*Tensor)
	if !ok || v.group != 1 || w.DType != Float32 || len(w.Shape) < 3 || w.Len() == 0 {
		return nil
	}
	v.shape = w.Shape
	k := product(w.Shape[1:])
	v.packed = kernel.PackBT(k, w.Shape[0], w.floats(), k)
	return []int{1}
}

func (v *convolution) run(c *call) {
	x, filters := c.tensor(0), &Tensor{Float32, v.shape, nil}
	if v.packed == nil {
		filters = c.tensor(1)
	}
	same(x, filters)
	rank, shape, group := len(x.Shape)-2, filters.Shape, v.group
	if rank < 1 || len(shape) != rank+2 || group < 1 || x.Shape[1] != shape[1]*group || shape[0]%group != 0 || !x.DType.float() {
		fail("%v with filters %v in %d groups", x, filters, group)
	}
	if v.kernel != nil && !slices.Equal(v.kernel, shape[2:]) {
		fail("kernel_shape %v of filters %v", v.kernel, shape)
	}
	w := v.over(x.Shape[2:], shape[2:])
	N, C, M := x.Shape[0], x.Shape[1]/group, shape[0]/group
	in, out, size := product(w.in), product(w.out), product(w.kernel)
	made := slices.Concat([]int{N, M * group}, w.out)
	sized(x.DType, made)
	sized(x.DType, []int{C * size, out})
	var bias []float64
	if b := c.opt(2); b != nil {
		if b.Len() != M*group {
			fail("bias %v of %d filters", b.Shape, M*group)
		}
		bias = b.doubles()
	}
	if x.DType == Float64 {
		y := convolve(x.doubles(), filters.doubles(), w.table(), N, group, C, M, in, out, size, func(m, n, k int, a, b, y []float64) {
			copy(y, products(a, b, [][2]int{{0, 0}}, m, k, n))
		})
		addChannels(y, bias, out)
		c.set(0, fromDoubles(x.DType, made, y))
		return
	}
	var y []tensor.Float
	if v.packed != nil {
		y = v.packedRun(x.floats(), v.tableOf(w), N, C, M, in, out)
	} else {
		y = convolve(x.floats(), filters.floats(), w.table(), N, group, C, M, in, out, size, func(m, n, k int, a, b, y []tensor.Float) {
			kernel.Gemm(m, n, k, a, k, b, n, y, n)
		})
	}
	addChannels(y, bias, out)
	c.set(0, fromFloats(x.DType, made, y))
}

// addChannels adds to each plane of size values the bias of its channel; nil is none.
func addChannels[T floating](y []T, bias []float64, size int) {
	if len(bias) == 0 {
		return
	}
	for at, m := 0, 0; at < len(y); at, m = at+size, m+1 {
		b := T(bias[m%len(bias)])
		plane := y[at : at+size]
		for i := range plane {
			plane[i] += b
		}
	}
}

func convolve[T floating](x, filters []T, table []int, N, group, C, M, in, out, size int, gemm func(m, n, k int, a, b, y []T)) []T {
	y := make([]T, N*group*M*out)
	columns := make([]T, C*size*out)
	if len(y) == 0 || len(columns) == 0 {
		return y
	}
	for b := range N * group {
		g := b % group
		image := x[b*C*in : (b+1)*C*in]
		for ch := range C {
			plane, cols := image[ch*in:(ch+1)*in], columns[ch*size*out:(ch+1)*size*out]
			for i, at := range table {
				cols[i] = 0
				if at >= 0 {
					cols[i] = plane[at]
				}
			}
		}
		gemm(M, out, C*size, filters[g*M*C*size:(g+1)*M*C*size], columns, y[b*M*out:(b+1)*M*out])
	}
	return y
}

// convTranspose is the gradient of conv by its input: every element of x adds its
// multiple of the filter to a window of y.
func convTranspose(n *nodeDef) op {
	s, group := slidingOf(n), n.int("group", 1)
	extra, wanted := n.ints("output_padding"), n.ints("output_shape")
	return opFunc(func(c *call) {
		x, weights := c.tensor(0), c.tensor(1)
		same(x, weights)
		rank := len(x.Shape) - 2
		if rank < 1 || len(weights.Shape) != rank+2 || group < 1 || x.Shape[1]%group != 0 || x.Shape[1] != weights.Shape[0] || !x.DType.float() {
			fail("%v with filters %v in %d groups", x, weights, group)
		}
		w := s.back(x.Shape[2:], weights.Shape[2:], or(extra, rank, 0), wanted)
		N, C, M := x.Shape[0], x.Shape[1]/group, weights.Shape[1]
		in, out, size := product(w.in), product(w.out), product(w.kernel)
		shape := slices.Concat([]int{N, M * group}, w.in)
		y := make([]float64, sized(Float64, shape))
		d, f, table := x.doubles(), weights.doubles(), w.table()
		for b := range N * group {
			g := b % group
			for ch := range C {
				plane := d[(b*C+ch)*out : (b*C+ch+1)*out]
				for m := range M {
					filter, dst := f[((g*C+ch)*M+m)*size:], y[(b*M+m)*in:(b*M+m+1)*in]
					for i, at := range table {
						if at >= 0 {
							dst[at] += plane[i%out] * filter[i/out]
						}
					}
				}
			}
		}
		if b := c.opt(2); b != nil {
			if b.Len() != M*group {
				fail("bias %v of %d filters", b.Shape, M*group)
			}
			addChannels(y, b.doubles(), in)
		}
		c.set(0, fromDoubles(x.DType, shape, y))
	})
}

// back is the windows of the convolution whose gradient convTranspose is: its input
// is what comes out here.
func (s *sliding) back(out, kernel, extra, wanted []int) *windows {
	rank := len(out)
	w := &windows{out: out, kernel: kernel, stride: or(s.strides, rank, 1), dilation: or(s.dilations, rank, 1), in: make([]int, rank)}
	pads := slices.Clone(or(s.pads, 2*rank, 0))
	for i := range out {
		full := (out[i]-1)*w.stride[i] + (kernel[i]-1)*w.dilation[i] + 1 + extra[i]
		total := -1
		switch {
		case wanted != nil:
			total = full - or(wanted, rank, 0)[i]
		case s.auto == "SAME_UPPER" || s.auto == "SAME_LOWER":
			total = full - out[i]*w.stride[i]
		case s.auto == "VALID":
			total = 0
		}
		if total >= 0 || wanted != nil {
			pads[i], pads[rank+i] = total/2, total-total/2
			if s.auto != "SAME_UPPER" && wanted != nil || s.auto == "SAME_LOWER" {
				pads[i], pads[rank+i] = total-total/2, total/2
			}
		}
		if w.in[i] = full - pads[i] - pads[rank+i]; w.in[i] < 0 {
			fail("%v with kernel %v and pads %v", out, kernel, pads)
		}
	}
	w.before, w.after = pads[:rank], pads[rank:]
	return w
}
