package data

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/internal/setting"
)

// Override puts what another table knows in advance in place of what this one does: values of
// known covariates, by series and time, in the steps ahead and in the past. What it leaves out
// stays, which a note tells where it is of the steps to forecast, so many as the horizon; that none
// of them have a value is an error. Its covariates are the known ones of this table, with
// categories of its own perhaps, and it has none of the values.
func (t *Table) Override(by *Table, horizon int) error {
	covariates := Select(t.Covariates, Known)
	past := len(Select(t.Covariates, Past))
	if err := t.join(covariates, past, by); err != nil {
		return err
	}
	if err := by.Recode(covariates); err != nil {
		return err
	}
	all, err := t.overrides(by)
	if err != nil {
		return err
	}
	if err := t.checkAhead(by, all, horizon); err != nil {
		return err
	}
	t.Covariates = slices.Clone(t.Covariates)
	copy(t.Covariates[past:], covariates)
	for at, o := range all {
		if o == nil {
			continue
		}
		to := &t.Series[at]
		to.Known = slices.Clone(to.Known)
		for i, values := range o.series.Known {
			x := append([]float64(nil), to.Known[i]...)
			for k, v := range values {
				for len(x) <= o.before+k {
					x = append(x, math.NaN())
				}
				if !math.IsNaN(v) {
					x[o.before+k] = v
				}
			}
			to.Known[i] = x
		}
	}
	return nil
}

// An override is a series whose values of what is known in advance take the place of those of
// another, from so many steps after its start on.
type override struct {
	series *Series
	before int
}

// knows reports whether it has a value of covariate c at a step of the other series.
func (o *override) knows(c, step int) bool {
	return o != nil && hasValue(o.series.Known[c], step-o.before)
}

func hasValue(x []float64, i int) bool { return 0 <= i && i < len(x) && !math.IsNaN(x[i]) }

// overrides are the series of another table by the places of those that they are for, nil where
// there is none.
func (t *Table) overrides(by *Table) ([]*override, error) {
	places := map[string]int{}
	for i, s := range t.Series {
		places[s.ID] = i
	}
	all := make([]*override, len(t.Series))
	p := problems{file: by.Name}
	for k := range by.Series {
		from := &by.Series[k]
		at, ok := places[from.ID]
		if !ok && len(t.Series) == 1 && len(by.Series) == 1 {
			at, ok = 0, true
		}
		if !ok {
			p.add(&Error{Reason: fmt.Sprintf("%s is not among those of %s", from.name(), t.Name), Hint: "name the series as there"})
			continue
		}
		to := &t.Series[at]
		before, on := to.Freq.Between(to.Start, from.Start)
		if !on || before < 0 {
			p.add(&Error{Reason: fmt.Sprintf("%s has a time, %v, that is none of those of %s", from.name(), from.Start, t.Name), Hint: "write the times as there"})
			continue
		}
		all[at] = &override{from, before}
	}
	return all, p.err()
}

// checkAhead reports steps to forecast for which neither this table nor what is to override it has
// a value, and notes those for which only this one has.
func (t *Table) checkAhead(by *Table, all []*override, horizon int) error {
	if horizon == 0 {
		return nil
	}
	p := problems{file: by.Name}
	given, kept := false, 0
	var names []string
	covariates := len(Select(t.Covariates, Known))
	for i, o := range all {
		to := &t.Series[i]
		var missing []int
		own := 0
		for at := len(to.Y); at < len(to.Y)+horizon; at++ {
			stays, none := false, false
			for c := range covariates {
				switch {
				case o.knows(c, at):
					given = true
				case hasValue(to.Known[c], at):
					stays = true
				default:
					none = true
				}
			}
			if none {
				missing = append(missing, at)
			} else if stays {
				own++
			}
		}
		if n := len(missing); n > 0 {
			p.add(&Error{Reason: fmt.Sprintf("%s: %d of the %d steps to forecast %s no value here, nor in %s: %v to %v", to.name(), n, horizon, verb(n), t.Name, to.Time(missing[0]), to.Time(missing[n-1])),
				Hint: "add rows for these times, or pass a shorter --horizon"})
		}
		if kept += own; own > 0 {
			names = append(names, to.ID)
		}
	}
	s := &t.Series[0]
	switch {
	case !given:
		return &Error{File: by.Name, Reason: fmt.Sprintf("has no value for any of the steps to forecast, %v to %v", s.Time(len(s.Y)), s.Time(len(s.Y)+horizon-1)), Hint: "give rows for these times, or leave out --future"}
	case kept > 0 && len(t.Series) == 1:
		t.Notes = append(t.Notes, fmt.Sprintf("%s lacks %d of the %d steps to forecast, for which the values of %s stay", by.Name, kept, horizon, t.Name))
	case kept > 0:
		t.Notes = append(t.Notes, fmt.Sprintf("%s lacks %d of the %d steps to forecast, for which the values of %s stay, of series %s", by.Name, kept, horizon*len(t.Series), t.Name, setting.Quoted(names)))
	}
	return p.err()
}
