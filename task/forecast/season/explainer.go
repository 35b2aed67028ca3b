package season

import (
	"cmp"
	"math"
	"slices"
)

// An explainer is the regression.
type explainer struct {
	n       int
	known   []bool
	groups  []group
	columns []column
	tests   int // of groups, and of their bends
}

// A group is the columns of a Beside, of which those from bends on are for its bends.
type group struct {
	name            string
	from, bends, to int
	days            bool
}

// A column is one of the regression, of mean 0 and deviation 1.
type column struct {
	x, rest []float64
	zero    float64 // x of 0
}

// add adds the columns of b that vary beyond a trend and seasons of their own, which rest takes off.
func (e *explainer) add(b Beside, rest func(x []float64) []float64) {
	g := group{name: b.Name, from: len(e.columns), days: b.Days}
	for _, x := range b.Columns {
		e.column(x, rest)
	}
	g.bends = len(e.columns)
	if b.Bends && len(b.Columns) == 1 && e.n >= 100 && g.bends > g.from {
		for _, at := range knots(b.Columns[0]) {
			bend := make([]float64, e.n)
			for t, v := range b.Columns[0] {
				bend[t] = v - at
				if v < at { // NaN stays
					bend[t] = 0
				}
			}
			e.column(bend, rest)
		}
	}
	if g.to = len(e.columns); g.to > g.from {
		e.groups = append(e.groups, g)
		e.tests++
	}
	if g.to > g.bends {
		e.tests++
	}
}

// column adds one of values x.
func (e *explainer) column(x []float64, rest func(x []float64) []float64) {
	if len(e.columns) == most || 10*len(e.columns) >= e.n {
		return
	}
	var sum, squares, count float64
	runs, last := 0, math.NaN()
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		sum += v
		count++
		if v != last {
			runs++
		}
		last = v
	}
	if count < float64(e.n)/2 || runs < 2*times {
		return
	}
	mean := sum / count
	for _, v := range x {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			squares += (v - mean) * (v - mean)
		}
	}
	sd := math.Sqrt(squares / count)
	if !(sd > 1e-9*math.Abs(mean)) || math.IsInf(sd, 0) {
		return
	}
	c := column{x: make([]float64, e.n), zero: -mean / sd}
	for t, v := range x {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			c.x[t] = (v - mean) / sd // what is missing is as the mean
		}
	}
	c.rest = rest(c.x)
	left, all := 0.0, 0.0
	for t, v := range c.rest {
		left += v * v
		all += c.x[t] * c.x[t]
	}
	if left >= apart*all {
		e.columns = append(e.columns, c)
	}
}

// knots are where an effect may bend: at the quartiles, if they are apart.
func knots(x []float64) (at []float64) {
	sorted := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	slices.Sort(sorted)
	n := len(sorted)
	if n < 100 || len(slices.Compact(slices.Clone(sorted))) < 12 {
		return nil
	}
	for _, k := range []int{n / 4, n / 2, 3 * n / 4} {
		if v := sorted[k]; v > sorted[0] && v < sorted[n-1] && (at == nil || v > at[len(at)-1]) {
			at = append(at, v)
		}
	}
	return at
}

// effects are those of the groups that last, on what trend and seasons leave of the series.
func (e *explainer) effects(y []float64) []effect {
	m := e.moments(y)
	for {
		used := e.used()
		if len(used) == 0 || m.pairs < 3*len(used)+10 {
			return nil
		}
		b, phi, ok := m.fit(used)
		if !ok {
			return nil
		}
		if e.drop(m, y, used, b, phi) {
			continue
		}
		found, least := e.worth(y, used, b)
		if least < 0 {
			return found
		}
		e.groups = slices.Delete(e.groups, least, least+1)
	}
}

// used are the columns of the groups.
func (e *explainer) used() (columns []int) {
	for _, g := range e.groups {
		for i := g.from; i < g.to; i++ {
			columns = append(columns, i)
		}
	}
	return columns
}

