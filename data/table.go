package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Series is one series of a table, on a regular grid of times.
type Series struct {
	ID    string // "" in a table of one series without IDs
	Start Time   // time of the first value
	Freq  Freq
	Y     []float64 // NaN where missing
}

// Time is the time of value i, which may lie beyond the end.
func (s *Series) Time(i int) Time { return s.Freq.Add(s.Start, i) }

// Missing counts the values that are not there.
func (s *Series) Missing() (n int) {
	for _, v := range s.Y {
		if math.IsNaN(v) {
			n++
		}
	}
	return n
}

// name is how errors speak of the series.
func (s *Series) name() string {
	if s.ID == "" {
		return "the series"
	}
	return fmt.Sprintf("series %q", s.ID)
}

// Check reports a series that cannot be trained on: one of fewer than need known
// values, or whose values are all the same.
func (s *Series) Check(file string, need int) error {
	known, constant, first := 0, true, math.NaN()
	for _, v := range s.Y {
		if math.IsNaN(v) {
			continue
		}
		if known == 0 {
			first = v
		}
		known++
		constant = constant && v == first
	}
	switch {
	case known < need:
		return &Error{File: file, Reason: fmt.Sprintf("%s has %d values, and %d are needed", s.name(), known, need), Hint: "give more history, or ask for a shorter horizon or season"}
	case constant:
		return &Error{File: file, Reason: fmt.Sprintf("%s is constant: every value is %v", s.name(), first), Hint: "leave it out: its forecast is that value"}
	}
	return nil
}

// A Table is what was read from a file.
type Table struct {
	Name   string
	Series []Series // in the order of their first rows
	Notes  []string // what was found and done, for the reader of a report
}

// Options say how to read a table. The zero value finds out.
type Options struct {
	ID, Time, Y string // names of columns; default unique_id, ds, y, or the only two there are
	Freq        *Freq  // default: found from the times
	Decimal     rune   // '.' or ','; default: a comma only in files separated by semicolons or tabs
}

// A builder makes a table from rows as they come.
type builder struct {
	problems
	opts   Options
	order  []string
	rows   map[string]*observations
	notes  []string
	n      int  // rows
	blanks int  // missing values
	index  bool // times are indices
	years  bool // so far all times are four digits
}

// observations are the rows of one series.
type observations struct {
	times []Time
	y     []float64
	rows  []int
}

func newBuilder(name string, o Options) *builder {
	return &builder{problems: problems{file: name}, opts: o, rows: map[string]*observations{}}
}

func (b *builder) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

// add takes a row. A NaN y is missing.
func (b *builder) add(row int, id string, t Time, y float64) {
	if b.n++; b.n == 1 {
		b.index, b.years = t.IsIndex, t.year
	}
	switch {
	case b.index && t.year: // 998, 999, 1000
		t = t.asIndex()
	case b.years && t.IsIndex: // 2998, 2999, 3000
		for _, o := range b.rows {
			for i, u := range o.times {
				o.times[i] = u.asIndex()
			}
		}
		b.index = true
	}
	b.years = b.years && t.year
	if t.IsIndex != b.index {
		b.problems.add(&Error{Row: row, Reason: fmt.Sprintf("the time %v is of another kind than those before it", t), Hint: "use dates or whole numbers, not both"})
		return
	}
	o := b.rows[id]
	if o == nil {
		o = &observations{}
		b.rows[id] = o
		b.order = append(b.order, id)
	}
	if math.IsNaN(y) {
		b.blanks++
	}
	if k := len(o.times); k > 0 && !o.times[k-1].Before(t) {
		e := &Error{Row: row, Reason: fmt.Sprintf("the time %v comes after %v of row %d", t, o.times[k-1], o.rows[k-1]), Hint: "sort the file by series and time"}
		if at := slices.Index(o.times, t); at >= 0 {
			e.Reason, e.Hint = fmt.Sprintf("the time %v is there already, in row %d", t, o.rows[at]), "keep one row for each time, or add a column unique_id if these are several series"
		}
		if len(b.order) > 1 || id != "" {
			e.Reason = fmt.Sprintf("series %q: %s", id, e.Reason)
		}
		b.problems.add(e)
		return
	}
	o.times, o.y, o.rows = append(o.times, t), append(o.y, y), append(o.rows, row)
}

