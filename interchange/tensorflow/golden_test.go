package tensorflow

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// golden is a checkpoint that TensorFlow wrote, what makes it a network, and what that
// answered there.
type golden struct {
	name    string
	prefix  string
	Spec    json.RawMessage
	Inputs  map[string]numbers
	Outputs map[string]numbers
	Lengths []int
}

type numbers struct {
	Shape []int
	Data  []tensor.Float
}

func (n numbers) tensor() *tensor.Tensor { return tensor.FromSlice(n.Data, n.Shape...) }

// goldens unpacks the files of testdata.
func goldens(t testing.TB) (list []golden) {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.zip")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range files {
		g := golden{name: strings.TrimSuffix(filepath.Base(path), ".zip")}
		dir := t.TempDir()
		g.prefix = filepath.Join(dir, "model")
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if f.Name == "io.json" {
				err = json.Unmarshal(b, &g)
			} else {
				err = os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), b, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, g)
	}
	return list
}

// differ runs the network of a golden and returns the largest difference of outputs and
// final states, relative above 1.
func (g golden) differ(t *testing.T, net *graph.Net) (worst float64) {
	t.Helper()
	in := map[string]*tensor.Tensor{}
	for _, want := range net.Config.Inputs {
		in[want.Name] = g.Inputs[want.Name].tensor()
	}
	var first []*tensor.Tensor
	states := net.States()
	for _, s := range states {
		if n, ok := g.Inputs[s.Name]; ok {
			first = append(first, n.tensor())
		}
	}
	out, last, err := net.Predict(in, g.Lengths, first)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*tensor.Tensor{}
	for i, name := range net.OutputNames() {
		got[string(rune('0'+i))] = out[name]
	}
	for i, s := range states {
		got[s.Name+"_out"] = last[i]
	}
	for name, want := range g.Outputs {
		y := got[name]
		if y == nil || y.Shape != want.tensor().Shape {
			t.Fatalf("%s is %v, want %v", name, y, want.Shape)
		}
		for i, v := range y.Data {
			w := float64(want.Data[i])
			switch d := math.Abs(float64(v)-w) / max(1, math.Abs(w)); {
			case math.IsNaN(d):
				return math.Inf(1)
			case d > worst:
				worst = d
			}
		}
	}
	return worst
}

// Checkpoints of TensorFlow 1 and of Keras 2 give here what the models gave there.
func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			m, err := Import(g.prefix+".index", g.Spec)
			var format *FormatError
			var mapping *MapError
			switch {
			case g.name == "parts": // variables in parts are refused by name
				if !errors.As(err, &format) && !errors.As(err, &mapping) || !strings.Contains(err.Error(), "rnn/basic_rnn_cell/") {
					t.Errorf("%v", err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if d := g.differ(t, m.Net.(*graph.Net)); !(d <= 1e-5) {
				t.Errorf("differs by %.2g", d)
			}
		})
	}
}

// What people get wrong shows in the golden files.
func TestMistakesShow(t *testing.T) {
	change := map[string]func(spec string) string{
		"forget bias": func(s string) string { return strings.ReplaceAll(s, `"forget_bias": 1`, `"forget_bias": 0`) },
		"cell clip":   func(s string) string { return strings.ReplaceAll(s, `, "cell_clip": 0.5`, ``) },
		"proj clip":   func(s string) string { return strings.ReplaceAll(s, `, "proj_clip": 0.3`, ``) },
		"activation":  func(s string) string { return strings.ReplaceAll(s, `, "cell_activation": "softsign"`, ``) },
	}
	all := goldens(t)
	for name, f := range change {
		seen := 0
		for _, g := range all {
			if spec := f(string(g.Spec)); spec != string(g.Spec) {
				m, err := Import(g.prefix, []byte(spec))
				if err != nil {
					t.Fatal(err)
				}
				if g.differ(t, m.Net.(*graph.Net)) > 1e-3 {
					seen++
				}
			}
		}
		if seen == 0 {
			t.Errorf("no golden file shows a mistake about the %s", name)
		}
	}
	seen := map[string]int{}
	for _, g := range all {
		if g.name == "parts" {
			continue
		}
		g := g
		if g.Lengths != nil {
			m, err := Import(g.prefix, g.Spec)
			if err != nil {
				t.Fatal(err)
			}
			g.Lengths = nil
			if g.differ(t, m.Net.(*graph.Net)) > 1e-3 {
				seen["lengths"]++
			}
		}
	}
	if seen["lengths"] == 0 {
		t.Error("no golden file shows that lengths are ignored")
	}
}

func TestWithoutSpec(t *testing.T) {
	for _, g := range goldens(t) {
		m, err := Import(g.prefix, nil)
		var mapping *MapError
		switch g.name {
		case "basic", "gru":
			if err != nil || !(g.differ(t, m.Net.(*graph.Net)) <= 1e-5) {
				t.Errorf("%s: %v", g.name, err)
			}
		case "basic_lstm", "both", "stack":
			if !errors.As(err, &mapping) || mapping.Spec == nil || *mapping.Spec.(*Spec).Layers[0].ForgetBias != 1 || !strings.Contains(err.Error(), "forget bias") {
				t.Errorf("%s: %v", g.name, err)
			}
		case "lstm":
			if !errors.As(err, &mapping) || len(mapping.Spec.(*Spec).Layers) != 2 || !strings.Contains(err.Error(), "2 modules") {
				t.Errorf("%s: %v", g.name, err)
			}
		case "keras", "saved_model":
			if !errors.As(err, &mapping) || g.name == "keras" && !strings.Contains(err.Error(), "to_json") {
				t.Errorf("%s: %v", g.name, err)
			}
		}
	}
}
