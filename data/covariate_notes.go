package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// noteCovariates notes what the covariates are, and how many of their values are missing.
func (b *Builder) noteCovariates(t *Table) {
	for _, role := range []Role{Past, Known, Static} {
		var names []string
		for _, c := range Select(t.Covariates, role) {
			what := c.Name
			if c.Categories != nil {
				what += fmt.Sprintf(" (%s)", plural(len(c.Categories), "category", "categories"))
			}
			names = append(names, what)
		}
		if names != nil {
			b.note("%s covariates: %s", role, strings.Join(names, ", "))
		}
	}
	for i, word := range b.words {
		switch c := t.Covariates[i]; {
		case c.Categories == nil || slices.Contains(b.forced, c.Name):
			b.words[i] = ""
		case word != "":
			b.note("%q in column %s is read as a missing value (--category %s has it a category)", word, c.Name, c.Name)
		}
	}
	t.words = b.words
	missing, ahead := 0, 0
	for _, s := range t.Series {
		for _, x := range append(slices.Clone(s.Past), s.Known...) {
			for _, v := range x {
				if math.IsNaN(v) {
					missing++
				}
			}
		}
		ahead = max(ahead, s.ahead)
	}
	if missing > 0 {
		b.note("%s missing; they are masked, never filled in", plural(missing, "value of covariates is", "values of covariates are"))
	}
	if ahead > 0 && len(Select(t.Covariates, Known)) > 0 {
		b.note("known covariates reach up to %s ahead of the last value", plural(ahead, "step", "steps"))
	}
}
