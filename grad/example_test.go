package grad_test

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// The derivative of y = (w·x)² at w = 3 and x = 2 is 2·w·x².
func Example() {
	w := grad.Leaf(tensor.FromSlice([]grad.Float{3}, 1, 1))

	g := grad.New()
	x := g.Const(tensor.FromSlice([]grad.Float{2}, 1, 1))
	y := g.Square(g.Affine(x, w, nil))
	g.Backward(y)

	fmt.Println(y.Value.Data[0], g.Grad(w).Data[0])
	// Output: 36 24
}

// Anyone can add an operation: compute, then record how to go back.
func ExampleTape_RecordFrom() {
	cube := func(g *grad.Tape, x *grad.Var) *grad.Var {
		y := g.NewVar(g.NewTensor(x.Shape()), x)
		for i, v := range x.Value.Data {
			y.Value.Data[i] = v * v * v
		}
		if g.NeedsGrad(y) {
			g.RecordFrom(y, func(dy *tensor.Tensor) {
				dx := g.Grad(x).Data
				for i, d := range dy.Data {
					dx[i] += d * 3 * x.Value.Data[i] * x.Value.Data[i]
				}
			})
		}
		return y
	}
	x := grad.Leaf(tensor.FromSlice([]grad.Float{1, 2}, 2))
	g := grad.New()
	y := cube(g, x)
	g.Backward(y)
	fmt.Println(y.Value.Data, g.Grad(x).Data)
	fmt.Println(grad.Check(func(g *grad.Tape) *grad.Var { return cube(g, x) }, x))
	// Output:
	// [1 8] [3 12]
	// <nil>
}

// Recompute trades a second forward pass for memory.
func ExampleTape_Recompute() {
	x := grad.Leaf(tensor.FromSlice([]grad.Float{0.5}, 1))
	g := grad.New()
	y := g.Recompute(func(g *grad.Tape, in []*grad.Var) []*grad.Var {
		return []*grad.Var{g.Square(g.Square(in[0]))} // the inner square is not kept
	}, x)[0]
	g.Backward(y)
	fmt.Println(y.Value.Data[0], g.Grad(x).Data[0])
	// Output: 0.0625 0.5
}
