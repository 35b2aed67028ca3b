package onnx_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// A network is exported, and what was exported is read again and run.
func ExampleExport() {
	net, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
		Layers: []graph.Layer{
			{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 8, Options: rnn.LSTMOptions{}}}}},
			{Name: "y", Op: &graph.Dense{Units: 2}},
		},
	}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := onnx.Export(&file, net, onnx.ExportOptions{}); err != nil {
		log.Fatal(err)
	}
	m, err := onnx.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Inputs)
	out, err := m.Run(context.Background(), map[string]*onnx.Tensor{
		"x":       onnx.NewTensor(make([]float32, 2*5*3), 2, 5, 3),
		"lengths": onnx.NewTensor([]int64{5, 2}, 2),
		"lstm.h":  onnx.NewTensor(make([]float32, 2*8), 2, 8),
		"lstm.c":  onnx.NewTensor(make([]float32, 2*8), 2, 8),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out["y"].Shape, out["lstm.h_out"].Shape)
	// Output:
	// [x float32 [batch time 3] lengths int64 [batch] lstm.h float32 [batch 8] lstm.c float32 [batch 8]]
	// [2 5 2] [2 8]
}
