package rnn_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// fixtures reads the test cases of another system, one JSON value a line. They are
// not part of this module; without them the test is skipped.
func fixtures[T any](t *testing.T, name string) (cases []T) {
	t.Helper()
	root := os.Getenv("RECUR_SHARED")
	if root == "" {
		root = "../../shared"
	}
	f, err := os.Open(filepath.Join(root, "fixtures", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("needs fixtures/%s of the shared data sets; set RECUR_SHARED to their folder", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s, line %d: %v", name, len(cases)+1, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// array is a tensor in JSON.
type array struct {
	Name  string
	Shape []int
	Data  []float64
}

func (a *array) tensor() *tensor.Tensor {
	if a == nil {
		return nil
	}
	x := tensor.New(a.Shape...)
	for i, v := range a.Data {
		x.Data[i] = tensor.Float(v)
	}
	return x
}

func (a *array) ints() (n []int) {
	if a != nil {
		for _, v := range a.Data {
			n = append(n, int(v))
		}
	}
	return n
}

// constants makes a parameter of one value.
func constants(v float64, dims ...int) *grad.Var {
	x := tensor.New(dims...)
	for i := range x.Data {
		x.Data[i] = tensor.Float(v)
	}
	return grad.Leaf(x)
}
