package interchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/model/graph"
)

const lstm = "torch/testdata/lstm.pt"

// input is a sequence of 2 rows of 4 steps of 3 values.
func input() *Tensor {
	x := make([]float32, 2*4*3)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	return NewTensor(x, 2, 4, 3)
}

func run(t *testing.T, path string, spec string, in map[string]*Tensor) map[string]*Tensor {
	t.Helper()
	var text []byte
	if spec != "" {
		text = []byte(spec)
	}
	m, err := Open(path, text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, what string, a, b *Tensor) {
	t.Helper()
	if a == nil || b == nil || fmt.Sprint(a.Shape) != fmt.Sprint(b.Shape) {
		t.Fatalf("%s: %v and %v", what, a, b)
	}
	for i, v := range a.Data.([]float32) {
		if d := math.Abs(float64(v - b.Data.([]float32)[i])); !(d <= 2e-6) {
			t.Fatalf("%s: value %d differs by %.2g", what, i, d)
		}
	}
}

// One model through all formats gives the same, with lengths and first states.
func TestThroughAllFormats(t *testing.T) {
	dir := t.TempDir()
	imported, err := ImportTo(filepath.Join(dir, "net.safetensors"), lstm, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]*Tensor{"x": input(), "lengths": NewTensor([]int64{4, 2}, 2)}
	for name, n := range map[string]int{"net.0.h": 2, "net.0.c": 4, "net.1.h": 2, "net.1.c": 4} {
		s := make([]float32, 2*n)
		for i := range s {
			s[i] = float32(i) / 10
		}
		in[name] = NewTensor(s, 2, n)
	}
	want := run(t, lstm, "", in)
	got := run(t, imported, "", in)
	for name := range want {
		same(t, "imported "+name, got[name], want[name])
	}
	m, err := Import(imported, nil)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Net(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		files, _, err := Export(net, format, filepath.Join(dir, format))
		if format == "keras" { // which has no projection
			if err == nil || !strings.Contains(err.Error(), "projection") {
				t.Errorf("keras: got %v, want an error of the projection", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		spec := ""
		if format == "safetensors" {
			spec = `{"layers": [{"module": "net_0"}, {"module": "net_1"}]}`
			in["net_0.h"], in["net_0.c"], in["net_1.h"], in["net_1.c"] = in["net.0.h"], in["net.0.c"], in["net.1.h"], in["net.1.c"]
			for _, name := range []string{"net.0.h", "net.0.c", "net.1.h", "net.1.c"} {
				delete(in, name)
			}
		}
		got := run(t, files[0], spec, in)
		y := "net"
		if format == "safetensors" {
			y = "net_1"
		}
		same(t, format, got[y], want["net"])
	}
}

func TestDescribe(t *testing.T) {
	for path, want := range map[string][]string{
		lstm:                                   {"state_bytes\":48", "macs_per_step\":160", "\"layers\":[{\"name\":\"net.0\",\"op\":\"LSTM\""},
		"torch/testdata/tagger.safetensors":    {"\"why\":\"torch: the file has 6 modules", "gru.weight_hh_l1_reverse", "\"spec\":"},
		"onnx/testdata/models/gru/model.onnx":  {"\"format\":\"onnx\"", "state_bytes"},
		"onnx/testdata/models/mish/model.onnx": {"Mish"},
	} {
		info, err := Describe(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(info)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s: %s lacks %q", path, text, w)
			}
		}
		if s := fmt.Sprint(info); !strings.Contains(s, "parameters") {
			t.Errorf("%s: %s", path, s)
		}
	}
}

func TestWhatIsNoModel(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var unknown *UnknownError
	if _, err := Open(write("m.safetensors.gz", "\x1f\x8b\x08"), nil); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "gunzip -k") {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{write("a.txt", "words"), write("b", ""), write("c.bin", strings.Repeat("\x00", 100))} {
		if _, err := Open(path, nil); !errors.As(err, &unknown) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "none.pt"), filepath.Join(dir, "none")} {
		if _, err := Open(path, nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := Open(lstm, []byte(`{"layers": 3}`)); err == nil {
		t.Error("a spec that is none was read")
	}
	var refused *torch.MapError
	if _, err := Open("torch/testdata/half.pt", nil); !errors.As(err, &refused) {
		t.Errorf("got %v, want a *torch.MapError", err)
	}
	if _, _, err := Export(&graph.Net{}, "nothing", "x"); err == nil {
		t.Error("a format of no name was written")
	}
}

func TestBadInputsOfARun(t *testing.T) {
	m, err := Open(lstm, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]map[string]*Tensor{
		"is missing":              {},
		"does not take it":        {"x": input(), "z": input()},
		"lengths for 2 rows":      {"x": input(), "lengths": NewTensor([]int64{1}, 1)},
		"is not in 0..4":          {"x": input(), "lengths": NewTensor([]int64{1, 5}, 2)},
		"want [2 2]":              {"x": input(), "net.0.h": NewTensor([]float32{1}, 1, 1)},
		"want [batch, time, 3]":   {"x": NewTensor([]float32{1}, 1, 1, 1)},
		"which the model cannot":  {"x": NewTensor([]string{"a"}, 1, 1, 1)},
		"9223372036854775807 of ": {"x": input(), "lengths": NewTensor([]int64{math.MaxInt64, 1}, 2)},
	} {
		var input *InputError
		if _, err := m.Run(context.Background(), in); !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// Tensors go to a model of ONNX and back without a copy.
func TestTensorsOfONNX(t *testing.T) {
	for _, data := range []any{[]float32{1}, []float64{1}, []int8{1}, []int16{1}, []int32{1}, []int64{1}, []uint8{1}, []uint16{1}, []uint32{1}, []uint64{1}, []bool{true}, []string{"a"}} {
		x := NewTensor(data, 1, 1)
		o, err := x.onnx()
		if err != nil {
			t.Fatal(err)
		}
		if back := FromONNX(o); back.DType != x.DType || fmt.Sprint(back) != fmt.Sprint(x) || reflect.ValueOf(back.Data).Pointer() != reflect.ValueOf(data).Pointer() {
			t.Errorf("%v: came back as %v", x, back)
		}
	}
	half, err := NewTensor([]float32{1.0001}, 1).As(Float16)
	if err != nil || half.Data.([]float32)[0] != 1 {
		t.Errorf("%v, %v", half, err)
	}
	if _, err := NewTensor([]string{"a"}, 1).As(Float32); err == nil {
		t.Error("a string was converted")
	}
	for _, bad := range []*Tensor{{}, {Float32, []int{2}, []float32{1}}, {Float32, []int{1}, []float64{1}}, {"complex64", []int{1}, []float32{1}}} {
		if _, err := bad.onnx(); err == nil {
			t.Errorf("%v of %T was accepted", bad, bad.Data)
		}
	}
}

// A model that takes a sequence is refused when it is opened, by the name of its input.
func TestSequencesAreRefused(t *testing.T) {
	part := func(field protowire.Number, parts ...string) string { // a string or a message
		return string(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), strings.Join(parts, "")))
	}
	number := func(field protowire.Number, v uint64) string {
		return string(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), v))
	}
	floats := part(2, part(4, part(1, part(1, number(1, 1))))) // a sequence of tensors of float32
	graph := part(1, part(1, "s"), part(2, "out"), part(4, "Identity")) + part(11, part(1, "s"), floats) + part(12, part(1, "out"), floats)
	path := filepath.Join(t.TempDir(), "seq.onnx")
	if err := os.WriteFile(path, []byte(number(1, 8)+part(7, graph)+part(8, number(2, 17))), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx.Open(path); err != nil {
		t.Fatal(err)
	}
	var refused *onnx.UnsupportedError
	if _, err := Open(path, nil); !errors.As(err, &refused) || len(refused.Ops) != 2 || refused.Ops[0].Node != "s" {
		t.Errorf("got %v, want an *onnx.UnsupportedError of s and out", err)
	}
}

func TestModuleName(t *testing.T) {
	for name, want := range map[string]string{
		"lstm_torch": "lstm_torch", "my-net.v1": "my_net_v1", "3": "net_3", "": "net_", "class": "class_", "torch": "torch_", "모델": "__",
	} {
		if got := moduleName(name); got != want {
			t.Errorf("%q is the module %q, want %q", name, got, want)
		}
	}
}

func TestExportFiles(t *testing.T) {
	m, err := Import(lstm, nil)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Net(m)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, format := range []string{"onnx", "safetensors"} {
		base := filepath.Join(dir, format+"-1")
		want, err := ExportFiles(net, format, base)
		if err != nil || len(want) != 2 {
			t.Errorf("%s: %q, %v", format, want, err)
		}
		if _, err := os.Stat(want[0]); err == nil {
			t.Errorf("%s: a file was written", format)
		}
		if got, _, err := Export(net, format, base); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", format, got, err, want)
		}
	}
	if _, err := ExportFiles(net, "nothing", "x"); err == nil {
		t.Error("a format of no name has files")
	}
}
