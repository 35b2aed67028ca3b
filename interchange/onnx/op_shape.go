package onnx

import "slices"

func init() {
	register("",
		version{"Shape", 1, 1, 1, 1, shapeOf},
		version{"Size", 1, 1, 1, 1, plain(func(c *call) { c.set(0, scalar(int64(c.tensor(0).Len()))) })},
		version{"Reshape", 5, 2, 2, 1, reshape},
		version{"Flatten", 1, 1, 1, 1, flatten},
		version{"Squeeze", 1, 1, 1, 1, squeeze}, version{"Squeeze", 13, 1, 2, 1, squeeze},
		version{"Unsqueeze", 1, 1, 1, 1, unsqueeze}, version{"Unsqueeze", 13, 2, 2, 1, unsqueeze},
		version{"Transpose", 1, 1, 1, 1, transposeOp},
		version{"Expand", 8, 2, 2, 1, plain(func(c *call) {
			x := c.tensor(0)
			c.set(0, expand(x, broadcast(x.Shape, c.tensor(1).list())))
		})},
		version{"Tile", 6, 2, 2, 1, plain(tile)},
		version{"Identity", 1, 1, 1, 1, plain(func(c *call) { c.set(0, c.in[0]) })},
		version{"Constant", 1, 0, 0, 1, constant},
		version{"ConstantOfShape", 9, 1, 1, 1, constantOfShape},
		version{"Range", 11, 3, 3, 1, rangeOp},
		version{"EyeLike", 9, 1, 1, 1, eyeLike},
		version{"Cast", 6, 1, 1, 1, castOp},
		version{"CastLike", 15, 2, 2, 1, castLike},
		version{"DepthToSpace", 1, 1, 1, 1, depthToSpace},
		version{"SpaceToDepth", 1, 1, 1, 1, spaceToDepth},
	)
}

func shapeOf(n *nodeDef) op {
	start, end := n.int("start", 0), n.int("end", 1<<30)
	return opFunc(func(c *call) {
		s := c.tensor(0).Shape
		limit := func(i int) int {
			if i < 0 {
				i += len(s)
			}
			return min(max(i, 0), len(s))
		}
		lo, hi := limit(start), limit(end)
		c.set(0, ints(s[lo:max(lo, hi)]...))
	})
}

// reshape takes -1 for what is left, and 0 for the dimension as it is.
func reshape(n *nodeDef) op {
	zero := n.bool("allowzero", false)
	return opFunc(func(c *call) {
		x, want := c.tensor(0), c.tensor(1).list()
		shape, open, known := slices.Clone(want), -1, 1
		for i, d := range want {
			switch {
			case d == -1 && open < 0:
				open = i
				continue
			case d == 0 && !zero:
				if i >= len(x.Shape) {
					fail("%v to %v: there is no dimension %d", x.Shape, want, i)
				}
				shape[i] = x.Shape[i]
			case d < 0:
				fail("%v to %v", x.Shape, want)
			}
			known *= shape[i]
		}
		if open >= 0 {
			if known == 0 || x.Len()%known != 0 {
				fail("%v to %v", x.Shape, want)
			}
			shape[open] = x.Len() / known
		}
		if v, ok := volume(shape); !ok || v != x.Len() {
			fail("%v to %v", x.Shape, want)
		}
		c.set(0, x.view(shape))
	})
}

func flatten(n *nodeDef) op {
	axis := n.int("axis", 1)
	return opFunc(func(c *call) {
		x, a := c.tensor(0), axis
		if a < 0 {
			a += len(x.Shape)
		}
		if a < 0 || a > len(x.Shape) {
			fail("axis %d of %v", axis, x.Shape)
		}
		c.set(0, x.view([]int{product(x.Shape[:a]), product(x.Shape[a:])}))
	})
}

// axesFrom reads axes from an attribute or, in later opsets, from an input.
func axesFrom(n *nodeDef, input int) func(c *call) (axes []int, given bool) {
	if n.has("axes") && n.opset < 18 {
		axes := n.ints("axes")
		return func(*call) ([]int, bool) { return axes, true }
	}
	return func(c *call) ([]int, bool) {
		if t := c.opt(input); t != nil {
			return t.list(), true
		}
		return nil, false
	}
}

func squeeze(n *nodeDef) op {
	axes := axesFrom(n, 1)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		list, given := axes(c)
		list = axesOf(list, len(x.Shape))
		shape := []int{}
		for i, d := range x.Shape {
			drop := d == 1
			if given {
				if drop = slices.Contains(list, i); drop && d != 1 {
					fail("dimension %d of %v is not 1", i, x.Shape)
				}
			}
			if !drop {
				shape = append(shape, d)
			}
		}
		c.set(0, x.view(shape))
	})
}

func unsqueeze(n *nodeDef) op {
	axes := axesFrom(n, 1)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		list, given := axes(c)
		if !given {
			fail("axes are missing")
		}
		shape := slices.Clone(x.Shape)
		for _, a := range axesOf(list, len(x.Shape)+len(list)) {
			shape = slices.Insert(shape, a, 1)
		}
		c.set(0, x.view(shape))
	})
}

func transposeOp(n *nodeDef) op {
	given := n.ints("perm")
	return opFunc(func(c *call) {
		x, perm := c.tensor(0), given
		if perm == nil {
			for i := len(x.Shape) - 1; i >= 0; i-- {
				perm = append(perm, i)
			}
		}
		if len(perm) != len(x.Shape) {
			fail("perm %v of %v", perm, x.Shape)
		}
		axesOf(perm, len(x.Shape))
		c.set(0, transpose(x, perm))
	})
}

