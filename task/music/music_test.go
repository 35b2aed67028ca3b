package music

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"github.com/recur-go/recur/internal/fault"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

// write makes a file.
func write(t testing.TB, name, s string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// scales are pieces that go up and down in thirds.
func scales(t testing.TB) string {
	var pieces []Piece
	for from := range 6 {
		var p Piece
		for step := range 40 {
			k := 30 + from + []int{0, 2, 4, 5, 7, 5, 4, 2}[step%8]
			p = append(p, []int{k, k + 4})
		}
		pieces = append(pieces, p)
	}
	b, err := json.Marshal(map[string]any{"train": append(pieces, pieces...), "valid": pieces[3:6], "test": pieces[4:5], "width": Keys})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "scales.json", string(b))
}

func small() Config {
	c, err := Preset("chorales")
	if err != nil {
		panic(err)
	}
	c.Cell = rnn.KindGRU
	c.Hidden, c.Layers, c.Epochs, c.Batch, c.Rate, c.Dropout, c.DropoutInput, c.WeightAverage = 48, 1, 40, 1, 1e-2, 0, 0, 0
	return *c
}

func fit(t testing.TB, c Config) *Model {
	m, err := Fit(context.Background(), c, task.Data{Train: []string{scales(t)}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func play(t testing.TB, m *Model, from Piece, p seq2seq.Sampling) (played Piece) {
	if err := m.Play(context.Background(), from, p, func(keys []int) bool { played = append(played, keys); return true }); err != nil {
		t.Fatal(err)
	}
	return played
}

// Scales are learnt, played on, and come back from the file.
func TestLearnsScales(t *testing.T) {
	m := fit(t, small())
	from := Piece{{32, 36}, {34, 38}, {36, 40}}
	want := Piece{{37, 41}, {39, 43}, {37, 41}, {36, 40}}
	if got := play(t, m, from, seq2seq.Sampling{Temperature: -1, Limit: 4}); !reflect.DeepEqual(got, want) {
		t.Errorf("it goes on with %v, want %v", got, want)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p := seq2seq.Sampling{Seed: 3, Limit: 20}
	if a, b := play(t, m, nil, p), play(t, back, nil, p); !reflect.DeepEqual(a, b) {
		t.Errorf("%v before, %v after saving", a, b)
	}
	r, err := back.Evaluate(context.Background(), scales(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.Scores["nll"] > 2 || len(r.Parts) != 3 || len(r.Files) != 2 {
		t.Errorf("%+v", r.Scores)
	}
	total := 0
	for _, p := range nn.Params(m.net) {
		total += len(p.Value.Data)
	}
	if f := nn.Untagged(m.net); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	if got := m.Config.CountParams(); got != total {
		t.Errorf("%d parameters are counted, there are %d", got, total)
	}
}

// The score is the mean over steps of the summed cross-entropy of the keys, the first step
// of a piece left out, whatever stands beside it in a batch.
func TestScore(t *testing.T) {
	c := small()
	made, err := c.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{Config: c, net: made.(*net)}
	for _, p := range nn.Params(m.net) {
		clear(p.Value.Data)
	}
	for k := range m.net.Out.B.Value.Data {
		m.net.Out.B.Value.Data[k] = tensor.Float(math.Log(0.25 / 0.75))
	}
	got, err := m.score(context.Background(), []Piece{{{1}, {2, 3}, {}}, {{0}}, {{5}, {6}}})
	if err != nil {
		t.Fatal(err)
	}
	want := -(3*math.Log(0.25) + (3*Keys-3)*math.Log(0.75)) / 3
	if math.Abs(got["nll"]-want) > 1e-4 {
		t.Errorf("%v, want nll %v", got, want)
	}
}

// Long pieces are cut, at another place in each epoch, and no step is lost.
func TestStretches(t *testing.T) {
	c := small()
	c.Window, c.Transpose = 7, 20
	pieces := []Piece{make(Piece, 30), make(Piece, 5), make(Piece, 7)}
	pieces[1][2] = []int{85}
	cuts := map[int]bool{}
	for epoch := range 9 {
		n := 0
		for _, s := range c.stretches(pieces, epoch) {
			if s.hi-s.lo > 7 || s.hi <= s.lo {
				t.Errorf("%+v", s)
			}
			n += s.hi - s.lo
			cuts[s.lo] = true
			if len(s.piece) == 5 && 85+s.move >= Keys {
				t.Errorf("moved by %d", s.move)
			}
		}
		if n != 42 {
			t.Errorf("%d steps, want 42", n)
		}
	}
	if len(cuts) < 10 {
		t.Errorf("cut at %v", cuts)
	}
	b := lay([]stretch{{Piece{{1}, {2}, {3}}, 1, 3, 4}, {Piece{{9}}, 0, 1, 0}}, true)
	if !slices.Equal(b.lengths, []int{2, 1}) || b.x.At(0).At(0).Data[5] != 1 || b.want.At(1).At(0).Data[7] != 1 || b.want.At(0).At(1).Data[9] == 1 {
		t.Errorf("%+v", b)
	}
}

// To the same bits for a seed, in one go or stopped and gone on with.
func TestResume(t *testing.T) {
	c := small()
	c.Epochs, c.WeightAverage, c.Cell, c.Layers = 3, 0.9, "lstm", 2
	d := task.Data{Train: []string{scales(t)}}
	whole, err := Fit(context.Background(), c, d, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := task.Options{Checkpoint: filepath.Join(t.TempDir(), "checkpoint"), Resume: true, OnStep: func(s task.Step) {
		if s.Progress.Step == s.Of/2+1 {
			cancel()
		}
	}}
	if _, err := Fit(ctx, c, d, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.OnStep = nil
	resumed, err := Fit(context.Background(), c, d, o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole.net, resumed.net)
}

// same fails the test unless two nets have the same bits.
func same(t testing.TB, a, b *net) {
	t.Helper()
	for i, p := range nn.Params(a) {
		if !slices.Equal(p.Value.Data, nn.Params(b)[i].Value.Data) {
			t.Fatalf("%s differs", p.Name)
		}
	}
}

func TestBad(t *testing.T) {
	for s, want := range map[string]string{
		"":                       "is not JSON",
		"[[[1],[2]":              "is not JSON",
		"[]":                     "holds no steps",
		`{"notes": []}`:          "holds no steps",
		"[[[1], [88]]]":          "piece 1: the keys [88] of step 2",
		`{"train": [[[1,-1]]]}`:  "train piece 1: the keys [1 -1] of step 1",
		`{"train": [[["C4"]]]}`:  "holds no pieces",
		"[[[1], 2]]":             "holds no pieces",
		"\x1f\x8b no gzip":       "damaged gzip",
		"[[[1]], [[2]], [[3]]]":  "gives 0 pieces",
		"[[[1.5], [2]], [[39]]]": "holds no pieces",
	} {
		_, err := Fit(context.Background(), small(), task.Data{Train: []string{write(t, "p.json", s)}}, task.Options{})
		var bad *data.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p.json") {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Cell = "organ" }, func(c *Config) { c.Hidden = 0 }, func(c *Config) { c.Transpose = 60 },
		func(c *Config) { c.Dropout = math.NaN() }, func(c *Config) { c.Rate = 0 },
	} {
		c := small()
		change(&c)
		if _, err := Fit(context.Background(), c, task.Data{Train: []string{"x"}}, task.Options{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if _, err := Fit(context.Background(), small(), task.Data{Train: []string{"nowhere.json"}}, task.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// A chord of a C and an E, the E held for two steps, byte for byte as the standard has it.
func TestMIDI(t *testing.T) {
	var b bytes.Buffer
	if err := (Piece{{39, 43}, {43}, {}}).WriteMIDI(&b, 120); err != nil {
		t.Fatal(err)
	}
	want := "MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x1b" +
		"\x00\xff\x51\x03\x07\xa1\x20" + // 500,000 µs a quarter
		"\x00\x90\x3c\x50\x00\x90\x40\x50" + // C4 and E4 on
		"\x30\x80\x3c\x40" + // half a quarter later C4 off
		"\x30\x80\x40\x40" +
		"\x00\xff\x2f\x00"
	if b.String() != want {
		t.Errorf("%x\nwant\n%x", b.String(), want)
	}
	if err := (Piece{{90}}).WriteMIDI(&b, 120); err == nil {
		t.Error("key 90 was taken")
	}
	if got := appendVarint(nil, 0x1fffff); !bytes.Equal(got, []byte{0xff, 0xff, 0x7f}) {
		t.Errorf("%x", got)
	}
}

// What is written as MIDI is read again, but for notes struck anew.
func TestMIDIBack(t *testing.T) {
	want := Piece{{0, 39, 87}, {39}, {}, {3, 4}, {4}, {4, 5}}
	var b bytes.Buffer
	if err := want.WriteMIDI(&b, 90); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(write(t, "a.mid", b.String()))
	if err != nil || len(got.All) != 1 || !reflect.DeepEqual(got.All[0], want) {
		t.Errorf("%v, want %v, %v", got, want, err)
	}
	for n := range b.Len() {
		if p, err := readMIDI(b.Bytes()[:n]); err == nil && n > 14 {
			t.Errorf("the first %d bytes are read as %v", n, p)
		}
	}
}

// Two tracks, running status, percussion, a note out of the piano, a controller, a text, a
// note that never ends, and times that are off the grid.
func TestReadMIDI(t *testing.T) {
	track := func(events string) string {
		return "MTrk" + string(binary.BigEndian.AppendUint32(nil, uint32(len(events)))) + events
	}
	file := "MThd\x00\x00\x00\x06\x00\x01\x00\x02\x00\x64" + // 100 ticks a quarter
		track("\x00\xff\x01\x02hi\x00\x90\x3c\x50\x00\x40\x50\x31\x3c\x00\x02\x40\x00\x00\xff\x2f\x00") +
		"junk\x00\x00\x00\x01x" +
		track("\x00\xb0\x07\x64\x00\x99\x24\x7f\x00\x90\x05\x50\x00\xc0\x01\x5a\x90\x3e\x50\x0a\x80\x3e\x00\x00\x90\x3e\x01\x81\x00\xf0\x01\xf7")
	got, err := readMIDI([]byte(file))
	want := Piece{{39, 43}, {}, {41}, {41}, {41}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v, %v", got, want, err)
	}
}

func FuzzReadMIDI(f *testing.F) {
	var b bytes.Buffer
	Piece{{1, 2}, {2}}.WriteMIDI(&b, 100)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<10 {
			return
		}
		if p, err := readMIDI(b); err == nil {
			if err := p.WriteMIDI(&bytes.Buffer{}, 100); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestKeyName(t *testing.T) {
	for k, want := range map[int]string{0: "A0", 2: "B0", 3: "C1", 39: "C4", 48: "A4", 87: "C8"} {
		if got := KeyName(k); got != want {
			t.Errorf("key %d is %s, want %s", k, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[[[1,2],[3]]]")
	f.Add(`{"train":[[[1]]],"test":[[[2],[87]]]}`)
	f.Fuzz(func(t *testing.T, s string) {
		b, err := read([]byte(s), "f")
		if err != nil {
			return
		}
		for _, p := range slices.Concat(b.All, b.Train, b.Valid, b.Test) {
			if err := p.WriteMIDI(&bytes.Buffer{}, 100); err != nil {
				t.Error(err)
			}
		}
	})
}

// Pieces in memory give the bits of a file of them.
func TestTrain(t *testing.T) {
	c := small()
	c.Epochs = 1
	path := scales(t)
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Fit(context.Background(), c, task.Data{Train: []string{path}}, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Train(context.Background(), c, file.Train, file.Valid, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, a.net, b.net)
	if _, err := Train(context.Background(), c, []Piece{{{99}, {1}}}, nil, task.Options{}); err == nil {
		t.Error("a key that no piano has was taken")
	}
	if _, err := Train(context.Background(), c, nil, nil, task.Options{}); err == nil {
		t.Error("nothing was trained on")
	}
}

// A rate at which the loss blows up is an error that names the setting; one that is only bad
// is none.
func TestDiverges(t *testing.T) {
	for rate, want := range map[float64]fault.Class{1: 0, 1e3: fault.Numeric, 1e4: fault.Numeric, 1e30: fault.Numeric} {
		c := small()
		c.Rate, c.Epochs = rate, 5
		_, err := Fit(context.Background(), c, task.Data{Train: []string{scales(t)}}, task.Options{})
		if fault.Of(err) != want || want == 0 && err != nil {
			t.Errorf("rate %g: %v", rate, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "training diverged: the ") || !strings.Contains(err.Error(), "--set rate=0.001")) {
			t.Errorf("rate %g: %v", rate, err)
		}
	}
}
