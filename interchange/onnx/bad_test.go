package onnx_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/badfile"
)

// typed tells whether an error is of a type that the package documents.
func typed(err error) bool {
	var format *onnx.FormatError
	var graph *onnx.GraphError
	var unsupported *onnx.UnsupportedError
	var run *onnx.RunError
	var input *onnx.InputError
	return errors.As(err, &format) || errors.As(err, &graph) || errors.As(err, &unsupported) || errors.As(err, &run) || errors.As(err, &input)
}

func floats(shape ...int) *onnx.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return onnx.NewTensor(make([]float32, n), shape...)
}

// lstm is a sound model of one LSTM, for in 2 and hidden 3, which change breaks.
func lstm(change func(g *testGraph, n *testNode)) bytesOf {
	n := testNode{op: "LSTM", in: []string{"X", "W", "R", "B", "L"}, out: []string{"Y"}, attrs: map[string]any{"hidden_size": 3}}
	g := testGraph{
		init: map[string]*onnx.Tensor{"W": floats(1, 12, 2), "R": floats(1, 12, 3), "B": floats(1, 24)},
		in:   []testValue{float("X"), {"L", onnx.Int32, nil}}, out: []testValue{float("Y")},
	}
	if change != nil {
		change(&g, &n)
	}
	g.nodes = append(g.nodes, n)
	return g.model()
}

// relu is a sound model of a chain of nodes y = Relu(x).
func relu(change func(g *testGraph)) bytesOf {
	g := testGraph{nodes: []testNode{{op: "Relu", in: []string{"x"}, out: []string{"y"}}}, in: []testValue{float("x")}, out: []testValue{float("y")}}
	if change != nil {
		change(&g)
	}
	return g.model()
}

// with is relu with an initializer of the given bytes.
func with(t bytesOf) bytesOf { return relu(func(g *testGraph) { g.raw = append(g.raw, t) }) }

// head begins a tensor.
func head(dtype int, dims ...int64) (b bytesOf) {
	for _, d := range dims {
		b = b.num(1, d)
	}
	return b.num(2, int64(dtype)).str(8, "w")
}

func external(entries ...string) bytesOf {
	b := head(1, 4).num(14, 1)
	for i := 0; i < len(entries); i += 2 {
		b = b.msg(13, bytesOf(nil).str(1, entries[i]).str(2, entries[i+1]))
	}
	return b
}

