package data

import (
	"fmt"
	"math"
)

// series puts one on the grid of f that begins at its first time. Y ends with the last value
// that is known: the steps after it are those to forecast, and known covariates go on there.
func (b *Builder) series(id string, f Freq) (s Series, ok bool) {
	o := b.rows[id]
	f, first := f.of(o.times)
	last := o.times[len(o.times)-1]
	first.clock = f.Unit == Second
	s = Series{ID: id, Start: first, Freq: f}
	steps, _ := f.Between(first, last)
	if steps >= 10*len(o.times)+1000 {
		b.Problem(&Error{Row: o.rows[0], Reason: fmt.Sprintf("%s has %d rows for %d steps (%s) from %v to %v", s.name(), len(o.times), steps+1, f.Name(), first, last), Hint: "look for a wrong date, or give another frequency (--freq)"})
		return s, false
	}
	s.Y = make([]float64, steps+1)
	for i := range s.Y {
		s.Y[i] = math.NaN()
	}
	ok = true
	end := 0 // of the values that are known
	for i, u := range o.times {
		k, on := f.Between(first, u)
		if !on {
			b.Problem(&Error{Row: o.rows[i], Reason: of(id, fmt.Sprintf("the time %v is not on the grid that begins at %v (%s)", u, first, f.Name())), Hint: "correct it, or give another frequency (--freq)"})
			ok = false
			continue
		}
		s.Y[k] = o.y[i]
		if !math.IsNaN(o.y[i]) {
			s.last, end = o.rows[i], k+1
		}
	}
	b.spread(&s, o)
	s.ahead = len(s.Y) - end
	s.Y = s.Y[:end:end]
	for i := range s.Past {
		s.Past[i] = s.Past[i][:end:end]
	}
	for i, y := range o.y {
		if k, _ := f.Between(first, o.times[i]); math.IsNaN(y) && k < end {
			if b.blanks++; b.blank == 0 || o.rows[i] < b.blank {
				b.blank = o.rows[i]
			}
		}
	}
	return s, ok
}

// spread puts the covariates of a series on its grid.
func (b *Builder) spread(s *Series, o *observations) {
	n := len(b.cols)
	if n == 0 {
		return
	}
	columns := make([][]float64, n)
	for i := range columns {
		columns[i] = make([]float64, len(s.Y))
		for k := range columns[i] {
			columns[i][k] = math.NaN()
		}
	}
	for j, u := range o.times {
		if k, on := s.Freq.Between(s.Start, u); on {
			for i := range columns {
				columns[i][k] = o.x[j*n+i]
			}
		}
	}
	for i, c := range b.cols {
		switch c.Role {
		case Past:
			s.Past = append(s.Past, columns[i])
		case Known:
			s.Known = append(s.Known, columns[i])
		case Static:
			v := math.NaN()
			if o.since[i] > 0 {
				v = o.fixed[i]
			}
			s.Static = append(s.Static, v)
		}
	}
}

// asked is how many steps the rows without a value at the end of the series ask for: as many as
// the longest of these ends has. A series that ends long before the others was given up, and
// does not count; nor do ends within the values of others.
func asked(series []Series) int {
	var last, end Time // of all values, and of all rows
	known := false
	for i := range series {
		s := &series[i]
		if len(s.Y) == 0 {
			continue
		}
		t, e := s.Time(len(s.Y)-1), s.Time(len(s.Y)+s.ahead-1)
		if !known || last.Before(t) {
			last = t
		}
		if !known || end.Before(e) {
			end = e
		}
		known = true
	}
	if !known {
		return 0
	}
	most, _ := series[0].Freq.Between(last, end)
	n := 0
	for _, s := range series {
		if s.ahead <= 2*most {
			n = max(n, s.ahead)
		}
	}
	return n
}
