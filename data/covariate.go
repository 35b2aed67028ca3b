package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Role says when the values of a covariate are known.
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
	place  []map[string]int // of the categories
	kind   []kind
	forced []string // names of columns of categories
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
	case "", "na", "n/a", "nan", "null", "none", ".", "-", "?":
		return true
	}
	return false
}

// parse reads a value of covariate i. What the first value is decides whether the column
// holds numbers or categories.
func (c *covariates) parse(i int, s string, decimal rune) (float64, *Error) {
	if blank(s) {
		return math.NaN(), nil
	}
	if c.kind[i] == undecided {
		c.kind[i] = categorical
		if _, e := number(strings.TrimSpace(s), decimal); e == nil {
			c.kind[i] = numeric
		}
	}
	if c.kind[i] == numeric {
		v, e := number(strings.TrimSpace(s), decimal)
		if e != nil && e.Reason == "is no number" {
			e.Hint = "correct it, leave the field empty if the value is not known, or say that the column holds categories"
		}
		return v, e
	}
	s = strings.TrimSpace(s)
	if at, ok := c.place[i][s]; ok {
		return float64(at), nil
	}
	n := len(c.cols[i].Categories)
	if n == maxCategories {
		return 0, &Error{Value: s, Reason: fmt.Sprintf("is one more than %d categories", maxCategories), Hint: "put rare ones together, or leave the column out"}
	}
	if c.place[i] == nil {
		c.place[i] = map[string]int{}
	}
	s = strings.Clone(s)
	c.place[i][s] = n
	c.cols[i].Categories = append(c.cols[i].Categories, s)
	return float64(n), nil
}
