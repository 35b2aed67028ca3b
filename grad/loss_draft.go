package grad

import (
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// MSE is moving to package nn.
func (g *Tape) MSE(x *Var, want *tensor.Tensor) *Var {
	return g.Mean(g.Square(g.Sub(x, g.Const(want))))
}

// CrossEntropy is moving to package nn.
func (g *Tape) CrossEntropy(logits *Var, want []int) *Var {
	n := logits.Dim(logits.Shape().Rank() - 1)
	p := g.NewTensor(logits.Shape())
	y := g.NewVar(g.NewTensor(tensor.ShapeOf(1)))
	var sum float64
	count := 0
	for i, id := range want {
		if id < 0 {
			continue
		}
		count++
		sum -= kernel.LogSoftmaxExp(p.Data[i*n:(i+1)*n], logits.Value.Data[i*n:(i+1)*n], id)
	}
	count = max(count, 1)
	y.Value.Data[0] = Float(sum / float64(count))
	if g.Recording() {
		g.Record(func() {
			d := g.Grad(y).Data[0] / Float(count)
			dl := g.Grad(logits).Data
			for i, id := range want {
				if id < 0 {
					continue
				}
				for j, pj := range p.Data[i*n : (i+1)*n] {
					dl[i*n+j] += d * pj
				}
				dl[i*n+id] -= d
			}
		})
	}
	return y
}
