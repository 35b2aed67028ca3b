package nn_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A model is a plain struct; its parameters are found by walking its fields.
func ExampleParams() {
	r := rand.New(rand.NewPCG(1, 2))
	m := struct {
		Words *nn.Embedding
		Head  *nn.Linear `recur:"out"`
	}{nn.NewEmbedding(r, 10, 4), nn.NewLinear(r, 4, 2)}
	for _, p := range nn.Params(m) {
		fmt.Println(p.Name, p.Shape())
	}
	// Output:
	// words.w [10 4]
	// out.w [4 2]
	// out.b [2]
}

func ExampleUntagged() {
	type forecaster struct {
		Cell *nn.Linear `recur:"cell"`
		Head *nn.Linear // "head" in files for as long as it has this name
	}
	r := rand.New(rand.NewPCG(1, 2))
	fmt.Println(nn.Untagged(&forecaster{nn.NewLinear(r, 10, 4), nn.NewLinear(r, 4, 2)}))
	// Output: [nn_test.forecaster.Head]
}

func ExampleLinear() {
	l := &nn.Linear{
		W: grad.Leaf(tensor.FromSlice([]tensor.Float{1, 2, 3, 4}, 2, 2)),
		B: grad.Leaf(tensor.FromSlice([]tensor.Float{10, 20}, 2)),
	}
	g := grad.Eval()
	x := g.Const(tensor.FromSlice([]tensor.Float{1, 1}, 1, 2))
	fmt.Println(l.Forward(g, x).Value.Data)
	// Output: [14 26]
}

// Padding, marked by a negative id, does not count.
func ExampleCrossEntropy() {
	g := grad.Eval()
	logits := g.Const(tensor.FromSlice([]tensor.Float{0, 0, 9, -9}, 2, 2))
	loss := nn.CrossEntropy(g, logits, []int{1, -1})
	fmt.Printf("%.4f\n", loss.Value.Data[0]) // log 2
	// Output: 0.6931
}

// The output of a network that ends in a softmax.
func ExampleNLL() {
	g := grad.Eval()
	p := g.Const(tensor.FromSlice([]tensor.Float{0.5, 0.5, 0.25, 0.75}, 2, 2))
	fmt.Printf("%.4f\n", nn.NLL(g, p, []int{0, 1}).Value.Data[0]) // (log 2 + log 4/3)/2
	// Output: 0.4904
}

// One column for each quantile.
func ExamplePinball() {
	g := grad.Eval()
	quantiles := g.Const(tensor.FromSlice([]tensor.Float{8, 10, 13}, 1, 3))
	want := tensor.FromSlice([]tensor.Float{12}, 1)
	loss := nn.Pinball(g, quantiles, want, []float64{0.1, 0.5, 0.9})
	fmt.Printf("%.4f\n", loss.Value.Data[0]) // (0.1·4 + 0.5·2 + 0.1·1)/3
	// Output: 0.5000
}
