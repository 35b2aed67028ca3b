package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/train"
)

// A run that is stopped anywhere and resumed ends with the bits of one that was
// not, whatever the optimizer, with dropout, shards, a schedule and validation.
func TestResumeEqualsUnbroken(t *testing.T) {
	for name, o := range optimizers() {
		options := func(path string, validated int) train.Options {
			return train.Options{
				Epochs: 4, Optimizer: o(), Schedule: &optim.Plateau{Patience: -1, Factor: 0.5}, Seed: 3, Shards: 2,
				Checkpoint: path, Resume: true, CheckpointEvery: 7,
				// the rate falls after epoch 2, and the best epoch is not the last
				Validate: func(context.Context) (float64, error) {
					validated++
					return []float64{1, 2, 0, 3}[validated-1], nil
				},
			}
		}
		whole := newNet()
		if _, err := fit(context.Background(), whole, options("", 0)); err != nil {
			t.Fatal(err)
		}
		for _, stopAt := range []int{1, 7, 10, 13, 23, 39, 40} {
			path := filepath.Join(t.TempDir(), "run.safetensors")
			ctx, cancel := context.WithCancel(context.Background())
			first := options(path, 0)
			first.OnStep = func(p train.Progress) {
				if p.Step == stopAt {
					cancel()
				}
			}
			stopped, err := fit(ctx, newNet(), first)
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "resume from "+path) {
				t.Fatalf("%s: stopped at %d: %v", name, stopAt, err)
			}
			again := newNet()
			for _, p := range nn.Params(again) { // whatever it was, the checkpoint has what it is
				clear(p.Value.Data)
			}
			last, err := fit(context.Background(), again, options(path, stopped.N))
			if err != nil || last.N != 4 || last.Steps != 40 || last.Best != 0 {
				t.Fatalf("%s: resumed at %d: %+v, %v", name, stopAt, last, err)
			}
			if !slices.Equal(weights(again), weights(whole)) {
				t.Errorf("%s: stopped at step %d and resumed, the weights differ from an unbroken run", name, stopAt)
			}
			finished := newNet()
			if end, err := fit(context.Background(), finished, options(path, 4)); err != nil || end != last || !slices.Equal(weights(finished), weights(whole)) {
				t.Errorf("%s: a finished run that is resumed gives %+v, %v", name, end, err)
			}
		}
	}
}

// A checkpoint within the last epoch of MaxSteps is resumed to the epoch's end.
func TestResumeAtMaxSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	ctx, cancel := context.WithCancel(context.Background())
	o := train.Options{MaxSteps: 4, Checkpoint: path, Resume: true, Validate: func(context.Context) (float64, error) { return 7, nil }}
	o.OnStep = func(p train.Progress) {
		if p.Step == 4 {
			cancel()
		}
	}
	if _, err := fit(ctx, newNet(), o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.OnStep = nil
	if last, err := fit(context.Background(), newNet(), o); err != nil || last.Steps != 4 || last.Score != 7 {
		t.Errorf("resumed after the last step: %+v, %v", last, err)
	}
}

// fork has a branch for each kind of batch.
type fork struct{ A, B *grad.Var }

// A parameter without a gradient in a step moves on by its momentum, also when the
// step is the first of a resumed run.
func TestResumeWithoutGradient(t *testing.T) {
	run := func(ctx context.Context, o train.Options) (*fork, error) {
		m := &fork{nn.Constant(1, 1), nn.Constant(1, 1)}
		o.Optimizer = &optim.SGD{Momentum: 0.9}
		_, err := train.Fit(ctx, m, slices.Values([]int{0, 1, 0, 1, 0, 0}), func(g *grad.Tape, b int) *grad.Var {
			return g.Square([]*grad.Var{m.A, m.B}[b])
		}, o)
		return m, err
	}
	whole, err := run(context.Background(), train.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	path := filepath.Join(t.TempDir(), "run.safetensors")
	_, err = run(ctx, train.Options{Checkpoint: path, OnStep: func(p train.Progress) {
		if p.Step == 4 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	again, err := run(context.Background(), train.Options{Checkpoint: path, Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	if whole.A.Value.Data[0] != again.A.Value.Data[0] || whole.B.Value.Data[0] != again.B.Value.Data[0] {
		t.Errorf("resumed to %v, %v; unbroken %v, %v", again.A.Value.Data, again.B.Value.Data, whole.A.Value.Data, whole.B.Value.Data)
	}
}

// After a numeric failure one lowers the rate and resumes.
func TestResumeWithAnotherRate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	if _, err := fit(context.Background(), newNet(), train.Options{Checkpoint: path, Optimizer: &optim.Adam{LR: 0.5}}); err != nil {
		t.Fatal(err)
	}
	_, err := fit(context.Background(), newNet(), train.Options{
		Epochs: 2, Checkpoint: path, Resume: true, Optimizer: &optim.Adam{LR: 0.25},
		OnStep: func(p train.Progress) {
			if p.Rate != 0.25 || p.Step <= 10 {
				t.Errorf("resumed at step %d with rate %v, want after 10 with 0.25", p.Step, p.Rate)
			}
		},
	})
	if err != nil {
		t.Error(err)
	}
}
