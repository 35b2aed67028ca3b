package tensorflow

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/graph"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/tensor"
)

// Models that TensorFlow made, run here: see keras/testdata/roundtrip.sh, which sets the
// folder.
func TestRoundTrips(t *testing.T) {
	folder := os.Getenv("RECUR_TENSORFLOW_MODELS")
	if folder == "" {
		t.Skip("RECUR_TENSORFLOW_MODELS is not set; keras/testdata/roundtrip.sh sets it")
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*", "model.index"))
	if err != nil {
		t.Fatal(err)
	}
	var worst float64
	for _, path := range cases {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			d := checkCase(t, filepath.Dir(path))
			if worst = max(worst, d); !(d <= 1e-5) {
				t.Errorf("differs by %.2g", d)
			}
		})
	}
	t.Logf("%d models, largest difference %.2g", len(cases), worst)
}

// checkCase runs the model in a folder and returns the largest difference of its outputs
// and final states, relative above 1.
func checkCase(t *testing.T, dir string) (worst float64) {
	t.Helper()
	spec, err := os.ReadFile(filepath.Join(dir, "spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Import(filepath.Join(dir, "model"), spec)
	if err != nil {
		t.Fatal(err)
	}
	net := m.Net.(*graph.Net)
	named := map[string]*tensor.Tensor{}
	for i, x := range arrays(t, dir, "input_%d.npy") {
		named[net.Config.Inputs[i].Name] = x
	}
	var lengths []int
	if l := read(t, filepath.Join(dir, "lengths.npy")); l != nil {
		for _, n := range l.Data {
			lengths = append(lengths, int(n))
		}
	}
	out, last, err := net.Predict(named, lengths, arrays(t, dir, "state_%d.npy"))
	if err != nil {
		t.Fatal(err)
	}
	compare := func(what string, got, want *tensor.Tensor) {
		if got.Shape != want.Shape {
			t.Fatalf("%s is %v, want %v", what, got.Shape, want.Shape)
		}
		for i, v := range got.Data {
			w := float64(want.Data[i])
			if d := math.Abs(float64(v)-w) / max(1, math.Abs(w)); !(d <= worst) {
				worst = d
			}
		}
	}
	for i, want := range arrays(t, dir, "output_%d.npy") {
		compare("an output", out[net.OutputNames()[i]], want)
	}
	for i, want := range arrays(t, dir, "last_%d.npy") {
		compare("a final state", last[i], want)
	}
	return worst
}

func arrays(t *testing.T, dir, form string) (list []*tensor.Tensor) {
	for i := 0; ; i++ {
		x := read(t, filepath.Join(dir, fmt.Sprintf(form, i)))
		if x == nil {
			return list
		}
		list = append(list, x)
	}
}

func read(t *testing.T, path string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	a, err := npy.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.New(a.Shape...)
	switch v := a.Data.(type) {
	case []float32:
		for i := range v {
			x.Data[i] = tensor.Float(v[i])
		}
	case []int32:
		for i := range v {
			x.Data[i] = tensor.Float(v[i])
		}
	}
	return x
}
