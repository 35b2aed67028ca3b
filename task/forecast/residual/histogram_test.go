package residual_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/task/forecast/residual"
)

// All values are counted, at any size, in few bins whose edges are round.
func TestBins(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for _, n := range []int{2, 8, 50, 5000} {
		for _, size := range []float64{1, 1e-9, 3e12} {
			for _, mean := range []float64{0, 100} {
				e := make([]float64, n)
				for i := range e {
					e[i] = size * (r.NormFloat64() + mean)
				}
				h, ok := residual.Bins(append(e, math.NaN()))
				sum := 0
				for i, c := range h.Counts {
					sum += c
					in := 0
					for _, v := range e {
						if v >= h.Edge(i) && v < h.Edge(i+1) {
							in++
						}
					}
					if in != c {
						t.Errorf("%d values of size %g: %d in bin %d, want %d", n, size, c, i, in)
					}
				}
				if !ok || sum != n || len(h.Counts) < 2 || len(h.Counts) > 27 || h.Counts[0] == 0 || h.Counts[len(h.Counts)-1] == 0 {
					t.Errorf("%d values of size %g: %+v", n, size, h)
				}
				if digits := fmt.Sprintf("%e", h.Width)[:2]; digits != "1." && digits != "2." && digits != "5." {
					t.Errorf("the width is %v", h.Width)
				}
			}
		}
	}
	for _, e := range [][]float64{nil, {math.NaN()}, {3, 3, 3}, {1, math.Inf(1)}} {
		if h, ok := residual.Bins(e); ok {
			t.Errorf("%v: %+v", e, h)
		}
	}
}

func ExampleBins() {
	h, _ := residual.Bins([]float64{-1.2, 0.3, 0.8, 1.1, 2.9})
	for i, n := range h.Counts {
		fmt.Println(h.Edge(i), n)
	}
	// Output:
	// -2 1
	// -1 0
	// 0 2
	// 1 1
	// 2 1
}
