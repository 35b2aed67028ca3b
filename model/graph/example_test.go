package graph_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A classifier of sequences of ids, as an importer would make it.
func Example() {
	c := &graph.Config{
		Inputs: []graph.Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}},
		Layers: []graph.Layer{
			{Name: "embed", Op: &graph.Embedding{Vocab: 50, Width: 8}},
			{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{rnn.Config{Hidden: 16, Options: rnn.LSTMOptions{}}}, Last: true}},
			{Name: "out", Op: &graph.Dense{Units: 2, Activation: "softmax"}},
		},
	}
	net, err := graph.New(c, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		panic(err)
	}
	for _, p := range nn.Params(net) {
		fmt.Println(p.Name, p.Shape())
	}
	ids := tensor.FromSlice([]tensor.Float{7, 3, 9, 1, 4, 0}, 2, 3) // [batch, time]
	out, _, err := net.Predict(map[string]*tensor.Tensor{"ids": ids}, []int{3, 2}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(out["out"].Shape)

	// The same network, one step at a time.
	cell, err := net.Cell()
	if err != nil {
		panic(err)
	}
	stream := rnn.NewStream(cell)
	for _, id := range ids.At(0).Data {
		stream.Push([]tensor.Float{id})
	}
	fmt.Println(stream.Steps(), "steps")
	// Output:
	// embed.w [50 8]
	// lstm.wx [8 64]
	// lstm.wh [16 64]
	// lstm.b [64]
	// out.w [16 2]
	// out.b [2]
	// [2 2]
	// 3 steps
}

// A network that ends in a softmax, as one from Keras does, is trained further on its
// logits.
func ExampleNet_Logits() {
	net, err := graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 2}},
		Layers: []graph.Layer{{Name: "out", Op: &graph.Dense{Units: 3, Activation: "softmax"}}},
	}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		panic(err)
	}
	logits, err := net.Logits()
	if err != nil {
		panic(err)
	}
	x := tensor.FromSlice([]tensor.Float{0.5, -1, 0.25, 2}, 2, 2)
	loss := func() tensor.Float { // of classes 0 and 2
		g := grad.New()
		out, _ := logits.Run(g, []graph.Value{{X: g.Const(x)}}, nil)
		loss := nn.CrossEntropy(g, out[0].X, []int{0, 2})
		g.Backward(loss)
		(&optim.SGD{LR: 1}).Step(g, nn.Params(logits))
		return loss.Value.Data[0]
	}
	first := loss()
	fmt.Println("falls:", loss() < first)

	out, _, err := net.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil) // of the same parameters
	if err != nil {
		panic(err)
	}
	g := grad.Eval()
	fmt.Println("the same:", fmt.Sprintf("%.4f", nn.NLL(g, g.Const(out["out"]), []int{0, 2}).Value.Data[0]) == fmt.Sprintf("%.4f", loss()))
	// Output:
	// falls: true
	// the same: true
}

// A cell that was trained here becomes a network that can be exported.
func ExampleFromCell() {
	cell := rnn.Stack{rnn.NewLSTM(rand.New(rand.NewPCG(1, 1)), 3, 8), rnn.NewGRU(rand.New(rand.NewPCG(2, 2)), 8, 4)}
	net, err := graph.FromCell(cell, 3)
	if err != nil {
		panic(err)
	}
	for _, s := range net.States() {
		fmt.Println(s.Name, s.Width)
	}
	// Output:
	// rnn.0.h 8
	// rnn.0.c 8
	// rnn.1.h 4
}
