package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// replay is a source that gives its first numbers again after as many draws as again has.
type replay struct {
	seed  uint64
	again []int
	drawn int
	pcg   *rand.PCG
}

func (s *replay) Uint64() uint64 {
	if s.pcg == nil || len(s.again) > 0 && s.drawn == s.again[0] {
		if s.pcg != nil {
			s.again = s.again[1:]
		}
		s.pcg = rand.NewPCG(s.seed, 2)
	}
	s.drawn++
	return s.pcg.Uint64()
}

// The bits are those of Gram-Schmidt one vector at a time, and as many numbers are drawn,
// also where a vector within the span of those before it is drawn again.
func TestOrthogonalHasTheBitsOfGramSchmidt(t *testing.T) {
	for seed, d := range [][2]int{{1, 1}, {1, 5}, {5, 1}, {2, 2}, {3, 7}, {7, 3}, {16, 16}, {33, 64}, {64, 33}, {128, 128}} {
		width := max(d[0], d[1])
		count := &replay{seed: uint64(seed)}
		for r := rand.New(count); width > 0; width-- {
			r.NormFloat64()
		}
		first := count.drawn // numbers that the first vector takes
		for _, again := range [][]int{nil, {first}, {first, 2 * first}} {
			t.Run(fmt.Sprint(d, again), func(t *testing.T) {
				a, b := rand.New(&replay{seed: uint64(seed), again: again}), rand.New(&replay{seed: uint64(seed), again: again})
				want, got := gramSchmidt(a, 1.5, d[0], d[1]), nn.Orthogonal(b, 1.5, d[0], d[1]).Value.Data
				for i := range want {
					if want[i] != got[i] {
						t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
					}
				}
				if want, got := a.Uint64(), b.Uint64(); want != got {
					t.Errorf("another count of numbers was drawn")
				}
			})
		}
	}
}

// gramSchmidt is the reference of nn.Orthogonal: an [in, out] matrix.
func gramSchmidt(r *rand.Rand, gain float64, in, out int) []tensor.Float {
	n, w := min(in, out), max(in, out)
	dot := func(x, y []float64) (s float64) {
		for i, v := range x {
			s += v * y[i]
		}
		return s
	}
	var vs [][]float64
	for len(vs) < n {
		v := make([]float64, w)
		for j := range v {
			v[j] = r.NormFloat64()
		}
		for range 2 {
			for _, u := range vs {
				d := dot(u, v)
				for j := range v {
					v[j] -= d * u[j]
				}
			}
		}
		norm := math.Sqrt(dot(v, v))
		if norm <= 1e-3 {
			continue
		}
		for j := range v {
			v[j] /= norm
		}
		vs = append(vs, v)
	}
	m := make([]tensor.Float, in*out)
	for i, v := range vs {
		for j, x := range v {
			at := i*out + j
			if in > out {
				at = j*out + i
			}
			m[at] = tensor.Float(gain * x)
		}
	}
	return m
}

func BenchmarkOrthogonal(b *testing.B) {
	for _, d := range [][2]int{{512, 512}, {512, 2048}} {
		b.Run(fmt.Sprintf("%dx%d", d[0], d[1]), func(b *testing.B) {
			for b.Loop() {
				nn.Orthogonal(rand.New(rand.NewPCG(1, 2)), 1, d[0], d[1])
			}
		})
		b.Run(fmt.Sprintf("%dx%d-reference", d[0], d[1]), func(b *testing.B) {
			for b.Loop() {
				gramSchmidt(rand.New(rand.NewPCG(1, 2)), 1, d[0], d[1])
			}
		})
	}
}
