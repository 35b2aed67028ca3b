package keras

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/interchange/keras/internal/hdf5"
	"github.com/recur-go/recur/internal/badfile"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A part is a file of a zip.
type part struct {
	name   string
	data   []byte
	method uint16
}

// rezipped is a .keras file with some parts changed or added.
func rezipped(t testing.TB, file []byte, change func(parts []part) []part) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, b, zip.Store})
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range change(parts) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: p.name, Method: p.method})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(p.data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// edited replaces text in the config.
func edited(t testing.TB, file []byte, old, new string) []byte {
	return rezipped(t, file, func(parts []part) []part {
		for i, p := range parts {
			if p.name == "config.json" {
				b := bytes.ReplaceAll(p.data, []byte(old), []byte(new))
				if bytes.Equal(b, p.data) {
					t.Fatalf("%q is not in the config", old)
				}
				parts[i].data = b
			}
		}
		return parts
	})
}

func exported(t testing.TB, c *graph.Config) []byte {
	t.Helper()
	net, err := graph.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Export(&b, net); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func simple(cell rnn.Config) *graph.Config {
	return &graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
		Layers: []graph.Layer{{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{cell}, Last: true}}, {Name: "out", Op: &graph.Dense{Units: 2}}},
	}
}

type badFile struct {
	file []byte
	want string
}

