package nn

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// CrossEntropy is the mean over rows of -log softmax(logits)[want], logits
// [..., classes], one id in want for each row. Rows whose want is negative, as
// padding has it, do not count; if none counts the loss is 0.
func CrossEntropy(g *grad.Tape, logits *grad.Var, want []int) *grad.Var {
	return CrossEntropySmooth(g, logits, want, 0)
}

// CrossEntropySmooth is CrossEntropy against a target that gives 1-eps to the
// wanted class and eps/classes to each (label smoothing, Szegedy et al. 2016), as
// PyTorch's label_smoothing.
func CrossEntropySmooth(g *grad.Tape, logits *grad.Var, want []int, eps float64) *grad.Var {
	n := logits.Shape().Last()
	if n == 0 || len(want)*n != len(logits.Value.Data) {
		panic(&tensor.ShapeError{Op: "nn.CrossEntropy", Detail: fmt.Sprintf("logits %v, %d targets", logits.Shape(), len(want))})
	}
	slopes := g.Scratch(logits.Shape()).Data
	return mean(g, logits, slopes, func() (sum float64, count int) {
		for i, id := range want {
			row, p := logits.Value.Data[i*n:(i+1)*n], slopes[i*n:(i+1)*n]
			if id < 0 {
				clear(p)
				continue
			}
			if id >= n {
				panic(&tensor.ShapeError{Op: "nn.CrossEntropy", Detail: fmt.Sprintf("target %d at %d, there are %d classes", id, i, n)})
			}
			logp := kernel.LogSoftmaxExp(p, row, id) // p = softmax
			if eps != 0 {
				// Σ log p over classes is Σ row - n·log Σ exp row.
				var all float64
				for _, v := range row {
					all += float64(v)
				}
				all -= float64(n) * (float64(row[id]) - logp)
				logp = (1-eps)*logp + eps/float64(n)*all
				for j := range p {
					p[j] -= tensor.Float(eps / float64(n))
				}
			}
			p[id] -= tensor.Float(1 - eps)
			sum -= logp
			count++
		}
		return sum, count
	})
}

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

// BCE is the mean binary cross-entropy of logits against targets in [0, 1] of
// the same shape,
//
//	max(x, 0) - x·want + log(1+exp(-|x|)),
//
// which is PyTorch's BCEWithLogitsLoss. Targets that are NaN do not count.
func BCE(g *grad.Tape, logits *grad.Var, want *tensor.Tensor) *grad.Var {
	if logits.Shape() != want.Shape {
		panic(&tensor.ShapeError{Op: "nn.BCE", Detail: fmt.Sprintf("logits %v, target %v", logits.Shape(), want.Shape)})
	}
	slopes := g.Scratch(logits.Shape()).Data
	return mean(g, logits, slopes, func() (sum float64, n int) {
		for i, v := range logits.Value.Data {
			x, w := float64(v), float64(want.Data[i])
			slopes[i] = 0
			if w != w {
				continue
			}
			sum += max(x, 0) - x*w + math.Log1p(math.Exp(-math.Abs(x)))
			slopes[i] = tensor.Float(1/(1+math.Exp(-x)) - w)
			n++
		}
		return sum, n
	})
}