// drop takes out the group, or the bends of one, that most likely has no effect on y; it reports
// false if all are beyond doubt. b and phi are the fit of the columns in use.
func (e *explainer) drop(m *moments, y []float64, used []int, b []float64, phi float64) bool {
	free := float64(m.pairs - len(used) - 1)
	full := m.squares(used, b, phi) / free
	at, from, worst := -1, 0, doubt/float64(e.tests)
	for k, g := range e.groups {
		first := g.from
		if g.bends > g.from && g.bends < g.to {
			first = g.bends
		}
		others := slices.DeleteFunc(slices.Clone(used), func(i int) bool { return i >= first && i < g.to })
		extra, p := float64(g.to-first), 1.0
		if b, ok := m.solve(others, phi); ok {
			without := m.squares(others, b, phi)
			f := (without - full*free) / extra / full
			errors := e.errors(y, others, b, phi)
			c := e.chance(m, g.from, first, g.to, phi, errors, without/(free+extra))
			p = tail(f/c, extra, free/c)
		}
		if p > worst {
			at, from, worst = k, first, p
		}
	}
	if at < 0 {
		return false
	}
	if e.groups[at].to = from; from == e.groups[at].from {
		e.groups = slices.Delete(e.groups, at, at+1)
	}
	return true
}

// left is what columns by coefficients b leave of y.
func (e *explainer) left(y []float64, used []int, b []float64) []float64 {
	left := slices.Clone(y)
	for k, i := range used {
		for t, v := range e.columns[i].rest {
			left[t] -= b[k] * v
		}
	}
	return left
}

// errors are what a fit leaves, less what each error leaves in the next; 0 where that is not known.
func (e *explainer) errors(y []float64, used []int, b []float64, phi float64) []float64 {
	left := e.left(y, used, b)
	last := 0.0
	for t, v := range left {
		left[t] = 0
		if t > 0 && e.known[t] && e.known[t-1] {
			left[t] = v - phi*last
		}
		last = v
	}
	return left
}

// chance is the mean F of the columns from first on, beside those of their group before, at other
// times than their own, at least 1: more where errors and columns are more like each other by chance
// than those of the test, as what a trend and a season have been taken off is.
func (e *explainer) chance(m *moments, from, first, to int, phi float64, errors []float64, variance float64) float64 {
	const shifts = 40
	k := to - from
	gram, x := make([][]float64, k), make([][]float64, k)
	for i := range k {
		gram[i] = make([]float64, k)
		for j := range k {
			gram[i][j] = m.product(from+i, from+j, phi)
		}
		rest := e.columns[from+i].rest
		x[i] = make([]float64, e.n)
		for t := 1; t < e.n; t++ {
			x[i][t] = rest[t] - phi*rest[t-1]
		}
	}
	if !factor(gram) {
		return 1
	}
	sum, c := 0.0, make([]float64, k)
	for s := range shifts {
		by := (s + 1) * e.n / (shifts + 2)
		for i := range k {
			c[i] = dot(errors[by:], x[i][:e.n-by]) + dot(errors[:by], x[i][e.n-by:])
		}
		forward(gram, c)
		sum += dot(c[first-from:], c[first-from:]) / float64(to-first) / variance
	}
	return max(1, sum/shifts)
}

// worth is the effects by coefficients b, and the group that is worth the least if that is too
// little, else -1.
func (e *explainer) worth(y []float64, used []int, b []float64) (all []effect, least int) {
	left, weight := e.left(y, used, b), make([]float64, len(e.columns))
	for k, i := range used {
		weight[i] = b[k]
	}
	least = -1
	small := useful
	for k, g := range e.groups {
		f := effect{Effect: Effect{Name: g.name, Y: make([]float64, e.n), Days: g.days}, own: make([]float64, e.n), whole: g.days}
		for i := g.from; i < g.to; i++ {
			c, zero := e.columns[i], 0.0
			if g.days {
				zero = c.zero
			}
			for t, v := range c.x {
				f.Y[t] += weight[i] * (v - zero)
				f.own[t] += weight[i] * c.rest[t]
			}
		}
		var with, without float64
		for t, v := range left {
			if e.known[t] && !(g.days && f.Y[t] == 0) {
				with += v * v
				without += (v + f.own[t]) * (v + f.own[t])
			}
		}
		f.Share = 1 - with/cmp.Or(without, 1)
		if f.Share < small {
			small, least = f.Share, k
		}
		all = append(all, f)
	}
	return all, least
}