func badFiles(t testing.TB) map[string]badFile {
	lstm := exported(t, simple(rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{}}))
	gru := exported(t, simple(rnn.Config{Hidden: 4, Options: rnn.GRUOptions{}}))
	both := exported(t, &graph.Config{Inputs: simple(rnn.Config{}).Inputs, Layers: []graph.Layer{{Name: "both",
		Op: &graph.Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.LSTMOptions{}}}}}}})
	add := func(more ...part) []byte {
		return rezipped(t, lstm, func(parts []part) []part { return append(parts, more...) })
	}
	without := func(name string) []byte {
		return rezipped(t, lstm, func(parts []part) (rest []part) {
			for _, p := range parts {
				if p.name != name {
					rest = append(rest, p)
				}
			}
			return rest
		})
	}
	half := rezipped(t, both, func(parts []part) []part {
		var b bytes.Buffer
		if err := hdf5.Write(&b, []hdf5.Array{{Path: "layers/bidirectional/forward_layer/cell/vars/0", Shape: []int{3, 8}, Data: make([]float32, 24)}}); err != nil {
			t.Fatal(err)
		}
		parts[len(parts)-1].data = b.Bytes()
		return parts
	})
	// The weights of the LSTM, of which some bytes are others; the zip knows of it.
	hdf := func(old, new string) []byte {
		return rezipped(t, lstm, func(parts []part) []part {
			for i, p := range parts {
				if p.name == weightsName {
					b := bytes.Replace(p.data, []byte(old), []byte(new), 1)
					if bytes.Equal(b, p.data) {
						t.Fatalf("%q is not in the weights", old)
					}
					parts[i].data = b
				}
			}
			return parts
		})
	}
	words := func(v ...uint64) string {
		var b []byte
		for _, n := range v {
			b = binary.LittleEndian.AppendUint64(b, n)
		}
		return string(b)
	}
	damaged := bytes.Clone(lstm)
	damaged[bytes.Index(damaged, []byte(hdf5.Magic))+1000] ^= 1
	return map[string]badFile{
		"empty":              {nil, "no HDF5"},
		"zip cut short":      {lstm[:len(lstm)/2], "zip cannot be read"},
		"no config":          {without("config.json"), "no config.json"},
		"no weights":         {without(weightsName), "no model.weights.h5"},
		"two configs":        {add(part{"config.json", []byte("{}"), zip.Store}), "twice"},
		"zip slip":           {add(part{"../config.json", []byte("{}"), zip.Store}), "leads elsewhere"},
		"zip bomb":           {rezipped(t, lstm, func([]part) []part { return []part{{"config.json", make([]byte, 60<<20), zip.Deflate}} }), "from"},
		"no JSON":            {edited(t, lstm, `{"`, `{`), "JSON cannot be read"},
		"Lambda":             {edited(t, lstm, `"class_name":"Dense"`, `"class_name":"Lambda"`), `Lambda "out": it holds Python code`},
		"unsafe":             {edited(t, lstm, `"class_name":"Dense"`, `"class_name":"__lambda__"`), "recur has no such layer"},
		"wrong class":        {edited(t, lstm, `"class_name":"Dense"`, `"class_name":"Dens"`), `Dens "out"`},
		"class of a program": {edited(t, lstm, `"class_name":"Dense"`, `"class_name":"Dense","registered_name":"mine>Dense"`), "class of the program"},
		"model of a program": {edited(t, lstm, `"class_name":"Functional"`, `"class_name":"Mine"`), "neither Sequential nor Functional"},
		"another class":      {edited(t, lstm, `"class_name":"LSTM"`, `"class_name":"GRU"`), "layers/gru/cell is missing"},
		"reset_after":        {edited(t, gru, `"reset_after":true`, `"reset_after":false`), "is [2 12], the model wants [12]"},
		"half of a pair":     {half, "backward_layer"},
		"more units":         {edited(t, lstm, `"units":4`, `"units":5`), "the model wants [3 20]"},
		"a million units":    {edited(t, lstm, `"units":4`, `"units":4000000`), "the model wants"},
		"units overflow":     {edited(t, lstm, `"units":4`, `"units":99999999999`), "99999999999"},
		"no such activation": {edited(t, lstm, `"activation":"linear"`, `"activation":"spline"`), `"spline"`},
		"half precision":     {edited(t, lstm, `"dtype":"float32","name":"out"`, `"dtype":"mixed_float16","name":"out"`), "mixed_float16"},
		"layer reads itself": {edited(t, lstm, `"keras_history":["rnn",0,0]`, `"keras_history":["out",0,0]`), "reads what it gives"},
		"layer that is not":  {edited(t, lstm, `"keras_history":["rnn",0,0]`, `"keras_history":["who",0,0]`), `no layer "who"`},
		"result that is not": {edited(t, lstm, `"keras_history":["rnn",0,0]`, `"keras_history":["rnn",0,7]`), "number 7 is asked for"},
		"negative result":    {edited(t, lstm, `"keras_history":["rnn",0,0]`, `"keras_history":["rnn",-1,-1]`), "is asked for"},
		"only weights":       {readPart(t, lstm, weightsName), "but not their layers"},
		"unsafe config":      {edited(t, lstm, `"class_name":"Dense"`, `"enable_unsafe_deserialization":true,"class_name":"Lambda"`), "Python code"},
		"damaged weights":    {damaged, "checksum"},
		"huge weights":       {hdf(words(3, 16), words(1e12, 1e12)), "checksum"},
		"more weights":       {hdf(words(3, 16), words(1e6, 1e6)), "checksum"},
		"no weights at all":  {hdf(hdf5.Magic, "12345678"), "no HDF5"},
	}
}

func BenchmarkBadFiles(b *testing.B) {
	var files []badfile.File
	for name, c := range badFiles(b) {
		files = append(files, badfile.File{Name: name, Bytes: c.file})
	}
	badfile.Benchmark(b, files, func(file []byte) error {
		_, err := Read(bytes.NewReader(file), int64(len(file)), nil)
		return err
	})
}

func TestBadFiles(t *testing.T) {
	for name, c := range badFiles(t) {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(c.file), int64(len(c.file)), nil)
			var format *FormatError
			var no *UnsupportedError
			if !errors.As(err, &format) && !errors.As(err, &no) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error about %q", err, c.want)
			}
		})
	}
}

func readPart(t testing.TB, file []byte, name string) (b []byte) {
	rezipped(t, file, func(parts []part) []part {
		for _, p := range parts {
			if p.name == name {
				b = p.data
			}
		}
		return parts
	})
	return b
}

