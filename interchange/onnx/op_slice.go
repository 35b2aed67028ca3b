package onnx

import "slices"

func init() {
	register("",
		version{"Concat", 4, 1, many, 1, concatOp},
		version{"Split", 2, 1, 1, many, split}, version{"Split", 13, 1, 2, many, split},
		version{"Slice", 1, 1, 1, 1, sliceAttributes}, version{"Slice", 10, 3, 5, 1, plain(sliceInputs)},
		version{"Pad", 2, 1, 1, 1, padAttributes}, version{"Pad", 11, 2, 4, 1, padInputs},
		version{"Trilu", 14, 1, 2, 1, trilu},
		version{"Compress", 9, 2, 2, 1, compress},
		version{"ReverseSequence", 10, 2, 2, 1, reverseSequence},
	)
}

func concatOp(n *nodeDef) op {
	n.must("axis")
	axis := n.int("axis", 0)
	return opFunc(func(c *call) {
		list := make([]*Tensor, len(c.in))
		for i := range list {
			list[i] = c.tensor(i)
		}
		c.set(0, concat(list, axis))
	})
}

// concat joins tensors along an axis.
func concat(list []*Tensor, axis int) *Tensor {
	first := list[0]
	a := axisOf(axis, len(first.Shape))
	shape := slices.Clone(first.Shape)
	for _, t := range list[1:] {
		same(first, t)
		if len(t.Shape) != len(shape) {
			fail("%v and %v along axis %d", first.Shape, t.Shape, axis)
		}
		for i, d := range t.Shape {
			switch {
			case i == a:
				shape[a] += d
			case d != shape[i]:
				fail("%v and %v along axis %d", first.Shape, t.Shape, axis)
			}
		}
	}
	y := newTensor(first.DType, shape)
	to := stridesOf(shape)
	at := 0
	for _, t := range list {
		copyStrided(y, at, to, t, 0, stridesOf(t.Shape), t.Shape)
		at += t.Shape[a] * to[a]
	}
	return y
}

// part is elements lo to hi of an axis.
func part(t *Tensor, axis, lo, hi int) *Tensor {
	if lo == 0 && hi == t.Shape[axis] {
		return t
	}
	shape, own := slices.Clone(t.Shape), stridesOf(t.Shape)
	shape[axis] = hi - lo
	y := newTensor(t.DType, shape)
	copyStrided(y, 0, stridesOf(shape), t, lo*own[axis], own, shape)
	return y
}

func split(n *nodeDef) op {
	axis, given := n.int("axis", 0), n.ints("split")
	count := n.int("num_outputs", len(n.outputs))
	return opFunc(func(c *call) {
		x, sizes := c.tensor(0), given
		a := axisOf(axis, len(x.Shape))
		if t := c.opt(1); t != nil {
			sizes = t.list()
		}
		if sizes == nil { // equal parts, the last of which may be smaller
			if count < 1 {
				fail("into %d parts", count)
			}
			each := (x.Shape[a] + count - 1) / count
			for left := x.Shape[a]; len(sizes) < count; left -= each {
				sizes = append(sizes, max(0, min(each, left)))
			}
		}
		if len(sizes) < len(c.out) {
			fail("into %d parts for %d outputs", len(sizes), len(c.out))
		}
		at := 0
		for i, d := range sizes {
			if d < 0 || at+d > x.Shape[a] {
				fail("%v along axis %d into %v", x.Shape, axis, sizes)
			}
			c.set(i, part(x, a, at, at+d))
			at += d
		}
		if at != x.Shape[a] {
			fail("%v along axis %d into %v", x.Shape, axis, sizes)
		}
	})
}

func sliceAttributes(n *nodeDef) op {
	starts, ends, axes := n.ints("starts"), n.ints("ends"), n.ints("axes")
	return opFunc(func(c *call) { c.set(0, slice(c.tensor(0), starts, ends, axes, nil)) })
}

