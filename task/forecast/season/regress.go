package season

import (
	"math"
	"slices"
)

// moments are the sums of products of the columns, the series the last of them, over pairs of
// steps that follow each other: of both at the later step, of later and earlier, of both at the
// earlier.
type moments struct {
	pairs         int
	now, lag, was [][]float64
}

func (e *explainer) moments(y []float64) *moments {
	k := len(e.columns)
	m := &moments{}
	for _, s := range []*[][]float64{&m.now, &m.lag, &m.was} {
		for range k + 1 {
			*s = append(*s, make([]float64, k+1))
		}
	}
	z, before := make([]float64, k+1), make([]float64, k+1)
	for t := range y {
		z, before = before, z
		for i, c := range e.columns {
			z[i] = c.rest[t]
		}
		z[k] = y[t]
		if t == 0 || !e.known[t] || !e.known[t-1] {
			continue
		}
		m.pairs++
		for i := range z {
			for j := range z {
				m.now[i][j] += z[i] * z[j]
				m.lag[i][j] += z[i] * before[j]
				m.was[i][j] += before[i] * before[j]
			}
		}
	}
	return m
}

// fit is the coefficients of some columns and how much of an error is left in the next.
func (m *moments) fit(columns []int) (b []float64, phi float64, ok bool) {
	for range 4 {
		if b, ok = m.solve(columns, phi); !ok {
			return nil, 0, false
		}
		with := append(slices.Clone(columns), len(m.now)-1)
		weight := make([]float64, len(with))
		for i := range columns {
			weight[i] = -b[i]
		}
		weight[len(columns)] = 1
		var lag, was float64
		for i, u := range with {
			for j, v := range with {
				lag += weight[i] * weight[j] * m.lag[u][v]
				was += weight[i] * weight[j] * m.was[u][v]
			}
		}
		if was > 0 {
			phi = min(max(lag/was, -0.9), 0.98)
		}
	}
	b, ok = m.solve(columns, phi)
	return b, phi, ok
}

// product is the sum of products of two columns, each less phi of the step before.
func (m *moments) product(i, j int, phi float64) float64 {
	return m.now[i][j] - phi*(m.lag[i][j]+m.lag[j][i]) + phi*phi*m.was[i][j]
}

// solve finds the coefficients of columns.
func (m *moments) solve(columns []int, phi float64) ([]float64, bool) {
	y := len(m.now) - 1
	l, b := make([][]float64, len(columns)), make([]float64, len(columns))
	for i, u := range columns {
		for _, v := range columns {
			l[i] = append(l[i], m.product(u, v, phi))
		}
		b[i] = m.product(u, y, phi)
	}
	if !factor(l) {
		return nil, false
	}
	forward(l, b)
	for i := len(b) - 1; i >= 0; i-- {
		for h := i + 1; h < len(b); h++ {
			b[i] -= l[h][i] * b[h]
		}
		b[i] /= l[i][i]
	}
	return b, true
}

// factor puts Cholesky's factor in place of a symmetric matrix, with a grain of ridge for columns
// that are the same.
func factor(a [][]float64) bool {
	for i, row := range a {
		row[i] *= 1 + 1e-8
		for j := range i + 1 {
			s := row[j] - dot(row[:j], a[j][:j])
			if i > j {
				row[j] = s / a[j][j]
			} else if row[i] = math.Sqrt(s); !(row[i] > 0) {
				return false
			}
		}
	}
	return true
}

// forward solves L·x = b in place.
func forward(l [][]float64, b []float64) {
	for i, row := range l {
		b[i] = (b[i] - dot(row[:i], b[:i])) / row[i]
	}
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// squares are what columns with coefficients b leave.
func (m *moments) squares(columns []int, b []float64, phi float64) float64 {
	y := len(m.now) - 1
	s := m.product(y, y, phi)
	for i, c := range columns {
		s -= b[i] * m.product(c, y, phi)
	}
	return max(s, 0)
}
