package train_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// net forecasts the next value of a wave.
type net struct {
	Cell rnn.Cell
	Out  *nn.Linear
}

func newNet() *net {
	r := rand.New(rand.NewPCG(1, 2))
	return &net{rnn.NewLSTM(r, 1, 6), nn.NewLinear(r, 6, 1)}
}

// waves is a batch that can be split by rows.
type waves struct{ x, y *tensor.Tensor } // [steps, batch, 1], [batch, 1]

func (w waves) Shard(i, n int) (waves, float64) {
	T, B := w.x.Dim(0), w.x.Dim(1)
	lo, hi := i*B/n, (i+1)*B/n
	part := waves{tensor.New(T, hi-lo, 1), w.y.Slice(lo, hi)}
	for t := range T {
		copy(part.x.At(t).Data, w.x.At(t).Slice(lo, hi).Data)
	}
	return part, float64(hi - lo)
}

func (m *net) loss(g *grad.Tape, w waves) *grad.Var {
	y, _ := rnn.Dynamic(g, m.Cell, rnn.Input(g, w.x, nil), nil)
	return nn.MSE(g, m.Out.Forward(g, g.Dropout(y.Last(g), 0.2)), w.y)
}

// epochs draws ten batches from the number of the epoch.
func epochs(epoch int) iter.Seq[waves] {
	return func(yield func(waves) bool) {
		r := rand.New(rand.NewPCG(uint64(epoch), 5))
		for range 10 {
			const T, B = 5, 7
			w := waves{tensor.New(T, B, 1), tensor.New(B, 1)}
			for b := range B {
				p := r.Float64() * 6
				for t := range T {
					w.x.Data[t*B+b] = tensor.Float(math.Sin(p + 0.4*float64(t)))
				}
				w.y.Data[b] = tensor.Float(math.Sin(p + 0.4*T))
			}
			if !yield(w) {
				return
			}
		}
	}
}

func fit(ctx context.Context, m *net, o train.Options) (train.Epoch, error) {
	return train.FitEpochs(ctx, m, epochs, m.loss, o)
}

func weights(m *net) (all []tensor.Float) {
	for _, p := range nn.Params(m) {
		all = append(all, p.Value.Data...)
	}
	return all
}

func optimizers() map[string]func() optim.Optimizer {
	return map[string]func() optim.Optimizer{
		"SGD":     func() optim.Optimizer { return &optim.SGD{LR: 0.1, Momentum: 0.9, Nesterov: true} },
		"Adam":    func() optim.Optimizer { return &optim.Adam{LR: 1e-2} },
		"AdamW":   func() optim.Optimizer { return &optim.AdamW{LR: 1e-2} },
		"RMSProp": func() optim.Optimizer { return &optim.RMSProp{LR: 1e-2, Momentum: 0.5, Centered: true} },
		"Adagrad": func() optim.Optimizer { return &optim.Adagrad{LR: 1e-1, Initial: 0.1} },
	}
}

func TestLearns(t *testing.T) {
	for name, o := range optimizers() {
		m := newNet()
		first, err := fit(context.Background(), m, train.Options{Optimizer: o()})
		if err != nil {
			t.Fatal(err)
		}
		last, err := fit(context.Background(), m, train.Options{Optimizer: o(), Epochs: 15})
		if err != nil || last.Loss > first.Loss/2 || last.N != 15 || last.Steps != 150 {
			t.Errorf("%s: first epoch %.4f, last %+v, %v", name, first.Loss, last, err)
		}
	}
}

// A run that is stopped anywhere and resumed ends with the bits of one that was
// not, whatever the optimizer, with dropout, a schedule and validation.
func TestResumeEqualsUnbroken(t *testing.T) {
	for name, o := range optimizers() {
		options := func(path string) train.Options {
			return train.Options{
				Epochs: 4, Optimizer: o(), Schedule: &optim.Plateau{Patience: 1, Factor: 0.5}, Seed: 3,
				Checkpoint: path, Resume: true, CheckpointEvery: 7,
				// a score that gets worse after epoch 2, so that the best is not the last
				Validate: func() func(context.Context) (float64, error) {
					n := 0
					return func(context.Context) (float64, error) { n++; return math.Abs(float64(n) - 2), nil }
				}(),
			}
		}
		whole := newNet()
		if _, err := fit(context.Background(), whole, options("")); err != nil {
			t.Fatal(err)
		}
		for _, stopAt := range []int{1, 7, 10, 13, 39} {
			path := filepath.Join(t.TempDir(), "run.safetensors")
			ctx, cancel := context.WithCancel(context.Background())
			m, o := newNet(), options(path)
			validations := 0
			o.Validate = func(context.Context) (float64, error) {
				validations++
				return math.Abs(float64(validations) - 2), nil
			}
			o.OnStep = func(p train.Progress) {
				if p.Step == stopAt {
					cancel()
				}
			}
			_, err := fit(ctx, m, o)
			if stopAt < 39 && !errors.Is(err, context.Canceled) || err != nil && !strings.Contains(err.Error(), "resume from "+path) {
				t.Fatalf("%s: stopped at %d: %v", name, stopAt, err)
			}
			again := newNet()
			for i := range nn.Params(again) { // whatever it was, the checkpoint says what it is
				clear(nn.Params(again)[i].Value.Data)
			}
			o.OnStep, o.Optimizer, o.Schedule = nil, optimizers()[name](), &optim.Plateau{Patience: 1, Factor: 0.5}
			if _, err := fit(context.Background(), again, o); err != nil {
				t.Fatalf("%s: resumed at %d: %v", name, stopAt, err)
			}
			if !slices.Equal(weights(again), weights(whole)) {
				t.Errorf("%s: stopped at step %d and resumed, the weights differ from an unbroken run", name, stopAt)
			}
		}
	}
}

func TestSameBitsWhateverGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []tensor.Float
	for _, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		m := newNet()
		if _, err := fit(context.Background(), m, train.Options{Shards: 3, Seed: 9, Epochs: 2}); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = weights(m)
		}
		if !slices.Equal(weights(m), want) {
			t.Errorf("GOMAXPROCS %d gives other bits than 1", n)
		}
	}
}

// Without randomness, shards give the gradients of the whole batch, as near as
// the order of sums allows.
func TestShardsAreTheBatch(t *testing.T) {
	run := func(shards int) []tensor.Float {
		m := newNet()
		loss := func(g *grad.Tape, w waves) *grad.Var { g.Train = false; return m.loss(g, w) }
		if _, err := train.FitEpochs(context.Background(), m, epochs, loss, train.Options{Shards: shards, Optimizer: &optim.SGD{LR: 0.1}}); err != nil {
			t.Fatal(err)
		}
		return weights(m)
	}
	whole, parts := run(1), run(3)
	for i, w := range whole {
		if math.Abs(float64(w-parts[i])) > 1e-5 {
			t.Fatalf("weight %d is %v in shards, %v whole", i, parts[i], w)
		}
	}
}

func TestStopsEarlyAndKeepsTheBest(t *testing.T) {
	m := newNet()
	scores := []float64{5, 3, 4, 3.5, 9, 9, 9}
	var best []tensor.Float
	n := 0
	last, err := fit(context.Background(), m, train.Options{Epochs: 20, Patience: 3, Validate: func(context.Context) (float64, error) {
		if n == 1 {
			best = weights(m)
		}
		n++
		return scores[n-1], nil
	}})
	if err != nil || last.N != 5 || last.Best != 3 {
		t.Errorf("ended with %+v, %v; want epoch 5 and best 3", last, err)
	}
	if !slices.Equal(weights(m), best) {
		t.Error("the parameters left are not those of the best epoch")
	}
	n = 0
	last, err = fit(context.Background(), m, train.Options{Epochs: 20, Patience: 2, Maximise: true, Validate: func(context.Context) (float64, error) { n++; return -scores[n-1], nil }})
	if err != nil || last.N != 4 || last.Best != -3 {
		t.Errorf("maximising ended with %+v, %v; want epoch 4 and best -3", last, err)
	}
}

