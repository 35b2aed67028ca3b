package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/badfile"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A sizes is the config of a kind that counts its parameters.
type sizes struct {
	In, Hidden int
	Note       string `json:",omitempty"`
}

type net struct {
	W, B *grad.Var
	Deep []struct{ U *grad.Var }
}

func (c *sizes) New(r *rand.Rand) (any, error) {
	if c.In < 1 || c.Hidden < 1 {
		return nil, fmt.Errorf("sizes %d and %d must be positive", c.In, c.Hidden)
	}
	n := &net{W: nn.Glorot(r, c.In, c.Hidden), B: nn.Zeros(c.Hidden)}
	n.Deep = append(n.Deep, struct{ U *grad.Var }{nn.Uniform(r, 1)})
	return n, nil
}

func (c *sizes) CountParams() int { return c.In*c.Hidden + c.Hidden + 1 }

// A plain is the config, by value, of a kind that does not count.
type plain struct{ N int }

func (c plain) New(r *rand.Rand) (any, error) {
	if c.N > 1000 {
		return nil, errors.New("more than 1000 values")
	}
	return &net{W: nn.Normal(r, 1, c.N)}, nil
}

func init() {
	Register("test uncounted", func() Config { return new(uncounted) })
	Register("test sizes", func() Config { return &sizes{In: 3} })
	Register("test plain", func() Config { return new(plain) })
}

