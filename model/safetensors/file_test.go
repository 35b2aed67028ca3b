package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/badfile"
	"github.com/recur-go/recur/internal/ieee"
)

// testdata/python.safetensors was made by the reference library, see make.py.
func TestReadsTheReferenceLibrary(t *testing.T) {
	f, err := Open("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := map[string]string{"format": "pt", "said": "\"héllo\" \\ <b>\n"}; !maps.Equal(f.Metadata, want) {
		t.Errorf("metadata %q", f.Metadata)
	}
	inf := math.Inf(1)
	floats := map[string][]float64{
		"f64":         {1. / 3, -1e300},
		"f32":         {0, 1, -2.5, float64(float32(3e38)), 0x1p-149, 6},
		"f16":         {1, -2, 65504, 0x1p-24, 0x1.554p-2, inf},
		"bf16":        {1, -3.140625, inf},
		"e4m3":        {1, -1, 448, 0x1p-9, 256},
		"e5m2":        {1, -1, 57344, 0x1p-16, -inf},
		"scalar":      {42},
		"empty":       {},
		"naïve \"λ\"": {-1},
	}
	for name, want := range floats {
		got, err := f.Tensor(name).Float64s()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v (%v)", name, got, want, err)
		}
	}
	ints := map[string][]int64{
		"i64": {math.MinInt64, math.MaxInt64}, "i32": {math.MinInt32, math.MaxInt32},
		"i16": {math.MinInt16, math.MaxInt16}, "i8": {math.MinInt8, math.MaxInt8},
		"u64": {0, math.MaxInt64}, "u32": {0, math.MaxUint32}, "u16": {0, math.MaxUint16}, "u8": {0, 255},
		"bool": {1, 0, 1},
	}
	for name, want := range ints {
		got, err := f.Tensor(name).Ints()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v (%v)", name, got, want, err)
		}
	}
	if len(f.Tensors) != len(floats)+len(ints) {
		t.Errorf("%d tensors", len(f.Tensors))
	}
	if s := f.Tensor("f32").Shape; !slices.Equal(s, []int{2, 3}) {
		t.Errorf("shape %v", s)
	}
	if s := f.Tensor("scalar").Shape; len(s) != 0 {
		t.Errorf("shape of a scalar %v", s)
	}
	if f.Tensor("nothing") != nil {
		t.Error("found a tensor that is not there")
	}
}

