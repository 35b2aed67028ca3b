package task

import (
	"context"
	"io"
	"iter"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/train"
)

// A Course is how a task trains a net.
type Course struct {
	// Options are those of package train. Train sets their Validate, OnStep, OnResume,
	// Checkpoint, Resume and Meta, adds the log of the epochs to what they carry, and calls
	// OnEpoch before that of Run.
	train.Options

	Run           Options // checkpoint of the run and who follows it
	Steps         int     // steps in all; 0 if not known
	WeightAverage float64 // decay of the moving average of the weights, which become the net's; 0 for none

	// Score scores the net after an epoch: by name, and by the number by which it may
	// be the best so far. Nil for no validation.
	Score func(ctx context.Context) (scores Scores, by float64, err error)

	// File makes the file of the model, so that a checkpoint can be loaded as one. Nil for a
	// checkpoint of the weights alone.
	File func(about model.Training) (*model.Model, error)
}

// Save replaces the file at path by the one that file makes of a model.
func Save(path string, about model.Training, file func(about model.Training) (*model.Model, error)) error {
	m, err := file(about)
	if err != nil {
		return err
	}
	return m.Save(path)
}

// SaveWith is m.Save with extra beside the net of m, under a name.
func SaveWith(path string, m *model.Model, name string, extra any) error {
	if err := m.SetExtra(name, extra); err != nil {
		return err
	}
	return m.Save(path)
}

// Read is model.ReadAs for a file with an extra beside the net, under a name.
func Read[C model.Config, N, X any](r io.ReaderAt, size int64, what, name string) (c C, net N, extra X, err error) {
	m, c, net, err := model.ReadAs[C, N](r, size, what)
	if err == nil {
		err = m.Extra(name, &extra)
	}
	return c, net, extra, err
}

// Train trains net, as train.FitEpochs does, on the course c.
func Train[B any](ctx context.Context, net any, batches func(epoch int) iter.Seq[B], loss func(*grad.Tape, B) *grad.Var, c Course) (last train.Epoch, err error) {
	if c.Run.Begin != nil {
		if err := c.Run.Begin(); err != nil {
			return last, err
		}
	}
	opts := c.Options
	opts.Checkpoint, opts.Resume = c.Run.Checkpoint, c.Run.Resume
	if opts.CheckpointEvery == 0 && c.Steps > 0 {
		opts.CheckpointEvery = max(c.Steps/max(opts.Epochs, 1)/4, 50)
	}
	if c.File != nil {
		m, err := c.File(model.Training{})
		if err != nil {
			return last, err
		}
		if opts.Meta, err = m.Header(); err != nil {
			return last, err
		}
	}
	rate := 0.0
	if r, ok := opts.Optimizer.(optim.HasRate); ok {
		rate = r.Rate()
	}
	opts.Optimizer = optim.Averaged(opts.Optimizer, c.WeightAverage, c.Steps)
	var at train.Progress // the last step
	opts.OnStep = func(p train.Progress) {
		at = p
		if c.Run.OnStep != nil {
			c.Run.OnStep(Step{Progress: p, Of: c.Steps})
		}
	}
	var scores Scores
	if c.Score != nil {
		opts.Validate = func(ctx context.Context) (by float64, err error) {
			if scores, by, err = c.Score(ctx); err == nil {
				err = finite(scores, at)
			}
			return by, err
		}
	}
	log := &epochLog{}
	opts.Carry = append(slices.Clip(opts.Carry), log)
	diverged := newWatch(net)
	var failed error
	ended := func(e Epoch) bool {
		if failed = diverged.check(e.Epoch); failed != nil {
			return false
		}
		goOn := c.OnEpoch == nil || c.OnEpoch(e.Epoch)
		return (c.Run.OnEpoch == nil || c.Run.OnEpoch(e)) && goOn
	}
	opts.OnEpoch = func(e train.Epoch) bool {
		if failed = log.fits(e.N-1, e.Steps-1); failed != nil {
			return false
		}
		return ended(log.add(Epoch{Epoch: e, Of: c.Epochs, Scores: scores}))
	}
	opts.OnResume = func(steps int) bool {
		if c.Run.OnResume != nil {
			c.Run.OnResume(steps)
		}
		if failed = log.fits(len(log.epochs), steps); failed != nil {
			return false
		}
		goOn := true
		for _, e := range log.epochs {
			e.Of = c.Epochs
			goOn = ended(e)
			if failed != nil {
				return false
			}
		}
		return goOn
	}
	last, err = train.FitEpochs(ctx, net, batches, loss, opts)
	if failed != nil {
		err = failed
	}
	return last, lower(err, rate)
}
