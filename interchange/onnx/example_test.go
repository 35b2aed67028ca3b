package onnx_test

import (
	"context"
	"fmt"
	"log"

	"github.com/recur-go/recur/interchange/onnx"
)

// A model from a file is run by the names of its inputs and outputs: here an LSTM that
// reads three rows of 4, 2 and 1 steps from both ends.
func ExampleOpen() {
	m, err := onnx.Open("testdata/models/lstm/model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	out, err := m.Run(context.Background(), map[string]*onnx.Tensor{
		"X":  onnx.NewTensor(make([]float32, 4*3*2), 4, 3, 2), // [steps, batch, inputs]
		"L":  onnx.NewTensor([]int32{4, 2, 1}, 3),
		"h0": onnx.NewTensor(make([]float32, 2*3*3), 2, 3, 3), // [directions, batch, hidden]
		"c0": onnx.NewTensor(make([]float32, 2*3*3), 2, 3, 3),
	})
	if err != nil {
		log.Fatal(err)
	}
	y := out["Y"] // [steps, directions, batch, hidden]
	last := onnx.Values[float32](y)[3*2*3*3:]
	fmt.Println(y.Shape, "row 1 at step 3:", last[3:6])
	// Output:
	// [4 2 3 3] row 1 at step 3: [0 0 0]
}
