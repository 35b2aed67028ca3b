package main

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
)

// A loudness is a model as silero_vad.onnx is, which takes loud sound for speech. Its state is
// the loudness until now. With edges it gives the first and the last sample of its input,
// as y = 1000 first + last.
type loudness struct {
	width int
	edges bool
}

func (l loudness) In() int           { return l.width }
func (l loudness) Out() int          { return 1 }
func (l loudness) StateSizes() []int { return []int{1} }
func (l loudness) ID() [32]byte      { return [32]byte{1} }

func (l loudness) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	for r := range rows {
		row, sum := x[r*l.width:(r+1)*l.width], 0.0
		for _, v := range row {
			sum += math.Abs(float64(v))
		}
		s := &states[0][r]
		*s = *s/2 + session.Float(sum)/session.Float(l.width)
		if y[r] = min(4**s, 1); l.edges {
			y[r] = 1000*row[0] + row[l.width-1]
		}
	}
	return nil
}

func newLoudness(t testing.TB) *detector {
	d, err := newDetector(loudness{width: before + frameLen})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The model gets each frame with the end of the one before, in each session its own.
func TestEndOfTheFrameBefore(t *testing.T) {
	d, err := newDetector(loudness{before + frameLen, true})
	if err != nil {
		t.Fatal(err)
	}
	const rows = 3
	states := [][]session.Float{make([]session.Float, rows), make([]session.Float, rows*before)}
	x, y := make([]session.Float, rows*frameLen), make([]session.Float, rows)
	for step := range 3 {
		for i := range x {
			x[i] = session.Float(i/frameLen*100 + step*10 + 1)
		}
		x[frameLen-before] = 7 // first of the end of row 0
		if err := d.Step(t.Context(), rows, x, y, states); err != nil {
			t.Fatal(err)
		}
		for r, got := range y {
			first := session.Float(r*100 + (step-1)*10 + 1)
			if r == 0 {
				first = 7
			}
			if step == 0 {
				first = 0
			}
			if want := 1000*first + session.Float(r*100+step*10+1); got != want {
				t.Errorf("step %d, row %d: %v, want %v", step, r, got, want)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { d.Step(context.Background(), rows, x, y, states) }); n >= 1 {
		t.Errorf("a step allocates %v times", n)
	}
}

// A session of the model itself is none of the detector's.
func TestID(t *testing.T) {
	if d := newLoudness(t); d.ID() == (loudness{}).ID() || d.ID() != newLoudness(t).ID() {
		t.Error("the ID is that of the model, or differs from time to time")
	}
}

func TestOtherModels(t *testing.T) {
	if _, err := newDetector(loudness{width: 100}); err == nil || !strings.Contains(err.Error(), "100") {
		t.Errorf("a model of 100 values: %v", err)
	}
	net, err := graph.New(&graph.Config{Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}}, Layers: []graph.Layer{
		{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 2, Options: rnn.LSTMOptions{}}}}},
	}}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	other := filepath.Join(dir, "other.onnx")
	f, err := os.Create(other)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := onnx.Export(f, net, onnx.ExportOptions{Step: true}); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text.onnx")
	if err := os.WriteFile(text, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{other: "get.sh", text: "text.onnx", filepath.Join(dir, "none.onnx"): "none.onnx"} {
		if _, err := openDetector(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", filepath.Base(path), err, want)
		}
	}
}
