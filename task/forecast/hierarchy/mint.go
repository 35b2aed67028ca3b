package hierarchy

import (
	"errors"
	"fmt"
	"math"
)

// A Projection makes forecasts add up.
type Projection struct {
	h      *Hierarchy
	Spread [][]float64 // [series][sum]: what a series takes of the difference of a sum
}

// Projection is that of a Spread which MinT has found.
func (h *Hierarchy) Projection(spread [][]float64) (*Projection, error) {
	if len(spread) != len(h.Names) {
		return nil, fmt.Errorf("hierarchy: a spread of %d series, want %d", len(spread), len(h.Names))
	}
	for i, s := range spread {
		if len(s) != len(h.Sums) {
			return nil, fmt.Errorf("hierarchy: series %d has a spread of %d sums, want %d", i, len(s), len(h.Sums))
		}
	}
	return &Projection{h, spread}, nil
}

// MinT finds how the differences between sums and what they are sums of are to be spread, from
// the errors that the forecasts of each series had, [series][sample], NaN where unknown. With W
// the covariance of errors, shrunk towards its diagonal (Schäfer & Strimmer 2005), and C the
// sums less their parts,
//
//	f ← f - W·Cᵀ·(C·W·Cᵀ)⁻¹·C·f
//
// Without errors, nil, W is the number of series that each is the sum of.
func (h *Hierarchy) MinT(errs [][]float64) (*Projection, error) {
	n, sums := len(h.Names), len(h.Sums)
	if errs != nil && len(errs) != n {
		return nil, fmt.Errorf("hierarchy: errors of %d series, want %d", len(errs), n)
	}
	w := h.weights(errs)
	wc := make([][]float64, n) // W·Cᵀ
	for i := range n {
		wc[i] = make([]float64, sums)
		for j := range sums {
			wc[i][j] = h.difference(j, func(k int) float64 { return w(i, k) })
		}
	}
	cwc := make([][]float64, sums)
	for i := range sums {
		cwc[i] = make([]float64, sums)
		for j := range sums {
			cwc[i][j] = h.difference(i, func(k int) float64 { return wc[k][j] })
		}
	}
	l, err := cholesky(cwc)
	if err != nil {
		return nil, err
	}
	for i := range n {
		wc[i] = l.solve(wc[i]) // rows of W·Cᵀ·(C·W·Cᵀ)⁻¹, which is symmetric
	}
	return &Projection{h, wc}, nil
}

// difference is a sum less its parts, of values by series.
func (h *Hierarchy) difference(sum int, of func(series int) float64) float64 {
	d := of(sum)
	for _, b := range h.Sums[sum] {
		d -= of(b)
	}
	return d
}

// Apply makes forecasts, [series][step], add up.
func (p *Projection) Apply(f [][]float64) [][]float64 {
	out := make([][]float64, len(f))
	for i := range f {
		out[i] = append([]float64(nil), f[i]...)
	}
	for t := range f[0] {
		for j := range p.h.Sums {
			d := p.h.difference(j, func(k int) float64 { return f[k][t] })
			for i := range out {
				out[i][t] -= p.Spread[i][j] * d
			}
		}
	}
	p.h.Add(out) // to the last bit
	return out
}

// weights are the elements of W.
func (h *Hierarchy) weights(errs [][]float64) func(i, j int) float64 {
	n := len(h.Names)
	deviation, known := deviations(errs)
	if errs == nil || !known {
		return func(i, j int) float64 {
			switch {
			case i != j:
				return 0
			case i < len(h.Sums):
				return float64(len(h.Sums[i]))
			}
			return 1
		}
	}
	if n > 1000 { // n² correlations of n series are more noise than news
		return func(i, j int) float64 {
			if i != j {
				return 0
			}
			return deviation[i] * deviation[i]
		}
	}
	r, shrink := correlations(errs, deviation)
	return func(i, j int) float64 {
		if i == j {
			return deviation[i] * deviation[i]
		}
		return (1 - shrink) * r[i][j] * deviation[i] * deviation[j]
	}
}

// deviations are the roots of the mean squares of errors. One that has none takes a small part of
// the largest. ok is false if there are no errors at all.
func deviations(errs [][]float64) (d []float64, ok bool) {
	d = make([]float64, len(errs))
	most := 0.0
	for i, e := range errs {
		sum, n := 0.0, 0
		for _, v := range e {
			if !math.IsNaN(v) {
				sum += v * v
				n++
			}
		}
		if n > 0 {
			d[i] = math.Sqrt(sum / float64(n))
		}
		most = max(most, d[i])
	}
	for i := range d {
		d[i] = max(d[i], 1e-6*most)
	}
	return d, most > 0
}

// correlations are those of errors, and how far they are to be shrunk to none: by their variance
// over their square.
func correlations(errs [][]float64, deviation []float64) (r [][]float64, shrink float64) {
	n := len(errs)
	r = make([][]float64, n)
	for i := range r {
		r[i] = make([]float64, n)
	}
	var variance, square float64
	for i := range n {
		for j := range i {
			var sum, squares float64
			samples := 0.0
			for t := range errs[i] {
				if p := errs[i][t] * errs[j][t] / (deviation[i] * deviation[j]); !math.IsNaN(p) {
					sum, squares = sum+p, squares+p*p
					samples++
				}
			}
			if samples < 2 {
				continue
			}
			mean := sum / samples
			r[i][j], r[j][i] = mean, mean
			variance += max(squares/samples-mean*mean, 0) / (samples - 1)
			square += mean * mean
		}
	}
	if square == 0 {
		return r, 1
	}
	return r, min(max(variance/square, 0.01), 1)
}

// A lower is a lower triangular matrix.
type lower [][]float64

// cholesky is the L of a = L·Lᵀ.
func cholesky(a [][]float64) (lower, error) {
	l := make(lower, len(a))
	for i := range a {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			v := a[i][j]
			for k := range j {
				v -= l[i][k] * l[j][k]
			}
			if j < i {
				l[i][j] = v / l[j][j]
				continue
			}
			if v = max(v, 1e-10*a[i][i]); !(v > 0) || math.IsInf(v, 0) {
				return nil, errors.New("hierarchy: the errors have no covariance to spread differences by")
			}
			l[i][i] = math.Sqrt(v)
		}
	}
	return l, nil
}

// solve is the x of L·Lᵀ·x = b.
func (l lower) solve(b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := range l {
		for k := range i {
			x[i] -= l[i][k] * x[k]
		}
		x[i] /= l[i][i]
	}
	for i := len(l) - 1; i >= 0; i-- {
		for k := i + 1; k < len(l); k++ {
			x[i] -= l[k][i] * x[k]
		}
		x[i] /= l[i][i]
	}
	return x
}
