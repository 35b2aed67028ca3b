package onnx

import "slices"

func init() {
	register("",
		version{"Gather", 1, 2, 2, 1, gather},
		version{"GatherElements", 11, 2, 2, 1, gatherElements},
		version{"GatherND", 11, 2, 2, 1, gatherND},
		version{"Scatter", 9, 3, 3, 1, scatterElements},
		version{"ScatterElements", 11, 3, 3, 1, scatterElements},
		version{"ScatterND", 11, 3, 3, 1, scatterND},
		version{"OneHot", 9, 3, 3, 1, oneHot},
		version{"NonZero", 9, 1, 1, 1, plain(nonZero)},
		version{"TensorScatter", 24, 2, 3, 1, tensorScatter},
	)
}

// indexOf counts a negative index from the end.
func indexOf(i, n int) int {
	k := i
	if k < 0 {
		k += n
	}
	if k < 0 || k >= n {
		fail("index %d is not in 0..%d", i, n-1)
	}
	return k
}

func gather(n *nodeDef) op {
	axis := n.int("axis", 0)
	return opFunc(func(c *call) {
		x, at := c.tensor(0), c.tensor(1)
		c.set(0, gatherAxis(x, axisOf(axis, len(x.Shape)), at.list(), at.Shape))
	})
}

// gatherAxis takes the elements at of an axis, which becomes the dimensions shape.
func gatherAxis(x *Tensor, axis int, at, shape []int) *Tensor {
	outer, n, inner := product(x.Shape[:axis]), x.Shape[axis], product(x.Shape[axis+1:])
	out := slices.Concat(x.Shape[:axis], shape, x.Shape[axis+1:])
	sized(x.DType, out)
	blocks := make([]int, 0, outer*len(at))
	for o := range outer {
		for _, i := range at {
			blocks = append(blocks, o*n+indexOf(i, n))
		}
	}
	return pick(x, out, blocks, inner)
}

// replaced calls visit with, for every index, where it lies in x after its
// entry along axis has been replaced by that of indices.
func replaced(x, at *Tensor, axis int, visit func(i, k int)) {
	if len(at.Shape) != len(x.Shape) {
		fail("%v and indices %v", x.Shape, at.Shape)
	}
	list, own := at.list(), stridesOf(x.Shape)
	for i, d := range at.Shape {
		if i != axis && d > x.Shape[i] {
			fail("%v and indices %v along axis %d", x.Shape, at.Shape, axis)
		}
	}
	i := 0
	indices(at.Shape, func(index []int) {
		k := indexOf(list[i], x.Shape[axis]) * own[axis]
		for a, v := range index {
			if a != axis {
				k += v * own[a]
			}
		}
		visit(i, k)
		i++
	})
}

func gatherElements(n *nodeDef) op {
	axis := n.int("axis", 0)
	return opFunc(func(c *call) {
		x, at := c.tensor(0), c.tensor(1)
		blocks := make([]int, at.Len())
		replaced(x, at, axisOf(axis, len(x.Shape)), func(i, k int) { blocks[i] = k })
		c.set(0, pick(x, at.Shape, blocks, 1))
	})
}

// tuples reads the last dimension of at as indices into the dimensions of x from
// batch on, and returns which block each means, and the size of a block.
func tuples(x, at *Tensor, batch int) (blocks []int, size int) {
	rank := len(at.Shape) - 1
	if rank < batch || len(x.Shape) < batch || !slices.Equal(x.Shape[:batch], at.Shape[:batch]) || at.dim(-1) > len(x.Shape)-batch {
		fail("%v and indices %v with %d dimensions of batch", x.Shape, at.Shape, batch)
	}
	m := at.dim(-1)
	dims := x.Shape[batch : batch+m]
	size = product(x.Shape[batch+m:])
	list := at.list()
	n := product(at.Shape[:rank])
	per := n / max(1, product(at.Shape[:batch]))
	for i := range n {
		k := i / max(1, per)
		for j, d := range dims {
			k = k*d + indexOf(list[i*m+j], d)
		}
		blocks = append(blocks, k)
	}
	return blocks, size
}

func gatherND(n *nodeDef) op {
	batch := n.int("batch_dims", 0)
	return opFunc(func(c *call) {
		x, at := c.tensor(0), c.tensor(1)
		if len(at.Shape) == 0 || batch < 0 {
			fail("indices %v", at.Shape)
		}
		blocks, size := tuples(x, at, batch)
		shape := slices.Concat(at.Shape[:len(at.Shape)-1], x.Shape[batch+at.dim(-1):])
		c.set(0, pick(x, shape, blocks, size))
	})
}

func scatterElements(n *nodeDef) op {
	axis := n.int("axis", 0)
	reduce := n.oneOf("reduction", "none", "add", "mul", "max", "min")
	return opFunc(func(c *call) {
		x, at, updates := c.tensor(0), c.tensor(1), c.tensor(2)
		same(x, updates)
		if !slices.Equal(at.Shape, updates.Shape) {
			fail("indices %v and updates %v", at.Shape, updates.Shape)
		}
		y := newTensor(x.DType, x.Shape)
		copyAll(y, x)
		blocks := make([]int, at.Len())
		replaced(x, at, axisOf(axis, len(x.Shape)), func(i, k int) { blocks[i] = k })
		scatter(y, blocks, updates, 1, reduce)
		c.set(0, y)
	})
}