func sliceInputs(c *call) {
	var axes, steps []int
	if t := c.opt(3); t != nil {
		axes = t.list()
	}
	if t := c.opt(4); t != nil {
		steps = t.list()
	}
	c.set(0, slice(c.tensor(0), c.tensor(1).list(), c.tensor(2).list(), axes, steps))
}

// slice is Python's t[start:end:step] for each of the axes.
func slice(t *Tensor, starts, ends, axes, steps []int) *Tensor {
	if axes == nil {
		for i := range starts {
			axes = append(axes, i)
		}
	}
	if len(starts) != len(axes) || len(ends) != len(axes) || steps != nil && len(steps) != len(axes) {
		fail("starts %v, ends %v, axes %v and steps %v do not agree", starts, ends, axes, steps)
	}
	axesOf(axes, len(t.Shape))
	shape, from := slices.Clone(t.Shape), stridesOf(t.Shape)
	at := 0
	for i, a := range axes {
		a = axisOf(a, len(t.Shape))
		n, step := t.Shape[a], 1
		if steps != nil {
			step = steps[i]
		}
		if step == 0 {
			fail("step 0")
		}
		lo, hi := starts[i], ends[i]
		if lo < 0 {
			lo = max(lo+n, -1)
		}
		if hi < 0 {
			hi = max(hi+n, -1)
		}
		count := 0
		if step > 0 {
			lo, hi = max(lo, 0), min(max(hi, 0), n)
			if hi > lo {
				count = (hi-lo-1)/step + 1
			}
		} else {
			lo = min(lo, n-1)
			if lo > hi {
				count = (lo-hi-1)/-step + 1
			}
		}
		shape[a] = count
		at += lo * from[a]
		from[a] *= step
	}
	if slices.Equal(shape, t.Shape) && at == 0 && slices.Equal(from, stridesOf(t.Shape)) {
		return t
	}
	y := newTensor(t.DType, shape)
	copyStrided(y, 0, stridesOf(shape), t, at, from, shape)
	return y
}

var padModes = []string{"reflect", "edge", "wrap"}

func padAttributes(n *nodeDef) op {
	pads, mode, value := n.ints("pads"), n.oneOf("mode", "constant", padModes...), n.float("value", 0)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		c.set(0, pad(x, pads, mode, cast(scalar(value), x.DType)))
	})
}

func padInputs(n *nodeDef) op {
	mode := n.oneOf("mode", "constant", padModes...)
	return opFunc(func(c *call) {
		x, pads := c.tensor(0), c.tensor(1).list()
		value := c.opt(2)
		if value == nil {
			value = newTensor(x.DType, nil)
		}
		if t := c.opt(3); t != nil {
			axes := t.list()
			if len(pads) != 2*len(axes) {
				fail("pads %v for axes %v", pads, axes)
			}
			all := make([]int, 2*len(x.Shape))
			for i, a := range axes {
				a = axisOf(a, len(x.Shape))
				all[a], all[a+len(x.Shape)] = pads[i], pads[i+len(axes)]
			}
			pads = all
		}
		c.set(0, pad(x, pads, mode, value))
	})
}

// pad adds to every dimension before and after it, or takes away if negative.
func pad(x *Tensor, pads []int, mode string, value *Tensor) *Tensor {
	rank := len(x.Shape)
	if len(pads) != 2*rank || value.Len() != 1 || value.DType != x.DType {
		fail("pads %v with %v of %v", pads, value, x)
	}
	for a := range rank {
		x = padAxis(x, a, pads[a], pads[a+rank], mode, value)
	}
	return x
}

