package lm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// A Model is a trained language model. It is only read, so goroutines may share it.
type Model struct {
	Config
	Codec *text.Codec
	net   *net
	valid corpus // after Fit: the text that it was validated on
}

const codecExtra = "codec"

// Fit trains a model on text files, gzip or not.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if len(d.Train) == 0 {
		return nil, errors.New("there is no text to train on")
	}
	var valid source
	if len(d.Valid) > 0 {
		valid = fromFiles(d.Valid)
	}
	return fitOn(ctx, cfg, d.Train[0], fromFiles(d.Train), valid, o)
}

// Train is Fit on a text in memory. If there is none to validate on, the share of
// cfg.HeldOut at the end of the text is.
func Train(ctx context.Context, cfg Config, training, valid string, o task.Options) (*Model, error) {
	if valid == "" {
		return fitOn(ctx, cfg, "", fromText(training), nil, o)
	}
	return fitOn(ctx, cfg, "", fromText(training), fromText(valid), o)
}

// fitOn trains a model on the text of the name, to validate on another or, if valid is nil, on
// the end of it.
func fitOn(ctx context.Context, cfg Config, name string, from, validate source, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	codec, training, valid, err := cfg.texts(name, from, validate, o)
	if err != nil {
		return nil, err
	}
	cfg.Size = codec.Size()
	if err := cfg.room(len(training.ids)); err != nil {
		return nil, err
	}
	made, err := model.New(&cfg, rand.New(rand.NewPCG(cfg.Seed, 0)))
	if err != nil {
		return nil, err
	}
	m := &Model{cfg, codec, made.Net.(*net), valid}
	course, observe := m.course(training)
	carry := new(rnn.Carry)
	course.Run, course.Carry = o, append(course.Carry, carry)
	course.Score = func(ctx context.Context) (task.Scores, float64, error) {
		scores, err := m.score(ctx, valid)
		if err != nil {
			return nil, 0, err
		}
		observe(scores["loss"])
		return scores, scores["loss"], nil
	}
	_, err = task.Train(ctx, m.net, func(int) iter.Seq[window] { return windows(training.ids, cfg.Batch, cfg.Window) },
		func(g *grad.Tape, w window) *grad.Var {
			if w.first {
				carry.Reset()
			}
			return m.net.loss(g, w, carry)
		}, course)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// loss is the mean over the ids of a window.
func (n *net) loss(g *grad.Tape, w window, carry *rnn.Carry) *grad.Var {
	scores, last := n.scores(g, w.in, w.batch, carry.Load(g))
	carry.Store(last)
	return nn.CrossEntropy(g, scores, w.want)
}

// texts reads the text and learns the vocabulary of the text to train on.
func (c *Config) texts(name string, from, validate source, o task.Options) (codec *text.Codec, training, valid corpus, err error) {
	codec, learnErr := text.Learn(from(&err), text.Options{Kind: c.Tokens, Max: c.Vocab, Lower: c.Lower})
	if err == nil {
		err = learnErr
	}
	if err != nil {
		return nil, training, valid, err
	}
	if training, err = read(from, codec, c.Lines); err != nil {
		return nil, training, valid, err
	}
	total := len(training.ids)
	if validate != nil {
		valid, err = read(validate, codec, c.Lines)
	} else {
		training, valid = training.cut(c.HeldOut)
	}
	if err != nil {
		return nil, training, valid, err
	}
	for _, t := range []struct {
		corpus
		what string
	}{{training, "to train on"}, {valid, "to validate on"}} {
		if len(t.ids) < 2*c.Batch {
			return nil, training, valid, &data.Error{File: name, Reason: fmt.Sprintf("there are %d tokens %s, but %d parallel rows need 2 each", len(t.ids), t.what, c.Batch), Hint: "give more text or a smaller batch (--set batch=1)"}
		}
	}
	if o.OnNote != nil {
		o.OnNote(fmt.Sprintf("%d tokens (%s), a vocabulary of %d; %d tokens to validate on", total, c.Tokens, codec.Size(), len(valid.ids)))
	}
	return codec, training, valid, nil
}

// course is how the net is trained, and what to call with the loss after each epoch.
func (m *Model) course(training corpus) (c task.Course, observe func(loss float64)) {
	perEpoch := (len(training.ids)/m.Batch - 2 + m.Window) / m.Window
	c.Steps, c.WeightAverage, c.File = perEpoch*m.Epochs, m.WeightAverage, m.file
	c.Options = train.Options{Epochs: m.Epochs, ClipNorm: m.Clip, Seed: m.Seed, Patience: m.Patience}
	observe = func(float64) {}
	switch m.Optimizer {
	case "adam":
		c.Optimizer = &optim.Adam{LR: m.Rate}
		c.Schedule = optim.Cosine{Steps: c.Steps, Warmup: min(100, c.Steps/10), Floor: 0.02}
	case "sgd":
		c.Optimizer = &optim.SGD{LR: m.Rate}
		c.Schedule = holdDecay{perEpoch, m.Hold, m.RateDecay}
	case "asgd":
		mean := &optim.Average{Of: &optim.SGD{LR: m.Rate}, Start: math.MaxInt}
		begin := &trigger{mean: mean, perEpoch: perEpoch, nonMono: m.NonMono}
		c.Optimizer, c.Carry, observe = mean, []train.Carried{begin}, begin.observe
	}
	return c, observe
}

// holdDecay keeps the rate for some epochs and then multiplies it by a factor at the
// beginning of each.
type holdDecay struct {
	steps, hold int // steps of an epoch
	factor      float64
}

func (s holdDecay) At(step int) float64 {
	late := step/s.steps + 1 - max(s.hold, 1)
	if late <= 0 || s.factor == 0 {
		return 1
	}
	return math.Pow(s.factor, float64(late))
}

// score is the model's on a text: loss (nats for each token), perplexity, and bits
// and nats for each character. All tokens but the first count.
func (m *Model) score(ctx context.Context, of corpus) (task.Scores, error) {
	if len(of.ids) < 2 {
		return nil, errors.New("the text has fewer than 2 tokens")
	}
	var sum float64
	var carry rnn.Carry
	g := grad.Eval()
	for w := range batchify(of.ids, m.Batch, m.Window) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := 0
		for _, id := range w.want {
			if id >= 0 {
				n++
			}
		}
		g.Reset()
		sum += float64(m.net.loss(g, w, &carry).Value.Data[0]) * float64(n)
	}
	loss := sum / float64(len(of.ids)-1)
	nats := loss * float64(len(of.ids)) / float64(of.chars)
	return task.Scores{"loss": loss, "perplexity": math.Exp(loss), "nats_per_char": nats, "bits_per_char": nats / math.Ln2}, nil
}

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	f := &model.Model{Config: &m.Config, Net: m.net, Training: about}
	return f, f.SetExtra(codecExtra, m.Codec)
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error { return task.Save(path, about, m.file) }

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, lm.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, codec, err := task.Read[*Config, *net, text.Codec](r, size, "a language model", codecExtra)
	if err != nil {
		return nil, err
	}
	if codec.Size() != c.Size {
		return nil, fmt.Errorf("%w: it has a vocabulary of %d and a net for %d", model.ErrCorrupt, codec.Size(), c.Size)
	}
	return &Model{Config: *c, Codec: &codec, net: n}, nil
}
