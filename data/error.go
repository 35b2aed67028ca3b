package data

import (
	"errors"
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/fault"
)

// An Error is something wrong with a file of data.
type Error struct {
	File   string // "" if it has no name
	Row    int    // line of the file or row of the table, from 1; 0 for the whole
	Column string // name of the column, "" for the whole row
	Value  string // value that is wrong, "" if it does not matter
	Reason string // the problem
	Hint   string // a remedy, "" if none is known
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Row > 0 {
		fmt.Fprintf(&b, "row %d: ", e.Row)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, "column %s: ", e.Column)
	}
	if e.Value != "" {
		fmt.Fprintf(&b, "%q ", shortened(e.Value))
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Is reports whether target is fault.Data.
func (e *Error) Is(target error) bool { return target == fault.Data }

// in sets Column and returns e.
func (e *Error) in(column string) *Error { e.Column = column; return e }

func shortened(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// maxProblems is how many problems of a file are reported at once.
const maxProblems = 10

// problems collects what is wrong with a file.
type problems struct {
	file string
	list []error
	more int
}

func (p *problems) add(e *Error) {
	e.File = p.file
	if len(p.list) < maxProblems {
		p.list = append(p.list, e)
	} else {
		p.more++
	}
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.list, fmt.Errorf("and %d more problems", p.more))...)
	}
	return errors.Join(p.list...)
}
