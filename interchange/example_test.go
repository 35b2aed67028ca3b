package interchange_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/model"
)

// A file of any format runs by the same call.
func ExampleOpen() {
	m, err := interchange.Open("torch/testdata/lstm.pt", nil)
	if err != nil {
		log.Fatal(err)
	}
	out, err := m.Run(context.Background(), map[string]*interchange.Tensor{
		"x":       interchange.NewTensor(make([]float32, 2*4*3), 2, 4, 3), // [batch, time, width]
		"lengths": interchange.NewTensor([]int64{4, 2}, 2),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range m.Outputs {
		fmt.Println(v.Name, out[v.Name].Shape)
	}
	// Output:
	// net [2 4 2]
	// net.0.h_out [2 2]
	// net.0.c_out [2 4]
	// net.1.h_out [2 2]
	// net.1.c_out [2 4]
}

// A model of PyTorch is imported, and handed on to ONNX.
func ExampleExport() {
	m, err := interchange.Import("torch/testdata/lstm.pt", nil)
	if err != nil {
		log.Fatal(err)
	}
	net, err := interchange.Net(m)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "export")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, _, err := interchange.Export(net, "onnx", filepath.Join(dir, "lstm"))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// lstm.onnx
	// lstm.step.onnx
}

// What a file holds, whatever its format.
func ExampleDescribe() {
	info, err := interchange.Describe("torch/testdata/lstm.pt", nil)
	if err != nil {
		log.Fatal(err)
	}
	m := info.(*model.Info)
	for _, l := range m.Layers {
		fmt.Println(l.Op, l.Name, l.Values, "values")
	}
	fmt.Println(m.State, "bytes per session,", m.MACs, "multiply-adds per step")
	// Output:
	// LSTM net.0 104 values
	// LSTM net.1 88 values
	// 48 bytes per session, 160 multiply-adds per step
}
