package data

import "slices"

// A dates finds the layout of times that are not in a known form, from all of them: one row alone
// may fit several.
type dates struct {
	layouts []string // that read all so far
	seen    []string // the first of these times, and those that ruled a layout out
	errors  []*Error // theirs, to which the hint is added
	any     bool     // some layout has read one
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
	if len(d.errors) < maxProblems {
		d.errors = append(d.errors, e)
	}
	return e
}

// settle gives the errors of times the hint that all of them led to.
func (d *dates) settle() {
	hint := "write all dates in one form, such as 2024-05-06"
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
	return b.problems.err()
}
