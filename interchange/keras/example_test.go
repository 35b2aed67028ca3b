package keras_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// net is a small classifier of sequences.
func net() *graph.Net {
	n, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}},
		Layers: []graph.Layer{
			{Name: "embed", Op: &graph.Embedding{Vocab: 20, Width: 4, MaskZero: true}},
			{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 6, Options: rnn.LSTMOptions{}}}, Last: true}},
			{Name: "out", Op: &graph.Dense{Units: 2, Activation: "softmax"}},
		},
	}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// A model goes to Keras, and comes back.
func Example() {
	dir, err := os.MkdirTemp("", "keras")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tagger.keras")
	f, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	err = keras.Export(f, net())
	if err := errors.Join(err, f.Close()); err != nil {
		log.Fatal(err)
	}

	m, err := keras.Import(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	ids := tensor.FromSlice([]tensor.Float{7, 3, 9, 0, 0}, 1, 5) // zeros are padding
	out, _, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"ids": ids}, nil, nil)
	fmt.Println(out["out"].Shape, err)
	// Output: [1 2] <nil>
}

func ExampleRead() {
	var file bytes.Buffer
	if err := keras.Export(&file, net()); err != nil {
		log.Fatal(err)
	}
	m, err := keras.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Config.(*graph.Config).Source)
	// Output: Keras 3 Functional "recur"
}

// What Keras has no layer for is refused by its name.
func ExampleExport() {
	n, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
		Layers: []graph.Layer{{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{Peepholes: true}}}}}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	err = keras.Export(&bytes.Buffer{}, n)
	var no *keras.UnsupportedError
	fmt.Println(errors.As(err, &no), err)
	// Output: true keras: not supported: RNN "lstm": peepholes
}
