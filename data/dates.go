package data

import (
	"fmt"
	"regexp"
	"slices"
)

// A dates finds the layout of times that are not in a known form, from all of them: one row alone
// may fit several.
type dates struct {
	layouts []string // that read all so far
	seen    []string // the first of these times, and those that ruled a layout out
	errors  []*Error // theirs, to which the hint is added
	any     bool     // some layout has read one
	certain bool     // one of them can only stand day first
	others  bool     // there are times in a known form
}

// startsWithDay matches the layouts of numbers that begin with the day, and then have the month.
var startsWithDay = regexp.MustCompile(`^(0?2)([./-] ?)(0?1)`)

// orDayFirst reads a table and, if the only thing that is wrong with its times is that they stand
// day first, reads it again by their layout.
func orDayFirst(o Options, read func(o Options) (*Table, error)) (*Table, error) {
	if o.TimeLayout != "" {
		return read(o)
	}
	var layout string
	o.dayFirst = &layout
	t, err := read(o)
	if err == nil || layout == "" {
		return t, err
	}
	o.dayFirst, o.TimeLayout, o.guessed = nil, layout, true
	if t, err = read(o); err == nil {
		t.Notes = append([]string{fmt.Sprintf("the times are read day first, by the layout %q (--time-layout has another)", layout)}, t.Notes...)
	}
	return t, err
}

// guess is the error of a time that cannot be read.
func (b *Builder) guess(s string, why error) *Error {
	const most = 100 // times that are kept
	e := &Error{Value: s, Reason: why.Error(), Hint: "write dates as 2024-05-06, 2024-05 or 2024-05-06T07:08, or number the steps"}
	if _, ok := why.(errZone); ok {
		e.Hint = "write the offset from UTC, such as +02:00, or the zone's place, such as Europe/Berlin"
		return e
	}
	d := &b.dates
	reads := func(layout string) bool {
		_, err := parseLayout(layout, s)
		return err == nil
	}
	fit := slices.DeleteFunc(slices.Clone(d.layouts), func(l string) bool { return !reads(l) })
	if len(fit) == 0 {
		for _, l := range layoutsOf(s) {
			d.any = true
			if !slices.ContainsFunc(d.seen, func(s string) bool { _, err := parseLayout(l, s); return err != nil }) {
				fit = append(fit, l)
			}
		}
	}
	if len(d.seen) < most || len(fit) < len(d.layouts) && len(d.seen) < 2*most {
		d.seen = append(d.seen, s)
	}
	if d.layouts = fit; d.any {
		e.Reason = "is not an ISO date"
	}
	if !d.certain && len(fit) > 0 && startsWithDay.MatchString(fit[0]) {
		_, err := parseLayout(startsWithDay.ReplaceAllString(fit[0], "$3$2$1"), s)
		d.certain = err != nil
	}
	if len(d.errors) < maxProblems {
		d.errors = append(d.errors, e)
	}
	return e
}

const oneForm = "write all dates in one form, such as 2024-05-06"

// settle gives the errors of times the hint that all of them led to.
func (d *dates) settle() {
	hint := oneForm
	switch {
	case !d.any:
		return
	case len(d.layouts) > 0:
		hint = "pass --time-layout " + choice(d.layouts)
	}
	for _, e := range d.errors {
		e.Hint = hint
	}
}

// err is all that is wrong so far.
func (b *Builder) err() error {
	b.settle()
	if d := &b.dates; b.opts.dayFirst != nil && d.certain && !d.others && len(d.layouts) == 1 && startsWithDay.MatchString(d.layouts[0]) {
		*b.opts.dayFirst = d.layouts[0]
	}
	return b.problems.err()
}
