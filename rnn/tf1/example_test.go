package tf1_test

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// A variable of a checkpoint is the value of a field.
func ExampleUGRNN() {
	c := &tf1.UGRNN{
		Kernel:     nn.Constant(0.5, 4+2, 2*2), // ugrnn_cell/kernel
		Bias:       nn.Zeros(2 * 2),            // ugrnn_cell/bias
		ForgetBias: 1,
	}
	g := grad.Eval()
	x, h := tensor.New(1, 4), tensor.New(1, 2)
	for i := range x.Data {
		x.Data[i] = 1
	}
	for i := range h.Data {
		h.Data[i] = 0.1
	}
	y, _ := c.Step(g, g.Const(x), rnn.State{g.Const(h)})
	fmt.Printf("%.6f\n", y.Value.Data)
	// Output: [0.137523 0.137523]
}
