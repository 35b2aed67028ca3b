package keras

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// golden is a model that Keras wrote, and what it answered there.
type golden struct {
	name     string
	file     []byte
	config   []byte
	in, want []*tensor.Tensor
}

func unzip(t testing.TB, path string) []byte {
	t.Helper()
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goldens(t testing.TB) (list []golden) {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.io.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range files {
		base := strings.TrimSuffix(path, ".io.json.gz")
		g := golden{name: filepath.Base(base)}
		var doc struct{ Inputs, Outputs []numbersOf }
		if err := json.Unmarshal(unzip(t, path), &doc); err != nil {
			t.Fatal(err)
		}
		for _, n := range doc.Inputs {
			g.in = append(g.in, n.tensor())
		}
		for _, n := range doc.Outputs {
			g.want = append(g.want, n.tensor())
		}
		for _, ext := range []string{".keras", ".h5", ".weights.h5"} {
			if _, err := os.Stat(base + ext + ".gz"); err == nil {
				g.file = unzip(t, base+ext+".gz")
			}
		}
		if _, err := os.Stat(base + ".json.gz"); err == nil {
			g.config = unzip(t, base+".json.gz")
		}
		list = append(list, g)
	}
	return list
}

type numbersOf struct {
	Shape []int
	Data  []tensor.Float
}

// tensor is the array, in which steps that have places in space lie flat.
func (n numbersOf) tensor() *tensor.Tensor {
	shape := n.Shape
	if len(shape) > 3 {
		shape = []int{shape[0], shape[1], len(n.Data) / shape[0] / shape[1]}
	}
	return tensor.FromSlice(n.Data, shape...)
}

func (g golden) read(t testing.TB) *model.Model {
	t.Helper()
	m, err := Read(bytes.NewReader(g.file), int64(len(g.file)), g.config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// differ runs a model and returns the largest difference to want, relative above 1.
func differ(t *testing.T, m *model.Model, in, want []*tensor.Tensor) (worst float64) {
	t.Helper()
	net := m.Net.(*graph.Net)
	named := map[string]*tensor.Tensor{}
	for i, x := range in {
		named[net.Config.Inputs[i].Name] = x
	}
	out, _, err := net.Predict(named, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	names := net.OutputNames()
	if len(names) != len(want) {
		t.Fatalf("%d outputs, want %d", len(names), len(want))
	}
	for i, name := range names {
		y := out[name]
		if flat := y.Shape.Rank() < want[i].Shape.Rank() && y.Dim(0) == want[i].Dim(0) && len(y.Data) == len(want[i].Data); !flat && y.Shape != want[i].Shape {
			t.Fatalf("output %q is %v, want %v", name, y.Shape, want[i].Shape)
		}
		for k, v := range y.Data {
			w := float64(want[i].Data[k])
			d := math.Abs(float64(v)-w) / max(1, math.Abs(w))
			if !(d <= worst) {
				worst = d
			}
		}
	}
	return worst
}

// Models of Keras 3 and 2 give here what they gave there, also after Export.
func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			m := g.read(t)
			if d := differ(t, m, g.in, g.want); !(d <= 1e-5) {
				t.Errorf("differs by %.2g", d)
			}
			if got, want := m.Config.(*graph.Config).CountParams(), nn.Count(nn.Params(m.Net)); got != want {
				t.Errorf("%d values of parameters are counted, there are %d", got, want)
			}
			var b bytes.Buffer
			var no *UnsupportedError
			switch err := Export(&b, m.Net.(*graph.Net)); {
			case errors.As(err, &no) && (strings.Contains(err.Error(), "hardsigmoid(0.2") || strings.Contains(err.Error(), "order of time") || strings.Contains(err.Error(), "ConvLSTM")):
				return // what Keras 3 has not, or has of places that a graph does not tell
			case err != nil:
				t.Fatal(err)
			}
			again, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := differ(t, again, g.in, g.want); !(d <= 1e-5) {
				t.Errorf("differs by %.2g after Export", d)
			}
		})
	}
}

// Weights that load and give wrong numbers are the worst that can happen. These are the
// usual mistakes; the golden files must show each of them.
func TestMistakesShow(t *testing.T) {
	swap := func(v *grad.Var, parts, i, j int) { // two gates of every row
		n := len(v.Value.Data) / v.Dim(0)
		if v.Shape().Rank() == 1 {
			n = v.Dim(0)
		}
		for d := v.Value.Data; len(d) > 0; d = d[n:] {
			for k := range n / parts {
				a, b := i*n/parts+k, j*n/parts+k
				d[a], d[b] = d[b], d[a]
			}
		}
	}
	mistakes := map[string]func(n *graph.Net){
		"gates z and r of a GRU": func(n *graph.Net) {
			eachCell(n, func(c rnn.Cell) {
				if c, ok := c.(*rnn.GRU); ok {
					for _, v := range []*grad.Var{c.Wx, c.Wh, c.B} {
						if v != nil {
							swap(v, 3, 0, 1)
						}
					}
				}
			})
		},
		"gates f and c of an LSTM": func(n *graph.Net) {
			eachCell(n, func(c rnn.Cell) {
				if c, ok := c.(*rnn.LSTM); ok {
					for _, v := range []*grad.Var{c.Wx, c.Wh, c.B} {
						if v != nil {
							swap(v, 4, 1, 2)
						}
					}
				}
			})
		},
		"reset_after": func(n *graph.Net) {
			eachCell(n, func(c rnn.Cell) {
				if c, ok := c.(*rnn.GRU); ok && c.Bn != nil {
					c.Bn = nil
				}
			})
		},
		"bias of the state": func(n *graph.Net) {
			eachCell(n, func(c rnn.Cell) {
				if c, ok := c.(*rnn.GRU); ok && c.Bn != nil {
					clear(c.Bn.Value.Data)
				}
			})
		},
		"masks": func(n *graph.Net) {
			for _, l := range n.Config.Layers {
				if e, ok := l.Op.(*graph.Embedding); ok {
					e.MaskZero = false
				}
			}
		},
		"go_backwards": func(n *graph.Net) {
			for _, l := range n.Config.Layers {
				if e, ok := l.Op.(*graph.RNN); ok && e.Backwards {
					e.Backwards, e.AsRead = false, false
				}
			}
		},
		"outputs at masked steps": func(n *graph.Net) {
			for _, l := range n.Config.Layers {
				if e, ok := l.Op.(*graph.RNN); ok {
					e.Masked = graph.Zero
				}
			}
		},
	}
	all := goldens(t)
	for name, break_ := range mistakes {
		seen := 0
		for _, g := range all {
			m := g.read(t)
			break_(m.Net.(*graph.Net))
			if d := differ(t, m, g.in, g.want); d > 1e-3 {
				seen++
			}
		}
		if t.Logf("%s: shown by %d of %d", name, seen, len(all)); seen == 0 {
			t.Errorf("no golden file shows a mistake about %s", name)
		}
	}
}

// eachCell visits the cells of a network, which its nodes hold in exported fields.
func eachCell(n *graph.Net, visit func(c rnn.Cell)) {
	for _, l := range n.Layers {
		node := reflect.Indirect(reflect.ValueOf(l.Node))
		for _, name := range []string{"Cell", "Fwd", "Bwd"} {
			if node.Kind() != reflect.Struct || !node.FieldByName(name).IsValid() {
				continue
			}
			switch c := node.FieldByName(name).Interface().(type) {
			case rnn.Stack:
				for _, inner := range c {
					visit(inner)
				}
			case rnn.Cell:
				visit(c)
			}
		}
	}
}
