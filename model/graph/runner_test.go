package graph

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

var _ session.Starter = (*Runner)(nil)

func gru(n int) rnn.Configs  { return rnn.Configs{{Hidden: n, Options: rnn.GRUOptions{}}} }
func lstm(n int) rnn.Configs { return rnn.Configs{{Hidden: n, Options: rnn.LSTMOptions{}}} }

// streamed are networks that go step by step.
func streamed() map[string]*Config {
	ids := []Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}}
	return map[string]*Config{
		"classifier with mask": {Inputs: ids, Layers: []Layer{
			{Name: "embed", Op: &Embedding{Vocab: 7, Width: 3, MaskZero: true}},
			{Name: "lstm", Op: &RNN{Cells: lstm(4), Last: true}},
			{Name: "out", Op: &Dense{Units: 3, Activation: "softmax"}},
		}},
		"repeated": {Inputs: ids, Layers: []Layer{
			{Name: "embed", Op: &Embedding{Vocab: 7, Width: 3, MaskZero: true}},
			{Name: "gru", Op: &RNN{Cells: append(gru(4), lstm(5)...), Masked: Repeat}},
			{Name: "gru2", Op: &RNN{Cells: gru(4), Masked: Repeat}},
			{Name: "last", Op: &Last{}},
		}},
		"two and two": {
			Inputs: []Input{{Name: "x", Width: 2, Sequence: true}, {Name: "fixed", Width: 3}, {Name: "id", Width: 1, Sequence: true, IDs: true}},
			Layers: []Layer{
				{Name: "embed", From: []string{"id"}, Op: &Embedding{Vocab: 7, Width: 3}},
				{Name: "join", From: []string{"x", "embed"}, Op: &Concat{}},
				{Name: "drop", Op: &Dropout{Rate: 0.5}},
				{Name: "rnn", Op: &RNN{Cells: append(gru(5), lstm(60)...)}},
				{Name: "norm", Op: &LayerNorm{}},
				{Name: "each", Op: &Dense{Units: 80, Activation: "tanh"}},
				{Name: "last", From: []string{"rnn"}, Op: &Last{}},
				{Name: "with", From: []string{"last", "fixed"}, Op: &Concat{}},
				{Name: "one", Op: &Dense{Units: 2}},
			},
			Outputs: []string{"each", "one", "rnn:2"},
		},
		"masked values": {Inputs: []Input{{Name: "x", Width: 2, Sequence: true}}, TimeMajor: true, Layers: []Layer{
			{Name: "mask", Op: &Masking{}},
			{Name: "gru", Op: &RNN{Cells: gru(4)}},
			{Name: "act", Op: &Activation{Func: "relu"}},
			{Name: "sum", From: []string{"act", "gru"}, Op: &Merge{By: "sum"}},
		}},
	}
}

// inputs draws one step of each input.
func inputs(r *rand.Rand, n *Net) (x []tensor.Float) {
	for _, in := range n.Config.Inputs {
		for range in.Width {
			v := tensor.Float(r.NormFloat64())
			if in.IDs || r.IntN(3) == 0 {
				v = tensor.Float(r.IntN(2) * r.IntN(7))
			}
			x = append(x, v)
		}
	}
	return x
}

// Steps of a Runner give what the network gives for the sequence so far, row by row in any
// batch with the bits of the row alone.
func TestRunner(t *testing.T) {
	const sessions, steps = 5, 7
	for name, c := range streamed() {
		n := randomNet(t, c)
		for p := rnn.Single; p <= rnn.Int8; p++ {
			run, err := n.Runner(p)
			if err != nil {
				t.Fatal(name, err)
			}
			r := rand.New(rand.NewPCG(5, 6))
			fresh := func(rows int) (states [][]tensor.Float) {
				row := make([][]tensor.Float, len(run.StateSizes()))
				for i, w := range run.StateSizes() {
					row[i] = make([]tensor.Float, w)
				}
				run.First(row)
				for _, v := range row {
					states = append(states, slices.Repeat(v, rows))
				}
				return states
			}
			fixed := make([][]tensor.Float, sessions)
			seen := make([][][]tensor.Float, sessions) // inputs so far
			all, alone := fresh(sessions), make([][][]tensor.Float, sessions)
			cell, err := n.Cell()
			if err != nil {
				t.Fatal(err)
			}
			var streams [sessions]*rnn.Stream
			for i := range alone {
				alone[i], fixed[i], streams[i] = fresh(1), inputs(r, n), rnn.NewStream(cell)
			}
			for step := range steps {
				var x []tensor.Float
				for i := range sessions {
					one, at := inputs(r, n), 0
					for _, in := range c.Inputs {
						if !in.Sequence {
							copy(one[at:at+in.Width], fixed[i][at:])
						}
						at += in.Width
					}
					seen[i] = append(seen[i], one)
					x = append(x, one...)
				}
				y := make([]tensor.Float, sessions*run.Out())
				if err := run.Step(t.Context(), sessions, x, y, all); err != nil {
					t.Fatal(err)
				}
				for i := range sessions {
					own, got := make([]tensor.Float, run.Out()), y[i*run.Out():(i+1)*run.Out()]
					if err := run.Step(t.Context(), 1, seen[i][step], own, alone[i]); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(own, got) {
						t.Fatalf("%s, %v: step %d of session %d gives %v in a batch, %v alone", name, p, step, i, got, own)
					}
					if p == rnn.Single {
						compareSoFar(t, name, n, seen[i], got)
						if want := streams[i].Push(seen[i][step]); !slices.Equal(want, got) {
							t.Fatalf("%s: step %d of session %d gives %v, a stream %v", name, step, i, got, want)
						}
					}
				}
			}
		}
	}
}

