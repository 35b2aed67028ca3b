package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/npy"
)

// readInputs reads the inputs of a model from files given as [NAME=]FILE.
func readInputs(m *interchange.Runner, files, shapes []string, stdin io.Reader) (map[string]*interchange.Tensor, error) {
	reshape := map[string][]int{}
	for i, s := range shapes {
		name, list, named := strings.Cut(s, "=")
		if !named {
			if i >= len(m.Inputs) {
				return nil, usage("--shape %s: the model has %d inputs; name one: --shape NAME=N,N", s, len(m.Inputs))
			}
			name, list = m.Inputs[i].Name, s
		}
		for f := range strings.SplitSeq(list, ",") {
			d, err := strconv.Atoi(strings.TrimSpace(f))
			if err != nil || d < 0 {
				return nil, usage("--shape %s: %q is not a size", s, f)
			}
			reshape[name] = append(reshape[name], d)
		}
	}
	inputs := map[string]*interchange.Tensor{}
	for _, arg := range files {
		name, path, named := strings.Cut(arg, "=")
		if !named {
			name, path = "", arg
		}
		if err := readInput(m, inputs, reshape, name, path, stdin); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// readInput reads a file for the input of the given name, or for the next one.
func readInput(m *interchange.Runner, inputs map[string]*interchange.Tensor, reshape map[string][]int, name, path string, stdin io.Reader) error {
	var b []byte
	var err error
	if path == "-" {
		b, err = io.ReadAll(stdin)
	} else {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return err
	}
	ext := strings.ToLower(filepath.Ext(path))
	if path == "-" || ext == ".json" {
		if name == "" && bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) {
			byName, err := data.Object(b)
			if err != nil {
				return &data.Error{File: inputName(path), Reason: "is not valid JSON: " + err.Error(), Hint: "write an object of nested lists by the names of the inputs"}
			}
			for _, k := range slices.Sorted(maps.Keys(byName)) {
				raw := byName[k]
				if err := set(m, inputs, reshape, k, path, func(interchange.TensorInfo) (*interchange.Tensor, error) { return fromJSON(raw) }); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if name == "" {
		for _, v := range m.Inputs {
			if name = v.Name; inputs[name] == nil {
				break
			}
		}
	}
	return set(m, inputs, reshape, name, path, func(v interchange.TensorInfo) (*interchange.Tensor, error) {
		switch {
		case path == "-" || ext == ".json":
			return fromJSON(b)
		case ext == ".npy":
			return fromNPY(b)
		case ext == ".pb":
			t, err := onnx.ReadTensor(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				return nil, err
			}
			return interchange.FromONNX(t), nil
		case ext == ".csv":
			return fromCSV(b, v)
		}
		return nil, errors.New("is none of .npy, .pb, .json and .csv")
	})
}

// set reads a value, shapes it, gives it the type of the input, and keeps it.
func set(m *interchange.Runner, inputs map[string]*interchange.Tensor, reshape map[string][]int, name, path string, read func(v interchange.TensorInfo) (*interchange.Tensor, error)) error {
	i := slices.IndexFunc(m.Inputs, func(v interchange.TensorInfo) bool { return v.Name == name })
	switch {
	case i < 0:
		return &data.Error{File: inputName(path), Reason: fmt.Sprintf("the model has no input %q; it takes %s", name, inputList(m))}
	case inputs[name] != nil:
		return &data.Error{File: inputName(path), Reason: fmt.Sprintf("input %q is given twice", name)}
	}
	v := m.Inputs[i]
	t, err := read(v)
	if err == nil && reshape[name] != nil {
		t, err = t.Reshape(reshape[name]...)
	}
	if err == nil {
		t, err = exact(t, v.DType)
	}
	if err != nil {
		return &data.Error{File: inputName(path), Reason: err.Error()}
	}
	inputs[name] = t
	return nil
}

// exact converts t, and refuses to turn fractions into whole numbers.
func exact(t *interchange.Tensor, d interchange.DType) (*interchange.Tensor, error) {
	c, err := t.As(d)
	if err != nil || d.IsFloat() || d == interchange.String {
		return c, err
	}
	was, err := t.As(interchange.Float64)
	if err != nil {
		return nil, err
	}
	is, err := c.As(interchange.Float64)
	if err != nil {
		return nil, err
	}
	back := is.Data.([]float64)
	for i, x := range was.Data.([]float64) {
		if x != back[i] {
			return nil, fmt.Errorf("value %v does not fit into %v", x, d)
		}
	}
	return c, nil
}

func fromNPY(b []byte) (*interchange.Tensor, error) {
	a, err := npy.Read(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return interchange.NewTensor(a.Data, a.Shape...), nil
}

// fromCSV reads rows of numbers, a step each, as [rows columns], with a batch of one if
// the input has three dimensions: before the rows if its first dimension is called batch
// or has to be 1, else between them and the columns. Rows of one number are [1 rows]
// where the input is [batch time].
func fromCSV(b []byte, v interchange.TensorInfo) (*interchange.Tensor, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var data []float64
	cols, skipped := 0, 0
	for i, row := range rows {
		numbers := make([]float64, len(row))
		for j, f := range row {
			if numbers[j], err = strconv.ParseFloat(strings.TrimSpace(f), 64); err != nil {
				if errors.Is(err, strconv.ErrRange) {
					return nil, fmt.Errorf("row %d, column %d: %.40s is out of the range of numbers", i+1, j+1, f)
				}
				if i == 0 { // names
					break
				}
				return nil, fmt.Errorf("row %d, column %d: %.40q is not a number", i+1, j+1, f)
			}
		}
		if err != nil {
			skipped, err = 1, nil
			continue
		}
		data, cols = append(data, numbers...), len(row)
	}
	n := len(rows) - skipped
	if n == 0 {
		return nil, errors.New("there are no rows of numbers")
	}
	batchFirst := len(v.Shape) > 1 && (v.Shape[0].Size == 1 || strings.HasPrefix(strings.ToLower(v.Shape[0].Name), "batch"))
	switch {
	case len(v.Shape) == 2 && batchFirst && cols == 1 && v.Shape[1].Size < 0:
		return interchange.NewTensor(data, 1, n), nil
	case len(v.Shape) == 3 && batchFirst:
		return interchange.NewTensor(data, 1, n, cols), nil
	case len(v.Shape) == 3:
		return interchange.NewTensor(data, n, 1, cols), nil
	case len(v.Shape) == 1 && cols == 1:
		return interchange.NewTensor(data, n), nil
	}
	return interchange.NewTensor(data, n, cols), nil
}

// inputName is what messages call the file of an input.
func inputName(path string) string {
	if path == data.Stdin {
		return "standard input"
	}
	return path
}
