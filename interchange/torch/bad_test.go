package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/badfile"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/tensor"
)

// archive is a file of torch.save with the given pickle and one storage of 8 floats.
func archive(t testing.TB, pickle string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{{"a/data.pkl", pickle}, {"a/byteorder", "little"}, {"a/data/0", strings.Repeat("\x00\x00\x80\x3f", 8)}, {"a/version", "3\n"}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f[0], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tensorOf is a pickle of {"w": a tensor}, with an offset, a size and a stride that are
// pickles themselves.
func tensorOf(storage, numel, offset, size, stride string) string {
	return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n" + storage +
		"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + numel + "tQ" + offset + size + stride + "\x89ccollections\nOrderedDict\n)RtRs."
}

func read(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// Floats of 8 bits are read too, whose files are often those of large models.
func TestFloatsOf8Bits(t *testing.T) {
	for dtype, raw := range map[safetensors.DType]string{safetensors.F8E4M3: "\x38\xc4\x01", safetensors.F8E5M2: "\x3c\xc2\x18"} {
		var b bytes.Buffer
		if err := safetensors.Write(&b, nil, []safetensors.Source{{Name: "w", DType: dtype, Shape: []int{3}, Data: []byte(raw)}}); err != nil {
			t.Fatal(err)
		}
		f, err := read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if v, err := f.Tensors[0].Float32s(); err != nil || !slices.Equal(v, []float32{1, -3, 1. / 512}) {
			t.Errorf("%s: %v, %v", dtype, v, err)
		}
	}
}

func TestSoundPickle(t *testing.T) {
	f, err := read(archive(t, tensorOf("FloatStorage", "K\x08", "K\x00", "K\x02K\x03\x86", "K\x03K\x01\x86")))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors) != 1 || f.Tensors[0].Name != "w" || f.Tensors[0].DType != safetensors.F32 || f.Tensors[0].Len() != 6 {
		t.Fatalf("%+v", f.Tensors[0])
	}
	if v, err := f.Tensors[0].Float32s(); err != nil || v[5] != 1 {
		t.Fatal(v, err)
	}
}

var badPickles = map[string]struct{ pickle, want string }{
	"a call of os.system":   {"cos\nsystem\n(X\x02\x00\x00\x00lstR.", "an object of os.system"},
	"a call of eval":        {"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.", "an object of builtins.eval"},
	"a numpy array":         {"cnumpy.core.multiarray\n_reconstruct\n.", "an object of numpy.core.multiarray._reconstruct"},
	"a class of the user's": {"c__main__\nNet\n)\x81.", "an object of __main__.Net"},
	"an instance":           {"(i__main__\nNet\n.", "an object of __main__.Net"},
	"an extension":          {"\x82\x01.", "the instruction 0x82"},
	"an end too early":      {"\x80\x02}X\xff\xff\xff\x7fw", "ends where 2147483647 more bytes"},
	"an empty stack":        {"0.", "empty stack"},
	"no mark":               {"e.", "a mark that is not there"},
	"a mark for a value":    {"(.", "a mark for a value"},
	"no memory":             {"h\x07.", "recalls memo 7"},
	"a number too long":     {"\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01.", "more than 64 bits"},
	"values left over":      {"NN.", "1 values left over"},
	"no tensors":            {"}.", "holds no tensors"},
	"a storage too long":    {tensorOf("FloatStorage", "K\x09", "K\x00", "K\x02\x85", "K\x01\x85"), "has 32 bytes, too few for 9 elements"},
	"a size past the end":   {tensorOf("FloatStorage", "K\x08", "K\x03", "K\x06\x85", "K\x01\x85"), "past the 8 elements"},
	"a stride past the end": {tensorOf("FloatStorage", "K\x08", "K\x00", "K\x02K\x03\x86", "K\x06K\x01\x86"), "past the 8 elements"},
	"a tensor of 2^62":      {tensorOf("FloatStorage", "K\x08", "K\x00", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "K\x00K\x00\x86"), "repeats the 8 elements"},
	"an overflow":           {tensorOf("FloatStorage", "K\x08", "K\x00", "(J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7ft", "(K\x00K\x00K\x00t"), "is too large"},
	"a negative size":       {tensorOf("FloatStorage", "K\x08", "K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85"), "does not describe a tensor"},
	"no type":               {tensorOf("UntypedStorage", "K\x08", "K\x00", "K\x01\x85", "K\x01\x85"), "unknown type"},
	"an unknown type":       {tensorOf("QUInt8Storage", "K\x08", "K\x00", "K\x01\x85", "K\x01\x85"), "an object of torch.QUInt8Storage"},
	"a list in itself":      {"]q\x00h\x00a.", "nests them more than 32 deep"},
}

func TestBadPickles(t *testing.T) {
	for name, c := range badPickles {
		_, err := read(archive(t, c.pickle))
		var format *FormatError
		var class *ClassError
		if !errors.As(err, &format) && !errors.As(err, &class) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}

// Files that are no safetensors are refused as package safetensors does.
func TestBadSafetensors(t *testing.T) {
	for _, c := range badfile.Safetensors {
		_, err := read(c.Bytes)
		var format *FormatError
		var other *safetensors.FormatError
		if !errors.As(err, &format) && !errors.As(err, &other) {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// zipped is an archive with the given entries, as they are or, if method is Deflate, packed.
func zipped(t testing.TB, method uint16, entries ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: entries[i], Method: method})
		if err == nil {
			_, err = w.Write([]byte(entries[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type badArchive struct {
	name string
	file []byte
	want string
}

func badArchives(t testing.TB) []badArchive {
	sound := tensorOf("FloatStorage", "K\x08", "K\x00", "K\x08\x85", "K\x01\x85")
	values := strings.Repeat("\x00\x00\x80\x3f", 8)
	whole := archive(t, sound)
	// The sizes of the storage in the directory at the end, which say how long it is.
	lying := bytes.Clone(whole)
	entry := bytes.LastIndex(lying, []byte("a/data/0"))
	for i := range 3 {
		lying[entry-46+20+i], lying[entry-46+24+i] = 0xff, 0xff
	}
	turned := bytes.Clone(whole)
	turned[bytes.Index(turned, []byte("ctorch._utils"))-1] ^= 1
	return []badArchive{
		{"empty", nil, "too few"},
		{"zip cut short", whole[:len(whole)-10], "not a whole zip"},
		{"two pickles", zipped(t, zip.Store, "a/data.pkl", sound, "a/data.pkl", sound, "a/data/0", values), "two files"},
		{"two storages", zipped(t, zip.Store, "a/data.pkl", sound, "a/data/0", values, "a/data/0", values), "two files"},
		{"no pickle", zipped(t, zip.Store, "a/data/0", values), "no data.pkl"},
		{"no storage", zipped(t, zip.Store, "a/data.pkl", sound), "lacks the storage"},
		{"a storage elsewhere", zipped(t, zip.Store, "a/data.pkl", sound, "../a/data/0", values), "lacks the storage"},
		{"zip bomb", zipped(t, zip.Deflate, "a/data.pkl", strings.Repeat("\x00", 60<<20)), "is compressed"},
		{"storage that unpacks", zipped(t, zip.Deflate, "a/data.pkl", sound, "a/data/0", values), "is compressed"},
		{"storage past the end", lying, "more than the file"},
		{"big-endian", zipped(t, zip.Store, "a/data.pkl", sound, "a/data/0", values, "a/byteorder", "big"), "byte order"},
		{"a program", zipped(t, zip.Store, "a/data.pkl", sound, "a/constants.pkl", "."), "torch.jit.ScriptModule"},
		{"a Keras model", zipped(t, zip.Store, "config.json", "{}"), "a Keras model"},
		{"damaged pickle", turned, "checksum"},
		{"old file cut short", []byte(legacyMagic + "\x80\x02M\xe9\x03."), ""},
		{"a pickle of another program", []byte("\x80\x02K\x01.      "), "not made by torch.save"},
		{"deep pickle", zipped(t, zip.Store, "a/data.pkl", strings.Repeat("](", 1<<20)), "on its stack"},
		{"a pickle of marks", zipped(t, zip.Store, "a/data.pkl", strings.Repeat("(", 8<<20)), "on its stack"},
	}
}

func TestBadArchives(t *testing.T) {
	for _, c := range badArchives(t) {
		_, err := read(c.file)
		var format *FormatError
		var class *ClassError
		if !errors.As(err, &format) && !errors.As(err, &class) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func BenchmarkBadFiles(b *testing.B) {
	files := badfile.Safetensors
	for _, c := range badArchives(b) {
		files = append(files, badfile.File{Name: c.name, Bytes: c.file})
	}
	for name, c := range badPickles {
		files = append(files, badfile.File{Name: name, Bytes: archive(b, c.pickle)})
	}
	badfile.Benchmark(b, files, func(file []byte) error { _, err := read(file); return err })
}

// A file that was saved without checksums is read.
func TestNoChecksums(t *testing.T) {
	b := archive(t, tensorOf("FloatStorage", "K\x08", "K\x00", "K\x08\x85", "K\x01\x85"))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		b = bytes.ReplaceAll(b, binary.LittleEndian.AppendUint32(nil, f.CRC32), make([]byte, 4))
	}
	f, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := f.Tensors[0].Float32s(); err != nil || v[7] != 1 {
		t.Error(v, err)
	}
}

// A tensor that is read in parts is as one that is read whole, and a byte that is wrong in
// any part is found.
func TestParts(t *testing.T) {
	const rows, n = 37, chunk/16 + 5 // parts of 15 rows
	w := &Tensor{Name: "w", DType: safetensors.F32, Shape: []int{rows, n}, stride: []int{n, 1}}
	raw := make([]byte, 4*rows*n)
	for i := range rows * n {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(float32(i)))
	}
	sum := crc32.ChecksumIEEE(raw)
	to := &grad.Var{Value: tensor.New(n, rows)}
	fill := func() error {
		w.from = &storage{dtype: w.DType, bytes: int64(len(raw)), r: bytes.NewReader(raw), sum: &sum}
		return each(w, func(at int, values []grad.Float) { transposed(n)(to, at, values) })
	}
	if err := fill(); err != nil {
		t.Fatal(err)
	}
	for i, v := range to.Value.Data {
		if want := grad.Float(i%rows*n + i/rows); v != want {
			t.Fatalf("element %d is %v, want %v", i, v, want)
		}
	}
	for i := 0; i < len(raw); i += len(raw)/7 - 1 {
		raw[i] ^= 1
		if err := fill(); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("byte %d: %v", i, err)
		}
		raw[i] ^= 1
	}
}

// A file cut short anywhere gives an error, and one with a bit turned an error or
// other values, never a panic.
func TestCutAndTurned(t *testing.T) {
	for _, name := range []string{"testdata/lstm.pt", "testdata/lstm_legacy.pt", "testdata/half.pt"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(b); n += 31 {
			if f, err := read(b[:n]); err == nil {
				if _, err := f.Model([]byte(`{"layers": [{"module": "net", "nonlinearity": "relu"}]}`)); err == nil {
					t.Errorf("%s: the first %d of %d bytes are a model", name, n, len(b))
				}
			}
		}
		for i := 0; i < len(b); i += 13 {
			c := bytes.Clone(b)
			c[i] ^= 1 << (i % 8)
			if f, err := read(c); err == nil {
				f.Model(nil)
			}
		}
	}
}

// The checksum of a storage is checked before its values are used.
func TestDamagedStorage(t *testing.T) {
	b := archive(t, tensorOf("FloatStorage", "K\x08", "K\x00", "K\x08\x85", "K\x01\x85"))
	b[bytes.Index(b, []byte("\x00\x00\x80\x3f"))+3] ^= 1
	f, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tensors[0].Float32s(); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("got %v, want an error of the checksum", err)
	}
}

// The length of a safetensors header may begin as a pickle does.
func TestHeaderLikeAPickle(t *testing.T) {
	for _, first := range []byte{0x80, 'P', 8} {
		var header string
		for n := 0; len(header) != 0x200+int(first); n++ {
			header = `{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}` + strings.Repeat(" ", n) + "}"
		}
		b := append([]byte{first, 2, 0, 0, 0, 0, 0, 0}, header...)
		f, err := read(append(b, 0, 0, 0x80, 0x3f))
		if err != nil || f.Format != "safetensors" || len(f.Tensors) != 1 {
			t.Errorf("%#x: %v", first, err)
		}
	}
}
