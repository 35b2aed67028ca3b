package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A line through three points.
func ExampleFit() {
	line := nn.NewLinear(rand.New(rand.NewPCG(1, 2)), 1, 1)
	x := tensor.FromSlice([]tensor.Float{0, 1, 2}, 3, 1)
	y := tensor.FromSlice([]tensor.Float{1, 3, 5}, 3, 1)

	last, err := train.Fit(context.Background(), line, slices.Values([]*tensor.Tensor{x}),
		func(g *grad.Tape, x *tensor.Tensor) *grad.Var {
			return nn.MSE(g, line.Forward(g, g.Const(x)), y)
		},
		train.Options{Epochs: 300, Optimizer: &optim.Adam{LR: 0.1}})
	fmt.Println(last.Steps, err)
	fmt.Printf("y = %.2f·x + %.2f\n", line.W.Value.Data[0], line.B.Value.Data[0])
	// Output:
	// 300 <nil>
	// y = 2.00·x + 1.00
}
