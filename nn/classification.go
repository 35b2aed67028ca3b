package nn

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// SequenceLoss is CrossEntropy of logits [time, batch, classes] averaged over the
// valid steps of each row, as tf.contrib.seq2seq.sequence_loss does. want is
// time-major, [time*batch]; what lies past a row's length is not read. A nil
// lengths means that all steps are valid.
func SequenceLoss(g *grad.Tape, logits *grad.Var, want, lengths []int) *grad.Var {
	if logits.Shape().Rank() != 3 || lengths != nil && len(lengths) != logits.Dim(1) {
		panic(&tensor.ShapeError{Op: "nn.SequenceLoss", Detail: fmt.Sprintf("logits %v, %d lengths", logits.Shape(), len(lengths))})
	}
	if lengths != nil && len(want) == logits.Dim(0)*logits.Dim(1) {
		B := logits.Dim(1)
		valid := g.Ints(len(want))
		for i, id := range want {
			valid[i] = -1
			if i/B < lengths[i%B] {
				valid[i] = id
			}
		}
		want = valid
	}
	return CrossEntropy(g, logits, want)
}

// NLL is the mean over rows of -log p[want], p [..., classes] the probabilities that a
// softmax has made, one id in want for each row; rows whose want is negative do not count.
// It is CrossEntropy for a network that ends in a softmax. (PyTorch's NLLLoss takes
// their logarithms.) A probability below 1e-7, which as a float32 may be 0, counts as
// 1e-7, as in Keras; CrossEntropy of the logits has exact gradients there too.
func NLL(g *grad.Tape, p *grad.Var, want []int) *grad.Var {
	const least = 1e-7
	n := p.Shape().Last()
	checkTargets("nn.NLL", p, want)
	slopes := g.Scratch(p.Shape()).Data
	clear(slopes)
	sum, count := 0.0, 0
	for i, id := range want {
		if id < 0 {
			continue
		}
		v := max(float64(p.Value.Data[i*n+id]), least)
		sum -= math.Log(v)
		slopes[i*n+id] = tensor.Float(-1 / v)
		count++
	}
	return meanLoss(g, sum, count, [][]tensor.Float{slopes}, p)
}

// BCE is the mean binary cross-entropy of logits against targets in [0, 1] of
// the same shape,
//
//	max(x, 0) - x·want + log(1+exp(-|x|)),
//
// which is PyTorch's BCEWithLogitsLoss. Targets that are NaN do not count. Logits are
// scores before a sigmoid: graph.Net.Logits takes it off an imported network.
func BCE(g *grad.Tape, logits *grad.Var, want *tensor.Tensor) *grad.Var {
	if logits.Shape() != want.Shape {
		panic(&tensor.ShapeError{Op: "nn.BCE", Detail: fmt.Sprintf("logits %v, target %v", logits.Shape(), want.Shape)})
	}
	return elementLoss(g, logits, want, func(_ int, x, want float64) (loss, slope float64) {
		return max(x, 0) - x*want + math.Log1p(math.Exp(-math.Abs(x))), 1/(1+math.Exp(-x)) - want
	})
}
