package onnx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/ieee"
)

// A Case is the result of one model on test data in ONNX's layout.
type Case struct {
	Name    string  `json:"name"`
	Status  Status  `json:"status"`
	MaxDiff float64 `json:"max_diff"`         // largest difference of an element; 0 if there is none to compare
	Reason  string  `json:"reason,omitempty"` // why it fails or is unsupported
}

// A Status is how a Case ended.
type Status string

// The ends of a Case.
const (
	Pass        Status = "pass"
	Fail        Status = "fail"
	Unsupported Status = "unsupported"
)

// A Tolerance is how far a float may be from the expected one: Abs + Rel·|expected|.
// Numbers of other types must be equal, but for those of 8 bits, which may be one
// off, as rounding differs between systems.
type Tolerance struct{ Rel, Abs float64 }

// DefaultTolerance is that of ONNX's own backend tests.
var DefaultTolerance = Tolerance{1e-3, 1e-7}

// halfTolerance is the least relative tolerance for types of few digits: two units
// in the last place.
var halfTolerance = map[DType]float64{Float16: 1.0 / 512, BFloat16: 1.0 / 64}

// Check runs the models of a folder: one in ONNX's layout, which is a model.onnx
// beside folders test_data_set_N with input_K.pb and output_K.pb, or any number of
// such folders at any depth. It calls visit, if that is not nil, after each. Errors
// are those of ctx and of reading the folder; what is wrong with a model is in its
// Case.
func Check(ctx context.Context, dir string, tol Tolerance, visit func(Case)) (cases []Case, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() || d.Name() != "model.onnx" {
			return nil
		}
		name := filepath.Base(filepath.Dir(path))
		if rel, err := filepath.Rel(dir, filepath.Dir(path)); err == nil && rel != "." {
			name = filepath.ToSlash(rel)
		}
		c := checkModel(ctx, path, tol)
		if err := ctx.Err(); err != nil {
			return err
		}
		c.Name = name
		cases = append(cases, c)
		if visit != nil {
			visit(c)
		}
		return nil
	})
	if err == nil && len(cases) == 0 {
		err = &fs.PathError{Op: "check", Path: dir, Err: errors.New("there is no model.onnx in this folder or below it")}
	}
	return cases, err
}

// dataSets lists the folders of inputs and outputs in dir.
func dataSets(dir string) (sets []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "test_data_set_") {
			sets = append(sets, filepath.Join(dir, e.Name()))
		}
	}
	return sets, err
}

func checkModel(ctx context.Context, path string, tol Tolerance) (c Case) {
	failed := func(err error) Case {
		c.Status, c.Reason = Fail, err.Error()
		var unsupported *UnsupportedError
		if errors.As(err, &unsupported) {
			c.Status = Unsupported
		}
		return c
	}
	m, err := Open(path)
	if err != nil {
		return failed(err)
	}
	sets, err := dataSets(filepath.Dir(path))
	if err != nil {
		return failed(err)
	}
	if len(sets) == 0 {
		return failed(errors.New("there is no test_data_set_0 beside the model"))
	}
	for _, set := range sets {
		in, err := readSet(set, "input", m.Inputs)
		if err != nil {
			return failed(err)
		}
		want, err := readSet(set, "output", m.Outputs)
		if err != nil {
			return failed(err)
		}
		got, err := m.RunValues(ctx, in)
		if err != nil {
			return failed(err)
		}
		for _, v := range m.Outputs {
			if want[v.Name] == nil {
				continue
			}
			d, err := differ(got[v.Name], want[v.Name], tol)
			c.MaxDiff = max(c.MaxDiff, d)
			if err != nil {
				return failed(fmt.Errorf("%s: output %q: %w", filepath.Base(set), v.Name, err))
			}
		}
	}
	c.Status = Pass
	return c
}

// readSet reads the values of a test_data_set by their names.
func readSet(dir, prefix string, infos []*ValueInfo) (map[string]Value, error) {
	values := map[string]Value{}
	for i, v := range infos {
		path := filepath.Join(dir, fmt.Sprintf("%s_%d.pb", prefix, i))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && (prefix == "output" || v.Kind == "optional") {
			continue
		}
		x, err := readValue(path, v.Kind)
		if err != nil {
			return nil, err
		}
		if t, ok := x.(*Tensor); ok && v.DType == BFloat16 && t.DType == Uint16 {
			x = fromBits(t) // as data before ONNX 1.11 have it
		}
		values[v.Name] = x
	}
	return values, nil
}

// fromBits reads bfloat16 that is written as uint16.
func fromBits(t *Tensor) *Tensor {
	y := newTensor(BFloat16, t.Shape)
	for i, b := range t.data.([]uint16) {
		y.data.([]float32)[i] = ieee.FromBrain(b)
	}
	return y
}

// differ compares values. It returns the largest difference and, if that is too
// much, what is wrong.
func differ(got, want Value, tol Tolerance) (float64, error) {
	if o, ok := want.(*Optional); ok {
		want = o.Value
	}
	if o, ok := got.(*Optional); ok {
		got = o.Value
	}
	switch w := want.(type) {
	case nil:
		if got != nil {
			return 0, errors.New("has a value, want none")
		}
		return 0, nil
	case *Sequence:
		g, ok := got.(*Sequence)
		if !ok || len(g.Values) != len(w.Values) {
			return 0, fmt.Errorf("is not a sequence of %d", len(w.Values))
		}
		worst := 0.0
		for i := range w.Values {
			d, err := differ(g.Values[i], w.Values[i], tol)
			if worst = max(worst, d); err != nil {
				return worst, fmt.Errorf("element %d: %w", i, err)
			}
		}
		return worst, nil
	case *Tensor:
		g, ok := got.(*Tensor)
		if !ok {
			return 0, errors.New("is not a tensor")
		}
		return differTensor(g, w, tol)
	}
	return 0, fmt.Errorf("a %T is not compared", want)
}

func differTensor(got, want *Tensor, tol Tolerance) (worst float64, err error) {
	if got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) {
		return 0, fmt.Errorf("is %v, want %v", got, want)
	}
	if w, ok := want.data.([]string); ok {
		for i, s := range got.data.([]string) {
			if s != w[i] {
				return 0, fmt.Errorf("element %d is %q, want %q", i, s, w[i])
			}
		}
		return 0, nil
	}
	rel := max(tol.Rel, halfTolerance[want.DType])
	g, w := got.doubles(), want.doubles()
	var bad []string
	for i, x := range g {
		y := w[i]
		if x == y || math.IsNaN(x) && math.IsNaN(y) {
			continue
		}
		d := math.Abs(x - y)
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		worst = max(worst, d)
		limit := tol.Abs + rel*math.Abs(y)
		if !want.DType.float() {
			limit = choose(want.DType.Size() == 1 && want.DType != Bool, 1.0, 0)
		}
		if !(d <= limit) || math.IsInf(y, 0) {
			bad = append(bad, fmt.Sprintf("element %d is %v, want %v", i, x, y))
		}
	}
	if bad != nil {
		return worst, fmt.Errorf("%d of %d elements differ, by up to %.3g: %s", len(bad), len(g), worst, strings.Join(bad[:min(len(bad), 3)], ", "))
	}
	return worst, nil
}
