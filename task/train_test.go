package task

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A line is the config of a model y = w·x + b, and the model as a Model.
type line struct {
	Rate float64 `json:"rate"`
	net  *nn.Linear
	rare bool // few checkpoints
}

func init() { model.Register("test line", func() model.Config { return new(line) }) }

func (l *line) New(r *rand.Rand) (any, error) { return nn.NewLinear(r, 1, 1), nil }

func (l *line) CountParams() int { return 2 }

func (l *line) file(about model.Training) (*model.Model, error) {
	return &model.Model{Config: l, Net: l.net, Training: about}, nil
}

func (l *line) Save(path string, about model.Training) error { return Save(path, about, l.file) }

func (l *line) Evaluate(context.Context, ...string) (*Result, error) { return &Result{}, nil }

func batches(int) iter.Seq[float64] { return slices.Values([]float64{1, 2, 3}) }

func (l *line) loss(g *grad.Tape, x float64) *grad.Var {
	y := l.net.Forward(g, g.Const(tensor.FromSlice([]tensor.Float{tensor.Float(x)}, 1, 1)))
	return nn.MSE(g, y, tensor.FromSlice([]tensor.Float{tensor.Float(2 * x)}, 1, 1))
}

// fit trains a line for some epochs.
func fit(t *testing.T, epochs int, average float64, run Options) (*line, train.Epoch) {
	t.Helper()
	l := &line{Rate: 0.01}
	made, err := l.New(rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	l.net = made.(*nn.Linear)
	last, err := Train(context.Background(), l.net, batches, l.loss, Course{
		Options: train.Options{Epochs: epochs, Optimizer: &optim.SGD{LR: l.Rate}}, Run: run, Steps: 3 * epochs, WeightAverage: average,
		File: l.file,
		Score: func(context.Context) (Scores, float64, error) {
			w := float64(l.net.W.Value.Data[0])
			return Scores{"slope": w}, (w - 2) * (w - 2), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, last
}

func TestTrain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint.safetensors")
	var steps, epochs int
	_, last := fit(t, 4, 0, Options{
		Checkpoint: path,
		OnStep: func(s Step) {
			if steps++; s.Progress.Step != steps || s.Of != 12 {
				t.Errorf("step %d of %d, want %d of 12", s.Progress.Step, s.Of, steps)
			}
		},
		OnEpoch: func(e Epoch) bool {
			if epochs++; e.N != epochs || e.Of != 4 || e.Scores["slope"] == 0 || e.Score == 0 {
				t.Errorf("%+v", e)
			}
			return epochs < 2
		},
	})
	if last.N != 2 || steps != 6 || epochs != 2 {
		t.Errorf("ended after %d epochs, %d steps", last.N, steps)
	}
	// The checkpoint is a model, from which the run goes on to the bits of one that did not stop.
	m, err := model.Load(path)
	if err != nil || m.Kind() != "test line" || m.Config.(*line).Rate != 0.01 {
		t.Fatalf("%+v, %v", m, err)
	}
	whole, _ := fit(t, 4, 0, Options{})
	if l, _ := fit(t, 4, 0, Options{Checkpoint: path, Resume: true}); l.net.W.Value.Data[0] != whole.net.W.Value.Data[0] {
		t.Errorf("resumed to %v, not %v", l.net.W.Value.Data, whole.net.W.Value.Data)
	}
	if averaged, _ := fit(t, 4, 0.9, Options{}); averaged.net.W.Value.Data[0] == whole.net.W.Value.Data[0] {
		t.Error("the weights were not averaged")
	}
}

func TestOf(t *testing.T) {
	bad := errors.New("bad")
	of := Of[line, *line]{
		Name: "line", Presets: func() []string { return []string{"slow", "fast"} },
		Preset: func(name string) (*line, error) {
			rate, ok := map[string]float64{"slow": 0.1, "fast": 1}[name]
			if !ok {
				return nil, bad
			}
			return &line{Rate: rate}, nil
		},
		Metric: func(c *line) Metric { return Metric{Name: "slope", Maximise: c.Rate > 0.5} },
		Space:  func(*line) map[string]Range { return map[string]Range{"rate": {Max: 1}} },
		Load:   func(string) (*line, error) { return nil, bad },
		Fit: func(_ context.Context, c line, _ Data, _ Options) (*line, error) {
			if c.Rate > 0.5 {
				return nil, bad
			}
			return &c, nil
		},
	}
	task := of.Task()
	slow, err := task.Config("")
	if err != nil || slow.(*line).Rate != 0.1 || task.Metric(slow).Maximise || len(task.Space(slow)) != 1 {
		t.Errorf("%+v, %v", slow, err)
	}
	if m, err := task.Fit(context.Background(), slow, Data{}, Options{}); err != nil || m.(*line).Rate != 0.1 {
		t.Errorf("%+v, %v", m, err)
	}
	fast, err := task.Config("fast")
	if err != nil || !task.Metric(fast).Maximise {
		t.Errorf("%+v, %v", fast, err)
	}
	// What fails gives no config and no model, not a pointer that is nil.
	if c, err := task.Config("none"); c != nil || !errors.Is(err, bad) || fault.Of(err) != fault.Usage {
		t.Errorf("%v, %v", c, err)
	}
	if m, err := task.Fit(context.Background(), fast, Data{}, Options{}); m != nil || err == nil {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := task.Load("x"); m != nil || err == nil {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := task.Fit(context.Background(), 3, Data{}, Options{}); err == nil || err.Error() != "line: a config is a *task.line, not a int" {
		t.Errorf("%v", err)
	}
	// Files to test on are read before anything is trained.
	of.Read = func(_ *line, files []string) error {
		if files[0] == "bad" {
			return bad
		}
		return nil
	}
	task = of.Task()
	if m, err := task.Fit(context.Background(), slow, Data{Test: []string{"bad"}}, Options{}); m != nil || !errors.Is(err, bad) {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := task.Fit(context.Background(), slow, Data{Test: []string{"good"}}, Options{}); err != nil {
		t.Error(err)
	}
	if kinds := task.Kinds(); !slices.Equal(kinds, []string{"line"}) {
		t.Errorf("%q", kinds)
	}
	of.Kinds = func() []string { return []string{"straight", "bent"} }
	if kinds := of.Task().Kinds(); len(kinds) != 2 {
		t.Errorf("%q", kinds)
	}
}

func TestBegin(t *testing.T) {
	dir, refused := t.TempDir(), errors.New("refused")
	l := &line{net: nn.NewLinear(rand.New(rand.NewPCG(1, 1)), 1, 1)}
	run := Options{Checkpoint: filepath.Join(dir, "c"), Begin: func() error { return refused },
		OnStep: func(Step) { t.Error("a step was made") }}
	for name, o := range map[string]Options{"whole": run, "side by side": run.Parts(2, 6)(1), "one after another": run.Part(1, 2, 3)} {
		_, err := Train(context.Background(), l.net, batches, l.loss, Course{
			Options: train.Options{Epochs: 1, Optimizer: &optim.SGD{LR: 0.01}}, Run: o, File: l.file})
		if !errors.Is(err, refused) {
			t.Errorf("%s: %v, want the error of Begin", name, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); left != nil {
			t.Errorf("%s: %v was written", name, left)
		}
	}
}
