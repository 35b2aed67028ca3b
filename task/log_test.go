package task

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// course trains l for four epochs of three steps, with a checkpoint at each step, or if it is
// rare after each epoch.
func (l *line) course(ctx context.Context, seed int, run Options) error {
	l.net = nn.NewLinear(nil, 1, 1)
	l.net.W.Value.Data[0] = tensor.Float(seed)
	every := 1
	if l.rare {
		every = 12
	}
	_, err := Train(ctx, l.net, batches, l.loss, Course{
		Options: train.Options{Epochs: 4, CheckpointEvery: every, Optimizer: &optim.SGD{LR: l.Rate}}, Run: run, Steps: 12, File: l.file,
		Score: func(context.Context) (Scores, float64, error) {
			w := float64(l.net.W.Value.Data[0])
			return Scores{"slope": w, "error": math.Abs(w - 2)}, math.Abs(w - 2), nil
		},
	})
	return err
}

// follow keeps the epochs in all, without what depends on the machine.
func follow(all *[]Epoch) func(Epoch) bool {
	return func(e Epoch) bool {
		e.Elapsed, e.PeakBytes = 0, 0
		*all = append(*all, e)
		return true
	}
}

// A run that is stopped after any step, and goes on, has the epochs of one that was not, to
// the bit: one net, nets side by side, and nets one after another.
func TestResumedEpochs(t *testing.T) {
	fits := map[string]func(ctx context.Context, o Options) error{
		"one": func(ctx context.Context, o Options) error { return (&line{Rate: 0.01}).course(ctx, 1, o) },
		"side by side": func(ctx context.Context, o Options) error {
			part, errs := o.Parts(2, 24), make([]error, 2)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() { errs[i] = (&line{Rate: 0.01}).course(ctx, i+4, part(i)) })
			}
			all.Wait()
			return errors.Join(errs...)
		},
		"one after another": func(ctx context.Context, o Options) error {
			return errors.Join((&line{Rate: 0.01}).course(ctx, 4, o.Part(0, 2, 12)), (&line{Rate: 0.01}).course(ctx, 5, o.Part(1, 2, 12)))
		},
	}
	for name, fit := range fits {
		var whole []Epoch
		if err := fit(context.Background(), Options{OnEpoch: follow(&whole)}); err != nil {
			t.Fatal(err)
		}
		if n := map[string]int{"one": 4, "side by side": 4, "one after another": 8}[name]; len(whole) != n || whole[n-1].Scores["slope"] == 0 {
			t.Fatalf("%s: %+v", name, whole)
		}
		for _, stop := range []int{1, 3, 4, 8, 12, 13, 18, 24} {
			o := Options{Checkpoint: filepath.Join(t.TempDir(), "c")}
			ctx, cancel := context.WithCancel(context.Background())
			o.OnStep = func(s Step) {
				if s.Progress.Step == stop {
					cancel()
				}
			}
			if err := fit(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			cancel()
			var told []Epoch
			from := 0
			err := fit(context.Background(), Options{Checkpoint: o.Checkpoint, Resume: true, OnEpoch: follow(&told), OnResume: func(n int) { from = max(from, n) }})
			if err != nil || !reflect.DeepEqual(told, whole) {
				t.Errorf("%s, stopped after step %d: %v\n%+v, want\n%+v", name, stop, err, told, whole)
			}
			if name == "one" && from != min(stop, 12) {
				t.Errorf("stopped after step %d, it goes on from %d", stop, from)
			}
		}
	}
}

// The mean of an epoch has the scores that all parts have, and is the best if all are.
func TestMean(t *testing.T) {
	a := Epoch{Epoch: train.Epoch{N: 2, Steps: 6, Loss: 1, Score: 4, Best: 3, Improved: true, PeakBytes: 5, Elapsed: 7}, Of: 9, Scores: Scores{"loss": 4, "own": 1}}
	b := Epoch{Epoch: train.Epoch{N: 2, Steps: 8, Loss: 3, Score: 2, Best: 1, PeakBytes: 6, Elapsed: 8}, Of: 9, Scores: Scores{"loss": 2}}
	want := Epoch{Epoch: train.Epoch{N: 2, Steps: 14, Loss: 2, Score: 3, Best: 2, PeakBytes: 11, Elapsed: 8}, Of: 9, Scores: Scores{"loss": 3}}
	if got := mean([]Epoch{a, b}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := mean([]Epoch{a, a}); !got.Improved {
		t.Error("the best of each is not the best of all")
	}
}

// A caller that stops one part stops the others after their next epoch.
func TestPartsStop(t *testing.T) {
	part := Options{OnEpoch: func(Epoch) bool { return false }}.Parts(2, 8)
	a, b := part(0), part(1)
	e := Epoch{Epoch: train.Epoch{N: 1, Steps: 1}}
	if !a.OnEpoch(e) || b.OnEpoch(e) || a.OnEpoch(e) {
		t.Error("the parts do not stop together")
	}
}

// A checkpoint without a log, as older versions wrote it, is refused and not half used.
func TestCheckpointWithoutLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c")
	l := &line{Rate: 0.01, net: nn.NewLinear(nil, 1, 1)}
	if _, err := train.FitEpochs(context.Background(), l.net, batches, l.loss, train.Options{Checkpoint: path, Optimizer: &optim.SGD{LR: 0.01}}); err != nil {
		t.Fatal(err)
	}
	err := l.course(context.Background(), 1, Options{Checkpoint: path, Resume: true})
	if !errors.Is(err, train.ErrCheckpoint) || !strings.Contains(err.Error(), "another version of recur") {
		t.Errorf("%v", err)
	}
}

