package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/model/safetensors"
)

type progress struct {
	Epoch, Step int
	Best        float64
	Rand        []byte
}

// some makes the arrays of a small run, as train has them: weights, and the
// optimiser's averages of their gradients in double precision.
func some(seed float64) (w, b []float32, m []float64, all []Tensor) {
	w, b, m = make([]float32, 6), make([]float32, 3), make([]float64, 6)
	for i := range w {
		w[i], m[i] = float32(seed+float64(i))/3, (seed-float64(i))/7
	}
	copy(b, w[3:])
	return w, b, m, []Tensor{Of("w", w, 2, 3), Of("b", b, 3), Of("optim.m.w", m, 2, 3)}
}

func small(t testing.TB) []byte {
	doc := Doc{}
	if err := doc.Set("progress", progress{3, 1500, 0.1 + 0.2, []byte("state")}); err != nil {
		t.Fatal(err)
	}
	_, _, _, all := some(1)
	var b bytes.Buffer
	if err := Write(&b, doc, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// load opens b and fills w, b and m from it.
func load(b []byte) (p progress, w, bias []float32, m []float64, err error) {
	f, err := NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return p, nil, nil, nil, err
	}
	w, bias, m, all := some(0)
	if err := f.Fill(all, ""); err != nil {
		return p, nil, nil, nil, err
	}
	return p, w, bias, m, f.Doc.Decode("progress", &p)
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	doc := Doc{}
	want := progress{3, 1500, 0.1 + 0.2, []byte("state")}
	if err := doc.Set("progress", want); err != nil {
		t.Fatal(err)
	}
	w, b, m, all := some(1)
	if err := Save(path, doc, all); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(raw, small(t)) {
		t.Errorf("equal arguments made other bytes (%v)", err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w2, b2, m2, all2 := some(0)
	for range 2 { // a file may be filled from again
		if err := f.Fill(all2, ""); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(w, w2) || !slices.Equal(b, b2) || !slices.Equal(m, m2) {
			t.Errorf("%v %v %v became %v %v %v", w, b, m, w2, b2, m2)
		}
	}
	var got progress
	if err := f.Doc.Decode("progress", &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("progress %v became %v (%v)", want, got, err)
	}
	if err := f.Doc.Decode("nothing", &got); err == nil {
		t.Error("decoded what is not there")
	}
	if len(doc) != 1 {
		t.Errorf("Save changed its argument to %v", doc)
	}
}

// Any program that knows the format finds the arrays, wide ones first.
func TestIsSafetensors(t *testing.T) {
	b := small(t)
	f, err := safetensors.NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range f.Tensors {
		names = append(names, x.Name)
	}
	if !slices.Equal(names, []string{"optim.m.w", "w", "b"}) {
		t.Errorf("tensors %v", names)
	}
}

func TestEveryBitFlipIsFound(t *testing.T) {
	b := small(t)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if _, _, _, _, err := load(b); err == nil {
				t.Errorf("bit %d of byte %d flipped: loaded all the same", bit, i)
			}
			b[i] ^= 1 << bit
		}
	}
	if _, _, _, _, err := load(b); err != nil {
		t.Errorf("with every bit back: %v", err)
	}
}

// Flips in numbers leave a good safetensors file, and are found by the checksum.
func TestFlipInDataIsErrCorrupt(t *testing.T) {
	b := small(t)
	b[len(b)-1] ^= 1
	if _, _, _, _, err := load(b); !errors.Is(err, ErrCorrupt) {
		t.Errorf("data: %v", err)
	}
	b = bytes.Replace(small(t), []byte("1500"), []byte("1501"), 1)
	if _, err := NewFile(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("header: %v", err)
	}
}

func TestEveryPrefixIsRefused(t *testing.T) {
	b := small(t)
	for n := range b {
		if _, _, _, _, err := load(b[:n]); err == nil {
			t.Errorf("%d bytes of %d loaded", n, len(b))
		}
	}
}

// with makes a file of the given metadata and one weight.
func with(t *testing.T, metadata map[string]string) []byte {
	var b bytes.Buffer
	if err := safetensors.Write(&b, metadata, []safetensors.Source{safetensors.From("w", []float32{1})}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVersions(t *testing.T) {
	for doc, want := range map[string]error{
		`{"version":3}`:   ErrVersion,
		`{"version":1}`:   ErrVersion,
		`{"version":0}`:   ErrVersion,
		`{"version":-1}`:  ErrVersion,
		`{"version":"2"}`: ErrCorrupt,
		`{"version":1.5}`: ErrCorrupt,
		`{}`:              ErrCorrupt,
		`null`:            ErrCorrupt,
		`[1]`:             ErrCorrupt,
		`{"version":2`:    ErrCorrupt,
		`{"version":2}`:   ErrCorrupt, // the checksum is not right
	} {
		b := with(t, map[string]string{docKey: doc, sumKey: "00000000 00000000"})
		if _, err := NewFile(bytes.NewReader(b), int64(len(b))); !errors.Is(err, want) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	old := filepath.Join(t.TempDir(), "old.safetensors")
	if err := os.WriteFile(old, with(t, map[string]string{docKey: `{"version":1}`, sumKey: "00000000 00000000"}), 0o666); err != nil {
		t.Fatal(err)
	}
	want := old + ": the file is of format version 1; this recur reads version 2: train or import it again"
	if _, err := Open(old); !errors.Is(err, ErrVersion) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, key := range []string{docKey, sumKey} {
		b := with(t, map[string]string{key: `{"version":2}`})
		if _, err := NewFile(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s alone: %v", key, err)
		}
	}
}

func TestForeignFile(t *testing.T) {
	b := with(t, map[string]string{"format": "pt"})
	f, err := NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil || f.Doc != nil || f.Checksum() != "" {
		t.Fatalf("%v %v", f, err)
	}
	w := make([]float64, 1)
	if err := f.Fill([]Tensor{Of("w", w)}, ""); err != nil || w[0] != 1 {
		t.Errorf("%v %v", w, err)
	}
}

func TestMismatch(t *testing.T) {
	b := small(t)
	f, err := NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	w := []float32{1, 2, 3, 4, 5, 6}
	err = f.Fill([]Tensor{Of("w", w, 3, 2), Of("c", w[:2], 2), Of("d", w[:1]), Of("d", w[:1])}, "optim.")
	var e *MismatchError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if want := []string{"c [2]", "d []"}; !slices.Equal(e.Missing, want) {
		t.Errorf("missing %q", e.Missing)
	}
	if want := []string{"d: two parameters of the model have this name", "b [3]"}; !slices.Equal(e.Extra, want) {
		t.Errorf("extra %q", e.Extra)
	}
	if want := []string{"w [2 3], not [3 2]"}; !slices.Equal(e.Misshapen, want) {
		t.Errorf("misshapen %q", e.Misshapen)
	}
	for _, line := range slices.Concat(e.Missing, e.Extra, e.Misshapen) {
		if !strings.Contains(err.Error(), line) {
			t.Errorf("%q lacks %q", err, line)
		}
	}
	if w[0] != 1 {
		t.Error("values were read in spite of the mismatch")
	}
	if err := f.Fill(nil, ""); !errors.As(err, &e) || len(e.Extra) != 3 {
		t.Errorf("nothing to ignore: %v", err)
	}
}

func TestFillWantsFloats(t *testing.T) {
	var b bytes.Buffer
	if err := safetensors.Write(&b, nil, []safetensors.Source{safetensors.From("w", []int32{1}, 1)}); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var e *MismatchError
	if err := f.Fill([]Tensor{Of("w", make([]float32, 1), 1)}, ""); !errors.As(err, &e) || len(e.Misshapen) != 1 {
		t.Errorf("got %v", err)
	}
}

// Skipping tensors, or reading a part of one, does not spoil the checksum.
func TestEachSumsWhatIsNotRead(t *testing.T) {
	b := small(t)
	f, err := NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []int{0, 1, 5} {
		err := f.Each(func(x *safetensors.Tensor) error {
			_, err := x.Reader().Read(make([]byte, part))
			return err
		})
		if err != nil {
			t.Errorf("%d bytes of each: %v", part, err)
		}
	}
	fault := errors.New("fault")
	if err := f.Each(func(*safetensors.Tensor) error { return fault }); err != fault {
		t.Errorf("got %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	if err := Save(filepath.Join(t.TempDir(), "a"), Doc{"x": json.RawMessage("{")}, nil); err == nil {
		t.Error("a broken document was saved")
	}
	if err := (Doc{}).Set("score", func() {}); err == nil || !strings.Contains(err.Error(), "score") {
		t.Errorf("got %v", err)
	}
	var e *safetensors.FormatError
	w := make([]float32, 2)
	if err := Save(filepath.Join(t.TempDir(), "a"), nil, []Tensor{Of("w", w, 2), Of("w", w, 2)}); !errors.As(err, &e) {
		t.Errorf("two of a name: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("opened a directory")
	}
	path := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(path, []byte("not a model at all"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFill(b *testing.B) {
	const n = 16 << 20
	path := filepath.Join(b.TempDir(), "a")
	w := make([]float32, n)
	b.Run("save", func(b *testing.B) {
		b.SetBytes(4 * n)
		for range b.N {
			if err := Save(path, nil, []Tensor{Of("w", w, n)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.SetBytes(4 * n)
		for range b.N {
			f, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if err := f.Fill([]Tensor{Of("w", w, n)}, ""); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
