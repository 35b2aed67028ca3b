package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Builder makes a table from rows as they come. ReadCSV and ReadJSON are made
// with it, and readers of other formats can be. It takes note of what it finds
// wrong and goes on; Table reports it all.
type Builder struct {
	problems
	covariates
	clocks
	dates
	opts   Options
	y, ds  string // names of the columns of values and times
	path   []int  // columns of Options.Path
	order  []string
	rows   map[string]*observations
	notes  []string
	n      int  // rows
	blanks int  // missing values before the last of their series
	blank  int  // row of the first
	index  bool // times are indices
	pivot  bool // there is a column for each series
	digits int  // digits of all times so far, if they are dates without separators; else 0
}

// observations are the rows of one series.
type observations struct {
	times []Time
	y     []float64
	rows  []int
	x     []float64 // values of the covariates, row by row
	fixed []float64 // static ones
	since []int     // the row that each of these is from
	loose []int     // places of numbers that may be thousands; see Builder.loosely
}

// NewBuilder begins a table. name is what errors call it.
func NewBuilder(name string, o Options) *Builder {
	return &Builder{problems: problems{file: name}, covariates: newCovariates(o), opts: o, rows: map[string]*observations{}}
}

// note adds to the table's notes.
func (b *Builder) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

// noteEncoding notes the encoding of f, unless it is UTF-8.
func (b *Builder) noteEncoding(f *File) {
	if e := f.Encoding(); e != "" {
		b.note("the text is read as %s (Korean)", e)
	}
}

// Problem reports something wrong; Table will fail.
func (b *Builder) Problem(e *Error) { b.problems.add(e) }

// ParseTime reads a time in the form that Options give, or as ParseTime does.
func (b *Builder) ParseTime(s string) (Time, *Error) {
	if strings.TrimSpace(s) == "" {
		return Time{}, &Error{Reason: "is empty", Hint: "every row needs a time"}
	}
	if b.opts.TimeLayout != "" {
		t, err := parseLayout(b.opts.TimeLayout, s)
		if err != nil && b.opts.guessed {
			return t, &Error{Value: s, Reason: "is not a date as those before it", Hint: oneForm}
		}
		if err != nil {
			return t, &Error{Value: s, Reason: "is not a time in the layout " + b.opts.TimeLayout, Hint: "correct it, or pass another layout (--time-layout)"}
		}
		return t, nil
	}
	t, zone, err := parseTime(s)
	if err != nil {
		return t, b.guess(s, err)
	}
	b.met(zone)
	b.others = true
	return t, nil
}

// ParseValue reads a number with the decimal mark that Options give, or a point;
// the empty string, NA, null and the like are missing values, NaN.
func (b *Builder) ParseValue(s string) (float64, *Error) {
	return value(s, cmp.Or(b.opts.Decimal, '.'))
}

// ParseCovariate reads a value of covariate i, in the order of CovariateColumns: a number,
// or the place of a category.
func (b *Builder) ParseCovariate(i int, s string) (float64, *Error) {
	return b.parse(i, s, cmp.Or(b.opts.Decimal, '.'))
}

// Add takes a row, whose number is for messages, with the values of its covariates, if
// there are any. A NaN y is missing, and so is a NaN covariate.
func (b *Builder) Add(row int, id string, t Time, y float64, x ...float64) {
	if len(x) != len(b.cols) { // .tsf files and series in rows have no columns beside the values
		if b.n++; b.n == 1 {
			b.Problem(&Error{Row: row, Reason: fmt.Sprintf("has only values, no column %s", b.cols[0].Name), Hint: "convert it to a long table: unique_id,ds,y and a column for each covariate"})
		}
		return
	}
	if math.Abs(y) > largest {
		e := tooLarge(y)
		e.Row, e.Column = row, b.y
		b.Problem(e)
		return
	}
	if b.opts.Freq != nil && b.opts.Freq.Unit == Index && t.digits != 0 {
		t = t.asIndex()
	}
	if b.n++; b.n == 1 {
		b.index, b.digits = t.IsIndex, t.length()
	}
	switch {
	case b.index && t.digits != 0: // 998, 999, 1000
		t = t.asIndex()
	case b.digits != 0 && (t.IsIndex || t.digits != 0) && t.length() != b.digits: // 2998, 2999, 3000
		for _, o := range b.rows {
			for i, u := range o.times {
				o.times[i] = u.asIndex()
			}
		}
		b.index = true
		t = t.asIndex()
	}
	if t.length() != b.digits {
		b.digits = 0
	}
	if t.IsIndex != b.index {
		b.Problem(&Error{Row: row, Reason: fmt.Sprintf("the time %v is not of the same kind as those before it", t), Hint: "use dates or whole numbers, not both"})
		return
	}
	o := b.rows[id]
	if o == nil {
		id = strings.Clone(id) // of a line that need not be kept
		o = &observations{fixed: make([]float64, len(b.cols)), since: make([]int, len(b.cols))}
		b.rows[id] = o
		b.order = append(b.order, id)
	}
	if k := len(o.times); !b.opts.Sort && k > 0 && !o.times[k-1].Before(t) {
		if at, ok := slices.BinarySearchFunc(o.times, t, Time.compare); ok {
			b.twice(id, t, row, o.rows[at])
		} else {
			b.Problem(&Error{Row: row, Reason: of(id, fmt.Sprintf("the time %v comes after %v of row %d", t, o.times[k-1], o.rows[k-1])), Hint: "sort the file by series and time, or have it sorted (--sort)"})
		}
		return
	}
	b.fix(o, id, row, x)
	o.times, o.y, o.rows, o.x = append(o.times, t), append(o.y, y), append(o.rows, row), append(o.x, x...)
}

