package translate

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// A Model is a trained encoder-decoder. It is only read, so goroutines may share it.
type Model struct {
	Config
	codecs *codecs
	net    *net
	valid  []Pair // after Fit: the pairs that it was validated on
}

const codecExtra = "codecs"

// Fit trains a model on files of pairs; see Model.Evaluate for what they may be.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	training, valid, err := cfg.read(d, o)
	if err != nil {
		return nil, err
	}
	return fitOn(ctx, cfg, d.Train[0], training, valid, o)
}

// Train is Fit on pairs in memory, of which those with an empty side are left out. Without
// any to validate on, the share of cfg.HeldOut of those to train on is held out.
func Train(ctx context.Context, cfg Config, training, valid []Pair, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return fitOn(ctx, cfg, "", whole(training, "", o.OnNote), whole(valid, "", o.OnNote), o)
}

// fitOn trains a model on pairs of the name.
func fitOn(ctx context.Context, cfg Config, name string, training, valid []Pair, o task.Options) (*Model, error) {
	k, err := cfg.corpus(name, training, valid, o)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: cfg, codecs: k.codecs, valid: k.valid}
	if err := m.room(k.training); err != nil {
		return nil, err
	}
	m.net = newNet(&m.Config, rand.New(rand.NewPCG(cfg.Seed, 0)))
	steps := (len(k.training) + cfg.Batch - 1) / cfg.Batch * cfg.Epochs
	average := min(cfg.WeightAverage, 1-1/max(1, 0.05*float64(steps))) // over the last twentieth of the steps at most
	lossOptions := seq2seq.LossOptions{LabelSmoothing: cfg.LabelSmoothing}
	_, err = task.Train(ctx, m.net, func(epoch int) iter.Seq[batch] {
		if cfg.Epochs > 1 {
			lossOptions.SampleProb = cfg.Scheduled * float64(epoch) / float64(cfg.Epochs-1)
		}
		return cfg.batches(k.training, epoch)
	}, func(g *grad.Tape, b batch) *grad.Var { return m.net.loss(g, b, lossOptions) }, task.Course{
		Run: o, Steps: steps, File: m.file, WeightAverage: average,
		Options: train.Options{
			Epochs: cfg.Epochs, ClipNorm: cfg.Clip, Seed: cfg.Seed, Patience: cfg.Patience, Maximise: cfg.Select != "loss",
			Optimizer: &optim.Adam{LR: cfg.Rate}, Schedule: optim.Cosine{Steps: steps, Warmup: min(cfg.Warmup, steps/4), Floor: 0.02},
		},
		Score: func(ctx context.Context) (task.Scores, float64, error) {
			scores, err := m.score(ctx, m.valid, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 1}})
			return scores, scores[cfg.Select], err
		},
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// loss is the mean cross-entropy over the tokens of the targets, ends included.
func (m *Model) loss(ctx context.Context, pairs []Pair) (float64, error) {
	var all []coded
	for _, p := range pairs {
		all = append(all, m.codecs.encode(p))
	}
	return train.Evaluate(ctx, m.inOrder(all), func(g *grad.Tape, b batch) *grad.Var { return m.net.loss(g, b, seq2seq.LossOptions{}) })
}

// score scores the model on pairs, by what it writes with how and by its loss.
func (m *Model) score(ctx context.Context, pairs []Pair, how seq2seq.Decoding) (task.Scores, error) {
	loss, err := m.loss(ctx, pairs)
	if err != nil {
		return nil, err
	}
	written, err := m.Translate(ctx, sources(pairs), how)
	if err != nil {
		return nil, err
	}
	scores := m.rate(pairs, written)
	scores["loss"], scores["perplexity"] = loss, math.Exp(loss)
	return scores, nil
}

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	f := &model.Model{Config: &m.Config, Net: m.net, Training: about}
	return f, f.SetExtra(codecExtra, m.codecs)
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error { return task.Save(path, about, m.file) }

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, translate.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, k, err := task.Read[*Config, *net, codecs](r, size, "one that translates", codecExtra)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: *c, codecs: &k, net: n}
	m.net.cfg = &m.Config
	if m.codecs.Source == nil || m.codecs.Source.Size() != c.SourceSize || m.codecs.target().Size() != c.TargetSize {
		return nil, fmt.Errorf("%w: the vocabularies do not fit the net", model.ErrCorrupt)
	}
	return m, nil
}
