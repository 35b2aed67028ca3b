package tensorflow_test

import (
	"archive/zip"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/interchange/tensorflow"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// unpacked is the prefix of a checkpoint of the tests, for the examples.
func unpacked(name string) string {
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		log.Fatal(err)
	}
	z, err := zip.OpenReader("testdata/golden/" + name + ".zip")
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			log.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), b, 0o666); err != nil {
			log.Fatal(err)
		}
	}
	return filepath.Join(dir, "model")
}

// A GRU of TensorFlow 1 says everything by itself.
func ExampleImport() {
	prefix := unpacked("gru")
	defer os.RemoveAll(filepath.Dir(prefix))
	m, err := tensorflow.Import(prefix, nil)
	if err != nil {
		log.Fatal(err)
	}
	net := m.Net.(*graph.Net)
	for _, p := range nn.Params(net) {
		fmt.Println(p.Name, p.Shape())
	}
	x := tensor.New(1, 4, 3) // [batch, time, width]
	out, _, err := net.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	fmt.Println(out["rnn"].Shape, err)
	// Output:
	// rnn.wx [3 9]
	// rnn.wh [3 9]
	// rnn.b [9]
	// [1 4 3] <nil>
}

// An LSTM's forget bias is added at run time, so that a spec must tell it.
func ExampleImport_spec() {
	prefix := unpacked("lstm")
	defer os.RemoveAll(filepath.Dir(prefix))
	spec := `{"layers": [
		{"module": "rnn", "forget_bias": 0.5, "cell_clip": 0.5, "proj_clip": 0.3, "last": true},
		{"module": "softmax", "activation": "softmax"}
	]}`
	m, err := tensorflow.Import(prefix, []byte(spec))
	if err != nil {
		log.Fatal(err)
	}
	out, _, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"x": tensor.New(2, 5, 3)}, []int{5, 2}, nil)
	fmt.Println(out["softmax"].Shape, err)
	// Output: [2 2] <nil>
}

func ExampleOpen() {
	prefix := unpacked("lstm")
	defer os.RemoveAll(filepath.Dir(prefix))
	c, err := tensorflow.Open(prefix)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for _, v := range c.Variables[:4] {
		fmt.Println(v.Name, v.DType, v.Shape)
	}
	bias := c.Variable("softmax_b")
	values := make([]float32, bias.Len())
	fmt.Println(len(values), tensorflow.Read(bias, values))
	// Output:
	// global_step int64 []
	// rnn/lstm_cell/bias float32 [16]
	// rnn/lstm_cell/bias/Momentum float32 [16]
	// rnn/lstm_cell/kernel float32 [6 16]
	// 2 <nil>
}
