package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// Columns finds the columns in a header: by the names in Options, or unique_id, ds
// and y in any case, or, if there are only two columns, the time first and the value
// second. id is -1 if there is none. An error is reported at once.
func (b *Builder) Columns(header []string) (id, ds, y int, err error) {
	find := func(given, name string) int {
		if given != "" {
			name = given
		}
		at := columnNamed(header, name)
		if at >= 0 && columnNamed(header[at+1:], name) >= 0 {
			b.Problem(&Error{Row: 1, Column: header[at], Reason: "appears twice", Hint: "give every column its own name"})
		}
		return at
	}
	id, ds, y = find(b.opts.ID, "unique_id"), find(b.opts.Time, "ds"), find(b.opts.Y, "y")
	if b.opts.Ahead && y < 0 {
		b.opts.Y = ""
	}
	if b.opts.ID != "" && id < 0 && b.opts.Single {
		b.note("no column %q: one series", b.opts.ID)
		b.opts.ID = ""
	}
	if err := b.err(); err != nil {
		return id, ds, y, err
	}
	asked := b.opts.ID != "" && id < 0 || b.opts.Time != "" && ds < 0 || b.opts.Y != "" && y < 0
	var rest []int
	for i, h := range header {
		if i != id && !(len(header) > 2 && indexOfPandas(h)) {
			rest = append(rest, i)
		}
	}
	if (ds < 0 || y < 0) && !asked && len(rest) == 2 && !b.opts.Ahead {
		if rest[0] == y || rest[1] == ds {
			slices.Reverse(rest)
		}
		ds, y = rest[0], rest[1]
		b.note("using column %q as ds and %q as y", header[ds], header[y])
	}
	if asked || ds < 0 || y < 0 && !b.opts.Ahead {
		e := &Error{Row: 1, Reason: fmt.Sprintf("the columns are %s, but %s are needed", setting.Quoted(header), b.needed()), Hint: "rename the columns ds, y and, for several series, unique_id, or name them (--time, --value, --id)"}
		if len(header) == 1 {
			e.Reason = fmt.Sprintf("there is only the column %s, but %s are needed", setting.Quoted(header), b.needed())
			e.Hint = "separate the columns by commas, semicolons or tabs"
		}
		for _, name := range []string{b.opts.ID, b.opts.Time, b.opts.Y} {
			if name != "" && columnNamed(header, name) < 0 {
				e.Hint = cmp.Or(setting.Meant(name, header), e.Hint)
				break
			}
		}
		b.Problem(e)
		return id, ds, y, b.err()
	}
	if len(b.opts.Path) > 0 {
		id = -1
	}
	names := map[int]string{-1: ""}
	for i, h := range header {
		names[i] = h
	}
	if b.checkRoles(names[id], names[ds], names[y]); b.err() != nil {
		return id, ds, y, b.err()
	}
	b.y, b.ds = names[y], names[ds]
	used := slices.Concat([]int{id, ds, y}, b.CovariateColumns(header), b.PathColumns(header))
	if err := b.err(); err != nil {
		return id, ds, y, err
	}
	var unused []string
	for i, h := range header {
		if !slices.Contains(used, i) && !indexOfPandas(h) {
			unused = append(unused, h)
		}
	}
	if unused != nil {
		b.note("unused columns: %s", setting.Quoted(unused))
	}
	return id, ds, y, nil
}

// checkRoles reports columns that are named for two things. id is "" if there is none.
func (b *Builder) checkRoles(id, ds, y string) {
	type role struct{ what, name string }
	all := []role{{"the series column", id}, {"the time column", ds}, {"the value column", y}}
	for _, c := range b.cols {
		all = append(all, role{"a " + string(c.Role) + " covariate", c.Name})
	}
	for _, name := range b.opts.Path {
		all = append(all, role{"a level of the hierarchy", name})
	}
	for i, r := range all {
		for _, before := range all[:i] {
			if r.name != "" && strings.EqualFold(r.name, before.name) {
				b.Problem(&Error{Column: r.name, Reason: "is named both as " + before.what + " and as " + r.what, Hint: "name a different column for each (--id, --time, --value, --past, --known, --static, --hierarchy)"})
			}
		}
	}
}

// CovariateColumns finds the columns of the covariates in a header, by their names in
// Options: past, known and static ones. One that is not there is a problem.
func (b *Builder) CovariateColumns(header []string) []int {
	at := make([]int, len(b.cols))
	for i, c := range b.cols {
		at[i] = b.column(header, c.Name, "add it to the file, or train with the columns that it has (--past, --known, --static)")
	}
	return at
}

// PathColumns finds the columns of Options.Path in a header. One that is not there is a problem.
func (b *Builder) PathColumns(header []string) []int {
	b.path = nil
	for _, name := range b.opts.Path {
		b.path = append(b.path, b.column(header, name, "name columns of the file (--hierarchy)"))
	}
	return b.path
}

// column is the place of a column in a header. One that is not there is a problem.
func (b *Builder) column(header []string, name, hint string) int {
	at := columnNamed(header, name)
	if at < 0 {
		b.Problem(&Error{Row: 1, Column: name, Reason: fmt.Sprintf("is missing; the columns are %s", setting.Quoted(header)), Hint: cmp.Or(setting.Meant(name, header), hint)})
	}
	return at
}

// columnNamed is the place of the first column of a name, in any case; -1 for none.
func columnNamed(header []string, name string) int {
	return slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(h, name) })
}

// PathOf is the name of the series of a row by the text of each column of Options.Path, with
// slashes between.
func (b *Builder) PathOf(text func(i int) string) (string, *Error) {
	parts := make([]string, len(b.opts.Path))
	for i, name := range b.opts.Path {
		parts[i] = strings.TrimSpace(text(i))
		if e := badID(parts[i]); e != nil {
			return "", e.in(name)
		}
		if strings.Contains(parts[i], "/") {
			return "", &Error{Column: name, Value: parts[i], Reason: "has a slash, which stands between the levels of a hierarchy", Hint: "write another mark in its place"}
		}
	}
	return strings.Join(parts, "/"), nil
}

// needed lists the columns that are looked for.
func (b *Builder) needed() string {
	s := cmp.Or(b.opts.Time, "ds") + " and " + cmp.Or(b.opts.Y, "y")
	if b.opts.ID != "" {
		s = b.opts.ID + ", " + s
	}
	return s
}
