package docs_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// The numbers of the last section are those of the file that its PyTorch code saves, which
// interchange/torch/testdata/make_torch.py made.
func TestTorch(t *testing.T) {
	m, err := torch.Import("../interchange/torch/testdata/tutorial.pt", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.FromSlice([]tensor.Float{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	out, _, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := out["net"].Data[4:]
	for _, page := range []string{"docs/tutorial.md", "docs/tutorial.ko.md"} {
		text := read(t, page)
		_, text, _ = strings.Cut(text[strings.LastIndex(text, "\n## 20."):], "--input x.json\n")
		numbers := regexp.MustCompile(`-?0\.\d{4,}`).FindAllString(text, -1)
		if len(numbers) != 8 {
			t.Errorf("%s: %d numbers, want four of PyTorch and four of recur", page, len(numbers))
			continue
		}
		for k, n := range numbers {
			v, err := strconv.ParseFloat(n, 64)
			near := 1e-7
			if k < 4 {
				near = 5e-5 // four digits
			}
			if err != nil || math.Abs(v-float64(want[k%4])) > near {
				t.Errorf("%s: %s, and recur gives %v", page, n, want[k%4])
			}
		}
	}
}
