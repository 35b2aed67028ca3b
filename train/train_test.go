package train_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

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
		"SGD":        func() optim.Optimizer { return &optim.SGD{LR: 0.1} },
		"Nesterov":   func() optim.Optimizer { return &optim.SGD{LR: 0.1, Momentum: 0.9, Nesterov: true} },
		"Adam":       func() optim.Optimizer { return &optim.Adam{LR: 1e-2} },
		"AdamW":      func() optim.Optimizer { return &optim.AdamW{LR: 1e-2, Scale: optim.DecayMatrices} },
		"RMSProp":    func() optim.Optimizer { return &optim.RMSProp{LR: 1e-2, Momentum: 0.5, Centered: true} },
		"RMSPropTF1": func() optim.Optimizer { return &optim.RMSProp{LR: 1e-2, TF1: true} },
		"Adagrad":    func() optim.Optimizer { return &optim.Adagrad{LR: 1e-1, Initial: 0.1} },
		"Average":    func() optim.Optimizer { return &optim.Average{Of: &optim.Adam{LR: 1e-2}, Decay: 0.9} },
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

// Batches that end because ctx does are not a whole epoch.
func TestBatchesEndWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := newNet()
	batches := func(epoch int) iter.Seq[waves] {
		return func(yield func(waves) bool) {
			for w := range epochs(epoch) {
				if ctx.Err() != nil || !yield(w) {
					return
				}
			}
		}
	}
	last, err := train.FitEpochs(ctx, m, batches, m.loss, train.Options{OnStep: func(p train.Progress) {
		if p.Step == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || last.N != 0 {
		t.Errorf("%+v, %v", last, err)
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
	run := func(shards int) ([]tensor.Float, float64) {
		m := newNet()
		loss := func(g *grad.Tape, w waves) *grad.Var { g.Train = false; return m.loss(g, w) }
		last, err := train.FitEpochs(context.Background(), m, epochs, loss, train.Options{Shards: shards, Optimizer: &optim.SGD{LR: 0.1}})
		if err != nil {
			t.Fatal(err)
		}
		return weights(m), last.Loss
	}
	whole, loss := run(1)
	parts, partLoss := run(3)
	if math.Abs(loss-partLoss) > 1e-6 {
		t.Errorf("the loss is %v in shards, %v whole", partLoss, loss)
	}
	for i, w := range whole {
		if math.Abs(float64(w-parts[i])) > 1e-5 {
			t.Fatalf("weight %d is %v in shards, %v whole", i, parts[i], w)
		}
	}
}

// Every shard of every step draws other numbers, and the same in another run.
func TestDraws(t *testing.T) {
	draws := func(seed uint64) (all []uint64) {
		m := newNet()
		var mu sync.Mutex
		loss := func(g *grad.Tape, w waves) *grad.Var {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, g.Rand.Uint64())
			return g.Mean(m.Out.W)
		}
		if _, err := train.FitEpochs(context.Background(), m, epochs, loss, train.Options{Epochs: 2, Shards: 3, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	first := draws(1)
	if n := len(slices.Compact(slices.Clone(first))); n != 60 {
		t.Errorf("60 shards draw %d different numbers", n)
	}
	if !slices.Equal(first, draws(1)) || slices.Equal(first, draws(2)) {
		t.Error("the seed does not say what is drawn")
	}
}

func TestClipNorm(t *testing.T) {
	for clip, want := range map[float64]tensor.Float{0: -1, 8: -8, -1: -100} {
		m := &nn.Linear{W: nn.Zeros(1, 1)}
		_, err := train.Fit(context.Background(), m, slices.Values([]int{0}), func(g *grad.Tape, _ int) *grad.Var { return g.Scale(m.W, 100) },
			train.Options{ClipNorm: clip, Optimizer: &optim.SGD{LR: 1}, OnStep: func(p train.Progress) {
				if p.GradNorm != 100 {
					t.Errorf("ClipNorm %v: the norm is %v, want 100", clip, p.GradNorm)
				}
			}})
		if got := m.W.Value.Data[0]; err != nil || got != want {
			t.Errorf("ClipNorm %v moves to %v, %v; want %v", clip, got, err, want)
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

func TestKeepLast(t *testing.T) {
	m, free := newNet(), newNet()
	n := 0
	worse := func(context.Context) (float64, error) { n++; return float64(n), nil }
	if _, err := fit(context.Background(), m, train.Options{Epochs: 3, KeepLast: true, Validate: worse}); err != nil {
		t.Fatal(err)
	}
	if _, err := fit(context.Background(), free, train.Options{Epochs: 3}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights(m), weights(free)) {
		t.Error("the parameters left are not those of the last epoch")
	}
}

// Validation sees the averages, training does not, and in the end they stay.
func TestAverages(t *testing.T) {
	for _, keepLast := range []bool{true, false} {
		testAverages(t, keepLast)
	}
}

func testAverages(t *testing.T, keepLast bool) {
	m := newNet()
	average := &optim.Average{Of: &optim.Adam{}}
	var trained, validated []tensor.Float
	n := 0.0
	_, err := fit(context.Background(), m, train.Options{
		Epochs: 2, Optimizer: average, KeepLast: keepLast, Maximise: true,
		OnStep:   func(train.Progress) { trained = weights(m) },
		Validate: func(context.Context) (float64, error) { validated = weights(m); n++; return n, nil },
		OnEpoch: func(train.Epoch) bool {
			if !slices.Equal(weights(m), trained) {
				t.Error("training does not go on from where it was before validation")
			}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(validated, trained) || !slices.Equal(weights(m), validated) {
		t.Error("the parameters left are not the averages that were validated")
	}
	plain := newNet()
	if _, err := fit(context.Background(), plain, train.Options{Epochs: 2}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights(plain), trained) {
		t.Error("averaging changed the training")
	}
}

func TestPlateau(t *testing.T) {
	for maximise, want := range map[bool]float64{true: 1, false: 0.25} {
		p := &optim.Plateau{Patience: -1, Factor: 0.5}
		n := 0.0
		_, err := fit(context.Background(), newNet(), train.Options{
			Epochs: 3, Schedule: p, Maximise: maximise,
			Validate: func(context.Context) (float64, error) { n++; return n, nil },
		})
		if err != nil || p.At(0) != want {
			t.Errorf("maximise %v: rising scores give the factor %v, %v; want %v", maximise, p.At(0), err, want)
		}
	}
}

func TestNaNStops(t *testing.T) {
	for _, c := range []struct {
		what string
		clip float64
		step int
	}{{"loss", 0, 13}, {"gradient", 0, 13}, {"gradient", -1, 13}, {"score", 0, 20}} {
		m := newNet()
		steps, epoch, path := 0, 0, filepath.Join(t.TempDir(), "c")
		loss := func(g *grad.Tape, w waves) *grad.Var {
			l := m.loss(g, w)
			if steps++; steps == c.step {
				bad := tensor.Float(math.Inf(1))
				switch c.what {
				case "loss":
					return g.Map(l, func(v grad.Float) grad.Float { return bad - bad }, func(_, _ grad.Float) grad.Float { return 1 })
				case "gradient":
					return g.Map(l, func(v grad.Float) grad.Float { return v }, func(_, _ grad.Float) grad.Float { return bad })
				}
			}
			return l
		}
		var before []tensor.Float
		last, err := train.FitEpochs(context.Background(), m, epochs, loss, train.Options{
			Epochs: 3, Checkpoint: path, ClipNorm: c.clip,
			OnStep: func(train.Progress) { before = weights(m) },
			Validate: func(context.Context) (float64, error) {
				if epoch++; epoch == 2 {
					return math.NaN(), nil
				}
				return 1, nil
			},
		})
		var numeric *train.NumericError
		if !errors.As(err, &numeric) || numeric.Epoch != 2 || numeric.Step != c.step || numeric.What != c.what || !strings.Contains(err.Error(), "lower learning rate") {
			t.Errorf("%s: %v", c.what, err)
		}
		if last.N != 1 || !slices.Equal(weights(m), before) {
			t.Errorf("%s: after %+v the weights are not those of the last good step", c.what, last)
		}
		good := newNet()
		if last, err := fit(context.Background(), good, train.Options{Checkpoint: path, Resume: true}); err != nil || last.N != 1 {
			t.Errorf("%s: the checkpoint before is not good: %+v, %v", c.what, last, err)
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
	if _, err := train.Fit(ctx, struct{ w *nn.Linear }{m.Out}, slices.Values([]waves{}), m.loss, train.Options{}); err == nil || !strings.Contains(err.Error(), "no parameters") {
		t.Errorf("a model without parameters gives %v", err)
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
	within := filepath.Join(t.TempDir(), "c")
	stop, cancel := context.WithCancel(ctx)
	_, err := fit(stop, m, train.Options{Checkpoint: within, OnStep: func(p train.Progress) {
		if p.Step == 5 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := train.Fit(ctx, newNet(), slices.Values([]waves{{}, {}}), m.loss, train.Options{Checkpoint: within, Resume: true}); !errors.Is(err, train.ErrCheckpoint) || !strings.Contains(err.Error(), "after 5 batches of epoch 1") {
		t.Errorf("an epoch that has lost batches gives %v", err)
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
			if p.Step != steps || p.Epoch != (steps-1)/10+1 || p.Loss <= 0 || p.GradNorm <= 0 || p.PeakBytes <= 0 || p.StepsPerSecond <= 0 {
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
	_, err = fit(context.Background(), newNet(), train.Options{Optimizer: o, OnStep: func(p train.Progress) {
		if want := 0.5 / float64(p.Step); p.Rate != want {
			t.Errorf("without a schedule step %d has rate %v, not the one that was set, %v", p.Step, p.Rate, want)
		}
		o.LR = 0.5 / float64(p.Step+1)
	}})
	if err != nil {
		t.Error(err)
	}
}

// Memory does not grow with the number of steps.
func TestMemoryIsFlat(t *testing.T) {
	var mallocs [3]uint64 // when steps 100, 200 and 300 are done
	peaks := map[int]bool{}
	_, err := fit(context.Background(), newNet(), train.Options{Epochs: 30, Shards: 2, OnStep: func(p train.Progress) {
		if p.Step > 2 {
			peaks[p.PeakBytes] = true
		}
		if p.Step%100 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			mallocs[p.Step/100-1] = m.TotalAlloc
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(peaks) != 1 {
		t.Errorf("the same batches need different memory: %v", peaks)
	}
	if a, b := mallocs[1]-mallocs[0], mallocs[2]-mallocs[1]; float64(b) > 1.2*float64(a) {
		t.Errorf("100 steps allocated %d bytes, the next 100 %d", a, b)
	}
}

func TestEvaluate(t *testing.T) {
	ctx := context.Background()
	loss := func(g *grad.Tape, v float64) *grad.Var {
		if g.Train || g.Recording() {
			t.Error("Evaluate trains")
		}
		return g.Scalar(v)
	}
	if mean, err := train.Evaluate(ctx, slices.Values([]float64{1, 2, 6}), loss); mean != 3 || err != nil {
		t.Errorf("mean of 1, 2, 6 is %v, %v", mean, err)
	}
	if _, err := train.Evaluate(ctx, slices.Values([]float64{}), loss); err == nil {
		t.Error("no batches have a mean")
	}
	rows := func(g *grad.Tape, w waves) *grad.Var { return g.Scalar(float64(w.x.Dim(1))) }
	some := func(n int) waves { return waves{tensor.New(2, n, 1), tensor.New(n, 1)} }
	if mean, err := train.Evaluate(ctx, slices.Values([]waves{some(1), some(3)}), rows); mean != 2.5 || err != nil {
		t.Errorf("mean of 1 for 1 row and of 3 for 3 is %v, %v", mean, err)
	}
	if part, n := (train.Rows[int]{1, 2, 3, 4, 5}).Shard(1, 2); !slices.Equal(part, []int{3, 4, 5}) || n != 3 {
		t.Errorf("the second half of 5 rows is %v, of weight %v", part, n)
	}
	var shape *tensor.ShapeError
	if _, err := train.Evaluate(ctx, slices.Values([]float64{1}), func(g *grad.Tape, _ float64) *grad.Var { return g.Add(g.Zeros(2), g.Zeros(3)) }); !errors.As(err, &shape) {
		t.Errorf("a shape mistake gives %v", err)
	}
	if _, err := train.Evaluate(ctx, slices.Values([]float64{1}), func(g *grad.Tape, _ float64) *grad.Var { return g.Zeros(2) }); err == nil {
		t.Error("a loss of two numbers is taken")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := train.Evaluate(ended, slices.Values([]float64{1}), loss); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context gives %v", err)
	}
}
