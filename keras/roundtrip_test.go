package keras

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/graph"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/tensor"
)

// Models that Keras made, run here, and exported again for it to run: see
// testdata/roundtrip.sh, which sets the folder.
func TestRoundTrips(t *testing.T) {
	folder := os.Getenv("RECUR_KERAS_MODELS")
	if folder == "" {
		t.Skip("RECUR_KERAS_MODELS is not set; testdata/roundtrip.sh sets it")
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*", "model.*"))
	if err != nil {
		t.Fatal(err)
	}
	var worst float64
	n, refused := 0, 0
	for _, path := range cases {
		if filepath.Ext(path) == ".json" {
			continue
		}
		n++
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			m, err := Import(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Dir(path)
			d := differ(t, m, arrays(t, dir, "input"), arrays(t, dir, "output"))
			worst = max(worst, d)
			if !(d <= 1e-5) {
				t.Errorf("differs by %.2g", d)
			}
			var b bytes.Buffer
			var no *UnsupportedError
			switch err := Export(&b, m.Net.(*graph.Net)); {
			case errors.As(err, &no):
				refused++
				t.Log(err)
				return
			case err != nil:
				t.Fatal(err)
			}
			again, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := differ(t, again, arrays(t, dir, "input"), arrays(t, dir, "output")); !(d <= 1e-5) {
				t.Errorf("differs by %.2g after it was exported", d)
			}
			if err := os.WriteFile(filepath.Join(dir, "export.keras"), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Logf("%d models, largest difference %.2g, %d not exported", n, worst, refused)
}

func arrays(t *testing.T, dir, kind string) (list []*tensor.Tensor) {
	for i := 0; ; i++ {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%s_%d.npy", kind, i)))
		if err != nil {
			return list
		}
		a, err := npy.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		x := tensor.New(a.Shape...)
		for i, v := range a.Data.([]float32) {
			x.Data[i] = tensor.Float(v)
		}
		list = append(list, x)
	}
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
		if y.Shape != want[i].Shape {
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
