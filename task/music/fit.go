package music

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// A Model is a trained one. It is only read, so goroutines may share it.
type Model struct {
	Config
	net   *net
	valid []Piece // after Fit: the pieces that it was validated on
}

// Fit trains a model on files of pieces. If these are parted it trains on their part for
// that, and validates on theirs unless d.Valid names others.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	pieces, valid, err := readPieces(d)
	if err != nil {
		return nil, err
	}
	return fitOn(ctx, cfg, d.Train[0], pieces, valid, o)
}

// Train is Fit on pieces in memory. Without any to validate on, the share of cfg.HeldOut of
// those to train on is held out.
func Train(ctx context.Context, cfg Config, training, valid []Piece, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	for _, set := range []*[]Piece{&training, &valid} {
		sorted := make([]Piece, len(*set))
		for i, p := range *set {
			var err error
			if sorted[i], err = p.sorted(); err != nil {
				return nil, fmt.Errorf("music: piece %d: %w", i+1, err)
			}
		}
		*set = sorted
	}
	return fitOn(ctx, cfg, "", training, valid, o)
}

// fitOn trains a model on pieces of the name.
func fitOn(ctx context.Context, cfg Config, name string, pieces, valid []Piece, o task.Options) (*Model, error) {
	pieces, valid, err := cfg.parts(name, pieces, valid, o)
	if err != nil {
		return nil, err
	}
	if err := cfg.room(pieces); err != nil {
		return nil, err
	}
	made, err := model.New(&cfg, rand.New(rand.NewPCG(cfg.Seed, 0)))
	if err != nil {
		return nil, err
	}
	m := &Model{cfg, made.Net.(*net), valid}
	steps := m.steps(pieces)
	_, err = task.Train(ctx, m.net, func(epoch int) iter.Seq[batch] { return cfg.batches(pieces, epoch) }, m.net.loss, task.Course{
		Run: o, Steps: steps, File: m.file, WeightAverage: cfg.WeightAverage,
		Options: train.Options{
			Epochs: cfg.Epochs, ClipNorm: cfg.Clip, Seed: cfg.Seed, Patience: cfg.Patience,
			Optimizer: &optim.Adam{LR: cfg.Rate}, Schedule: optim.Cosine{Steps: steps, Warmup: min(100, steps/10), Floor: 0.02},
		},
		Score: func(ctx context.Context) (task.Scores, float64, error) {
			scores, err := m.score(ctx, valid)
			return scores, scores["nll"], err
		},
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// loss is the negative log-likelihood of a step: the sum over its keys.
func (n *net) loss(g *grad.Tape, b batch) *grad.Var {
	return g.Scale(nn.BCE(g, n.scores(g, rnn.Input(g, b.x, b.lengths), g.Const(b.next)), b.want), Keys)
}

func readPieces(d task.Data) (pieces, valid []Piece, err error) {
	if len(d.Train) == 0 {
		return nil, nil, errors.New("music: there are no pieces to train on")
	}
	for _, file := range d.Train {
		b, err := ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		pieces = append(append(pieces, b.All...), b.Train...)
		if len(d.Valid) == 0 {
			valid = append(valid, b.Valid...)
		}
	}
	for _, file := range d.Valid {
		b, err := ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		valid = append(append(valid, b.All...), b.Valid...)
	}
	return pieces, valid, nil
}

// usable reports whether a piece has a step to predict.
func usable(p Piece) bool { return len(p) >= 2 }

// parts leaves out pieces that are too short, and holds some out if there are none to
// validate on.
func (c *Config) parts(name string, pieces, valid []Piece, o task.Options) ([]Piece, []Piece, error) {
	if len(valid) == 0 {
		pieces, valid, _ = data.Split(data.Shuffled(pieces, c.Seed, 0), c.HeldOut, 0)
	}
	pieces, valid = slices.DeleteFunc(pieces, func(p Piece) bool { return !usable(p) }), slices.DeleteFunc(valid, func(p Piece) bool { return !usable(p) })
	if len(pieces) == 0 || len(valid) == 0 {
		return nil, nil, &data.Error{File: name, Reason: fmt.Sprintf("gives %d pieces of two steps or more to train on, and %d to validate on", len(pieces), len(valid)), Hint: "give more"}
	}
	if o.OnNote != nil {
		n := 0
		for _, p := range pieces {
			n += len(p)
		}
		o.OnNote(fmt.Sprintf("%d pieces of %d steps, %d to validate on", len(pieces), n, len(valid)))
	}
	return pieces, valid, nil
}

// steps are those of training in all.
func (m *Model) steps(pieces []Piece) (n int) {
	for epoch := range m.Epochs {
		n += (len(m.stretches(pieces, epoch)) + m.Batch - 1) / m.Batch
	}
	return n
}

// score is the model's on whole pieces: nll, the negative log-likelihood of a step in
// nats. The first step of a piece does not count.
func (m *Model) score(ctx context.Context, pieces []Piece) (task.Scores, error) {
	var all []stretch
	for _, p := range pieces {
		if usable(p) {
			all = append(all, stretch{p, 0, len(p), 0})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("music: there is no piece of two steps or more")
	}
	slices.SortStableFunc(all, func(a, b stretch) int { return a.hi - b.hi })
	var sum float64
	steps := 0
	g := grad.Eval()
	for of := range slices.Chunk(all, m.Batch) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.Reset()
		n := 0
		for _, s := range of {
			n += s.hi - 1
		}
		sum += float64(m.net.loss(g, lay(of, true)).Value.Data[0]) * float64(n)
		steps += n
	}
	return task.Scores{"nll": sum / float64(steps)}, nil
}

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	return &model.Model{Config: &m.Config, Net: m.net, Training: about}, nil
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error { return task.Save(path, about, m.file) }

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, music.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	_, c, n, err := model.ReadAs[*Config, *net](r, size, "one of music")
	if err != nil {
		return nil, err
	}
	return &Model{Config: *c, net: n}, nil
}