func tile(c *call) {
	x, repeats := c.tensor(0), c.tensor(1).list()
	if len(repeats) != len(x.Shape) {
		fail("repeats %v of %v", repeats, x.Shape)
	}
	// a dimension n repeated r times is [r n] with a stride of 0 for r
	var dims, from []int
	shape, own := make([]int, len(repeats)), stridesOf(x.Shape)
	for i, r := range repeats {
		if r < 0 {
			fail("repeats %v", repeats)
		}
		shape[i] = r * x.Shape[i]
		dims, from = append(dims, r, x.Shape[i]), append(from, 0, own[i])
	}
	y := newTensor(x.DType, shape)
	copyStrided(y, 0, stridesOf(dims), x, 0, from, dims)
	c.set(0, y)
}

func constant(n *nodeDef) op {
	var t *Tensor
	switch {
	case n.has("value"):
		t = n.tensor("value")
	case n.has("value_float"):
		t = scalar(float32(n.float("value_float", 0)))
	case n.has("value_floats"):
		t = cast(fromDoubles(Float64, []int{len(n.floats("value_floats"))}, n.floats("value_floats")), Float32)
	case n.has("value_int"):
		t = scalar(int64(n.int("value_int", 0)))
	case n.has("value_ints"):
		t = ints(n.ints("value_ints")...)
	case n.has("value_string"):
		t = scalar(n.text("value_string", ""))
	case n.has("value_strings"):
		t = NewTensor(n.strings("value_strings"), len(n.strings("value_strings")))
	default:
		fail("has no value")
	}
	return opFunc(func(c *call) { c.set(0, t) })
}

func constantOfShape(n *nodeDef) op {
	value := n.tensor("value")
	if value == nil {
		value = scalar(float32(0))
	}
	if value.Len() != 1 {
		fail("value %v has to be one element", value)
	}
	value = value.view(nil)
	return opFunc(func(c *call) { c.set(0, expand(value, c.tensor(0).list())) })
}

func rangeOp(n *nodeDef) op {
	n.ignore("stash_type") // computed in double precision
	return opFunc(func(c *call) {
		start, limit, delta := c.tensor(0), c.tensor(1), c.tensor(2)
		same(start, limit)
		same(start, delta)
		if start.DType == Int64 || start.DType == Int32 || start.DType == Int16 {
			a, b, d := start.one(), limit.one(), delta.one()
			if d == 0 {
				fail("delta is 0")
			}
			n := max(0, (b-a+d-choose(d > 0, 1, -1))/d)
			sized(start.DType, []int{n})
			y := make([]int64, n)
			for i := range y {
				y[i] = int64(a + i*d)
			}
			c.set(0, cast(made(Int64, []int{n}, y), start.DType))
			return
		}
		a, b, d := start.oneFloat(), limit.oneFloat(), delta.oneFloat()
		count := (b - a) / d
		if count != count || count > float64(maxBytes) {
			fail("from %v to %v by %v", a, b, d)
		}
		n := int(count)
		if float64(n) < count {
			n++
		}
		n = max(n, 0)
		sized(Float64, []int{n})
		y := make([]float64, n)
		for i := range y {
			y[i] = a + float64(i)*d
		}
		c.set(0, cast(made(Float64, []int{n}, y), start.DType))
	})
}

func eyeLike(n *nodeDef) op {
	k, d := n.int("k", 0), DType(0)
	if n.has("dtype") {
		d = n.dtype("dtype", 0)
	}
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if len(x.Shape) != 2 {
			fail("%v is not a matrix", x.Shape)
		}
		y := make([]uint8, x.Len())
		for i := range x.Shape[0] {
			if j := i + k; j >= 0 && j < x.Shape[1] {
				y[i*x.Shape[1]+j] = 1
			}
		}
		c.set(0, cast(made(Uint8, x.Shape, y), choose(d == 0, x.DType, d)))
	})
}

// depthToSpace moves blocks of channels into height and width.
func depthToSpace(n *nodeDef) op {
	b := n.int("blocksize", 0)
	mode := n.oneOf("mode", "DCR", "CRD")
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if len(x.Shape) != 4 || b < 1 || x.Shape[1]%(b*b) != 0 {
			fail("%v with blocks of %d", x.Shape, b)
		}
		N, C, H, W := x.Shape[0], x.Shape[1]/(b*b), x.Shape[2], x.Shape[3]
		if mode == "DCR" {
			x = transpose(x.view([]int{N, b, b, C, H, W}), []int{0, 3, 4, 1, 5, 2})
		} else {
			x = transpose(x.view([]int{N, C, b, b, H, W}), []int{0, 1, 4, 2, 5, 3})
		}
		c.set(0, x.view([]int{N, C, H * b, W * b}))
	})
}

func spaceToDepth(n *nodeDef) op {
	b := n.int("blocksize", 0)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if len(x.Shape) != 4 || b < 1 || x.Shape[2]%b != 0 || x.Shape[3]%b != 0 {
			fail("%v with blocks of %d", x.Shape, b)
		}
		N, C, H, W := x.Shape[0], x.Shape[1], x.Shape[2]/b, x.Shape[3]/b
		x = transpose(x.view([]int{N, C, H, b, W, b}), []int{0, 3, 5, 1, 2, 4})
		c.set(0, x.view([]int{N, C * b * b, H, W}))
	})
}
