// Package quantile has what ways to forecast share: quantiles, levels, defaults and counts.
package quantile

import (
	"math"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// Ladder [n, n] makes n quantiles, an odd number, of the middle one and the gaps between
// them, by a product: its rows are the middle, the gaps below it from the inner to the
// outer, and those above. Quantiles whose gaps are not negative do not cross.
func Ladder(n int) *tensor.Tensor {
	t, middle := tensor.New(n, n), n/2
	for j := range n {
		t.Data[j] = 1
		for i := 1; i <= middle; i++ {
			if j <= middle-i {
				t.Data[i*n+j] = -1
			}
			if j >= middle+i {
				t.Data[(middle+i)*n+j] = 1
			}
		}
	}
	return t
}

// Normal is quantile p of the standard normal distribution.
func Normal(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// At is quantile p of a sample in rising order, on straight lines between its values.
func At(sample []float64, p float64) float64 {
	at := p * float64(len(sample)-1)
	lo := int(at)
	hi := min(lo+1, len(sample)-1)
	return sample[lo] + (at-float64(lo))*(sample[hi]-sample[lo])
}

// Median is the median of v, which it sorts.
func Median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
