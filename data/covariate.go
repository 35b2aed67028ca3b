package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/setting"
)

// A Role is when the values of a covariate are known.
type Role string

// The roles.
const (
	Past   Role = "past"   // as the series' own: up to its end
	Known  Role = "known"  // in advance, such as prices and promotions that are planned
	Static Role = "static" // one value for all times, such as a shop's town
)

// A Covariate is a column beside the values that may help to forecast them.
type Covariate struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Categories are the texts of a column that holds no numbers; its values are their
	// places here. nil for a column of numbers.
	Categories []string `json:"categories,omitempty"`
}

// maxCategories is how many a covariate may have.
const maxCategories = 4096

// Select lists the covariates of a role, in their order.
func Select(all []Covariate, role Role) (some []Covariate) {
	for _, c := range all {
		if c.Role == role {
			some = append(some, c)
		}
	}
	return some
}

// covariates are the columns beside the values, as a Builder reads them.
type covariates struct {
	cols   []Covariate
	place  []map[string]int // numbers of the categories
	kind   []kind
	forced []string // names of columns of categories
	words  []string // the first word of each column that is taken for a missing value, such as none
}

type kind int

const (
	undecided kind = iota
	numeric
	categorical
)

func newCovariates(o Options) covariates {
	c := covariates{forced: o.Category}
	for _, names := range []struct {
		role Role
		list []string
	}{{Past, o.Past}, {Known, o.Known}, {Static, o.Static}} {
		for _, n := range names.list {
			c.cols = append(c.cols, Covariate{Name: n, Role: names.role})
		}
	}
	c.words = make([]string, len(c.cols))
	c.place, c.kind = make([]map[string]int, len(c.cols)), make([]kind, len(c.cols))
	for i, v := range c.cols {
		if slices.Contains(c.forced, v.Name) {
			c.kind[i] = categorical
		}
	}
	return c
}

// blank reports a text that stands for a missing value.
func blank(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "na", "n/a", "nan", "-nan", "null", "#n/a", "#na", "<na>":
		return true
	}
	return taken(s)
}

// taken reports a text that stands for a missing value, but may be a category, too.
func taken(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "none", ".", "-", "?":
		return true
	}
	return false
}

// parse reads a value of covariate i. What the first value is decides whether the column
// holds numbers or categories.
func (c *covariates) parse(i int, s string, decimal rune) (float64, *Error) {
	s = strings.TrimSpace(s)
	if blank(s) {
		word := taken(s)
		if word && c.words[i] == "" {
			c.words[i] = strings.Clone(s)
		}
		if !word || !slices.Contains(c.forced, c.cols[i].Name) {
			return math.NaN(), nil
		}
	}
	if c.kind[i] == undecided {
		c.kind[i] = categorical
		if _, e := number(s, decimal); e == nil {
			c.kind[i] = numeric
		}
	}
	if c.kind[i] == numeric {
		v, e := number(s, decimal)
		if e != nil && e.Reason == "is not a number" {
			e.Hint = "correct it, leave the field empty if the value is missing, or mark the column as categorical (--category)"
		}
		return v, e
	}
	if at, ok := c.place[i][s]; ok {
		return float64(at), nil
	}
	if !utf8.ValidString(s) {
		return 0, &Error{Value: s, Reason: "is not UTF-8", Hint: "save the file as UTF-8"}
	}
	n := len(c.cols[i].Categories)
	if n == maxCategories {
		return 0, &Error{Value: s, Reason: fmt.Sprintf("exceeds the limit of %d categories", maxCategories), Hint: "merge rare ones, or leave the column out"}
	}
	if c.place[i] == nil {
		c.place[i] = map[string]int{}
	}
	s = strings.Clone(s)
	c.place[i][s] = n
	c.cols[i].Categories = append(c.cols[i].Categories, s)
	return float64(n), nil
}