func scatterND(n *nodeDef) op {
	reduce := n.oneOf("reduction", "none", "add", "mul", "max", "min")
	return opFunc(func(c *call) {
		x, at, updates := c.tensor(0), c.tensor(1), c.tensor(2)
		same(x, updates)
		if len(at.Shape) == 0 {
			fail("indices %v", at.Shape)
		}
		blocks, size := tuples(x, at, 0)
		if len(blocks)*size != updates.Len() {
			fail("%d blocks of %d and updates %v", len(blocks), size, updates.Shape)
		}
		y := newTensor(x.DType, x.Shape)
		copyAll(y, x)
		scatter(y, blocks, updates, size, reduce)
		c.set(0, y)
	})
}

// scatter writes the blocks of updates over those of y that at lists, or joins them.
func scatter(y *Tensor, at []int, updates *Tensor, size int, reduce string) {
	if reduce == "none" {
		one, dims := []int{1}, []int{size}
		for i, k := range at {
			copyStrided(y, k*size, one, updates, i*size, one, dims)
		}
		return
	}
	name := map[string]string{"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}[reduce]
	k, ok := kinds[y.DType].(numberKind)
	if !ok {
		fail("reduction %s of %v", reduce, y.DType)
	}
	k.join(y, at, updates, size, name)
}

func (numbers[T]) join(dst *Tensor, at []int, updates *Tensor, size int, name string) {
	y, u, f := dst.data.([]T), updates.data.([]T), operation[T](name)
	for i, k := range at {
		for j := range size {
			y[k*size+j] = f(y[k*size+j], u[i*size+j])
		}
	}
}

func oneHot(n *nodeDef) op {
	axis := n.int("axis", -1)
	return opFunc(func(c *call) {
		at, values := cast(c.tensor(0), Int64), c.tensor(2)
		depth := cast(c.tensor(1), Int64).one()
		if values.Len() != 2 || depth < 0 {
			fail("depth %d and values %v", depth, values)
		}
		a := axisOf(axis, len(at.Shape)+1)
		shape := slices.Insert(slices.Clone(at.Shape), a, depth)
		y := newTensor(values.DType, shape)
		copyStrided(y, 0, stridesOf(shape), values, 0, make([]int, len(shape)), shape) // off
		to, one := stridesOf(shape), []int{1}
		list, i := at.list(), 0
		indices(at.Shape, func(index []int) {
			k := list[i]
			i++
			if k < -depth || k >= depth {
				return
			}
			where := indexOf(k, depth) * to[a]
			for j, v := range index {
				where += v * to[choose(j < a, j, j+1)]
			}
			copyStrided(y, where, one, values, 1, one, one)
		})
		c.set(0, y)
	})
}

func nonZero(c *call) {
	x := c.tensor(0)
	var at [][]int
	yes, i := truth(x.data), 0
	indices(x.Shape, func(index []int) {
		if yes[i] {
			at = append(at, slices.Clone(index))
		}
		i++
	})
	y := make([]int64, len(x.Shape)*len(at))
	for j, index := range at {
		for d, v := range index {
			y[d*len(at)+j] = int64(v)
		}
	}
	c.set(0, made(Int64, []int{len(x.Shape), len(at)}, y))
}

// tensorScatter writes an update into a cache from an index on, for each row.
func tensorScatter(n *nodeDef) op {
	axis, circular := n.int("axis", -2), n.oneOf("mode", "linear", "circular") == "circular"
	return opFunc(func(c *call) {
		x, u := c.tensor(0), c.tensor(1)
		same(x, u)
		a := axisOf(axis, len(x.Shape))
		if a == 0 || len(u.Shape) != len(x.Shape) || u.Shape[0] != x.Shape[0] {
			fail("%v and update %v along axis %d", x.Shape, u.Shape, axis)
		}
		for i, d := range u.Shape {
			if i != a && d != x.Shape[i] || d > x.Shape[i] {
				fail("%v and update %v along axis %d", x.Shape, u.Shape, axis)
			}
		}
		start := make([]int, x.Shape[0])
		if t := c.opt(2); t != nil {
			if start = t.list(); len(start) != x.Shape[0] {
				fail("%d indices for %d rows", len(start), x.Shape[0])
			}
		}
		y := newTensor(x.DType, x.Shape)
		copyAll(y, x)
		to, from := stridesOf(x.Shape), stridesOf(u.Shape)
		dims := slices.Clone(u.Shape)
		dims[0], dims[a] = 1, 1
		for b, lo := range start {
			for i := range u.Shape[a] {
				k := lo + i
				if circular {
					k %= x.Shape[a]
				}
				if lo < 0 || k >= x.Shape[a] {
					fail("update of %d from %d on is beyond %d", u.Shape[a], lo, x.Shape[a])
				}
				copyStrided(y, b*to[0]+k*to[a], to, u, b*from[0]+i*from[a], from, dims)
			}
		}
		c.set(0, y)
	})
}
