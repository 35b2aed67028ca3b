package optim_test

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
)

// The training loop in five lines: what train.Fit does.
func ExampleAdam() {
	w := grad.Leaf(tensor.FromSlice([]tensor.Float{5}, 1))
	params := []nn.Param{{Name: "w", Var: w}}
	adam := &optim.Adam{LR: 0.1}
	g := grad.New()
	for range 200 {
		g.Reset()
		g.Backward(g.Square(g.ScaleShift(w, 1, -2))) // (w-2)²
		optim.Clip(g, params, 1)
		adam.Step(g, params)
	}
	fmt.Printf("%.2f\n", w.Value.Data[0])
	// Output: 2.00
}

func ExampleCosine() {
	s := optim.Cosine{Steps: 100, Warmup: 10}
	for _, step := range []int{0, 9, 55, 100} {
		fmt.Printf("%.2f ", s.At(step))
	}
	// Output: 0.10 1.00 0.50 0.00
}