func small(t testing.TB) *Model {
	m, err := New(&sizes{In: 3, Hidden: 2, Note: "<é>"}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetExtra("vocabulary", []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	m.Training = Training{Data: "two words", Epochs: 3, Steps: 40, Seed: 7, Scores: map[string]float64{"loss": 0.25, "accuracy": 0.5}}
	return m
}

func encode(t testing.TB, m *Model) []byte {
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (*Model, error) { return Read(bytes.NewReader(b), int64(len(b))) }

func same(t *testing.T, m, n *Model) {
	t.Helper()
	if m.Kind() != n.Kind() || !reflect.DeepEqual(m.Config, n.Config) || !reflect.DeepEqual(m.Training, n.Training) || fmt.Sprint(m.Extras) != fmt.Sprint(n.Extras) {
		t.Errorf("%+v became %+v", m, n)
	}
	samePar(t, m.Net, n.Net)
}

func samePar(t *testing.T, m, n any) {
	t.Helper()
	ps, qs := nn.Params(m), nn.Params(n)
	if len(ps) != len(qs) {
		t.Fatalf("%d parameters became %d", len(ps), len(qs))
	}
	for i, p := range ps {
		if p.Name != qs[i].Name || p.Value.Shape != qs[i].Value.Shape || !slices.Equal(p.Value.Data, qs[i].Value.Data) {
			t.Errorf("%s %v became %s %v", p.Name, p.Value, qs[i].Name, qs[i].Value)
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	m := small(t)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	n, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, m, n)
	if c, err := LoadFile(path, readSizes); err != nil || c.Hidden != 2 {
		t.Errorf("ReadAs: %+v (%v)", c, err)
	}
	if _, err := LoadFile(path, readPlain); !errors.Is(err, ErrKind) || !strings.Contains(err.Error(), path+": model: wrong kind: it is a model of kind test sizes, not a plain one") {
		t.Errorf("ReadAs: %v", err)
	}
	var vocabulary []string
	if err := n.Extra("vocabulary", &vocabulary); err != nil || !slices.Equal(vocabulary, []string{"a", "b"}) {
		t.Errorf("vocabulary %q (%v)", vocabulary, err)
	}
	if err := n.Extra("scaler", &vocabulary); err == nil || !strings.Contains(err.Error(), "scaler") {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(encode(t, m), encode(t, n)) {
		t.Error("equal models made other bytes")
	}
}

func readSizes(r io.ReaderAt, size int64) (*sizes, error) {
	_, c, _, err := ReadAs[*sizes, *net](r, size, "sizes")
	return c, err
}

func readPlain(r io.ReaderAt, size int64) (*plain, error) {
	_, c, _, err := ReadAs[*plain, any](r, size, "a plain one")
	return c, err
}

// stream is a file system whose files can only be read from their beginning on.
type stream struct{ fs.FS }

func (s stream) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestLoadFS(t *testing.T) {
	m := small(t)
	files := fstest.MapFS{"models/m.safetensors": {Data: encode(t, m)}, "models/bad": {Data: []byte("bad")}}
	for _, fsys := range []fs.FS{files, stream{files}} {
		n, err := LoadFS(fsys, "models/m.safetensors", Read)
		if err != nil {
			t.Fatal(err)
		}
		same(t, m, n)
		for name, want := range map[string]string{"models": "not a regular file", "models/bad": "models/bad: ", "none": "not exist"} {
			if n, err := LoadFS(fsys, name, Read); n != nil || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v; want %q", name, n, err, want)
			}
		}
	}
}

func TestClone(t *testing.T) {
	m := small(t)
	n, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	same(t, m, n)
	n.Config.(*sizes).Note, n.Training.Scores["loss"], n.Net.(*net).W.Value.Data[0] = "other", 9, 9
	n.Extras["vocabulary"][0] = ' '
	if same := small(t); m.Config.(*sizes).Note != "<é>" || m.Training.Scores["loss"] == 9 || m.Net.(*net).W.Value.Data[0] == 9 || !bytes.Equal(encode(t, m), encode(t, same)) {
		t.Error("a change of the copy changed the model")
	}
	if _, err := (&Model{Config: new(unregistered), Net: &net{}}).Clone(); !errors.Is(err, ErrKind) {
		t.Errorf("got %v", err)
	}
}

type unregistered struct{ sizes }

func TestConfigByValue(t *testing.T) {
	m, err := New(plain{4}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := read(encode(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := n.Config.(*plain); !ok || c.N != 4 || n.Kind() != "test plain" {
		t.Errorf("loaded %#v of kind %q", n.Config, n.Kind())
	}
	samePar(t, m.Net, n.Net)
}

// Fields of a config that came later have, in older files, what blank gives them.
func TestMissingFieldIsDefault(t *testing.T) {
	m := small(t)
	n, err := read(file(t, `{"kind":"test sizes","config":{"Hidden":2}}`, m.Net))
	if err != nil {
		t.Fatal(err)
	}
	if c := n.Config.(*sizes); c.In != 3 || c.Hidden != 2 {
		t.Errorf("config %+v", c)
	}
}

// file makes a file of the JSON of doc and the parameters of net.
func file(t testing.TB, doc string, net any) []byte {
	var d checkpoint.Doc
	if err := json.Unmarshal([]byte(doc), &d); err != nil {
		t.Fatal(err)
	}
	params, err := tensors(net)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := checkpoint.Write(&b, d, params); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryBitFlipIsFound(t *testing.T) {
	b := encode(t, small(t))
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if _, err := read(b); err == nil {
				t.Errorf("bit %d of byte %d flipped: loaded all the same", bit, i)
			}
			b[i] ^= 1 << bit
		}
	}
	if _, err := read(b); err != nil {
		t.Errorf("with every bit back: %v", err)
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	b := encode(t, small(t))
	for n := range b {
		if _, err := read(b[:n]); err == nil {
			t.Errorf("%d bytes of %d loaded", n, len(b))
		}
	}
}

func TestBadModels(t *testing.T) {
	good := small(t).Net
	newer := bytes.Replace(encode(t, small(t)), []byte(`\"version\":2`), []byte(`\"version\":3`), 1)
	for _, c := range []struct {
		name string
		file []byte
		want error  // errors.Is
		text string // in the message
	}{
		{"newer version", newer, ErrVersion, "update recur"},
		{"kind not registered", file(t, `{"kind":"other","config":{}}`, good), ErrKind, `"test sizes"`},
		{"no kind", file(t, `{}`, good), ErrKind, "LoadParams"},
		{"kind is not text", file(t, `{"kind":7}`, good), ErrCorrupt, "kind"},
		{"no config", file(t, `{"kind":"test sizes"}`, good), nil, "config"},
		{"unknown field", file(t, `{"kind":"test sizes","config":{"Hidden":2,"Heads":8}}`, good), nil, `"Heads"`},
		{"config without sense", file(t, `{"kind":"test sizes","config":{"In":-3,"Hidden":-8,"Note":"n"}}`, &net{W: nn.Zeros(17)}), nil, "must be positive"},
		{"config of another type", file(t, `{"kind":"test sizes","config":[1]}`, good), nil, "cannot unmarshal"},
		{"config asks for memory", file(t, `{"kind":"test sizes","config":{"In":1000000000,"Hidden":1000000000}}`, good), ErrCorrupt, "its config has 1000000001000000001 parameters"},
		{"shape that panics", file(t, `{"kind":"test plain","config":{"N":-1}}`, good), nil, "negative"},
		{"plain safetensors", foreign(t, safetensors.From("w", []float32{1}, 1)), ErrKind, "LoadParams"},
	} {
		_, err := read(c.file)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// typed tells whether an error says of which sort it is.
func typed(err error) bool {
	var format *safetensors.FormatError
	var mismatch *MismatchError
	return errors.As(err, &format) || errors.As(err, &mismatch) || errors.Is(err, ErrCorrupt) || errors.Is(err, ErrVersion) || errors.Is(err, ErrKind)
}

// badFiles are files that are no safetensors, and parts of a good model.
func badFiles(t testing.TB) []badfile.File {
	files := badfile.Safetensors
	b := encode(t, small(t))
	for n := range b {
		files = append(files, badfile.File{Name: fmt.Sprintf("the first %d of %d bytes", n, len(b)), Bytes: b[:n]})
		flipped := bytes.Clone(b)
		flipped[n] ^= 1 << (n % 8)
		files = append(files, badfile.File{Name: fmt.Sprintf("a bit of byte %d", n), Bytes: flipped})
	}
	older := bytes.Replace(b, []byte(`\"version\":2`), []byte(`\"version\":1`), 1)
	return append(files, badfile.File{Name: "older version", Bytes: older})
}

func TestBadFiles(t *testing.T) {
	for _, f := range badFiles(t) {
		if _, err := read(f.Bytes); !typed(err) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

func BenchmarkBadFiles(b *testing.B) {
	badfile.Benchmark(b, badFiles(b), func(file []byte) error { _, err := read(file); return err })
}

func foreign(t testing.TB, list ...safetensors.Source) []byte {
	var b bytes.Buffer
	if err := safetensors.Write(&b, map[string]string{"format": "pt"}, list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// One error lists every parameter that does not fit.
func TestMismatch(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	if err := SaveParams(path, small(t).Net); err != nil {
		t.Fatal(err)
	}
	to := struct{ W, B, C, D *grad.Var }{nn.Zeros(2, 3), nn.Zeros(2), nn.Zeros(1), nn.Zeros()}
	err := LoadParams(path, &to)
	var e *MismatchError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if len(e.Missing) != 2 || len(e.Extra) != 1 || len(e.Misshapen) != 1 {
		t.Errorf("%#v", e)
	}
	for _, line := range []string{path, "missing: c [1]", "missing: d []", "extra: deep.0.u []", "misshapen: w [3 2], not [2 3]"} {
		if !strings.Contains(err.Error(), line) {
			t.Errorf("%q lacks %q", err, line)
		}
	}
}

func TestParams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	from := small(t).Net
	if err := SaveParams(path, from); err != nil {
		t.Fatal(err)
	}
	to, err := new(sizes{In: 3, Hidden: 2}).New(rand.New(rand.NewPCG(9, 9)))
	if err != nil {
		t.Fatal(err)
	}
	if err := LoadParams(path, to); err != nil {
		t.Fatal(err)
	}
	samePar(t, from, to)

	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := filepath.Join(t.TempDir(), "flipped.safetensors")
	for i := range b {
		b[i] ^= 1
		if err := os.WriteFile(flipped, b, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := LoadParams(flipped, to); err == nil {
			t.Errorf("byte %d flipped: loaded all the same", i)
		}
		b[i] ^= 1
	}
}

// Weights from elsewhere are converted.
func TestLoadForeignParams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	half := safetensors.Source{Name: "b", DType: safetensors.F16, Shape: []int{2}, Data: []byte{0, 0x3c, 0, 0xc0}}
	if err := os.WriteFile(path, foreign(t, safetensors.From("w", []float64{0.5, 3}, 2), half), 0o666); err != nil {
		t.Fatal(err)
	}
	to := struct{ W, B *grad.Var }{nn.Zeros(2), nn.Zeros(2)}
	if err := LoadParams(path, &to); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(to.W.Value.Data, to.B.Value.Data); got != "[0.5 3] [1 -2]" {
		t.Errorf("loaded %s", got)
	}
}

// A checkpoint with the header of a model loads as one.
func TestLoadCheckpoint(t *testing.T) {
	m := small(t)
	path := checkpointOf(t, m)
	n, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, m, n)
	if err := LoadParams(path, n.Net); err != nil {
		t.Error(err)
	}
}

func checkpointOf(t *testing.T, m *Model) string {
	doc, err := m.Header()
	if err != nil {
		t.Fatal(err)
	}
	doc[checkpoint.ProgressKey] = json.RawMessage(`{"epoch":2}`)
	params, err := tensors(m.Net)
	if err != nil {
		t.Fatal(err)
	}
	params = append(params, checkpoint.Of("optim.m.w", []float64{1, math.NaN(), math.Inf(-1)}, 3))
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := checkpoint.Save(path, doc, params); err != nil {
		t.Fatal(err)
	}
	return path
}

// uncounted is a config whose count is wrong.
type uncounted struct{ plain }

func (uncounted) CountParams() int { return 1 }

type unknown struct{ plain }

// What cannot be saved leaves the old file.
func TestSaveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	old := small(t)
	if err := old.Save(path); err != nil {
		t.Fatal(err)
	}
	type twice struct {
		A, B *grad.Var `recur:"same"`
	}
	type optim struct {
		A *grad.Var `recur:"optim.a"`
	}
	v := nn.Zeros(2)
	for name, m := range map[string]*Model{
		"not registered":  {Config: unknown{}, Net: old.Net},
		"no config":       {Net: old.Net},
		"wrong count":     {Config: uncounted{}, Net: old.Net},
		"NaN score":       {Config: old.Config, Net: old.Net, Training: Training{Scores: map[string]float64{"loss": math.NaN()}}},
		"broken extra":    {Config: old.Config, Net: old.Net, Extras: map[string]json.RawMessage{"x": json.RawMessage("{")}},
		"one name twice":  {Config: plain{}, Net: &twice{v, nn.Zeros(2)}},
		"optimiser's":     {Config: plain{}, Net: &optim{v}},
		"without a name":  {Config: plain{}, Net: v},
		"not even a file": {Config: plain{}, Net: nil, Extras: map[string]json.RawMessage{"x": nil, "y": json.RawMessage("[")}},
	} {
		if err := m.Save(path); err == nil {
			t.Errorf("%s: saved", name)
		}
	}
	n, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, old, n)
	if err := old.SetExtra("f", func() {}); err == nil {
		t.Error("kept a function")
	}
	if err := SaveParams(path, v); err == nil {
		t.Error("saved a parameter without a name")
	}
}

func TestRegisterPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"kind taken":   func() { Register("test plain", func() Config { return new(unknown) }) },
		"config taken": func() { Register("test other", func() Config { return new(plain) }) },
		"no name":      func() { Register("", func() Config { return new(unknown) }) },
		"no pointer":   func() { Register("test value", func() Config { return unknown{} }) },
		"nil":          func() { Register("test nil", func() Config { return nil }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	if !slices.Contains(Kinds(), "test plain") || slices.Contains(Kinds(), "test other") {
		t.Errorf("kinds %q", Kinds())
	}
}

// Models are saved and loaded by many at once.
func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	m := small(t)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if err := m.Save(path); err != nil {
					t.Error(err)
				}
				if _, err := Load(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzRead reads any bytes, and any document in a file whose checksums agree: it
// refuses them by an error, or loads a model that can be written and read again.
func FuzzRead(f *testing.F) {
	m := small(f)
	f.Add(encode(f, m), "")
	f.Add(file(f, `{}`, m.Net), `{"kind":"test sizes","config":{"Hidden":2}}`)
	f.Add(foreign(f, safetensors.From("w", []tensor.Float{1}, 1)), `{"kind":"test plain","config":{"N":1},"extras":{"a":[]}}`)
	f.Fuzz(func(t *testing.T, b []byte, doc string) {
		reread(t, b)
		var d checkpoint.Doc
		if json.Unmarshal([]byte(doc), &d) != nil {
			return
		}
		params, err := tensors(m.Net)
		if err != nil {
			t.Fatal(err)
		}
		var w bytes.Buffer
		if err := checkpoint.Write(&w, d, params); err != nil {
			return // not UTF-8
		}
		reread(t, w.Bytes())
	})
}

func reread(t *testing.T, b []byte) {
	m, err := read(b)
	if err != nil {
		return
	}
	n, err := read(encode(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(m.Config, m.Training, m.Extras) != fmt.Sprint(n.Config, n.Training, n.Extras) {
		t.Errorf("%+v became %+v", m, n)
	}
}
