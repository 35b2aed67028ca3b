package data

import (
	"fmt"
	"math"
)

// A Series is a regular sequence of values, oldest first, such as one of a table. Start and
// Freq may be left out of a series in memory whose times do not matter.
type Series struct {
	ID    string    // "" in a table of one series without IDs
	Start Time      // time of the first value
	Freq  Freq      // time from one value to the next
	Y     []float64 // NaN where missing; in a table the last value is known

	// Values of the table's covariates by role, NaN where missing. Those of Past are as
	// many as Y; those of Known may be more, for the steps ahead.
	Past, Known [][]float64 // [covariate][step]
	Static      []float64   // [covariate]

	last  int // number of the row of the last value
	ahead int // steps after it that the table has times of
}

// Time is the time of value i, which may lie beyond the end.
func (s *Series) Time(i int) Time { return s.Freq.Add(s.Start, i) }

// Before is what is known of s before step n: its first n values, and those of its past
// covariates. Covariates known in advance stay whole.
func (s *Series) Before(n int) Series {
	b := *s
	b.Y = s.Y[:n:n]
	b.Past = make([][]float64, len(s.Past))
	for i, x := range s.Past {
		b.Past[i] = x[:n:n]
	}
	return b
}

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
func (s *Series) name() string { return seriesName(s.ID) }

func seriesName(id string) string {
	if id == "" {
		return "the series"
	}
	return fmt.Sprintf("series %q", id)
}

// Check reports a series of fewer than need known values.
func (s *Series) Check(file string, need int) error {
	if known := len(s.Y) - s.Missing(); known < need {
		return &Error{File: file, Reason: fmt.Sprintf("%s has %d values, but %d are needed", s.name(), known, need), Hint: "give more history"}
	}
	return nil
}

// A Table is what was read from a file.
type Table struct {
	Name   string
	Value  string   // name of the column of the values, empty if they have none
	Series []Series // series, in the order of their first rows
	Notes  []string // notes of what was found and done, for the reader of a report

	Season  int // season of a .tsf file whose times are indices; else 0
	Horizon int // horizon of a .tsf file, or the rows that follow the last value; 0 for none

	Covariates []Covariate // past, known and static ones, in this order

	words []string // the word of each covariate that was taken for a missing value; "" for none
}

// Options are how to read a table. The zero value finds out.
type Options struct {
	ID, Time, Y string   // names of columns; default unique_id, ds, y, or the only two there are
	Path        []string // names of columns that name a series together, from above, instead of ID: such as region and store; it is called north/12 then
	TimeLayout  string   // form of the times, as package time writes it, such as "2/1/2006"; default: see ParseTime
	Freq        *Freq    // default: found from the times
	Layout      Layout   // layout of a CSV file; default: found from the header
	Decimal     rune     // '.' or ',', with which points mark thousands; default: a comma only in files separated by semicolons or tabs
	Past        []string
	Known       []string
	Static      []string // names of columns of covariates by their roles
	Category    []string // those of them whose values are categories even if they look like numbers
	Single      bool     // a file without the column ID is one series; default: it is an error
	Ahead       bool     // the table has what is known in advance only: it needs no column of values
	Sort        bool     // put the rows of each series in order of time; default: rows out of order are an error

	dayFirst *string // takes the layout of dates that stand day first; nil if they are not to be looked for
	guessed  bool    // TimeLayout is that
}

// span is from the first value of all series to the last; ok is false if they have none.
func span(series []Series) (first, last Time, ok bool) {
	for i := range series {
		s := &series[i]
		if len(s.Y) == 0 {
			continue
		}
		if !ok || s.Start.Before(first) {
			first = s.Start
		}
		if end := s.Time(len(s.Y) - 1); !ok || last.Before(end) {
			last = end
		}
		ok = true
	}
	return first, last, ok
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// CheckAhead reports known covariates that lack a value in one of the steps to forecast.
func (t *Table) CheckAhead(horizon int) error {
	p := problems{file: t.Name}
	past := len(Select(t.Covariates, Past))
	for i, c := range Select(t.Covariates, Known) {
		hint := "add rows for these times with an empty y, pass a shorter --horizon, or pass the column as --past"
		if past+i < len(t.words) && t.words[past+i] != "" {
			hint = fmt.Sprintf("%q is read as a missing value: have it a category (--category %s), or %s", t.words[past+i], c.Name, hint)
		}
		for _, s := range t.Series {
			var missing []int
			for k := range horizon {
				at := len(s.Y) + k
				if x := s.Known[i]; at >= len(x) || math.IsNaN(x[at]) {
					missing = append(missing, at)
				}
			}
			if missing == nil {
				continue
			}
			n, first, last := len(missing), s.Time(missing[0]), s.Time(missing[len(missing)-1])
			p.add(&Error{Row: s.last, Column: c.Name,
				Reason: fmt.Sprintf("%s ends here, but %d of the %d steps to forecast %s no value of this known covariate: %v to %v", s.name(), n, horizon, verb(n), first, last),
				Hint:   hint})
		}
	}
	return p.err()
}

func verb(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
