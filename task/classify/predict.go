package classify

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// An Answer is what a model predicts of a sequence.
type Answer struct {
	Label  string   // likeliest label; with many labels or one a step, none
	Labels []string // labels that are more likely than not, or the label of each step

	// Probabilities are by label, as Model.Classes lists them. With a label for each step
	// they are those of the labels that are given, by step.
	Probabilities []float64
}

// P is the probability of Label, and of many labels or of steps the least of those that
// were given.
func (a *Answer) P() float64 {
	if len(a.Probabilities) == 0 {
		return 0
	}
	if a.Label != "" {
		return slices.Max(a.Probabilities)
	}
	least := 1.0
	for _, p := range a.Probabilities {
		least = min(least, p)
	}
	return least
}

// Predict answers for texts.
func (m *Model) Predict(ctx context.Context, texts ...string) ([]Answer, error) {
	return m.all(ctx, func(yield func(labelled.Example, error) bool) {
		for i, s := range texts {
			if !yield(labelled.Example{Row: i + 1, Text: s}, nil) {
				return
			}
		}
	})
}

// PredictSeries answers for series, each a list of steps of values; NaN stands for one
// that is missing.
func (m *Model) PredictSeries(ctx context.Context, series ...[][]float32) ([]Answer, error) {
	return m.all(ctx, func(yield func(labelled.Example, error) bool) {
		for i, s := range series {
			e := labelled.Example{Row: i + 1, Width: m.Width}
			for _, step := range s {
				if len(step) != m.Width {
					e.Width = len(step)
				}
				for _, v := range step {
					e.X = append(e.X, tensor.Float(v))
				}
			}
			if !yield(e, nil) {
				return
			}
		}
	})
}

func (m *Model) all(ctx context.Context, examples iter.Seq2[labelled.Example, error]) (all []Answer, err error) {
	for a, err := range m.Answers(ctx, examples, m.Batch) {
		if err != nil {
			return nil, err
		}
		all = append(all, a.Answer)
	}
	return all, nil
}

// An Answered is an example with its answer.
type Answered struct {
	Example labelled.Example
	Answer
}

// Answers answers for examples as they come, size at a time, in their order. Labels that
// they have are not looked at. The first error ends it.
func (m *Model) Answers(ctx context.Context, examples iter.Seq2[labelled.Example, error], size int) iter.Seq2[Answered, error] {
	return func(yield func(Answered, error) bool) {
		var wait []Answered
		var items []item
		flush := func() bool {
			err := m.each(ctx, items, func(i int, scores []tensor.Float) { wait[i].Answer = m.answer(scores) })
			if err != nil {
				yield(Answered{}, err)
				return false
			}
			for _, a := range wait {
				if !yield(a, nil) {
					return false
				}
			}
			wait, items = wait[:0], items[:0]
			return true
		}
		for e, err := range examples {
			var it item
			if err == nil {
				labels := e.Labels
				e.Labels = nil
				it, err = m.item(&e)
				e.Labels = labels
			}
			if err != nil {
				if flush() {
					yield(Answered{}, err)
				}
				return
			}
			wait, items = append(wait, Answered{Example: e}), append(items, it)
			if len(wait) >= max(size, 1) && !flush() {
				return
			}
		}
		flush()
	}
}

// each calls f with the scores of each item, [classes] or [steps*classes], divided by the
// temperature, good until it returns. Items of like length are read together.
func (m *Model) each(ctx context.Context, items []item, f func(i int, scores []tensor.Float)) error {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(items[j].steps, items[i].steps) })
	g := grad.Eval()
	C := len(m.Classes)
	for part := range slices.Chunk(order, max(m.Batch, 1)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := make([]*item, len(part))
		for k, i := range part {
			at[k] = &items[i]
		}
		g.Reset()
		scores := m.net.scores(g, m.batch(at)).Value.Data
		if m.Temperature > 0 && m.Temperature != 1 {
			kernel.Scale(tensor.Float(1/m.Temperature), scores)
		}
		for k, i := range part {
			if m.Target != Steps {
				f(i, scores[k*C:(k+1)*C])
				continue
			}
			row := make([]tensor.Float, 0, items[i].steps*C)
			for t := range items[i].steps {
				row = append(row, scores[(t*len(part)+k)*C:(t*len(part)+k+1)*C]...)
			}
			f(i, row)
		}
	}
	return nil
}

func (m *Model) answer(scores []tensor.Float) (a Answer) {
	switch m.Target {
	case One:
		a.Probabilities = softmax(scores)
		a.Label = m.Classes[kernel.ArgMax(scores)]
	case Many:
		a.Labels = []string{}
		for i, s := range scores {
			p := 1 / (1 + math.Exp(-float64(s)))
			a.Probabilities = append(a.Probabilities, p)
			if p > 0.5 {
				a.Labels = append(a.Labels, m.Classes[i])
			}
		}
	case Steps:
		a.Labels = []string{}
		for step := range slices.Chunk(scores, len(m.Classes)) {
			best := kernel.ArgMax(step)
			a.Labels = append(a.Labels, m.Classes[best])
			a.Probabilities = append(a.Probabilities, softmax(step)[best])
		}
	}
	return a
}

func softmax(scores []tensor.Float) []float64 {
	e := make([]tensor.Float, len(scores))
	kernel.LogSoftmaxExp(e, scores, 0)
	p := make([]float64, len(scores))
	for i, v := range e {
		p[i] = float64(v)
	}
	return p
}
