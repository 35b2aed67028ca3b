package caption

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A Model puts vectors into words. It is only read, so goroutines may share it.
type Model struct {
	Config
	wording  *wording
	codec    *text.Codec // codec of words and placeholders
	features *features   // features of meanings; of regions only the languages, as acts
	scale    *scale      // scale of regions; nil for none
	net      *net

	valid []Example // after Fit: the examples that it was validated on
}

// Names of extras.
const (
	codecExtra    = "codec"
	wordingExtra  = "wording"
	featuresExtra = "features"
	scaleExtra    = "scale"
)

// A scale takes the mean of a feature away and divides by its deviation.
type scale struct {
	Mean    []tensor.Float `json:"mean"`
	Inverse []tensor.Float `json:"inverse"` // 1/deviation; 1 for a feature that does not vary
}

// An item is an example made ready, with one of its sentences.
type item struct {
	*Example
	act   int
	slots []int
	ids   []int // ids of the sentence
}

// A source gives the examples of an epoch.
type source interface{ epoch(n int) []item }

// fixed is the same items in every epoch.
type fixed []item

func (f fixed) epoch(int) []item { return f }

// drawn makes new strips in every epoch.
type drawn struct {
	*pool
	m *Model
}

func (d drawn) epoch(n int) []item {
	examples := d.examples(d.m.strips(true), rand.New(rand.NewPCG(d.m.Seed, uint64(n)+1)))
	items, _ := d.m.items(examples) // strips have nothing that could be unknown
	return items
}

// Fit trains a model on files of examples with their sentences (see ReadFiles), or on
// digits with their labels: see the package.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if len(d.Train) == 0 {
		return nil, errors.New("caption: there are no examples to train on")
	}
	m := &Model{Config: cfg}
	var training source
	var err error
	if isDigits(d.Train) {
		training, err = m.readStrips(d)
	} else {
		training, err = m.readExamples(d)
	}
	if err != nil {
		return nil, err
	}
	return m.fit(ctx, training, o)
}

// Train is Fit on examples in memory, each with its sentences. Without any to validate on,
// the share of cfg.HeldOut of those to train on is held out.
func Train(ctx context.Context, cfg Config, training, valid []Example, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	for _, set := range []*[]Example{&training, &valid} {
		*set = slices.Clone(*set)
		for i := range *set {
			if e := &(*set)[i]; e.Row == 0 {
				e.Row = i + 1 // by which errors and reports name it
			}
		}
		if err := whole(*set); err != nil {
			return nil, err
		}
	}
	m := &Model{Config: cfg}
	from, err := m.useExamples("", training, valid)
	if err != nil {
		return nil, err
	}
	return m.fit(ctx, from, o)
}

// fit trains on a source, to validate on m.valid.
func (m *Model) fit(ctx context.Context, training source, o task.Options) (*Model, error) {
	if err := m.room(); err != nil {
		return nil, err
	}
	made, err := model.New(&m.Config, rand.New(rand.NewPCG(m.Seed, 0)))
	if err != nil {
		return nil, err
	}
	m.net = made.Net.(*net)
	first := training.epoch(0)
	if o.OnNote != nil {
		o.OnNote(m.note(first))
	}
	steps := (len(first) + m.Batch - 1) / m.Batch * m.Epochs
	metric := m.metric()
	_, err = task.Train(ctx, m.net, func(epoch int) iter.Seq[batch] {
		return data.Buckets(batch(training.epoch(epoch)), m.length, m.Batch, m.Seed, epoch)
	}, m.loss, task.Course{
		Run: o, Steps: steps, File: m.file, WeightAverage: m.WeightAverage,
		Options: train.Options{
			Epochs: m.Epochs, ClipNorm: m.Clip, Seed: m.Seed, Patience: m.Patience, Maximise: metric.Maximise,
			Optimizer: &optim.Adam{LR: m.Rate}, Schedule: optim.Cosine{Steps: steps, Warmup: min(100, steps/10), Floor: 0.02},
		},
		Score: func(ctx context.Context) (task.Scores, float64, error) {
			scores, err := m.score(ctx, m.valid, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 1}}, nil)
			return scores, scores[metric.Name], err
		},
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// A batch is items whose loss is a mean over their words and ends.
type batch []item

// Shard implements train.Sharder.
func (b batch) Shard(i, n int) (part batch, words float64) {
	part = b[len(b)*i/n : len(b)*(i+1)/n]
	for _, it := range part {
		words += float64(len(it.ids) + 1)
	}
	return part, words
}

// loss is that of the net.
func (m *Model) loss(g *grad.Tape, b batch) *grad.Var {
	sentences := make([][]int, len(b))
	for i, it := range b {
		sentences[i] = it.ids
	}
	return m.net.loss(g, m.what(b), sentences)
}

// length is what costs time of an item.
func (m *Model) length(it item) int {
	if it.strip != nil {
		return it.strip.width
	}
	return len(it.ids)
}

// note is what there is to train on, for people.
func (m *Model) note(items []item) string {
	what := fmt.Sprintf("acts: %d, features of slots: %d", m.Acts, m.Slots)
	switch {
	case m.Width > 0 && len(items) > 0 && items[0].strip != nil:
		what = fmt.Sprintf("strips of %d to %d digits in %s", m.StripMin, m.StripMax, strings.Join(m.Languages, " and "))
	case m.Width > 0:
		what = fmt.Sprintf("regions of %d features", m.Width)
	}
	return fmt.Sprintf("%d sentences to train on and %d examples to validate on; %s; a vocabulary of %d; %d parameters",
		len(items), len(m.valid), what, m.Size, m.CountParams())
}
