package classify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// Fit trains a model on files of examples, read by cfg. The model is that of the
// epoch with the best score on what is validated on, or if that is nothing, of the last.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if len(d.Train) == 0 {
		return nil, errors.New("classify: there are no files to train on")
	}
	if cfg.HeldOut == 0 && len(d.Valid) == 0 && len(d.Test) == 0 {
		return nil, fault.Errorf(fault.Usage, "classify: there are no data to score the model on: give a file to validate or test on (--valid, --test), or hold out a share (--set held_out)")
	}
	var valid source
	if len(d.Valid) > 0 {
		valid = files(d.Valid)
	}
	return fitOn(ctx, cfg, d.Train[0], files(d.Train), valid, o)
}

// Train is Fit on examples in memory, each with its labels: texts, or series. Without any to
// validate on, the share of cfg.HeldOut of those to train on is held out. The settings of
// how files are read have no meaning.
func Train(ctx context.Context, cfg Config, training, valid []labelled.Example, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if len(training) == 0 {
		return nil, errors.New("classify: there are no examples to train on")
	}
	if len(valid) == 0 {
		return fitOn(ctx, cfg, "", examples(training), nil, o)
	}
	return fitOn(ctx, cfg, "", examples(training), examples(valid), o)
}

// A source gives examples from their beginning on, as often as it is called.
type source func(labelled.Options) iter.Seq2[labelled.Example, error]

func files(names []string) source {
	return func(o labelled.Options) iter.Seq2[labelled.Example, error] { return labelled.Read(names, o) }
}

// examples are those in memory, each with the labels that a file would have to have.
func examples(all []labelled.Example) source {
	return func(o labelled.Options) iter.Seq2[labelled.Example, error] {
		return func(yield func(labelled.Example, error) bool) {
			for i, e := range all {
				e.Row = i + 1
				var err error
				switch one := !o.Many && !o.PerStep; {
				case e.Labels == nil || one && slices.Equal(e.Labels, []string{""}):
					err = &data.Error{Row: e.Row, Reason: "has no label", Hint: "give every example its labels, or take it out"}
				case one && len(e.Labels) != 1:
					err = &data.Error{Row: e.Row, Reason: fmt.Sprintf("has %d labels, not one", len(e.Labels)), Hint: "for several labels pass --target many, for one per step --target steps"}
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// fitOn trains a model on examples of the name, to validate on others or, if valid is nil, on
// those that are held out.
func fitOn(ctx context.Context, cfg Config, name string, training, valid source, o task.Options) (*Model, error) {
	m, err := survey(cfg, name, training)
	if err != nil {
		return nil, err
	}
	items, held, err := m.sets(name, training, valid)
	if err != nil {
		return nil, err
	}
	if m.NGrams > 1 && m.NGramMax > 0 && m.Input == Text {
		m.ngrams = learnNGrams(items, m.NGrams, m.Rare, m.NGramMax)
		m.NGramCount = len(m.ngrams.keys)
	}
	if o.OnNote != nil {
		o.OnNote(m.note(items, held))
	}
	if err := m.room(items); err != nil {
		return nil, err
	}
	made, err := model.New(&m.Config, rand.New(rand.NewPCG(cfg.Seed, 0)))
	if err != nil {
		return nil, err
	}
	m.net, m.valid = made.Net.(*net), held
	if err := m.train(ctx, items, o); err != nil {
		return nil, err
	}
	if err := m.calibrate(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// note is what was read, for people.
func (m *Model) note(training, valid []item) string {
	longest, steps := 0, 0
	for _, it := range training {
		longest, steps = max(longest, it.steps), steps+it.steps
	}
	s := fmt.Sprintf("%d examples to train on, %d to validate on, %d labels; %.1f steps on average, %d at most", len(training), len(valid), len(m.Classes), float64(steps)/float64(len(training)), longest)
	if m.Input == Text {
		s += fmt.Sprintf("; a vocabulary of %d (%s)", m.Size, m.Tokens)
		if m.NGramCount > 0 {
			s += fmt.Sprintf(" and %d n-grams", m.NGramCount)
		}
		return s
	}
	s += "; " + setting.Plural(m.Width, "value") + " a step"
	if m.Gaps {
		s += ", some missing"
	}
	return s
}

// tie is how much a loss counts: of epochs with the same accuracy the one with the lower
// loss is better.
const tie = 1e-6

func (m *Model) train(ctx context.Context, training []item, o task.Options) error {
	at := make([]*item, len(training))
	for i := range training {
		at[i] = &training[i]
	}
	perEpoch := (len(at) + m.Batch - 1) / m.Batch
	epochs := m.Epochs
	if epochs == 0 {
		epochs = max(3, int(math.Round(float64(m.Config.Steps)/float64(perEpoch))))
	}
	total := epochs * perEpoch
	course := task.Course{Run: o, Steps: total, File: m.file, WeightAverage: m.WeightAverage, Options: train.Options{
		Epochs: epochs, ClipNorm: m.Clip, Seed: m.Seed, Patience: m.Patience, CheckpointEvery: max(perEpoch/4, 100),
		Optimizer: &optim.Adam{LR: m.Rate},
		Schedule:  optim.Cosine{Steps: total, Warmup: min(200, total/10), Floor: 0.01},
	}}
	if m.WeightDecay > 0 {
		course.Optimizer = &optim.AdamW{LR: m.Rate, WeightDecay: m.WeightDecay, Scale: optim.DecayMatrices}
	}
	if len(m.valid) > 0 {
		course.Maximise = true
		course.Score = func(ctx context.Context) (task.Scores, float64, error) {
			t, err := m.score(ctx, m.valid)
			if err != nil {
				return nil, 0, err
			}
			scores := t.scores()
			return scores, scores[m.metric().Name] - tie*scores["loss"], nil
		}
	}
	steps := func(it *item) int { return it.steps }
	_, err := task.Train(ctx, m.net, func(epoch int) iter.Seq[[]*item] {
		return data.Buckets(at, steps, m.Batch, m.Seed, epoch)
	}, func(g *grad.Tape, items []*item) *grad.Var { return m.loss(g, m.batch(items)) }, course)
	return err
}
