package graph

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() { RegisterOp("attention_pool", func() Op { return new(AttentionPool) }) }

// AttentionPool is the mean of the steps of its first input, weighted by the softmax over
// time of the scores in its second, one for each step (Yang et al. 2016). Masked steps do
// not count; a row without steps gives zeros.
type AttentionPool struct{}

// Plan implements Op.
func (o *AttentionPool) Plan(in []Spec) (Plan, error) {
	if len(in) != 2 || !in[0].Sequence || !in[1].Sequence || in[1].Width != 1 {
		return Plan{}, fmt.Errorf("a sequence is pooled by a sequence of one score for each step, not %v", in)
	}
	return Plan{Out: []Spec{{in[0].Width, false}}, Whole: true}, nil
}

// New implements Op.
func (o *AttentionPool) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *AttentionPool) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x, mask := in[0].X, in[0].Mask
	T, B, W := x.Dim(0), x.Dim(1), x.Dim(2)
	if T == 0 {
		return []Value{{X: g.Zeros(B, W)}}, nil
	}
	if s := in[1].X.Shape(); s != tensor.ShapeOf(T, B, 1) {
		panic(&tensor.ShapeError{Op: "graph.AttentionPool", Detail: fmt.Sprintf("scores %v for steps %v", s, x.Shape())})
	}
	score := g.TransposeBatch(g.Reshape(in[1].X, T, B))
	there := g.NewTensor(tensor.ShapeOf(B, T))
	past := g.NewTensor(tensor.ShapeOf(B, T))
	for b := range B {
		for t := range T {
			if mask == nil || mask[t*B+b] {
				there.Data[b*T+t] = 1
			} else {
				past.Data[b*T+t] = -1e30
			}
		}
	}
	w := g.TransposeBatch(g.Mul(g.Softmax(g.Add(score, g.Const(past))), g.Const(there)))
	flat := g.MulCol(g.Reshape(x, T*B, W), g.Reshape(w, T*B))
	sum := g.Slice(flat, 0, B)
	for t := 1; t < T; t++ {
		sum = g.Add(sum, g.Slice(flat, t*B, (t+1)*B))
	}
	return []Value{{X: sum}}, nil
}
