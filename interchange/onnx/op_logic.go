package onnx

import (
	"cmp"
	"math"
)

func init() {
	register("",
		version{"And", 7, 2, 2, 1, logic}, version{"Or", 7, 2, 2, 1, logic}, version{"Xor", 7, 2, 2, 1, logic},
		version{"Not", 1, 1, 1, 1, plain(not)},
		version{"BitwiseNot", 18, 1, 1, 1, plain(bitwiseNot)},
		version{"Equal", 7, 2, 2, 1, compare}, version{"Less", 7, 2, 2, 1, compare}, version{"Greater", 7, 2, 2, 1, compare},
		version{"LessOrEqual", 12, 2, 2, 1, compare}, version{"GreaterOrEqual", 12, 2, 2, 1, compare},
		version{"Where", 9, 3, 3, 1, plain(where)},
		version{"IsNaN", 9, 1, 1, 1, plain(isNaN)},
		version{"IsInf", 10, 1, 1, 1, isInf},
	)
}

func logic(n *nodeDef) op {
	f := map[string]func(x, y bool) bool{
		"And": func(x, y bool) bool { return x && y },
		"Or":  func(x, y bool) bool { return x || y },
		"Xor": func(x, y bool) bool { return x != y },
	}[n.op]
	return opFunc(func(c *call) {
		a, b := c.tensor(0), c.tensor(1)
		if a.DType != Bool || b.DType != Bool {
			fail("%v and %v, want bool", a, b)
		}
		c.set(0, zipped(Bool, a, b, f, nil))
	})
}

func not(c *call) {
	x := c.tensor(0)
	if x.DType != Bool {
		fail("%v, want bool", x)
	}
	y := make([]bool, x.Len())
	for i, v := range x.data.([]bool) {
		y[i] = !v
	}
	c.set(0, made(Bool, x.Shape, y))
}

func bitwiseNot(c *call) {
	x := c.tensor(0)
	ones := cast(scalar(int64(-1)), x.DType)
	c.set(0, combined("BitwiseXor", x, ones))
}

func compare(n *nodeDef) op {
	name := n.op
	return opFunc(func(c *call) {
		a, b := c.tensor(0), c.tensor(1)
		same(a, b)
		if a.DType == Bool {
			if name != "Equal" {
				fail("bool has no order")
			}
			c.set(0, zipped(Bool, a, b, func(x, y bool) bool { return x == y }, nil))
			return
		}
		c.set(0, kinds[a.DType].(orderedKind).compare(name, a, b))
	})
}

func (ordered[T]) compare(name string, a, b *Tensor) *Tensor {
	return zipped(Bool, a, b, comparison[T](name), nil)
}

func comparison[T cmp.Ordered](name string) func(x, y T) bool {
	switch name {
	case "Less":
		return func(x, y T) bool { return x < y }
	case "Greater":
		return func(x, y T) bool { return x > y }
	case "LessOrEqual":
		return func(x, y T) bool { return x <= y }
	case "GreaterOrEqual":
		return func(x, y T) bool { return x >= y }
	}
	return func(x, y T) bool { return x == y }
}

// where moves elements, so it takes any type.
func where(c *call) {
	cond, a, b := c.tensor(0), c.tensor(1), c.tensor(2)
	same(a, b)
	if cond.DType != Bool {
		fail("condition is %v, want bool", cond.DType)
	}
	shape := broadcast(broadcast(cond.Shape, a.Shape), b.Shape)
	y := expand(b, shape)
	if y == b {
		y = newTensor(b.DType, shape)
		copyAll(y, b)
	}
	x := expand(a, shape)
	choice := expand(cond, shape).data.([]bool)
	one := []int{1}
	for i := 0; i < len(choice); { // by runs
		k := i
		for k < len(choice) && choice[k] == choice[i] {
			k++
		}
		if choice[i] {
			copyStrided(y, i, one, x, i, one, []int{k - i})
		}
		i = k
	}
	c.set(0, y)
}

// copyAll fills y with the elements of x.
func copyAll(y, x *Tensor) {
	one := []int{1}
	copyStrided(y, 0, one, x, 0, one, []int{x.Len()})
}

func isNaN(c *call) {
	x := c.tensor(0)
	y := make([]bool, x.Len())
	for i, v := range x.doubles() {
		y[i] = v != v
	}
	c.set(0, made(Bool, x.Shape, y))
}

func isInf(n *nodeDef) op {
	negative, positive := n.bool("detect_negative", true), n.bool("detect_positive", true)
	return opFunc(func(c *call) {
		x := c.tensor(0)
		y := make([]bool, x.Len())
		for i, v := range x.doubles() {
			y[i] = negative && math.IsInf(v, -1) || positive && math.IsInf(v, 1)
		}
		c.set(0, made(Bool, x.Shape, y))
	})
}