// compareSoFar compares the outputs of a step with those that Predict ends in.
func compareSoFar(t *testing.T, name string, n *Net, seen [][]tensor.Float, got []tensor.Float) {
	t.Helper()
	in, at := map[string]*tensor.Tensor{}, 0
	for _, want := range n.Config.Inputs {
		var data []tensor.Float
		for _, x := range seen {
			data = append(data, x[at:at+want.Width]...)
		}
		at += want.Width
		switch {
		case !want.Sequence:
			in[want.Name] = tensor.FromSlice(data[:want.Width], 1, want.Width)
		case n.Config.TimeMajor:
			in[want.Name] = tensor.FromSlice(data, len(seen), 1, want.Width)
		default:
			in[want.Name] = tensor.FromSlice(data, 1, len(seen), want.Width)
		}
	}
	out, _, err := n.Predict(in, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	at = 0
	for i, output := range n.OutputNames() {
		w := n.OutputSpecs()[i].Width
		want := out[output].Data
		for k, v := range want[len(want)-w:] {
			if d := math.Abs(float64(v - got[at+k])); !(d < 1e-5) {
				t.Fatalf("%s: value %d of %s after %d steps is %v, want %v", name, k, output, len(seen), got[at+k], v)
			}
		}
		at += w
	}
}

// A step allocates nothing once warm, but for masks.
func TestRunnerDoesNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets at random")
	}
	for name, c := range streamed() {
		run, err := randomNet(t, c).Runner(rnn.Single)
		if err != nil {
			t.Fatal(err)
		}
		x, y := slices.Repeat([]tensor.Float{1}, 3*run.In()), make([]tensor.Float, 3*run.Out())
		var states [][]tensor.Float
		for _, n := range run.StateSizes() {
			states = append(states, make([]tensor.Float, 3*n))
		}
		ctx := t.Context()
		if n := testing.AllocsPerRun(50, func() {
			if err := run.Step(ctx, 3, x, y, states); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestRunnerDescribesItself(t *testing.T) {
	run, err := randomNet(t, streamed()["two and two"]).Runner(rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	in := []Part{{"x", 2, false}, {"fixed", 3, false}, {"id", 1, true}}
	out := []Part{{"each", 80, false}, {"one", 2, false}, {"rnn:2", 60, false}}
	if !slices.Equal(run.Inputs, in) || !slices.Equal(run.Outputs, out) || run.In() != 6 || run.Out() != 142 {
		t.Errorf("inputs %v, outputs %v, %d and %d values", run.Inputs, run.Outputs, run.In(), run.Out())
	}
	if run.Frozen() != nil {
		t.Error(run.Frozen())
	}
	other := streamed()["two and two"]
	other.Layers[8].Op = &Dense{Units: 2, NoBias: true}
	run2, err := randomNet(t, other).Runner(rnn.Single)
	if err != nil || run2.ID() == run.ID() {
		t.Errorf("another network has the same ID, %v", err)
	}
}

// An id that is none is an error that names it.
func TestRunnerWithBadIDs(t *testing.T) {
	run, err := randomNet(t, streamed()["classifier with mask"]).Runner(rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []tensor.Float{7, -1, 0.5, tensor.Float(math.NaN()), tensor.Float(math.Inf(1))} {
		var states [][]tensor.Float
		for _, n := range run.StateSizes() {
			states = append(states, make([]tensor.Float, 2*n))
		}
		err := run.Step(t.Context(), 2, []tensor.Float{4, bad}, make([]tensor.Float, 6), states)
		if err == nil || !strings.Contains(err.Error(), "not an id from 0 to 6") {
			t.Errorf("%v: the error is %v", bad, err)
		}
	}
}

func TestRunnerRefuses(t *testing.T) {
	seq := []Input{{Name: "x", Width: 3, Sequence: true}}
	for want, c := range map[string]*Config{
		`layer "both" (bidirectional) needs the whole sequence`:               tagger(),
		`layer "skip" starts from what other layers give`:                     forecaster(),
		`layer "conv" (conv) needs the whole`:                                 {Inputs: seq, Layers: []Layer{{Name: "conv", Op: &Conv{Units: 2, Size: 2}}}},
		`layer "back" (rnn that reads from the end) needs the whole sequence`: {Inputs: seq, Layers: []Layer{{Name: "back", Op: &RNN{Cells: gru(2), Backwards: true}}}},
		"no input is a sequence":                                              {Inputs: []Input{{Name: "x", Width: 3}}, Layers: []Layer{{Name: "d", Op: &Dense{Units: 2}}}},
	} {
		if _, err := randomNet(t, c).Runner(rnn.Single); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Predict") {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}

func BenchmarkRunner(b *testing.B) {
	c := &Config{Inputs: []Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}}, Layers: []Layer{
		{Name: "embed", Op: &Embedding{Vocab: 100, Width: 64, MaskZero: true}},
		{Name: "lstm", Op: &RNN{Cells: lstm(128), Last: true}},
		{Name: "out", Op: &Dense{Units: 10, Activation: "softmax"}},
	}}
	n, err := New(c, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		b.Fatal(err)
	}
	run, err := n.Runner(rnn.Single)
	if err != nil {
		b.Fatal(err)
	}
	const rows = 32
	x, y, states := slices.Repeat([]tensor.Float{3}, rows), make([]tensor.Float, rows*10), [][]tensor.Float{}
	for _, n := range run.StateSizes() {
		states = append(states, make([]tensor.Float, rows*n))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := run.Step(b.Context(), rows, x, y, states); err != nil {
			b.Fatal(err)
		}
	}
}