func padAxis(x *Tensor, axis, before, after int, mode string, value *Tensor) *Tensor {
	n := x.Shape[axis]
	if before == 0 && after == 0 {
		return x
	}
	shape := slices.Clone(x.Shape)
	shape[axis] = n + before + after
	if shape[axis] < 0 {
		fail("%v by %d and %d along axis %d", x.Shape, before, after, axis)
	}
	y := newTensor(x.DType, shape)
	to, from := stridesOf(shape), stridesOf(x.Shape)
	lo, hi := max(0, -before), n-max(0, -after)
	keep := func() {
		if dims := slices.Clone(x.Shape); hi > lo {
			dims[axis] = hi - lo
			copyStrided(y, max(before, 0)*to[axis], to, x, lo*from[axis], from, dims)
		}
	}
	if mode == "constant" {
		copyStrided(y, 0, to, value, 0, make([]int, len(shape)), shape)
		keep()
		return y
	}
	if n == 0 || mode == "reflect" && n == 1 && (before > 0 || after > 0) {
		fail("%v has nothing to pad axis %d with", x.Shape, axis)
	}
	keep()
	dims := slices.Clone(shape)
	dims[axis] = 1
	for i := range shape[axis] {
		k := i - before
		if lo <= k && k < hi {
			continue
		}
		switch mode {
		case "edge":
			k = min(max(k, 0), n-1)
		case "wrap":
			k = (k%n + n) % n
		case "reflect":
			period := 2 * (n - 1)
			if period == 0 {
				k = 0
				break
			}
			if k = (k%period + period) % period; k >= n {
				k = period - k
			}
		}
		copyStrided(y, i*to[axis], to, x, k*from[axis], from, dims)
	}
	return y
}

func trilu(n *nodeDef) op {
	upper := n.bool("upper", true)
	return opFunc(func(c *call) {
		x, k := c.tensor(0), 0
		if t := c.opt(1); t != nil {
			k = t.one()
		}
		if len(x.Shape) < 2 {
			fail("%v is not a matrix", x.Shape)
		}
		rows, cols := x.dim(-2), x.dim(-1)
		y := newTensor(x.DType, x.Shape)
		one := []int{1}
		for r := range product(x.Shape[:len(x.Shape)-1]) {
			i := r % rows
			lo, hi := 0, min(cols, max(0, i+k+1))
			if upper {
				lo, hi = min(cols, max(0, i+k)), cols
			}
			copyStrided(y, r*cols+lo, one, x, r*cols+lo, one, []int{hi - lo})
		}
		c.set(0, y)
	})
}

func compress(n *nodeDef) op {
	flat, axis := !n.has("axis"), n.int("axis", 0)
	return opFunc(func(c *call) {
		x, cond := c.tensor(0), c.tensor(1)
		keep, ok := cond.data.([]bool)
		if !ok {
			fail("condition is %v, want bool", cond)
		}
		if flat {
			x = x.view([]int{x.Len()})
		}
		a := axisOf(axis, len(x.Shape))
		if len(keep) > x.Shape[a] {
			fail("%d conditions for %v", len(keep), x.Shape)
		}
		var at []int
		for i, k := range keep {
			if k {
				at = append(at, i)
			}
		}
		c.set(0, gatherAxis(x, a, at, []int{len(at)}))
	})
}

// reverseSequence turns the first lengths[b] steps of each row around.
func reverseSequence(n *nodeDef) op {
	batch, time := n.int("batch_axis", 1), n.int("time_axis", 0)
	return opFunc(func(c *call) {
		x, lengths := c.tensor(0), c.tensor(1).list()
		if len(x.Shape) < 2 || batch+time != 1 || batch*time != 0 || len(lengths) != x.Shape[batch] {
			fail("%v with %d lengths, batch axis %d and time axis %d", x.Shape, len(lengths), batch, time)
		}
		T := x.Shape[time]
		own := stridesOf(x.Shape)
		size := product(x.Shape[2:])
		y := newTensor(x.DType, x.Shape)
		one, dims := []int{1}, []int{size}
		for b, n := range lengths {
			if n < 0 || n > T {
				fail("length %d of row %d is not in 0..%d", n, b, T)
			}
			for t := range T {
				from := t
				if t < n {
					from = n - 1 - t
				}
				copyStrided(y, t*own[time]+b*own[batch], one, x, from*own[time]+b*own[batch], one, dims)
			}
		}
		c.set(0, y)
	})
}
