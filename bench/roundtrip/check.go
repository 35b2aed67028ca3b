package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/npy"
)

// A testCase is the content of case.json.
type testCase struct {
	System  string            `json:"system"` // such as "PyTorch 2.15.0"
	About   string            `json:"about"`  // the model in words
	Model   string            `json:"model"`  // its file
	Spec    json.RawMessage   `json:"spec,omitempty"`
	Inputs  map[string]string `json:"inputs"`          // .npy files by name
	Outputs map[string]string `json:"outputs"`         // .npy files by name, or by "0", "1" for the place among the outputs
	Order   []string          `json:"order,omitempty"` // names of the output, then of the entries of the state, in a case that recur made
}

// tolerance is the largest relative difference that passes.
const tolerance = 1e-5

// check runs the cases in dir and adds its line to the table.
func check(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	r := result{Way: "into recur"}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name(), "case.json")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		c, d, err := checkCase(path)
		r.System = c.System
		r.Cases++
		switch {
		case err != nil:
			fmt.Printf("%s: %s: %v\n", filepath.Dir(path), c.About, err)
		case !(d <= tolerance):
			fmt.Printf("%s: %s: differs by %.2g\n", filepath.Dir(path), c.About, d)
		default:
			r.Pass++
		}
		if err == nil {
			r.Worst = max(r.Worst, d)
		}
	}
	if r.Cases == 0 {
		return errors.New("no cases in " + dir)
	}
	fmt.Printf("%s: %d of %d pass, largest difference %.2g\n", r.System, r.Pass, r.Cases, r.Worst)
	if err := r.keep(); err != nil {
		return err
	}
	if r.Pass < r.Cases {
		return errors.New("not all pass")
	}
	return nil
}

func checkCase(path string) (c testCase, worst float64, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return c, 0, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, 0, err
	}
	dir := filepath.Dir(path)
	var spec []byte
	if len(c.Spec) > 0 && string(c.Spec) != "null" {
		spec = c.Spec
	}
	m, err := interchange.Open(filepath.Join(dir, c.Model), spec)
	if err != nil {
		return c, 0, err
	}
	in := map[string]*interchange.Tensor{}
	for name, file := range c.Inputs {
		t, err := readTensor(filepath.Join(dir, file))
		if err != nil {
			return c, 0, err
		}
		for _, v := range m.Inputs { // of the type that the model takes
			if v.Name == name && v.DType != t.DType {
				if t, err = t.As(v.DType); err != nil {
					return c, 0, err
				}
			}
		}
		in[name] = t
	}
	got, err := m.Run(context.Background(), in)
	if err != nil {
		return c, 0, err
	}
	for name, file := range c.Outputs {
		want, err := readTensor(filepath.Join(dir, file))
		if err != nil {
			return c, 0, err
		}
		t := got[name]
		for i, v := range m.Outputs {
			if fmt.Sprint(i) == name {
				t = got[v.Name]
			}
		}
		if t == nil {
			return c, 0, fmt.Errorf("no output %s", name)
		}
		d, err := difference(t, want)
		if err != nil {
			return c, 0, fmt.Errorf("output %s: %w", name, err)
		}
		worst = max(worst, d)
	}
	return c, worst, nil
}

// difference is the largest of any element, over the largest magnitude in want.
func difference(got, want *interchange.Tensor) (float64, error) {
	if !slices.Equal(got.Shape, want.Shape) {
		return 0, fmt.Errorf("is %v, want %v", got.Shape, want.Shape)
	}
	a, err := got.As(interchange.Float64)
	if err != nil {
		return 0, err
	}
	b, err := want.As(interchange.Float64)
	if err != nil {
		return 0, err
	}
	worst, scale := 0.0, 1e-3
	for i, w := range b.Data.([]float64) {
		d := math.Abs(a.Data.([]float64)[i] - w)
		if math.IsNaN(d) {
			return math.Inf(1), nil
		}
		worst, scale = max(worst, d), max(scale, math.Abs(w))
	}
	return worst / scale, nil
}

func readTensor(path string) (*interchange.Tensor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a, err := npy.Read(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return interchange.NewTensor(a.Data, a.Shape...), nil
}