// table puts the rows on their grids.
func (b *builder) table() (*Table, error) {
	if b.n == 0 && len(b.list) == 0 {
		b.problems.add(&Error{Reason: "has a header and no rows", Hint: "add the data"})
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := b.freq()
	if err != nil {
		return nil, err
	}
	t := &Table{Name: b.file}
	gaps, at := 0, ""
	for _, id := range b.order {
		o := b.rows[id]
		s := Series{ID: id, Start: o.times[0], Freq: f}
		steps, _ := f.Between(o.times[0], o.times[len(o.times)-1])
		if steps >= 10*len(o.times)+1000 {
			b.problems.add(&Error{Row: o.rows[0], Reason: fmt.Sprintf("%s has %d rows for %d steps (%s) from %v to %v", s.name(), len(o.times), steps+1, f.Name(), o.times[0], o.times[len(o.times)-1]), Hint: "look for a wrong date, or give another frequency"})
			continue
		}
		s.Y = make([]float64, steps+1)
		for i := range s.Y {
			s.Y[i] = math.NaN()
		}
		for i, u := range o.times {
			k, ok := f.Between(s.Start, u)
			if !ok {
				b.problems.add(&Error{Row: o.rows[i], Reason: fmt.Sprintf("the time %v is not on the grid that begins at %v (%s)", u, s.Start, f.Name()), Hint: "correct it, or give the frequency"})
				continue
			}
			s.Y[k] = o.y[i]
		}
		if n := len(s.Y) - len(o.times); n > 0 {
			for k := 1; k < len(o.times) && at == ""; k++ {
				if next := f.Add(o.times[k-1], 1); next.Before(o.times[k]) {
					at = fmt.Sprintf("the first at %v", next)
				}
			}
			gaps += n
		}
		t.Series = append(t.Series, s)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	b.note("%s, %s, from %v", plural(len(t.Series), "series", "series"), f.Name(), span(t.Series))
	if gaps > 0 {
		b.note("%s missing from the grid: %s", plural(gaps, "time is", "times are"), at)
	}
	if b.blanks > 0 {
		b.note("%s blank", plural(b.blanks, "value is", "values are"))
	}
	t.Notes = b.notes
	return t, nil
}

// freq is the given frequency, or that of the series with the most times.
func (b *builder) freq() (Freq, error) {
	if b.opts.Freq != nil {
		if (b.opts.Freq.Unit == Index) != b.index {
			b.problems.add(&Error{Reason: fmt.Sprintf("the frequency %v does not fit times such as %v", *b.opts.Freq, b.rows[b.order[0]].times[0]), Hint: "leave the frequency out, and it is found"})
			return Freq{}, b.err()
		}
		return *b.opts.Freq, nil
	}
	most := b.order[0]
	for _, id := range b.order {
		if len(b.rows[id].times) > len(b.rows[most].times) {
			most = id
		}
	}
	f, err := InferFreq(b.rows[most].times)
	if err != nil {
		b.problems.add(&Error{Reason: err.Error(), Hint: "give the frequency (such as D or h), or bring the data to regular times"})
		return f, b.err()
	}
	return f, nil
}

func span(series []Series) string {
	first, last := series[0].Start, series[0].Time(len(series[0].Y)-1)
	for i := range series {
		if series[i].Start.Before(first) {
			first = series[i].Start
		}
		if end := series[i].Time(len(series[i].Y) - 1); last.Before(end) {
			last = end
		}
	}
	return fmt.Sprintf("%v to %v", first, last)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// value reads a number. decimal is '.' or ','.
func value(s string, decimal rune) (float64, *Error) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "", "na", "n/a", "nan", "null", "none", ".", "-", "?":
		return math.NaN(), nil
	}
	return number(s, decimal)
}