// A layer that reads from the end does so here, and a batch of another size than that
// of a first state is an error.
func TestBackwardsAndStates(t *testing.T) {
	file := edited(t, exported(t, simple(rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{}})), `"go_backwards":false`, `"go_backwards":true`)
	m, err := Read(bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	net := m.Net.(*graph.Net)
	if o := net.Config.Layers[0].Op.(*graph.RNN); !o.Backwards {
		t.Error("go_backwards was passed over")
	}
	first := []*tensor.Tensor{tensor.New(1, 4), tensor.New(1, 4)}
	if _, _, err := net.Predict(map[string]*tensor.Tensor{"x": tensor.New(2, 3, 3)}, nil, first); err == nil {
		t.Error("a first state of one row for a batch of two")
	}
}

// Whatever is cut off or changed, nothing panics, and an error has a type.
func TestDamage(t *testing.T) {
	file := exported(t, simple(rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}}))
	for n := 0; n < len(file); n += 7 {
		if _, err := Read(bytes.NewReader(file[:n]), int64(n), nil); err == nil {
			t.Errorf("%d bytes of %d were read", n, len(file))
		}
	}
	for i := 0; i < 8*len(file); i += 5 {
		d := bytes.Clone(file)
		d[i/8] ^= 1 << (i % 8)
		_, err := Read(bytes.NewReader(d), int64(len(d)), nil)
		var format *FormatError
		var no *UnsupportedError
		if err != nil && !errors.As(err, &format) && !errors.As(err, &no) {
			t.Fatalf("bit %d: %T: %v", i, err, err)
		}
	}
}

// The largest model that Read must look at before it refuses it.
func TestRefusedSoon(t *testing.T) {
	var layers []string
	for range 9000 {
		layers = append(layers, `{"class_name":"LayerNormalization","config":{"center":false,"scale":false}}`)
	}
	config := `{"class_name":"Sequential","config":{"layers":[{"class_name":"InputLayer","config":{"batch_shape":[null,null,4000000]}},` +
		strings.Join(layers, ",") + `]}}`
	if !json.Valid([]byte(config)) {
		t.Fatal("no JSON")
	}
	var h bytes.Buffer
	if err := hdf5.Write(&h, []hdf5.Array{{Path: "layers/x", Shape: []int{0}}}); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := Read(bytes.NewReader(h.Bytes()), int64(h.Len()), []byte(config)); err == nil {
		t.Error("9000 layers of 4 million values were made")
	}
	t.Log(time.Since(begin))
}

func FuzzRead(f *testing.F) {
	for _, g := range goldens(f) {
		if g.config == nil {
			f.Add(g.file, []byte(nil))
		} else {
			f.Add(g.file, g.config)
		}
	}
	f.Add(exported(f, simple(rnn.Config{Hidden: 2, Options: rnn.GRUOptions{}})), []byte(nil))
	f.Fuzz(func(t *testing.T, file, config []byte) {
		if len(config) == 0 {
			config = nil
		}
		m, err := Read(bytes.NewReader(file), int64(len(file)), config)
		var format *FormatError
		var no *UnsupportedError
		if err != nil && !errors.As(err, &format) && !errors.As(err, &no) {
			t.Errorf("%T: %v", err, err)
		}
		if err == nil {
			if err := Export(io.Discard, m.Net.(*graph.Net)); err != nil && !errors.As(err, &no) {
				t.Error(err)
			}
		}
	})
}

// FuzzConfig changes the JSON of a model, whose weights are then seldom those it wants.
func FuzzConfig(f *testing.F) {
	var h bytes.Buffer
	if err := hdf5.Write(&h, []hdf5.Array{{Path: "layers/dense/vars/0", Shape: []int{1, 1}, Data: []float32{1}}}); err != nil {
		f.Fatal(err)
	}
	for _, g := range goldens(f) {
		if bytes.HasPrefix(g.file, []byte("PK")) {
			f.Add(readPart(f, g.file, "config.json"), 3)
		}
	}
	f.Fuzz(func(t *testing.T, config []byte, version int) {
		b := newBuilder(version)
		err := b.top(config)
		var format *FormatError
		var no *UnsupportedError
		if err != nil && !errors.As(err, &format) && !errors.As(err, &no) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