func TestNaNStops(t *testing.T) {
	for _, what := range []string{"loss", "gradient"} {
		m := newNet()
		steps, path := 0, filepath.Join(t.TempDir(), "c")
		loss := func(g *grad.Tape, w waves) *grad.Var {
			l := m.loss(g, w)
			if steps++; steps == 13 {
				bad := tensor.Float(math.Inf(1))
				if what == "loss" {
					return g.Map(l, func(v grad.Float) grad.Float { return bad - bad }, func(_, _ grad.Float) grad.Float { return 1 })
				}
				return g.Map(l, func(v grad.Float) grad.Float { return v }, func(_, _ grad.Float) grad.Float { return bad })
			}
			return l
		}
		_, err := train.FitEpochs(context.Background(), m, epochs, loss, train.Options{Epochs: 3, Checkpoint: path})
		var numeric *train.NumericError
		if !errors.As(err, &numeric) || numeric.Epoch != 2 || numeric.Step != 13 || numeric.What != what {
			t.Errorf("%s: %v", what, err)
		}
		for _, w := range weights(m) {
			if w != w {
				t.Fatalf("%s: a weight is NaN", what)
			}
		}
		good := newNet()
		if _, err := fit(context.Background(), good, train.Options{Checkpoint: path, Resume: true}); err != nil {
			t.Errorf("%s: the checkpoint before is not good: %v", what, err)
		}
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	m := newNet()
	var shape *tensor.ShapeError
	wrong := func(g *grad.Tape, w waves) *grad.Var { return g.Add(g.Const(w.x), g.Const(w.y)) }
	for _, shards := range []int{1, 2} {
		if _, err := train.FitEpochs(ctx, m, epochs, wrong, train.Options{Shards: shards}); !errors.As(err, &shape) {
			t.Errorf("%d shards: a shape mistake gives %v", shards, err)
		}
	}
	vector := func(g *grad.Tape, w waves) *grad.Var { return m.Out.W }
	if _, err := train.FitEpochs(ctx, m, epochs, vector, train.Options{}); err == nil || !strings.Contains(err.Error(), "want one number") {
		t.Errorf("a loss of many numbers gives %v", err)
	}
	if _, err := train.Fit(ctx, m, slices.Values([]waves{}), m.loss, train.Options{}); err == nil || !strings.Contains(err.Error(), "no batches") {
		t.Errorf("no batches give %v", err)
	}
	if _, err := train.Fit(ctx, m, slices.Values([]int{1}), func(g *grad.Tape, _ int) *grad.Var { return g.Zeros(1) }, train.Options{Shards: 2}); err == nil || !strings.Contains(err.Error(), "no method Shard") {
		t.Errorf("a batch that cannot be split gives %v", err)
	}
	failed := errors.New("no data")
	if _, err := fit(ctx, m, train.Options{Validate: func(context.Context) (float64, error) { return 0, failed }}); !errors.Is(err, failed) {
		t.Errorf("a failed validation gives %v", err)
	}
	path := filepath.Join(t.TempDir(), "c")
	if _, err := fit(ctx, m, train.Options{Checkpoint: path}); err != nil {
		t.Fatal(err)
	}
	other := &net{rnn.NewGRU(rand.New(rand.NewPCG(1, 1)), 1, 6), nn.NewLinear(rand.New(rand.NewPCG(1, 1)), 6, 1)}
	if _, err := fit(ctx, other, train.Options{Checkpoint: path, Resume: true}); !errors.Is(err, train.ErrCheckpoint) {
		t.Errorf("the checkpoint of another model gives %v", err)
	}
	if _, err := fit(ctx, newNet(), train.Options{Checkpoint: path, Resume: true, Optimizer: &optim.SGD{Momentum: 0.9}}); !errors.Is(err, train.ErrCheckpoint) {
		t.Errorf("the checkpoint of another optimizer gives %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-5] ^= 1
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := fit(ctx, newNet(), train.Options{Checkpoint: path, Resume: true}); !errors.Is(err, train.ErrCheckpoint) {
		t.Errorf("a damaged checkpoint gives %v", err)
	}
}

func TestCallbacks(t *testing.T) {
	steps := 0
	last, err := fit(context.Background(), newNet(), train.Options{
		Epochs: 9, Schedule: optim.StepDecay{Every: 5},
		OnStep: func(p train.Progress) {
			steps++
			if p.Step != steps || p.Epoch != (steps-1)/10+1 || p.Loss <= 0 || p.GradNorm <= 0 || p.PeakBytes <= 0 {
				t.Errorf("step %d reports %+v", steps, p)
			}
			if want := 1e-3 * math.Pow(0.1, float64((steps-1)/5)); math.Abs(p.Rate-want) > 1e-12 {
				t.Errorf("step %d has the rate %v, want %v", steps, p.Rate, want)
			}
		},
		OnEpoch: func(e train.Epoch) bool { return e.N < 3 },
	})
	if err != nil || last.N != 3 || steps != 30 {
		t.Errorf("stopped after %d steps with %+v, %v", steps, last, err)
	}
	o := &optim.Adam{LR: 0.5}
	if last, err := fit(context.Background(), newNet(), train.Options{Epochs: 9, MaxSteps: 14, Optimizer: o, Schedule: optim.Cosine{Steps: 14}}); err != nil || last.Steps != 14 {
		t.Errorf("MaxSteps 14 ended with %+v, %v", last, err)
	}
	if o.LR != 0.5 {
		t.Errorf("the schedule left the optimizer with rate %v", o.LR)
	}
}

// A process that is killed at any moment loses at most what it did since its last
// checkpoint, and leaves no broken file: the run that goes on ends with the bits
// of an unbroken one.
func TestKilled(t *testing.T) {
	options := func(path string) train.Options {
		return train.Options{Epochs: 12, Seed: 4, Checkpoint: path, CheckpointEvery: 3, Resume: true, Optimizer: &optim.Adam{LR: 1e-2}}
	}
	if path := os.Getenv("RECUR_TEST_TRAIN"); path != "" {
		o := options(path)
		o.OnStep = func(train.Progress) { time.Sleep(time.Millisecond) }
		if _, err := fit(context.Background(), newNet(), o); err != nil {
			t.Fatal(err)
		}
		return
	}
	whole := newNet()
	if _, err := fit(context.Background(), whole, options("")); err != nil {
		t.Fatal(err)
	}
	kills := 50
	if testing.Short() {
		kills = 10
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "run.safetensors")
	killed := 0
	for killed < kills {
		cmd := exec.Command(exe, "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "RECUR_TEST_TRAIN="+path)
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if cmd.Wait() == nil { // it finished: its result must be right, and we begin again
			checkResult(t, path, options(path), weights(whole))
			os.Remove(path)
		} else {
			killed++
		}
	}
	checkResult(t, path, options(path), weights(whole))
}

func checkResult(t *testing.T, path string, o train.Options, want []tensor.Float) {
	t.Helper()
	m := newNet()
	if _, err := fit(context.Background(), m, o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights(m), want) {
		t.Error("the resumed run ends with other weights than an unbroken one")
	}
}
