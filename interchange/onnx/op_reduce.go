package onnx

import (
	"cmp"
	"math"
	"slices"
)

func init() {
	for _, k := range []string{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"} {
		later := 18
		if k == "ReduceSum" {
			later = 13
		}
		register("", version{k, 1, 1, 1, 1, reduce}, version{k, later, 1, 2, 1, reduce})
	}
	register("",
		version{"ArgMax", 1, 1, 1, 1, argMax}, version{"ArgMin", 1, 1, 1, 1, argMax},
		version{"CumSum", 11, 2, 2, 1, cumulative}, version{"CumProd", 26, 2, 2, 1, cumulative},
		version{"TopK", 1, 1, 1, 2, topK}, version{"TopK", 10, 2, 2, 2, topK},
		version{"Hardmax", 1, 1, 1, 1, hardmax}, version{"Hardmax", 13, 1, 1, 1, hardmax},
		version{"Unique", 11, 1, 1, 4, unique},
	)
}

func reduce(n *nodeDef) op {
	keep, noop := n.bool("keepdims", true), n.bool("noop_with_empty_axes", false)
	axes := axesFrom(n, 1)
	name := n.op
	return opFunc(func(c *call) {
		x := c.tensor(0)
		list, _ := axes(c)
		if len(list) == 0 {
			if noop {
				c.set(0, reduced(name, x.view(append(slices.Clone(x.Shape), 1)), x.Shape))
				return
			}
			for i := range x.Shape {
				list = append(list, i)
			}
		}
		list = axesOf(list, len(x.Shape))
		perm, shape, inner := []int{}, []int{}, 1
		for i, d := range x.Shape {
			switch {
			case !slices.Contains(list, i):
				perm = append(perm, i)
				shape = append(shape, d)
			case keep:
				shape = append(shape, 1)
			}
		}
		for _, a := range list {
			inner *= x.Shape[a]
			perm = append(perm, a)
		}
		c.set(0, reduced(name, transpose(x, perm).view([]int{product(shape), inner}), shape))
	})
}

// reduced reduces the last dimension of x.
func reduced(name string, x *Tensor, shape []int) *Tensor {
	if x.DType == Bool && (name == "ReduceMax" || name == "ReduceMin") {
		return cast(reduced(name, cast(x, Uint8), shape), Bool)
	}
	return numbersOf(x).reduce(name, x, shape)
}

func (numbers[T]) reduce(name string, x *Tensor, shape []int) *Tensor {
	d, n := x.data.([]T), x.dim(-1)
	f := reducer[T](name, x.DType)
	y := make([]T, product(shape))
	for i := range y {
		y[i] = f(d[i*n : (i+1)*n])
	}
	return made(x.DType, shape, y)
}

// reducer is the reduction of a row. Sums of floats are added in double precision,
// those of whole numbers in their own type.
func reducer[T number](name string, d DType) func(row []T) T {
	half := T(1)
	whole := half/2 == 0
	switch name {
	case "ReduceMax", "ReduceMin":
		pick, sign := func(a, b T) T { return max(a, b) }, -1
		if name == "ReduceMin" {
			pick, sign = func(a, b T) T { return min(a, b) }, 1
		}
		return func(row []T) T {
			if len(row) == 0 {
				return limit[T](d, sign)
			}
			m := row[0]
			for _, v := range row[1:] {
				m = pick(m, v)
			}
			return m
		}
	case "ReduceProd":
		return func(row []T) T {
			p := T(1)
			for _, v := range row {
				p *= v
			}
			return p
		}
	case "ReduceMean":
		return func(row []T) T { return T(sum(row, identity) / float64(len(row))) }
	case "ReduceL2":
		return func(row []T) T { return T(math.Sqrt(sum(row, square))) }
	case "ReduceLogSum":
		return func(row []T) T { return T(math.Log(sum(row, identity))) }
	case "ReduceLogSumExp":
		return func(row []T) T {
			if len(row) == 0 {
				return T(math.Inf(-1))
			}
			m := float64(slices.Max(row))
			if math.IsInf(m, 0) {
				return T(m)
			}
			return T(m + math.Log(sum(row, func(x float64) float64 { return math.Exp(x - m) })))
		}
	}
	f, exact := identity, func(v T) T { return v }
	switch name {
	case "ReduceSumSquare":
		f, exact = square, func(v T) T { return v * v }
	case "ReduceL1":
		f, exact = math.Abs, func(v T) T {
			if v < 0 {
				return -v
			}
			return v
		}
	}
	return func(row []T) T {
		if !whole {
			return T(sum(row, f))
		}
		var s T
		for _, v := range row {
			s += exact(v)
		}
		return s
	}
}

