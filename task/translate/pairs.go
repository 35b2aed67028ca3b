package translate

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
)

// A Pair is a text and its translation.
type Pair struct{ Source, Target string }

// pairs reads the files: tables of pairs, one after the other, and plain text two by
// two, the source and then the target, line by line. note is called with what is left out.
func (c *Config) pairs(files []string, note func(string)) (all []Pair, err error) {
	for len(files) > 0 {
		file := files[0]
		some, used, err := c.somePairs(files)
		if err != nil {
			return nil, err
		}
		files = files[used:]
		kept := whole(some, file+": ", note)
		if len(kept) == 0 {
			return nil, &data.Error{File: file, Reason: "has no pairs"}
		}
		all = append(all, kept...)
	}
	return all, nil
}

// whole leaves out pairs with an empty side.
func whole(pairs []Pair, prefix string, note func(string)) []Pair {
	kept := slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.Source == "" || p.Target == "" })
	if n := len(pairs) - len(kept); n > 0 && note != nil {
		note(fmt.Sprintf("%s%d pairs with an empty side are left out", prefix, n))
	}
	return kept
}

// somePairs reads the table, or the two texts, that files begin with, and returns how
// many files that is. Text with a tab in its first line is a table, whatever its name.
func (c *Config) somePairs(files []string) (all []Pair, used int, err error) {
	f, err := data.Open(files[0])
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	read, table := data.FormatOf[data.RecordReader](f)
	if !table {
		read = data.ReadTSV
		if table, err = hasTab(files[0]); err != nil {
			return nil, 0, err
		}
	}
	switch {
	case table:
		all, err = c.table(f, read)
		return all, 1, err
	case len(files) == 1:
		return nil, 0, &data.Error{File: files[0], Reason: "is plain text: one side of the pairs only", Hint: "name the file of the other side after it, or a table with a tab between source and target"}
	}
	all, err = parallel(files[0], files[1])
	return all, 2, err
}

// hasTab reports whether there is a tab in the first line of a text.
func hasTab(file string) (bool, error) {
	var err error
	for _, line := range data.Lines(file, &err) {
		return strings.Contains(line, "\t"), nil
	}
	if err == nil {
		err = &data.Error{File: file, Reason: "is empty"}
	}
	return false, err
}

// parallel reads two files line by line.
func parallel(source, target string) (all []Pair, err error) {
	var errTarget error
	nextSource, stop := iter.Pull2(data.Lines(source, &err))
	defer stop()
	nextTarget, stop := iter.Pull2(data.Lines(target, &errTarget))
	defer stop()
	sources, targets := 0, 0
	for {
		_, s, okS := nextSource()
		_, t, okT := nextTarget()
		if okS {
			sources++
		}
		if okT {
			targets++
		}
		if !okS && !okT {
			break
		}
		if sources == targets {
			all = append(all, Pair{strings.TrimSpace(s), strings.TrimSpace(t)})
		}
	}
	switch {
	case err != nil:
		return nil, err
	case errTarget != nil:
		return nil, errTarget
	case sources != targets:
		return nil, &data.Error{File: target, Row: min(sources, targets) + 1, Reason: fmt.Sprintf("has %s, but %s has %d", setting.Plural(targets, "line"), source, sources), Hint: "line n of one file must translate line n of the other"}
	}
	return all, nil
}

// table reads a table of pairs. Without the columns' names they are the first two.
func (c *Config) table(f *data.File, read data.RecordReader) (all []Pair, err error) {
	var from, to = -1, -1
	header := func(first []string) bool {
		_, _, err := c.columns(first, 0)
		return err == nil
	}
	return all, read(f, header, func(columns []string, r data.Record) error {
		if from < 0 {
			if from, to, err = c.columns(columns, len(r.Fields)); err != nil {
				return err
			}
			if from == to {
				return &data.Error{Row: r.Row, Reason: "one column is named both as the source and as the target", Hint: "name a column for each: --set source=NAME, --set target=NAME"}
			}
		}
		all = append(all, Pair{strings.TrimSpace(r.Fields[from]), strings.TrimSpace(r.Fields[to])})
		return nil
	})
}

// columns finds source and target among the columns' names, or without any takes the
// first two of so many.
func (c *Config) columns(names []string, fields int) (from, to int, err error) {
	if names == nil {
		if fields < 2 {
			return 0, 0, &data.Error{Reason: "has one column", Hint: "it needs a source and a target, with a tab between them"}
		}
		if c.Source != "" || c.Target != "" {
			from, errFrom := place(c.Source, 0, fields)
			to, errTo := place(c.Target, 1, fields)
			if errFrom != nil {
				return 0, 0, errFrom
			}
			return from, to, errTo
		}
		return 0, 1, nil
	}
	find := func(asked string, usual ...string) (int, error) {
		if asked != "" {
			usual = []string{asked}
		}
		for _, want := range usual {
			for i, name := range names {
				if strings.EqualFold(strings.TrimSpace(name), want) {
					return i, nil
				}
			}
		}
		return 0, &data.Error{Reason: fmt.Sprintf("has the columns %s, but none is named %s", strings.Join(names, ", "), strings.Join(usual, " or ")), Hint: "name the column: --set source=NAME, --set target=NAME"}
	}
	if from, err = find(c.Source, "source", "src"); err != nil {
		return 0, 0, err
	}
	to, err = find(c.Target, "target", "tgt", "trg")
	return from, to, err
}

// place is a column by its number from 1, in a table without names.
func place(number string, usual, fields int) (int, error) {
	if number == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > fields {
		return 0, &data.Error{Reason: fmt.Sprintf("has %d columns without names, but %q is not the number of one", fields, setting.Cut(number)), Hint: "name columns of the first row, or pass their numbers: --set source=1, --set target=2"}
	}
	return n - 1, nil
}
