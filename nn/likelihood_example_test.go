package nn_test

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// An outcome far away costs a normal distribution far more than one with heavy tails.
func ExampleStudentTNLL() {
	g := grad.Eval()
	far := tensor.FromSlice([]tensor.Float{8}, 1)
	mu, sigma, nu := nn.Zeros(1), nn.Constant(1, 1), nn.Constant(3, 1)
	fmt.Printf("normal %.1f, Student's t %.1f\n", nn.NormalNLL(g, mu, sigma, far).Value.Data[0], nn.StudentTNLL(g, mu, sigma, nu, far).Value.Data[0])
	// Output: normal 32.9, Student's t 7.2
}

// Counts of mean 4 and variance 4 + 0.5·4².
func ExampleNegativeBinomialNLL() {
	counts := tensor.FromSlice([]tensor.Float{0, 3, 12}, 3)
	loss := nn.NegativeBinomialNLL(grad.Eval(), nn.Constant(4, 3), nn.Constant(0.5, 3), counts)
	fmt.Printf("%.2f\n", loss.Value.Data[0])
	// Output: 2.91
}