func TestBadLog(t *testing.T) {
	for text, want := range map[string]string{
		"{":                            "epoch 1 of its log cannot be read",
		"{\"steps\":3}\n[]":            "epoch 2 of its log cannot be read",
		"{\"steps\":3}\n{\"steps\":3}": "do not increase",
		"{\"steps\":-1}":               "do not increase",
	} {
		var l epochLog
		if err := l.UnmarshalBinary([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if l.epochs != nil {
			t.Errorf("%s: %+v is left", text, l.epochs)
		}
	}
}

// FuzzLog: whatever a log is read from, it is written so that it is read as the same.
func FuzzLog(f *testing.F) {
	f.Add([]byte("{\"steps\":3,\"loss\":0.5,\"scores\":{\"loss\":1}}\n{\"steps\":6,\"loss\":0.25,\"improved\":true}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l, again, fresh epochLog
		if l.UnmarshalBinary(b) != nil {
			return
		}
		for _, e := range l.epochs {
			again.add(e)
		}
		lines, err := again.MarshalBinary()
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if err := fresh.UnmarshalBinary(lines); err != nil || len(fresh.epochs) != len(l.epochs) {
			t.Fatalf("%q becomes %q: %v", b, lines, err)
		}
		for i := range l.epochs {
			if fresh.epochs[i].Steps != l.epochs[i].Steps || fresh.epochs[i].Loss != l.epochs[i].Loss {
				t.Fatalf("%+v becomes %+v", l.epochs[i], fresh.epochs[i])
			}
		}
	})
}

// Divergence is an error of class Numeric that names the setting to lower, whether the loss
// is infinite or only beyond reason; odd data alone are none.
func TestDivergence(t *testing.T) {
	for rate, want := range map[float64]string{
		1e30: "training diverged: the loss is ",
		1e8:  "such as --set rate=0.001",
	} {
		err := (&line{Rate: rate}).course(context.Background(), 1, Options{})
		var numeric *train.NumericError
		if fault.Of(err) != fault.Numeric || !errors.As(err, &numeric) || !strings.Contains(err.Error(), want) {
			t.Errorf("rate %g: %v, want %s", rate, err, want)
		}
	}
	w := newWatch(nn.NewLinear(nil, 1, 1))
	if err := w.check(train.Epoch{Loss: 1e30}); err != nil {
		t.Errorf("small weights: %v", err)
	}
	w.params[0].Value.Data[0] = 1e12
	if err := w.check(train.Epoch{Loss: 900}); err != nil {
		t.Errorf("a loss within reason: %v", err)
	}
	if err := w.check(train.Epoch{N: 2, Steps: 7, Loss: 1e30}); fault.Of(err) != fault.Numeric {
		t.Errorf("%v", err)
	}
	w = newWatch(&nn.Linear{W: nn.Constant(1e6, 1, 1)})
	if err := w.check(train.Epoch{Loss: 1e9}); err != nil {
		t.Errorf("weights that began so: %v", err)
	}
}

// A score that is no number is found before anything writes it.
func TestScoreIsNoNumber(t *testing.T) {
	l := &line{Rate: 0.01, net: nn.NewLinear(nil, 1, 1)}
	_, err := Train(context.Background(), l.net, batches, l.loss, Course{
		Options: train.Options{Optimizer: &optim.SGD{LR: 0.02}},
		Score: func(context.Context) (Scores, float64, error) {
			return Scores{"loss": 900, "perplexity": math.Inf(1)}, 900, nil
		},
		Run: Options{OnEpoch: func(Epoch) bool { t.Error("the epoch was told"); return true }},
	})
	const want = "training diverged: the perplexity is +Inf in epoch 1, step 3; try a lower rate than 0.02, such as --set rate=0.001, and look for huge values in the data"
	if fault.Of(err) != fault.Numeric || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