func identity(x float64) float64 { return x }
func square(x float64) float64   { return x * x }

func sum[T number](row []T, f func(float64) float64) (s float64) {
	for _, v := range row {
		s += f(float64(v))
	}
	return s
}

// limit is the greatest value of a type, or with sign -1 the least.
func limit[T number](d DType, sign int) T {
	if d.float() {
		return T(math.Inf(sign))
	}
	bits := 8 * d.Size()
	switch d {
	case Uint8, Uint16, Uint32, Uint64:
		if sign < 0 {
			return 0
		}
		return T(uint64(math.MaxUint64) >> (64 - bits))
	}
	m := int64(math.MaxInt64) >> (64 - bits)
	if sign < 0 {
		m = -m - 1
	}
	return T(m)
}

// order compares elements of any type, floats by value with NaN greatest.
func order(x *Tensor) func(i, j int) int {
	k, ok := kinds[x.DType].(orderedKind)
	if !ok {
		fail("%v has no order", x.DType)
	}
	return k.order(x)
}

func (ordered[T]) order(x *Tensor) func(i, j int) int {
	d := x.data.([]T)
	return func(i, j int) int {
		a, b := d[i], d[j]
		switch {
		case a != a || b != b:
			return cmp.Compare(choose(a != a, 1, 0), choose(b != b, 1, 0))
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
}

func argMax(n *nodeDef) op {
	axis, keep, last := n.int("axis", 0), n.bool("keepdims", true), n.bool("select_last_index", false)
	sign := choose(n.op == "ArgMax", 1, -1)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		a := axisOf(axis, len(x.Shape))
		shape := slices.Clone(x.Shape)
		if shape[a] = 1; !keep {
			shape = slices.Delete(shape, a, a+1)
		}
		if x.Shape[a] == 0 && product(shape) > 0 {
			fail("%v has nothing along axis %d", x.Shape, axis)
		}
		x, _ = lanes(x, a)
		n, compare := x.dim(-1), order(x)
		y := make([]int64, product(shape))
		for i := range y {
			best := i * n
			for k := best + 1; k < (i+1)*n; k++ {
				if d := sign * compare(k, best); d > 0 || d == 0 && last {
					best = k
				}
			}
			y[i] = int64(best - i*n)
		}
		c.set(0, made(Int64, shape, y))
	})
}

func cumulative(n *nodeDef) op {
	exclusive, reverse := n.bool("exclusive", false), n.bool("reverse", false)
	name := choose(n.op == "CumSum", "Add", "Mul")
	return opFunc(func(c *call) {
		x := c.tensor(0)
		x, back := lanes(x, axisOf(c.tensor(1).one(), len(x.Shape)))
		c.set(0, back(numbersOf(x).accumulate(x, name, exclusive, reverse)))
	})
}

func (numbers[T]) accumulate(t *Tensor, name string, exclusive, reverse bool) *Tensor {
	x, n := t.data.([]T), t.dim(-1)
	y := make([]T, len(x))
	f := operation[T](name)
	for lo := 0; lo < len(x); lo += n {
		acc := choose[T](name == "Add", 0, 1)
		for k := range n {
			i := lo + k
			if reverse {
				i = lo + n - 1 - k
			}
			if exclusive {
				y[i] = acc
			}
			if acc = f(acc, x[i]); !exclusive {
				y[i] = acc
			}
		}
	}
	return made(t.DType, t.Shape, y)
}

