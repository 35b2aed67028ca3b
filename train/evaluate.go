package train

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// Evaluate is the mean of loss over batches without training, as Options.Validate
// may return it. Every batch counts alike.
func Evaluate[B any](ctx context.Context, batches iter.Seq[B], loss func(*grad.Tape, B) *grad.Var) (mean float64, err error) {
	defer tensor.Catch(&err)
	g := grad.Eval()
	n := 0
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		g.Reset()
		l, err := scalar(loss(g, b))
		if err != nil {
			return 0, err
		}
		mean += l
		n++
	}
	if n == 0 {
		return 0, errors.New("train: no batches to evaluate")
	}
	return mean / float64(n), nil
}

// scalar is the value of a loss.
func scalar(l *grad.Var) (float64, error) {
	if l.Shape().Size() != 1 {
		return 0, fmt.Errorf("train: the loss is %v, want one number", l.Shape())
	}
	return float64(l.Value.Data[0]), nil
}
