package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// Same reports whether f and g are the same step of time: months may be at their ends or not.
func (f Freq) Same(g Freq) bool {
	f.End, g.End = false, false
	return f == g
}

// of is f as rising times have it, and their first. Months are on the day that all times have,
// or on the last of those that are too short for it, or at their ends.
func (f Freq) of(times []Time) (Freq, Time) {
	first := times[0]
	if f.Unit != Month {
		return f, first
	}
	day, ends := monthDay(times)
	if f.End = f.End && ends || ends && day == 0; !f.End {
		first.day = day
	}
	return f, first
}

// monthDay is the day of the month that all times are on, if those of shorter months are on the
// last day; 0 if they are on several. ends reports whether all are on the last day of a month.
func monthDay(times []Time) (day int8, ends bool) {
	ends = true
	for _, t := range times {
		day = max(day, int8(t.At.Day()))
		ends = ends && t.At.Day() == lastDay(t.At)
	}
	for _, t := range times {
		if d := t.At.Day(); d != min(int(day), lastDay(t.At)) {
			return 0, ends
		}
	}
	return day, ends
}

// freq is the given frequency, or that of the series with the most times that fits all.
func (b *Builder) freq() (Freq, error) {
	if b.opts.Freq != nil {
		f := *b.opts.Freq
		if (f.Unit == Index) != b.index {
			b.Problem(&Error{Reason: fmt.Sprintf("the frequency %v does not fit times such as %v", f, b.rows[b.order[0]].times[0]), Hint: "leave out --freq to have it found"})
			return f, b.err()
		}
		if f.Unit == Month && !f.End {
			f.End = b.monthEnds()
		}
		if !b.onGrid(f) {
			if on, ok := b.near(f); ok {
				return on, nil
			}
		}
		return f, nil
	}
	ids := slices.Clone(b.order)
	slices.SortStableFunc(ids, func(i, j string) int { return len(b.rows[j].times) - len(b.rows[i].times) })
	f, err := InferFreq(b.rows[ids[0]].times)
	if err != nil {
		if rough, ok := roughly(b.rows[ids[0]].times); ok {
			if f, ok := b.near(rough); ok {
				return f, nil
			}
		}
		b.Problem(&Error{Reason: of(ids[0], err.Error()), Hint: "pass the frequency, such as --freq D or --freq h, or resample the data to regular times"})
		return f, b.err()
	}
	all := func(f Freq) bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return !b.fits(id, f) })
	}
	if len(ids) == 1 || all(f) {
		return f, nil
	}
	var found []Freq // those of the series, that of the longest first
	of := map[Freq][]string{}
	for _, id := range ids {
		own := candidate(b.rows[id].times)
		if own.End = false; !b.regular(id, own) {
			continue
		}
		if of[own] = append(of[own], id); len(of[own]) == 1 {
			found = append(found, own)
		}
	}
	for _, g := range found {
		if all(g) {
			return g, nil
		}
	}
	if len(found) > 1 {
		b.Problem(mixed(found, of))
	}
	return f, b.err()
}

// regular reports whether a series has a step of its own: few of the times on its grid are missing.
func (b *Builder) regular(id string, own Freq) bool {
	times := b.rows[id].times
	own, first := own.of(times)
	n, on := own.Between(first, times[len(times)-1])
	return on && len(times) > 2 && 10*len(times) >= 9*(n+1)
}

// onGrid reports whether all times are on a grid of f.
func (b *Builder) onGrid(f Freq) bool {
	for _, o := range b.rows {
		f, first := f.of(o.times)
		if slices.ContainsFunc(o.times, func(t Time) bool { _, on := f.Between(first, t); return !on }) {
			return false
		}
	}
	return true
}

// fits reports whether a series has times on the grid of f only, and is not one of a longer
// step, of which there would be times on less than half of that grid.
func (b *Builder) fits(id string, f Freq) bool {
	const enough = 6 // times that show a longer step
	times := b.rows[id].times
	f, first := f.of(times)
	for _, t := range times {
		if _, on := f.Between(first, t); !on {
			return false
		}
	}
	steps, _ := f.Between(first, times[len(times)-1])
	if len(times) < enough || 2*len(times) > steps {
		return true
	}
	own := candidate(times)
	return own.Same(f) || !b.regular(id, own)
}

// mixed is the error of series of several steps.
func mixed(found []Freq, of map[Freq][]string) *Error {
	var kinds []string
	for _, f := range found[:min(len(found), 5)] {
		list := of[f]
		names := setting.Quoted(list[:min(len(list), 3)])
		if n := len(list) - 3; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		kinds = append(kinds, fmt.Sprintf("%s (%s)", f.Name(), names))
	}
	if n := len(found) - len(kinds); n > 0 {
		kinds = append(kinds, fmt.Sprintf("%d more", n))
	}
	return &Error{Reason: "the series have different steps of time: " + strings.Join(kinds, ", "),
		Hint: "give each step a file and a model of its own, or pass the step that fits all times (--freq)"}
}

// monthEnds reports whether every time is on the last day of a month.
func (b *Builder) monthEnds() bool {
	for _, o := range b.rows {
		if _, ends := monthDay(o.times); !ends {
			return false
		}
	}
	return true
}