// What the reference library wrote, written again, differs only where it orders
// tensors another way: every byte of every tensor is the same.
func TestRewrite(t *testing.T) {
	f, err := Open("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again := rewrite(t, f)
	g, err := NewFile(bytes.NewReader(again), int64(len(again)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, f, g)
	if got := rewrite(t, g); !bytes.Equal(got, again) {
		t.Error("equal arguments made other bytes")
	}
}

func rewrite(t testing.TB, f *File) []byte {
	var list []Source
	for _, x := range f.Tensors {
		data, err := io.ReadAll(x.Reader())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Source{x.Name, x.DType, x.Shape, data})
	}
	var b bytes.Buffer
	if err := Write(&b, f.Metadata, list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func same(t testing.TB, f, g *File) {
	t.Helper()
	if !maps.Equal(f.Metadata, g.Metadata) || len(f.Tensors) != len(g.Tensors) {
		t.Fatalf("%d tensors and metadata %q became %d and %q", len(f.Tensors), f.Metadata, len(g.Tensors), g.Metadata)
	}
	for _, x := range f.Tensors {
		y := g.Tensor(x.Name)
		if y == nil || x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) {
			t.Fatalf("%v became %v", x, y)
		}
		a, errA := io.ReadAll(x.Reader())
		b, errB := io.ReadAll(y.Reader())
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Fatalf("%s: %x became %x (%v, %v)", x.Name, a, b, errA, errB)
		}
	}
}

func TestWriteLayout(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, map[string]string{"b": "<&>", "a": "é"}, []Source{
		From("y", []int8{7}, 1), From("z", []float32{1, 2}, 2), From("x", []float64{3}), From("w", []float32{4}, 1, 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"a":"é","b":"<&>"},` +
		`"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]},` +
		`"z":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},` +
		`"w":{"dtype":"F32","shape":[1,1],"data_offsets":[16,20]},` +
		`"y":{"dtype":"I8","shape":[1],"data_offsets":[20,21]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...),
		0, 0, 0, 0, 0, 0, 8, 0x40, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x80, 0x40, 7)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("wrote %q\nnot   %q", b.Bytes(), want)
	}
}

func TestEmptyFile(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, nil, nil); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(f.Tensors) != 0 || f.Metadata != nil {
		t.Errorf("%v %v", f, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	good := From("a", []float32{1}, 1)
	for want, list := range map[string][]Source{
		"name is taken":     {good, good},
		"not valid UTF-8":   {From("\xff", []float32{1}, 1)},
		"at most 1024":      {From(strings.Repeat("n", maxName+1), []float32{1}, 1)},
		"is unknown":        {{Name: "a", DType: "F4"}},
		"more than 8":       {From("a", []float32{1}, 1, 1, 1, 1, 1, 1, 1, 1, 1)},
		"negative":          {From("a", []float32{1, 2}, -2, -1)},
		"do not fill":       {From("a", []float32{1, 2}, 3)},
		"4 bytes":           {{Name: "a", DType: F32, Shape: []int{1 << 30, 1 << 30, 16}, Data: make([]byte, 4)}},
		"its name is taken": {From(metadataKey, []float32{1}, 1)},
		"more than 65536":   make([]Source, maxTensors+1),
	} {
		err := Write(io.Discard, nil, list)
		var e *FormatError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Offset != -1 {
			t.Errorf("%s: got %v", want, err)
		}
	}
	var e *FormatError
	if err := Write(io.Discard, map[string]string{"k": "\xff"}, nil); !errors.As(err, &e) {
		t.Errorf("metadata that is not UTF-8: %v", err)
	}
	if err := Write(io.Discard, map[string]string{"k": strings.Repeat("x", maxHeader)}, nil); !errors.As(err, &e) {
		t.Errorf("metadata of 16 MB: %v", err)
	}
}

func TestReadConverts(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, nil, []Source{From("f64", []float64{1. / 3, 1e300}, 2), From("f32", []float32{1. / 3}, 1), From("i", []int32{1}, 1),
		From("bool", []bool{true, false}, 2), {"flag", Bool, []int{1}, []byte{2}}, From("big", []uint64{1 << 63}, 1)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Tensor("f64").Float32s(); err != nil || got[0] != 1./3 || !math.IsInf(float64(got[1]), 1) {
		t.Errorf("F64 as float32: %v %v", got, err)
	}
	if got, err := f.Tensor("f32").Float64s(); err != nil || got[0] != float64(float32(1./3)) {
		t.Errorf("F32 as float64: %v %v", got, err)
	}
	var e *FormatError
	if _, err := f.Tensor("i").Float32s(); !errors.As(err, &e) {
		t.Errorf("I32 as float32: %v", err)
	}
	if _, err := f.Tensor("f32").Ints(); !errors.As(err, &e) {
		t.Errorf("F32 as int64: %v", err)
	}
	if err := Read(f.Tensor("f32"), make([]float32, 2)); !errors.As(err, &e) {
		t.Errorf("1 value into 2: %v", err)
	}
	if _, err := f.Tensor("flag").Ints(); !errors.As(err, &e) {
		t.Errorf("BOOL of 2: %v", err)
	}
	if _, err := f.Tensor("big").Ints(); !errors.As(err, &e) {
		t.Errorf("U64 of 2⁶³: %v", err)
	}
	if got, err := f.Tensor("bool").Ints(); err != nil || !slices.Equal(got, []int64{1, 0}) {
		t.Errorf("BOOL: %v %v", got, err)
	}
}

// Narrow floats decode to what their definitions say: each code is a value that
// lies between those of its neighbours, and signs mirror.
func TestNarrowFloatsAreOrdered(t *testing.T) {
	for _, c := range []struct {
		name   string
		dtype  DType
		sign   uint32
		finite uint32 // codes from 0 of finite positive numbers
		top    float64
	}{
		{"F16", F16, 1 << 15, 0x7c00, 65504},
		{"E5M2", F8E5M2, 1 << 7, 0x7c, 57344},
		{"E4M3", F8E4M3, 1 << 7, 0x7f, 448},
	} {
		value := func(code uint32) float64 {
			dst := make([]float64, 1)
			ieee.Decode(dst, binary.LittleEndian.AppendUint16(nil, uint16(code))[:c.dtype.Size()], ieee.Form(c.dtype))
			return dst[0]
		}
		for i := range c.finite {
			x := value(i)
			if i > 0 && x <= value(i-1) {
				t.Errorf("%s: code %#x is %v, not above the one before", c.name, i, x)
			}
			if y := value(i | c.sign); y != -x || math.Signbit(y) != true {
				t.Errorf("%s: code %#x is %v, its mirror %v", c.name, i, x, y)
			}
		}
		if x := value(c.finite - 1); x != c.top {
			t.Errorf("%s: greatest is %v, not %v", c.name, x, c.top)
		}
		if x := value(c.sign - 1); !math.IsNaN(x) {
			t.Errorf("%s: last code is %v, not NaN", c.name, x)
		}
	}
}

// A file that shrinks after it was opened gives an error, not a short tensor.
func TestFileShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, 100_000)
	if err := Write(w, nil, []Source{From("a", values, len(values))}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 300_000); err != nil {
		t.Fatal(err)
	}
	var e *FormatError
	if _, err := f.Tensor("a").Float32s(); !errors.As(err, &e) || e.Offset != 300_000 {
		t.Errorf("straight: %v", err)
	}
	if _, err := f.Tensor("a").Float64s(); !errors.As(err, &e) || e.Offset != 300_000 {
		t.Errorf("converting: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	var e *FormatError
	if _, err := Open(t.TempDir()); !errors.As(err, &e) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "bad.safetensors")
	if err := os.WriteFile(path, []byte("PK\x03\x04 not this"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.As(err, &e) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}

// FuzzOpen reads any bytes: it may refuse them by a *FormatError, or accept them,
// and then all their tensors can be read and written again.
func FuzzOpen(f *testing.F) {
	for _, c := range badfile.Safetensors {
		if len(c.Bytes) < 1<<12 { // small ones mutate fast
			f.Add(c.Bytes)
		}
	}
	if b, err := os.ReadFile("testdata/python.safetensors"); err == nil {
		f.Add(b)
	}
	const one = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  `
	f.Add(append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(one))), one...), make([]byte, 8)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := NewFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			var e *FormatError
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, x := range file.Tensors {
			if x.DType.IsFloat() {
				_, err = x.Float32s()
			} else {
				_, err = x.Ints()
			}
			var e *FormatError
			if err != nil && !errors.As(err, &e) {
				t.Fatal(err)
			}
		}
		again := rewrite(t, file)
		g, err := NewFile(bytes.NewReader(again), int64(len(again)))
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Metadata) == 0 { // an empty object is not written
			g.Metadata = file.Metadata
		}
		same(t, file, g)
	})
}

func BenchmarkLoad(b *testing.B) {
	const n = 16 << 20
	path := filepath.Join(b.TempDir(), "a.safetensors")
	w, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := Write(w, nil, []Source{From("a", make([]float32, n), n)}); err != nil {
		b.Fatal(err)
	}
	w.Close()
	dst, wide := make([]float32, n), make([]float64, n)
	run := func(name string, read func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * n)
			for range b.N {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("os.File.ReadAt", func() error {
		raw, _ := littleEndian(dst)
		r, err := os.Open(path)
		if err == nil {
			_, err = r.ReadAt(raw, 80)
			r.Close()
		}
		return err
	})
	for name, read := range map[string]func(t *Tensor) error{
		"float32": func(t *Tensor) error { return Read(t, dst) },
		"float64": func(t *Tensor) error { return Read(t, wide) },
	} {
		run(name, func() error {
			f, err := Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			return read(f.Tensor("a"))
		})
	}
}