// Recode brings the covariates of a table to those of another, that a model was trained
// on: they must have the same names and roles in the same order and hold the same kind,
// and categories get the places that they have there. One that is not there becomes
// missing, which a note reports.
func (t *Table) Recode(as []Covariate) error {
	p := problems{file: t.Name}
	if len(as) != len(t.Covariates) {
		p.add(&Error{Reason: fmt.Sprintf("has %d covariates, but the model has %d", len(t.Covariates), len(as)), Hint: "use the columns that the model was trained with"})
		return p.err()
	}
	for i, want := range as {
		have := t.Covariates[i]
		switch {
		case have.Name != want.Name || have.Role != want.Role:
			p.add(&Error{Column: have.Name, Reason: fmt.Sprintf("is a %s covariate, but the model has %s here, a %s covariate", have.Role, want.Name, want.Role), Hint: "use the columns that the model was trained with"})
			continue
		case have.Categories == nil && want.Categories == nil:
			continue
		case have.Categories == nil && t.any(i):
			p.add(&Error{Column: have.Name, Reason: "has numbers, but had categories in training", Hint: "mark it as categorical (--category)"})
			continue
		case want.Categories == nil:
			p.add(&Error{Column: have.Name, Value: have.Categories[0], Reason: "is not a number, but the column had numbers in training", Hint: "correct it"})
			continue
		}
		to, unknown := make([]float64, len(have.Categories)), []string{}
		for j, name := range have.Categories {
			at := slices.Index(want.Categories, name)
			to[j] = float64(at)
			if at < 0 {
				to[j] = math.NaN()
				unknown = append(unknown, name)
			}
		}
		for _, x := range t.columns(i) {
			for k, v := range x {
				if !math.IsNaN(v) {
					x[k] = to[int(v)]
				}
			}
		}
		t.Covariates[i].Categories = want.Categories
		if len(unknown) > 0 {
			t.Notes = append(t.Notes, fmt.Sprintf("categories of %s not seen in training, treated as missing: %s", have.Name, setting.Quoted(unknown)))
		}
	}
	return p.err()
}

// Append adds the series of another table with the same covariates, and its notes. Categories
// that only one of them has are those of both then.
func (t *Table) Append(more *Table) error {
	all := slices.Clone(t.Covariates)
	if err := t.join(all, 0, more); err != nil {
		return err
	}
	if err := more.Recode(all); err != nil {
		return err
	}
	t.Covariates = all
	t.Series, t.Notes = append(t.Series, more.Series...), append(t.Notes, more.Notes...)
	t.Horizon = max(t.Horizon, more.Horizon)
	return nil
}

// join adds to covariates of the table, those from the given place on, the categories of another's, but
// to none of numbers.
func (t *Table) join(own []Covariate, from int, more *Table) error {
	for i := range own[:min(len(own), len(more.Covariates))] {
		if own[i].Categories == nil && t.any(from+i) {
			continue
		}
		if e := own[i].join(more.Covariates[i]); e != nil {
			e.File = more.Name
			return e
		}
	}
	return nil
}

// join adds the categories of another covariate that c lacks.
func (c *Covariate) join(more Covariate) *Error {
	known := map[string]bool{}
	for _, name := range c.Categories {
		known[name] = true
	}
	for _, name := range more.Categories {
		if !known[name] {
			c.Categories = append(slices.Clip(c.Categories), name)
		}
	}
	if len(c.Categories) > maxCategories {
		return &Error{Column: c.Name, Reason: fmt.Sprintf("exceeds the limit of %d categories with the files before", maxCategories), Hint: "merge rare ones, or leave the column out"}
	}
	return nil
}

// MaskUnlearned makes categories missing that known covariates have only after the last values of
// all series: a model that is trained on the table learns nothing of them. A note reports them.
func (t *Table) MaskUnlearned() {
	past := len(Select(t.Covariates, Past))
	for i, c := range Select(t.Covariates, Known) {
		seen := make([]bool, len(c.Categories))
		for _, s := range t.Series {
			for _, v := range s.Known[i][:min(len(s.Y), len(s.Known[i]))] {
				if len(seen) > 0 && !math.IsNaN(v) {
					seen[int(v)] = true
				}
			}
		}
		var names []string
		for k, ok := range seen {
			if !ok {
				names = append(names, c.Categories[k])
			}
		}
		if names == nil {
			continue
		}
		for _, x := range t.columns(past + i) {
			for k, v := range x {
				if !math.IsNaN(v) && !seen[int(v)] {
					x[k] = math.NaN()
				}
			}
		}
		t.Notes = append(t.Notes, fmt.Sprintf("categories of %s that are only in the rows ahead, of which nothing can be learned, treated as missing: %s", c.Name, setting.Quoted(names)))
	}
}

// columns are the values of covariate i in all series.
func (t *Table) columns(i int) (all [][]float64) {
	for _, s := range t.Series {
		switch n, k := len(s.Past), len(s.Known); {
		case i < n:
			all = append(all, s.Past[i])
		case i < n+k:
			all = append(all, s.Known[i-n])
		default:
			all = append(all, s.Static[i-n-k:][:1])
		}
	}
	return all
}

// any reports whether a value of covariate i is known.
func (t *Table) any(i int) bool {
	for _, x := range t.columns(i) {
		for _, v := range x {
			if !math.IsNaN(v) {
				return true
			}
		}
	}
	return false
}
