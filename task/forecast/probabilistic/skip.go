package probabilistic

import (
	"math"

	"github.com/recur-go/recur/tensor"
)

// begin sets Skip to what explains the windows best by itself, before the cells have
// learned anything: the least squares of
//
//	[last value, values and changes of lags]·W + B
//
// in units of the series, with a little ridge. For a random walk that is the last value,
// for a season the value of the season before, and else something between.
func (m *Model) begin(n *Net, learn []window) {
	k := n.Skip.W.Dim(0) + 1
	ata, atb := make([][]float64, k), make([]float64, k)
	for i := range ata {
		ata[i] = make([]float64, k)
	}
	r := make([]tensor.Float, m.shape.numbers)
	ids := make([][]int, m.shape.ids)
	for i := range ids {
		ids[i] = make([]int, 1)
	}
	x := make([]float64, k)
	for _, w := range thin(learn, 2000) {
		s := span{z: w.z, from: w.origin, to: min(w.origin+m.Horizon, w.until, len(w.z.x)), origin: w.origin, ahead: !m.Autoregressive}
		every := max((s.to-s.from)/24, 1)
		for t := s.from + w.origin%every; t < s.to; t += every {
			if !w.z.known[t] {
				continue
			}
			clear(r)
			m.row(s, t, r, ids, 0)
			x[0], x[1] = 1, float64(r[anchor])
			for i := range m.Lags {
				at := fixed + perLag*i
				x[2+2*i], x[3+2*i] = float64(r[at+before]), float64(r[at+change])
			}
			weight := 1 / (w.z.Unit * w.z.Unit)
			for i := range k {
				for j := range k {
					ata[i][j] += weight * x[i] * x[j]
				}
				atb[i] += weight * x[i] * float64(w.z.x[t]-w.z.base(s, t))
			}
		}
	}
	for i := range k {
		ata[i][i] += 1e-3*ata[i][i] + 1e-6
	}
	solve(ata, atb)
	if m.Output == NegBin { // whose softplus is about its argument where that is large
		atb[0] = max(atb[0], 0)
	}
	n.Skip.B.Value.Data[0] = tensor.Float(atb[0])
	for i := range n.Skip.W.Value.Data {
		n.Skip.W.Value.Data[i] = tensor.Float(atb[i+1])
	}
}

// solve leaves in b the x of a·x = b, by elimination; a is positive definite.
func solve(a [][]float64, b []float64) {
	n := len(b)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < n; k++ {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[i][k] * b[k]
		}
		if b[i] /= a[i][i]; math.IsNaN(b[i]) || math.IsInf(b[i], 0) {
			b[i] = 0
		}
	}
}
