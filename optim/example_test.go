package optim_test

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
)

// The training loop in five lines: what train.Fit does.
func ExampleAdam() {
	w := grad.Leaf(tensor.FromSlice([]tensor.Float{5}, 1))
	params := []nn.Param{{Name: "w", Var: w}}
	adam := &optim.Adam{LR: 0.1}
	g := grad.New()
	for range 200 {
		g.Reset()
		g.Backward(g.Square(g.ScaleShift(w, 1, -2))) // (w-2)²
		optim.Clip(g, params, 1)
		adam.Step(g, params)
	}
	fmt.Printf("%.2f\n", w.Value.Data[0])
	// Output: 2.00
}

// descend looks for the least (w-2)² from w = 5.
func descend(o optim.Optimizer, steps int) (*grad.Var, []nn.Param) {
	w := grad.Leaf(tensor.FromSlice([]tensor.Float{5}, 1))
	params := []nn.Param{{Name: "w", Var: w}}
	g := grad.New()
	for range steps {
		g.Reset()
		g.Backward(g.Square(g.ScaleShift(w, 1, -2)))
		o.Step(g, params)
	}
	return w, params
}

func ExampleSGD() {
	w, _ := descend(&optim.SGD{LR: 0.1, Momentum: 0.5, Nesterov: true}, 50)
	fmt.Printf("%.2f\n", w.Value.Data[0])
	// Output: 2.00
}

// Language models decay their matrices, and no biases.
func ExampleAdamW() {
	w, _ := descend(&optim.AdamW{LR: 0.1, WeightDecay: 0.1, Scale: optim.DecayMatrices}, 200)
	fmt.Printf("%.2f\n", w.Value.Data[0])
	// Output: 2.00
}

// TensorFlow 1's form, with its own defaults.
func ExampleRMSProp() {
	w, _ := descend(&optim.RMSProp{LR: 0.01, Alpha: 0.9, Eps: 1e-10, TF1: true}, 500)
	fmt.Printf("%.1f\n", w.Value.Data[0])
	// Output: 2.0
}

func ExampleAdagrad() {
	w, _ := descend(&optim.Adagrad{LR: 1, Initial: 0.1}, 100)
	fmt.Printf("%.2f\n", w.Value.Data[0])
	// Output: 2.00
}

// A large rate swings about the least loss; the average of the later steps is near it.
func ExampleAverage() {
	average := &optim.Average{Of: &optim.SGD{LR: 0.98}, Start: 10}
	w, params := descend(average, 60)
	fmt.Printf("last %.1f", w.Value.Data[0])
	average.Swap(params)
	fmt.Printf(", average %.1f\n", w.Value.Data[0])
	// Output: last 2.3, average 2.0
}

// An encoder that was trained before stays as it is, and its bridge learns slowly.
func ExampleScale() {
	scale := func(p nn.Param) (lr, decay float64) {
		switch {
		case strings.HasPrefix(p.Name, "encoder."):
			return 0, 0
		case strings.HasPrefix(p.Name, "bridge."):
			return 0.1, 1
		}
		return 1, 1
	}
	params := []nn.Param{
		{Name: "encoder.w", Var: nn.Constant(1, 2, 2)},
		{Name: "bridge.w", Var: nn.Constant(1, 2, 2)},
		{Name: "decoder.w", Var: nn.Constant(1, 2, 2)},
	}
	g := grad.New()
	g.Backward(g.Add(g.Sum(params[0].Var), g.Add(g.Sum(params[1].Var), g.Sum(params[2].Var))))
	(&optim.SGD{LR: 0.5, Scale: scale}).Step(g, params)
	for _, p := range params {
		fmt.Printf("%s %.2f\n", p.Name, p.Value.Data[0])
	}
	// Output:
	// encoder.w 1.00
	// bridge.w 0.95
	// decoder.w 0.50
}

func ExampleClip() {
	w := grad.Leaf(tensor.FromSlice([]tensor.Float{3, -4}, 2))
	g := grad.New()
	g.Backward(g.Scale(g.Square(w), 0.5)) // the gradient is w
	norm := optim.Clip(g, []nn.Param{{Name: "w", Var: w}}, 1)
	fmt.Println(norm)
	fmt.Printf("%.1f\n", g.Grad(w).Data)
	// Output:
	// 5
	// [0.6 -0.8]
}

func show(s optim.Schedule, steps ...int) {
	for _, step := range steps {
		fmt.Printf("%.2f ", s.At(step))
	}
	fmt.Println()
}

func ExampleStepDecay() {
	show(optim.StepDecay{Every: 30, Factor: 0.5}, 0, 29, 30, 60)
	// Output: 1.00 1.00 0.50 0.25
}

func ExampleCosine() {
	show(optim.Cosine{Steps: 100, Warmup: 10}, 0, 9, 55, 100)
	// Output: 0.10 1.00 0.50 0.00
}

func ExampleOneCycle() {
	show(optim.OneCycle{Steps: 100}, 0, 15, 29, 65, 99)
	// Output: 0.04 0.55 1.00 0.48 0.00
}

func ExamplePlateau() {
	s := &optim.Plateau{Patience: 1, Factor: 0.5}
	for _, score := range []float64{3, 2, 2, 2} { // twice no better
		s.Observe(score)
	}
	show(s, 0)
	// Output: 0.50
}
