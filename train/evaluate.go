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
// may return it. Batches count alike or, if they are Sharders, by their weights.
func Evaluate[B any](ctx context.Context, batches iter.Seq[B], loss func(*grad.Tape, B) *grad.Var) (mean float64, err error) {
	defer tensor.Catch(&err)
	g := grad.Eval()
	var total float64
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		g.Reset()
		l, err := scalar(loss(g, b))
		if err != nil {
			return 0, err
		}
		weight := 1.0
		if s, ok := any(b).(Sharder[B]); ok {
			_, weight = s.Shard(0, 1)
		}
		mean += l * weight
		total += weight
	}
	if total == 0 {
		return 0, errors.New("train: no batches to evaluate")
	}
	return mean / total, nil
}

// scalar is the value of a loss.
func scalar(l *grad.Var) (float64, error) {
	if l.Shape().Size() != 1 {
		return 0, fmt.Errorf("train: the loss is %v, want one number", l.Shape())
	}
	return float64(l.Value.Data[0]), nil
}
