package onnx

import (
	"math"

	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

func init() {
	for _, k := range []string{"Add", "Sub", "Mul", "Div"} {
		register("", version{k, 7, 2, 2, 1, arithmetic})
	}
	register("",
		version{"Pow", 7, 2, 2, 1, plain(pow)},
		version{"Mod", 10, 2, 2, 1, mod},
		version{"PRelu", 7, 2, 2, 1, arithmetic},
		version{"BitShift", 11, 2, 2, 1, bitShift},
	)
	for _, k := range []string{"BitwiseAnd", "BitwiseOr", "BitwiseXor"} {
		register("", version{k, 18, 2, 2, 1, bitwise})
	}
	for _, k := range []string{"Max", "Min", "Sum", "Mean"} {
		register("", version{k, 6, 1, many, 1, variadic})
	}
}

// A zipper walks two tensors that are stretched to one shape.
type zipper struct {
	shape  []int // shape of the result
	dims   []int // sizes of the loop
	to     []int
	sa, sb []int
}

func zip(a, b *Tensor) *zipper {
	z := &zipper{shape: broadcast(a.Shape, b.Shape)}
	to, sa, sb := stridesOf(z.shape), stretched(a.Shape, z.shape), stretched(b.Shape, z.shape)
	for i, n := range z.shape { // join dimensions that lie in one piece for all
		if n == 1 {
			continue
		}
		if k := len(z.dims) - 1; k >= 0 && z.to[k] == to[i]*n && z.sa[k] == sa[i]*n && z.sb[k] == sb[i]*n {
			z.dims[k], z.to[k], z.sa[k], z.sb[k] = z.dims[k]*n, to[i], sa[i], sb[i]
			continue
		}
		z.dims, z.to, z.sa, z.sb = append(z.dims, n), append(z.to, to[i]), append(z.sa, sa[i]), append(z.sb, sb[i])
	}
	if z.dims == nil {
		z.dims, z.to, z.sa, z.sb = []int{1}, []int{1}, []int{1}, []int{1}
	}
	return z
}

// zipped applies f to the pairs of a and b; vec, which may be nil, does so for
// slices. The result has type d.
func zipped[T, R Element](d DType, a, b *Tensor, f func(x, y T) R, vec func(dst []R, x, y []T)) *Tensor {
	z := zip(a, b)
	x, y := a.data.([]T), b.data.([]T)
	out := make([]R, sized(d, z.shape))
	if len(out) == 0 {
		return made(d, z.shape, out)
	}
	last := len(z.dims) - 1
	n, sx, sy := z.dims[last], z.sa[last], z.sb[last]
	at := make([]int, last)
	for o, i, j := 0, 0, 0; ; {
		dst := out[o : o+n]
		switch {
		case sx == 1 && sy == 1 && vec != nil:
			vec(dst, x[i:i+n], y[j:j+n])
		case sx == 1 && sy == 1:
			x, y := x[i:i+n], y[j:j+n]
			for k := range dst {
				dst[k] = f(x[k], y[k])
			}
		default:
			for k, i, j := 0, i, j; k < n; k, i, j = k+1, i+sx, j+sy {
				dst[k] = f(x[i], y[j])
			}
		}
		k := last - 1
		for ; k >= 0; k-- {
			o, i, j = o+z.to[k], i+z.sa[k], j+z.sb[k]
			if at[k]++; at[k] < z.dims[k] {
				break
			}
			o, i, j = o-at[k]*z.to[k], i-at[k]*z.sa[k], j-at[k]*z.sb[k]
			at[k] = 0
		}
		if k < 0 {
			return made(d, z.shape, out)
		}
	}
}

// same checks that tensors have one type.
func same(a, b *Tensor) {
	if a.DType != b.DType {
		fail("%v and %v have different types", a, b)
	}
}

func arithmetic(n *nodeDef) op {
	name := n.op
	return opFunc(func(c *call) { c.set(0, calculate(name, c.tensor(0), c.tensor(1))) })
}

// calculate is an operator of two numbers, by its name.
func calculate(name string, a, b *Tensor) *Tensor {
	same(a, b)
	return numbersOf(a).calculate(name, a, b)
}

func (numbers[T]) calculate(name string, a, b *Tensor) *Tensor {
	return zipped(a.DType, a, b, operation[T](name), vector[T](name))
}

func operation[T number](name string) func(x, y T) T {
	switch name {
	case "Add", "Sum", "Mean":
		return func(x, y T) T { return x + y }
	case "Sub":
		return func(x, y T) T { return x - y }
	case "Mul":
		return func(x, y T) T { return x * y }
	case "PRelu":
		return func(x, y T) T {
			if x < 0 {
				return x * y
			}
			return x
		}
	case "Div":
		return func(x, y T) T {
			if half := T(1); y == 0 && half/2 == 0 {
				fail("division by zero")
			}
			return x / y
		}
	case "Max":
		return func(x, y T) T { return max(x, y) }
	case "Min":
		return func(x, y T) T { return min(x, y) }
	}
	panic("onnx: no operation " + name)
}

// vector is the kernel of an operation, nil if there is none for the type.
func vector[T number](name string) func(dst, x, y []T) {
	var f func(dst, x, y []tensor.Float)
	switch name {
	case "Add", "Sum", "Mean":
		f = kernel.Add
	case "Sub":
		f = kernel.Sub
	case "Mul":
		f = kernel.Mul
	default:
		return nil
	}
	v, _ := any(f).(func(dst, x, y []T))
	return v
}

func variadic(n *nodeDef) op {
	name := n.op
	return opFunc(func(c *call) {
		y := c.tensor(0)
		for i := 1; i < len(c.in); i++ {
			y = calculate(name, y, c.tensor(i))
		}
		if name == "Mean" {
			y = calculate("Div", y, cast(scalar(float64(len(c.in))), y.DType))
		}
		c.set(0, y)
	})
}

// pow takes any type of exponent; the result has that of the base.
func pow(c *call) {
	a, b := c.tensor(0), c.tensor(1)
	if a.DType == Int64 || a.DType == Int32 {
		if b.DType != Float32 && b.DType != Float64 {
			x, y := cast(a, Int64), cast(b, Int64)
			c.set(0, cast(zipped(Int64, x, y, power, nil), a.DType))
			return
		}
	}
	if a.DType.float() && b.Len() == 1 && len(b.Shape) <= len(a.Shape) && b.doubles()[0] == 2 { // the most common of powers
		c.set(0, calculate("Mul", a, a))
		return
	}
	x, y := cast(a, Float64), cast(b, Float64)
	c.set(0, cast(zipped(Float64, x, y, math.Pow, nil), a.DType))
}

func power(x, n int64) int64 {
	if n < 0 {
		return int64(math.Pow(float64(x), float64(n)))
	}
	y := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

// mod has the sign of the divisor, as Python's, or with fmod that of the dividend,
// as C's.
func mod(n *nodeDef) op {
	fmod := n.bool("fmod", false)
	return opFunc(func(c *call) {
		a, b := c.tensor(0), c.tensor(1)
		same(a, b)
		c.set(0, numbersOf(a).mod(fmod, a, b))
	})
}

func (wholes[T]) mod(fmod bool, a, b *Tensor) *Tensor {
	return zipped(a.DType, a, b, func(x, y T) T {
		if y == 0 {
			fail("division by zero")
		}
		r := x % y
		if !fmod && r != 0 && (r < 0) != (y < 0) {
			r += y
		}
		return r
	}, nil)
}

func (reals[T]) mod(fmod bool, a, b *Tensor) *Tensor {
	return zipped(a.DType, a, b, func(x, y T) T {
		r := math.Mod(float64(x), float64(y))
		if !fmod && r != 0 && (r < 0) != (y < 0) {
			r += float64(y)
		}
		return T(r)
	}, nil)
}

func bitShift(n *nodeDef) op {
	n.must("direction")
	name := n.oneOf("direction", "LEFT", "RIGHT")
	return opFunc(func(c *call) { c.set(0, combined(name, c.tensor(0), c.tensor(1))) })
}

func bitwise(n *nodeDef) op {
	name := n.op
	return opFunc(func(c *call) { c.set(0, combined(name, c.tensor(0), c.tensor(1))) })
}

func combined(name string, a, b *Tensor) *Tensor {
	same(a, b)
	k, ok := kinds[a.DType].(wholeKind)
	if !ok {
		fail("%v are not whole numbers", a.DType)
	}
	return k.combine(name, a, b)
}

func (wholes[T]) combine(name string, a, b *Tensor) *Tensor {
	return zipped(a.DType, a, b, bitOperation[T](name), nil)
}

func bitOperation[T integer](name string) func(x, y T) T {
	switch name {
	case "BitwiseAnd":
		return func(x, y T) T { return x & y }
	case "BitwiseOr":
		return func(x, y T) T { return x | y }
	case "BitwiseXor":
		return func(x, y T) T { return x ^ y }
	case "LEFT":
		return func(x, y T) T { return x << uint64(y) }
	}
	return func(x, y T) T { return x >> uint64(y) }
}