func TestSoundModelsLoad(t *testing.T) {
	for name, b := range map[string]bytesOf{"lstm": lstm(nil), "relu": relu(nil), "tensor": with(head(1, 2).str(9, "12345678"))} {
		if _, err := load(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func badModels() map[string]bytesOf {
	deep := func(n int, wrap func(b bytesOf) bytesOf) (b bytesOf) {
		for range n {
			b = wrap(b)
		}
		return b
	}
	nested := func(b bytesOf) bytesOf { // a graph in an attribute of a node in a graph
		return bytesOf(nil).msg(1, bytesOf(nil).str(4, "If").msg(5, bytesOf(nil).str(1, "then_branch").num(20, 5).msg(6, b)))
	}
	node := func(op string, in, out string) testNode {
		return testNode{op: op, in: strings.Fields(in), out: strings.Fields(out)}
	}
	calls := func(name string, body ...string) bytesOf {
		f := bytesOf(nil).str(1, name).str(4, "x").str(5, "y").str(10, "local").msg(9, opsetID("local", 1)).msg(9, opsetID("", 22))
		last := "x"
		for i, op := range body {
			out := "y"
			if i < len(body)-1 {
				out = "t" + string(rune('a'+i))
			}
			f = f.msg(7, testNode{op: op, domain: "local", in: []string{last}, out: []string{out}}.bytes())
			last = out
		}
		return f
	}
	cases := map[string]bytesOf{
		"empty":                   {},
		"text":                    bytesOf("this is no model at all"),
		"truncated varint":        {0x08, 0xff},
		"eleven-byte varint":      {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"length beyond the end":   {0x3a, 0x7f, 0x01},
		"two gibibytes":           protowire.AppendVarint([]byte{0x3a}, 1<<31),
		"nested groups":           deep(10000, func(b bytesOf) bytesOf { return append(append(bytesOf{0x0b}, b...), 0x0c) }),
		"nested graphs":           bytesOf(nil).num(1, 10).msg(8, opsetID("", 22)).msg(7, deep(1000, nested)),
		"wrong wire type":         bytesOf(nil).str(1, "ten").msg(7, nil),
		"field zero":              {0x02, 0x00},
		"IR version":              bytesOf(nil).num(1, 99).msg(8, opsetID("", 22)).msg(7, testGraph{out: []testValue{float("y")}}.graph()),
		"no opset":                bytesOf(nil).num(1, 10).msg(7, testGraph{out: []testValue{float("y")}}.graph()),
		"opset of the far future": relu(func(g *testGraph) { g.opset = 1e9 }),
		"opset twice":             append(relu(nil), bytesOf(nil).msg(8, opsetID("ai.onnx", 12))...),
		"no graph":                bytesOf(nil).num(1, 10).msg(8, opsetID("", 22)),
		"empty graph":             testGraph{}.model(),
		"output of nobody":        relu(func(g *testGraph) { g.out[0].name = "z" }),
		"cycle": testGraph{nodes: []testNode{node("Add", "x b", "a"), node("Relu", "a", "b")},
			in: []testValue{float("x")}, out: []testValue{float("b")}}.model(),
		"input of nobody":      relu(func(g *testGraph) { g.nodes[0].in[0] = "z" }),
		"output twice":         relu(func(g *testGraph) { g.nodes = append(g.nodes, g.nodes[0]) }),
		"initializer twice":    relu(func(g *testGraph) { g.raw = []bytesOf{head(1, 1).str(9, "1234"), head(1, 1).str(9, "1234")} }),
		"attribute twice":      relu(func(g *testGraph) { g.nodes[0] = node("Elu", "x", "y") }),
		"unknown operator":     relu(func(g *testGraph) { g.nodes[0].op = "Frobnicate" }),
		"unknown domain":       relu(func(g *testGraph) { g.nodes[0].domain = "com.example" }),
		"unknown attribute":    relu(func(g *testGraph) { g.nodes[0].attrs = map[string]any{"inplace": 1} }),
		"attribute of a type":  relu(func(g *testGraph) { g.nodes[0].op, g.nodes[0].attrs = "Elu", map[string]any{"alpha": "much"} }),
		"LSTM of nine inputs":  lstm(func(g *testGraph, n *testNode) { n.in = append(n.in, "X", "X", "X", "X") }),
		"shape of W":           lstm(func(g *testGraph, n *testNode) { g.init["W"] = floats(1, 11, 2) }),
		"shape of R":           lstm(func(g *testGraph, n *testNode) { g.init["R"] = floats(1, 12, 4) }),
		"shape of B":           lstm(func(g *testGraph, n *testNode) { g.init["B"] = floats(1, 12) }),
		"rank of W":            lstm(func(g *testGraph, n *testNode) { g.init["W"] = floats(12, 2) }),
		"hidden_size":          lstm(func(g *testGraph, n *testNode) { n.attrs["hidden_size"] = 5 }),
		"hidden_size below 0":  lstm(func(g *testGraph, n *testNode) { n.attrs["hidden_size"] = -3 }),
		"direction":            lstm(func(g *testGraph, n *testNode) { n.attrs["direction"] = "sideways" }),
		"activations":          lstm(func(g *testGraph, n *testNode) { n.attrs["activations"] = []string{"Tanh"} }),
		"unknown activation":   lstm(func(g *testGraph, n *testNode) { n.attrs["activations"] = []string{"Tanh", "Tanh", "Gelu"} }),
		"layout":               lstm(func(g *testGraph, n *testNode) { n.attrs["layout"] = 2 }),
		"clip":                 lstm(func(g *testGraph, n *testNode) { n.attrs["clip"] = -1.0 }),
		"dims overflow":        with(head(1, 1<<32, 1<<32).str(9, "1234")),
		"dims below 0":         with(head(1, -4).str(9, "1234")),
		"dims lie":             with(head(1, 1<<30).str(9, "1234")),
		"dims lie, typed":      with(head(7, 1<<30).num(7, 1)),
		"dims lie, no data":    with(head(7, 1<<40)),
		"rank":                 with(head(1, make([]int64, 99)...)),
		"data twice":           with(head(1, 1).str(9, "1234").float(4, 1)),
		"raw data short":       with(head(1, 2).str(9, "1234567")),
		"raw data long":        with(head(1, 1).str(9, "12345")),
		"field of a type":      with(head(1, 1).num(7, 1)),
		"complex":              with(head(14, 1).str(9, "12345678")),
		"raw strings":          with(head(8, 1).str(9, "text")),
		"four bits":            with(head(22, 2).str(9, "1")),
		"no type":              with(head(0, 1).str(9, "1234")),
		"sparse initializer":   bytesOf(nil).num(1, 10).msg(8, opsetID("", 22)).msg(7, testGraph{out: []testValue{float("y")}}.graph().msg(15, bytesOf(nil).msg(1, external("location", "../x")))),
		"external from memory": with(external("location", "weights.bin")),
		"function of itself": relu(func(g *testGraph) {
			g.nodes[0].op, g.nodes[0].domain = "F", "local"
			g.functions = []bytesOf{calls("F", "F")}
		}),
		"billion laughs": relu(func(g *testGraph) {
			g.nodes[0].op, g.nodes[0].domain = "A", "local"
			for c := 'A'; c < 'Z'; c++ {
				next := string(c + 1)
				g.functions = append(g.functions, calls(string(c), next, next, next, next))
			}
			g.functions = append(g.functions, calls("Z"))
		}),
		"type of an input": relu(func(g *testGraph) { g.in[0].dtype = 14 }),
	}
	cases["attribute twice"] = bytesOf(nil).num(1, 10).msg(8, opsetID("", 22)).msg(7, append(bytesOf(nil).msg(1,
		testNode{op: "Elu", in: []string{"x"}, out: []string{"y"}, attrs: map[string]any{"alpha": 1.0}}.bytes().msg(5, bytesOf(nil).str(1, "alpha").float(2, 1).num(20, 1))),
		testGraph{in: []testValue{float("x")}, out: []testValue{float("y")}}.graph()...))
	return cases
}

func BenchmarkBadFiles(b *testing.B) {
	var files []badfile.File
	for name, file := range badModels() {
		files = append(files, badfile.File{Name: name, Bytes: file})
	}
	badfile.Benchmark(b, files, func(file []byte) error { _, err := load(file); return err })
}

func TestBadModels(t *testing.T) {
	for name, b := range badModels() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := load(b)
		runtime.ReadMemStats(&after)
		if !typed(err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%s: %d bytes were set aside", name, grown)
		}
		t.Logf("%s: %.200v", name, err)
	}
}

// Every prefix of a sound model is an unsound one, and none is a crash.
func TestCutModels(t *testing.T) {
	b := lstm(nil)
	for n := range len(b) {
		if _, err := load(b[:n]); err != nil && !typed(err) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	for i := range b {
		for _, bit := range []byte{1, 0x80} {
			flipped := append(bytesOf(nil), b...)
			flipped[i] ^= bit
			if _, err := load(flipped); err != nil && !typed(err) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
}

func TestExternalData(t *testing.T) {
	dir := t.TempDir()
	model := func(entries ...string) (*onnx.Model, error) {
		path := filepath.Join(dir, "models", "model.onnx")
		g := testGraph{nodes: []testNode{{op: "Add", in: []string{"x", "w"}, out: []string{"y"}}}, raw: []bytesOf{external(entries...)},
			in: []testValue{float("x")}, out: []testValue{float("y")}}
		if err := os.WriteFile(path, g.model(), 0o666); err != nil {
			t.Fatal(err)
		}
		return onnx.Open(path)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	values := onnx.AppendTensor(nil, onnx.NewTensor([]float32{1, 2, 3, 4}, 4), "")
	values = values[len(values)-16:]
	in := func(name string) string { return filepath.Join(dir, "models", name) }
	must(os.MkdirAll(in("sub"), 0o777))
	must(os.WriteFile(in("weights.bin"), append(make([]byte, 8), values...), 0o666))
	must(os.WriteFile(in("sub/weights.bin"), values, 0o666))
	must(os.WriteFile(filepath.Join(dir, "outside.bin"), values, 0o666))
	for _, good := range [][]string{
		{"location", "weights.bin", "offset", "8", "length", "16"},
		{"location", "weights.bin", "offset", "8"},
		{"location", "sub/weights.bin"},
	} {
		m, err := model(good...)
		must(err)
		out, err := m.Run(context.Background(), map[string]*onnx.Tensor{"x": floats(4)})
		must(err)
		if got := onnx.Values[float32](out["y"]); got[0] != 1 || got[3] != 4 {
			t.Errorf("%v: %v", good, got)
		}
	}
	bad := [][]string{
		{"location", "../outside.bin"}, {"location", "/etc/passwd"}, {"location", "sub/../../outside.bin"}, {"location", "sub/../weights.bin"},
		{"location", `..\outside.bin`}, {"location", ""}, {"location", "."}, {"location", "sub"}, {"location", "none.bin"}, {"location", "/dev/zero"},
		{"location", "weights.bin", "offset", "9223372036854775807"}, {"location", "weights.bin", "offset", "12"}, {"location", "weights.bin", "offset", "-1"},
		{"location", "weights.bin", "length", "24"}, {"location", "weights.bin", "offset", "x"}, {},
	}
	if runtime.GOOS != "windows" {
		must(os.Symlink(filepath.Join(dir, "outside.bin"), in("link.bin")))
		must(os.Symlink("weights.bin", in("inner.bin")))
		must(os.Symlink(dir, in("up")))
		must(os.Link(filepath.Join(dir, "outside.bin"), in("hard.bin")))
		must(syscall.Mkfifo(in("pipe"), 0o666))
		bad = append(bad, []string{"location", "link.bin"}, []string{"location", "inner.bin"}, []string{"location", "up/outside.bin"},
			[]string{"location", "hard.bin"}, []string{"location", "pipe"})
	}
	for _, b := range bad {
		_, err := model(b...)
		var format *onnx.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%v: %v", b, err)
		}
	}
}

func TestBadRuns(t *testing.T) {
	ctx := context.Background()
	run := func(b bytesOf, in map[string]*onnx.Tensor) error {
		_, err := mustLoad(t, b).Run(ctx, in)
		return err
	}
	var input *onnx.InputError
	if err := run(relu(nil), nil); !errors.As(err, &input) || input.Input != "x" {
		t.Error(err)
	}
	if err := run(relu(nil), map[string]*onnx.Tensor{"x": floats(1), "z": floats(1)}); !errors.As(err, &input) || input.Input != "z" {
		t.Error(err)
	}
	if err := run(relu(nil), map[string]*onnx.Tensor{"x": onnx.NewTensor([]int32{1}, 1)}); !errors.As(err, &input) {
		t.Error(err)
	}
	if err := run(lstm(nil), nil); err == nil || !strings.Contains(err.Error(), "is missing; the model takes X float32 of any shape, L int32 of any shape") {
		t.Error(err)
	}
	node := func(err error, name string) {
		t.Helper()
		var r *onnx.RunError
		if !errors.As(err, &r) || r.Node != name || onnx.Internal(err) {
			t.Errorf("%v, want an error of %q", err, name)
		}
	}
	lens := func(v ...int32) *onnx.Tensor { return onnx.NewTensor(v, len(v)) }
	node(run(lstm(nil), map[string]*onnx.Tensor{"X": floats(4, 1, 2), "L": lens(5)}), "the LSTM")
	node(run(lstm(nil), map[string]*onnx.Tensor{"X": floats(4, 1, 2), "L": lens(1, 2)}), "the LSTM")
	node(run(lstm(nil), map[string]*onnx.Tensor{"X": floats(4, 1, 9), "L": lens(4)}), "the LSTM")
	node(run(lstm(nil), map[string]*onnx.Tensor{"X": floats(4, 2), "L": lens(4)}), "the LSTM")
	huge := testGraph{nodes: []testNode{{op: "ConstantOfShape", in: []string{"s"}, out: []string{"y"}}},
		in: []testValue{{"s", onnx.Int64, nil}}, out: []testValue{float("y")}}.model()
	node(run(huge, map[string]*onnx.Tensor{"s": onnx.NewTensor([]int64{1 << 40, 1 << 40}, 2)}), "the ConstantOfShape")
	node(run(huge, map[string]*onnx.Tensor{"s": onnx.NewTensor([]int64{-1}, 1)}), "the ConstantOfShape")
}

// Run ends with its context, within a loop too.
func TestCancel(t *testing.T) {
	body := testGraph{
		nodes: []testNode{{op: "Identity", in: []string{"c"}, out: []string{"c2"}}, {op: "Relu", in: []string{"v"}, out: []string{"v2"}}},
		in:    []testValue{{"i", onnx.Int64, nil}, {"c", onnx.Bool, nil}, float("v")}, out: []testValue{{"c2", onnx.Bool, nil}, float("v2")},
	}.graph()
	m := mustLoad(t, testGraph{nodes: []testNode{{op: "Loop", in: []string{"", "go", "v0"}, out: []string{"v"}, attrs: map[string]any{"body": body}}},
		init: map[string]*onnx.Tensor{"go": onnx.NewTensor([]bool{true})}, in: []testValue{float("v0")}, out: []testValue{float("v")}}.model())
	ctx, cancel := context.WithCancel(context.Background())
	time := 0
	_, err := m.Run(counting{ctx, cancel, &time}, map[string]*onnx.Tensor{"v0": floats(1)})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// counting cancels itself after it has been asked a hundred times.
type counting struct {
	context.Context
	cancel context.CancelFunc
	asked  *int
}

func (c counting) Err() error {
	if *c.asked++; *c.asked == 100 {
		c.cancel()
	}
	return c.Context.Err()
}
