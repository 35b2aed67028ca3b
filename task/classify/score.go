package classify

import (
	"context"
	"iter"
	"math"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/metrics"
	"github.com/recur-go/recur/tensor"
)

// A tally is what the answers to labelled items came to.
type tally struct {
	m          *Model
	want, got  []int // labels of items, or of steps; want is len(Classes) for a foreign label
	confidence []float64
	right      []bool
	loss       float64 // sum over want
	wantSets   [][]bool
	gotSets    [][]bool
	sequences  int // number of sequences, with a label for each step
	whole      int // number of those whose labels are all right
	extremes   extremes
}

// score answers for items in memory.
func (m *Model) score(ctx context.Context, items []item) (*tally, error) {
	t := &tally{m: m}
	return t, t.add(ctx, items)
}

// chunk is how many batches of examples of a file are in memory at once.
const chunk = 50

// scoreFiles answers for examples as they are read.
func (m *Model) scoreFiles(ctx context.Context, examples iter.Seq2[labelled.Example, error]) (*tally, error) {
	t := &tally{m: m}
	var items []item
	for e, err := range examples {
		if err != nil {
			return nil, err
		}
		it, err := m.item(&e)
		if err != nil {
			return nil, err
		}
		if items = append(items, it); len(items) == chunk*max(m.Batch, 1) {
			if err := t.add(ctx, items); err != nil {
				return nil, err
			}
			items = items[:0]
		}
	}
	return t, t.add(ctx, items)
}

func (t *tally) add(ctx context.Context, items []item) error {
	return t.m.each(ctx, items, func(i int, scores []tensor.Float) {
		it := &items[i]
		a := t.m.answer(scores)
		switch t.m.Target {
		case One:
			t.one(it, scores, &a)
		case Many:
			t.many(it, scores, &a)
		case Steps:
			t.steps(it, scores, &a)
		}
	})
}

// label counts one answer to one label.
func (t *tally) label(label int32, scores []tensor.Float) (right bool) {
	C := len(t.m.Classes)
	p := softmax(scores)
	got := kernel.ArgMax(scores)
	want := int(label)
	if label == foreign {
		want = C
	} else {
		t.loss -= math.Log(max(p[want], 1e-30))
	}
	t.want, t.got = append(t.want, want), append(t.got, got)
	t.confidence, t.right = append(t.confidence, p[got]), append(t.right, want == got)
	return want == got
}

func (t *tally) one(it *item, scores []tensor.Float, a *Answer) {
	if len(it.want) == 0 || it.want[0] == noLabel {
		return
	}
	right := t.label(it.want[0], scores)
	t.extremes.add(shownExample{it.show, t.m.class(it.want[0]), a.Label, t.confidence[len(t.confidence)-1], right, *it})
}

func (t *tally) steps(it *item, scores []tensor.Float, a *Answer) {
	C := len(t.m.Classes)
	all, n := true, 0
	for i, want := range it.want {
		if want != noLabel {
			all = t.label(want, scores[i*C:(i+1)*C]) && all
			n++
		}
	}
	if n == 0 {
		return
	}
	t.sequences++
	if all {
		t.whole++
	}
	t.extremes.add(shownExample{it.show, t.m.names(it.want), joined(a.Labels), a.P(), all, *it})
}

func (t *tally) many(it *item, scores []tensor.Float, a *Answer) {
	want, got := make([]bool, len(scores)), make([]bool, len(scores))
	for _, id := range it.want {
		if id >= 0 {
			want[id] = true
		}
	}
	least, all := 1.0, true
	for i, p := range a.Probabilities {
		got[i] = p > 0.5
		sure := max(p, 1-p)
		t.confidence, t.right = append(t.confidence, sure), append(t.right, want[i] == got[i])
		least, all = min(least, sure), all && want[i] == got[i]
		right := p
		if !want[i] {
			right = 1 - p
		}
		t.loss -= math.Log(max(right, 1e-30)) / float64(len(scores))
	}
	t.wantSets, t.gotSets = append(t.wantSets, want), append(t.gotSets, got)
	t.extremes.add(shownExample{it.show, t.m.names(it.want), joined(a.Labels), least, all, *it})
}

// bins of confidence in a calibration.
const bins = 10

// scores are the metrics by name; nil if nothing had a label.
func (t *tally) scores() map[string]float64 {
	n := float64(max(len(t.want), len(t.wantSets)))
	if n == 0 {
		return nil
	}
	_, ece := metrics.Calibration(bins, t.confidence, t.right)
	s := map[string]float64{"loss": t.loss / n, "ece": ece}
	if t.m.Target == Many {
		sets := metrics.ScoreSets(t.wantSets, t.gotSets)
		s["exact"], s["micro_f1"], s["macro_f1"] = sets.Exact, zeroIfNaN(sets.MicroF1), zeroIfNaN(sets.MacroF1)
		return s
	}
	c := t.confusion()
	s["accuracy"], s["macro_f1"] = c.Accuracy(), zeroIfNaN(c.MacroF1())
	if t.m.Target == Steps {
		s["exact"] = float64(t.whole) / float64(t.sequences)
	}
	return s
}

// confusion counts the answers, those to foreign labels in a row of their own if there
// are any.
func (t *tally) confusion() metrics.Confusion {
	n := len(t.m.Classes)
	for _, want := range t.want {
		n = max(n, want+1)
	}
	return metrics.NewConfusion(n, t.want, t.got)
}

func zeroIfNaN(x float64) float64 {
	if x != x {
		return 0
	}
	return x
}

// metric is the score that models are selected by.
func (c *Config) metric() task.Metric {
	if c.Target == Many {
		return task.Metric{Name: "micro_f1", Maximise: true}
	}
	return task.Metric{Name: "accuracy", Maximise: true}
}