func topK(n *nodeDef) op {
	axis := n.int("axis", -1)
	sign := choose(n.bool("largest", true), -1, 1)
	fixed := n.int("k", -1)
	n.ignore("sorted") // unsorted allows any order, this one too
	return opFunc(func(c *call) {
		x, k := c.tensor(0), fixed
		if t := c.opt(1); t != nil {
			k = t.one()
		}
		a := axisOf(axis, len(x.Shape))
		if k < 0 || k > x.Shape[a] {
			fail("k %d of %v along axis %d", k, x.Shape, axis)
		}
		x, back := lanes(x, a)
		n, compare := x.dim(-1), order(x)
		shape := slices.Clone(x.Shape)
		shape[len(shape)-1] = k
		rows := product(shape[:len(shape)-1])
		at, from, index := make([]int64, 0, rows*k), make([]int, 0, rows*k), make([]int, n)
		for r := range rows {
			for i := range index {
				index[i] = r*n + i
			}
			slices.SortStableFunc(index, func(i, j int) int { return sign * compare(i, j) })
			for _, i := range index[:k] {
				from = append(from, i)
				at = append(at, int64(i-r*n))
			}
		}
		c.set(0, back(pick(x, shape, from, 1)))
		c.set(1, back(made(Int64, shape, at)))
	})
}

// hardmax is 1 at the first greatest element, 0 elsewhere.
func hardmax(n *nodeDef) op {
	rows := rowsOf(n)
	return opFunc(func(c *call) {
		x, back := rows(c.tensor(0))
		n, compare := x.dim(-1), order(x)
		y := make([]uint8, x.Len())
		for lo := 0; lo < len(y); lo += n {
			best := lo
			for k := lo + 1; k < lo+n; k++ {
				if compare(k, best) > 0 {
					best = k
				}
			}
			y[best] = 1
		}
		c.set(0, back(cast(made(Uint8, x.Shape, y), x.DType)))
	})
}

// rowsOf gives a tensor as rows along the axis of Softmax and its kin: before opset
// 13 the dimensions from the axis on are one row.
func rowsOf(n *nodeDef) func(x *Tensor) (*Tensor, func(*Tensor) *Tensor) {
	if n.opset >= 13 {
		axis := n.int("axis", -1)
		return func(x *Tensor) (*Tensor, func(*Tensor) *Tensor) {
			return lanes(x, axisOf(axis, len(x.Shape)))
		}
	}
	axis := n.int("axis", 1)
	return func(x *Tensor) (*Tensor, func(*Tensor) *Tensor) {
		a := axisOf(axis, len(x.Shape))
		return x.view([]int{product(x.Shape[:a]), product(x.Shape[a:])}), func(y *Tensor) *Tensor { return y.view(x.Shape) }
	}
}

func unique(n *nodeDef) op {
	flat, axis, sorted := !n.has("axis"), n.int("axis", 0), n.bool("sorted", true)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		if flat {
			x = x.view([]int{x.Len()})
		}
		a := axisOf(axis, len(x.Shape))
		perm := []int{a}
		for i := range x.Shape {
			if i != a {
				perm = append(perm, i)
			}
		}
		slabs := transpose(x, perm) // what is compared lies in one piece
		n := slabs.Shape[0]
		size, compare := product(slabs.Shape[1:]), order(slabs)
		byValue := func(i, j int) int {
			for k := range size {
				if d := compare(i*size+k, j*size+k); d != 0 {
					return d
				}
			}
			return 0
		}
		index := make([]int, n)
		for i := range index {
			index[i] = i
		}
		slices.SortStableFunc(index, byValue)
		var groups [][]int // of equal slabs, each in the order of x
		for k, i := range index {
			if k == 0 || byValue(index[k-1], i) != 0 {
				groups = append(groups, nil)
			}
			groups[len(groups)-1] = append(groups[len(groups)-1], i)
		}
		if !sorted {
			slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
		}
		first, inverse, counts := make([]int, len(groups)), make([]int, n), make([]int, len(groups))
		for g, members := range groups {
			first[g], counts[g] = members[0], len(members)
			for _, i := range members {
				inverse[i] = g
			}
		}
		c.set(0, gatherAxis(x, a, first, []int{len(first)}))
		c.set(1, ints(first...))
		c.set(2, ints(inverse...))
		c.set(3, ints(counts...))
	})
}