// AddBegun is Add for a series that is a column of its own, which begins with its first value.
func (b *Builder) AddBegun(row int, id string, t Time, y float64) {
	if b.rows[id] != nil || !math.IsNaN(y) {
		b.Add(row, id, t, y)
	}
}

// fix keeps the static covariates of a series, which are not to change.
func (b *Builder) fix(o *observations, id string, row int, x []float64) {
	for i, v := range x {
		if b.cols[i].Role != Static || math.IsNaN(v) {
			continue
		}
		if o.since[i] == 0 {
			o.fixed[i], o.since[i] = v, row
		} else if o.fixed[i] != v {
			text := func(v float64) string {
				if c := b.cols[i].Categories; c != nil {
					return fmt.Sprintf("%q", c[int(v)])
				}
				return fmt.Sprint(v)
			}
			b.Problem(&Error{Row: row, Column: b.cols[i].Name, Reason: of(id, fmt.Sprintf("the static value is %s, but %s in row %d", text(v), text(o.fixed[i]), o.since[i])), Hint: "a static covariate has one value per series: correct it, or pass it as known or past (--known, --past)"})
		}
	}
}

// twice reports a time that a series has already.
func (b *Builder) twice(id string, t Time, row, first int) {
	hint := "keep one row for each time, or add a column unique_id if these are several series"
	if b.pivot {
		hint = "keep one row for each time, or name the columns (--time, --value, --id) if these are no series"
	}
	if !t.IsIndex && t.At.Truncate(24*hour*1e9) != t.At {
		hint = "keep one row for each time; where clocks go back, write times with their UTC offset, such as +02:00"
	}
	b.Problem(&Error{Row: row, Reason: of(id, fmt.Sprintf("the time %v is already in row %d", t, first)), Hint: hint})
}

// of names the series.
func of(id, what string) string {
	if id == "" {
		return what
	}
	return fmt.Sprintf("series %q: %s", id, what)
}

// sort puts each series in order of time.
func (b *Builder) sort() {
	sorted := 0
	for _, id := range b.order {
		o := b.rows[id]
		if !slices.IsSortedFunc(o.times, Time.compare) {
			sorted++
			order := make([]int, len(o.times))
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(i, j int) int { return o.times[i].compare(o.times[j]) })
			o.times, o.y, o.rows = pick(o.times, order), pick(o.y, order), pick(o.rows, order)
			x, n := make([]float64, 0, len(o.x)), len(b.cols)
			for _, k := range order {
				x = append(x, o.x[k*n:k*n+n]...)
			}
			o.x = x
		}
		for i := 1; i < len(o.times); i++ {
			if !o.times[i-1].Before(o.times[i]) {
				b.twice(id, o.times[i], o.rows[i], o.rows[i-1])
			}
		}
	}
	if sorted > 0 {
		b.note("%s sorted by time", plural(sorted, "series was", "series were"))
	}
}

func pick[T any](from []T, at []int) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = from[k]
	}
	return out
}

// Table puts the rows on their grids.
func (b *Builder) Table() (*Table, error) {
	if b.n == 0 && len(b.list) == 0 {
		b.Problem(&Error{Reason: "has a header but no rows", Hint: "add the data"})
	}
	if b.opts.Sort {
		b.sort()
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	if b.digits != 0 {
		u := b.rows[b.order[0]].times[0]
		b.note("whole numbers such as %d are read as %s", u.digits, map[int]string{4: "years", 6: "months", 8: "days", 10: "hours", 12: "minutes", 14: "seconds"}[b.digits])
	}
	if b.unix(); b.err() != nil {
		return nil, b.err()
	}
	b.excel()
	b.local()
	f, err := b.freq()
	if err != nil {
		return nil, err
	}
	t := &Table{Name: b.file, Value: b.y}
	gaps, at := 0, ""
	for _, id := range b.order {
		s, ok := b.series(id, f)
		if !ok {
			continue
		}
		o := b.rows[id]
		if n := len(s.Y) + s.ahead - len(o.times); n > 0 {
			for k := 1; k < len(o.times) && at == ""; k++ {
				if next := f.Add(o.times[k-1], 1); next.Before(o.times[k]) {
					at = of(id, fmt.Sprintf("the first at %v", next))
				}
			}
			gaps += n
		}
		t.Series = append(t.Series, s)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	t.Covariates = b.cols
	b.noteCovariates(t)
	if from, to, ok := span(t.Series); ok {
		b.note("%s, %s, from %v to %v", plural(len(t.Series), "series", "series"), f.Name(), from, to)
	}
	if gaps > 0 {
		b.note("%s missing from the time grid: %s", plural(gaps, "time is", "times are"), at)
	}
	if b.blanks > 0 {
		b.note("%s blank: the first in row %d", plural(b.blanks, "value is", "values are"), b.blank)
	}
	if t.Horizon = asked(t.Series); t.Horizon > 0 && len(Select(b.cols, Known)) == 0 {
		b.note("%s after the last value %s none: to be forecast", plural(t.Horizon, "time", "times"), verb(t.Horizon))
	}
	t.Notes = b.notes
	return t, nil
}
