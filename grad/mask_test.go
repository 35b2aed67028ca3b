package grad

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A mask has its share of zeros, within five standard deviations, and keeps the mean.
func TestMask(t *testing.T) {
	g := New()
	g.Rand = rand.New(rand.NewPCG(1, 2))
	const n = 101 * 1001 // odd
	for _, p := range []float64{0.001, 0.1, 0.5, 0.9, 0.999} {
		zeros := 0
		for i, v := range g.Mask(p, 101, 1001).Value.Data {
			switch v {
			case 0:
				zeros++
			case Float(1 / (1 - p)):
			default:
				t.Fatalf("p = %v: value %d is %v", p, i, v)
			}
		}
		if d := math.Abs(float64(zeros)-n*p) / math.Sqrt(n*p*(1-p)); d > 5 {
			t.Errorf("p = %v: %d of %d are 0, %.1f standard deviations away", p, zeros, n, d)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	g := New()
	g.Rand = rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		g.Reset()
		g.Mask(0.5, 1000, 100)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e5, "ns/value")
}
