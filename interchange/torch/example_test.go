package torch_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// A file of one nn.LSTM says everything by itself.
func ExampleImport() {
	m, err := torch.Import("testdata/lstm.pt", nil)
	if err != nil {
		log.Fatal(err)
	}
	x := tensor.New(1, 4, 3) // [batch, time, width]
	out, last, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out["net"].Shape, len(last), "states")
	// Output: [1 4 2] 4 states
}

// A file of several modules needs a spec that says how they are joined.
func ExampleSpec() {
	m, err := torch.Import("testdata/tagger.safetensors", []byte(`{"layers": [
		{"module": "embedding"},
		{"module": "conv", "padding": 1, "groups": 2, "activation": "relu"},
		{"module": "bn"},
		{"module": "gru"},
		{"module": "norm"},
		{"module": "fc"},
		{"activation": {"func": "softmax"}}
	]}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range m.Net.(*graph.Net).Layers {
		fmt.Println(l.Name)
	}
	// Output:
	// embedding
	// conv
	// bn
	// gru.0
	// gru.1
	// norm
	// fc
	// layer6
}

// A network is exported as PyTorch's weights and the source of a module that loads them.
func ExampleExport() {
	m, err := torch.Import("testdata/lstm.pt", nil)
	if err != nil {
		log.Fatal(err)
	}
	var weights bytes.Buffer
	source, err := torch.Export(&weights, m.Net.(*graph.Net))
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(source) {
		if strings.Contains(line, "nn.LSTM(") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// self.net_0 = nn.LSTM(3, 4, bias=True, proj_size=2)
	// self.net_1 = nn.LSTM(2, 4, bias=True, proj_size=2)
}

func ExampleOpen() {
	f, err := torch.Open("testdata/half.pt")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for _, t := range f.Tensors {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	// Output:
	// net.weight_ih_l0 BF16 [3 3]
	// net.weight_hh_l0 F16 [3 3]
}
