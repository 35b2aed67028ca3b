package torch

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A golden is what PyTorch computes with a file; see testdata/make_torch.py.
type golden struct {
	Name, File string
	Spec       json.RawMessage
	Lengths    []int
	X          values
	Outputs    []values // the output and the final states
}

type values struct {
	Shape []int
	Data  []float64
}

func (v values) tensor() *tensor.Tensor {
	t := tensor.New(v.Shape...)
	for i, x := range v.Data {
		t.Data[i] = tensor.Float(x)
	}
	return t
}

func goldens(t *testing.T) (cases []golden) {
	b, err := os.ReadFile("testdata/cases.json")
	if err == nil {
		err = json.Unmarshal(b, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// worst is the largest difference of net from what PyTorch gives.
func (c golden) worst(t *testing.T, net *graph.Net) (worst float64) {
	out, last, err := net.Predict(map[string]*tensor.Tensor{"x": c.X.tensor()}, c.Lengths, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := append([]*tensor.Tensor{out[net.OutputNames()[0]]}, last...)
	for k, want := range c.Outputs {
		if got[k].Shape != tensor.ShapeOf(want.Shape...) {
			t.Fatalf("%s: output %d is %v, want %v", c.Name, k, got[k].Shape, want.Shape)
		}
		for i, v := range want.Data {
			if d := math.Abs(float64(got[k].Data[i]) - v); !(d <= worst) {
				worst = d
			}
		}
	}
	return worst
}

func TestPyTorch(t *testing.T) {
	for _, c := range goldens(t) {
		m, err := Import(filepath.Join("testdata", c.File), c.Spec)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if d := c.worst(t, m.Net.(*graph.Net)); !(d <= 2e-6) {
			t.Errorf("%s: differs by %.2g", c.Name, d)
		}
	}
}

// What is easily got wrong in mapping weights has to be seen by the goldens.
func TestGoldensNoticeMistakes(t *testing.T) {
	swap := func(v *grad.Var, i, j, parts int) { // two gates of a matrix or a bias
		n := v.Shape().Last() / parts
		for at := 0; at < len(v.Value.Data); at += v.Shape().Last() {
			a, b := v.Value.Data[at+i*n:at+(i+1)*n], v.Value.Data[at+j*n:at+(j+1)*n]
			for k := range a {
				a[k], b[k] = b[k], a[k]
			}
		}
	}
	for _, m := range []struct {
		what, golden, param string
		mistake             func(v *grad.Var)
	}{
		{"the gates of TensorFlow 1", "lstm.pt", "net.0.wx", func(v *grad.Var) { swap(v, 1, 2, 4) }},
		{"the gates of ONNX", "lstm.pt", "net.1.wh", func(v *grad.Var) { swap(v, 2, 3, 4) }},
		{"a bias left out", "lstm.pt", "net.0.b", func(v *grad.Var) { clear(v.Value.Data) }},
		{"a forget bias added", "lstm.pt", "net.0.b", func(v *grad.Var) { v.Value.Data[4]++ }},
		{"the gates of Keras", "cell.pt", "net.wh", func(v *grad.Var) { swap(v, 0, 1, 3) }},
		{"the second bias outside of the reset", "cell.pt", "net.bn", func(v *grad.Var) { clear(v.Value.Data) }},
		{"directions swapped", "tagger", "gru.0.fwd.wx", func(v *grad.Var) { swap(v, 0, 2, 3) }},
		{"taps turned round", "tagger", "conv.w", func(v *grad.Var) {
			a, b := v.Value.Data[:12], v.Value.Data[24:36]
			for i := range a {
				a[i], b[i] = b[i], a[i]
			}
		}},
		{"the projection left transposed", "lstm.pt", "net.0.wp", func(v *grad.Var) {
			w := append([]tensor.Float{}, v.Value.Data...)
			for i := range w {
				v.Value.Data[i] = w[i%2*4+i/2]
			}
		}},
	} {
		for _, c := range goldens(t) {
			if c.Name != m.golden {
				continue
			}
			model, err := Import(filepath.Join("testdata", c.File), c.Spec)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, p := range nn.Params(model.Net) {
				if p.Name == m.param {
					found = true
					m.mistake(p.Var)
				}
			}
			if d := c.worst(t, model.Net.(*graph.Net)); !found || d < 1e-3 {
				t.Errorf("%s: the golden %s differs by %.2g only", m.what, m.golden, d)
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for file, want := range map[string]string{
		"module.pt":          "an object of torch.nn.modules.rnn.LSTM",
		"tagger.safetensors": "6 modules (\"bn\", \"conv\", \"embedding\", \"fc\", \"gru\", \"norm\")",
	} {
		_, err := Import(filepath.Join("testdata", file), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", file, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"layers":[{"module":"net"}]}`:                                        `the file has no such module`,
		`{"layers":[{"module":"","nonlinearity":"relu"}]}`:                     `"nonlinearity" is not an option of type lstm`,
		`{"layers":[{"module":"","type":"gru"}]}`:                              `is [16 3] of F32, want [15 3]`,
		`{"layers":[{"module":"","type":"linear"}]}`:                           `is none of a module of type linear`,
		`{"layers":[{"dense":{"units":2}}]}`:                                   `leaves out the modules ""`,
		`{"layers":[{"module":""},{"name":"b","module":""}]}`:                  `it is used twice`,
		`{"layers":[{"module":""},{"from":["net","net:2"],"concat":{}}]}`:      `a sequence and a vector cannot be joined`,
		`{"prefix":"module.","layers":[{"module":"net"}]}`:                     `no tensor's name begins with "module."`,
		`{"layers":[{"module":""},{"name":"x","from":["nothing"],"last":{}}]}`: `nothing before it is called "nothing"`,
	} {
		_, err := Import("testdata/lstm.pt", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
	for _, text := range []string{`{"layer":[]}`, `{"layers":[{"module":"a","dropout":1}]}`, `{"layers":[{"nothing":{}}]}`, `[`} {
		if _, err := Import("testdata/lstm.pt", []byte(text)); err == nil || !strings.Contains(err.Error(), "the spec: ") {
			t.Errorf("%s: got %v, want an error about the spec", text, err)
		}
	}
	_, err := Import("testdata/tagger.safetensors", nil)
	var e *MapError
	if !errors.As(err, &e) || len(e.Spec.(*Spec).Layers) != 6 {
		t.Errorf("no spec to begin with: %+v", e)
	}
}
