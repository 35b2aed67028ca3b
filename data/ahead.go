package data

import (
	"fmt"
	"math"
)

// Override puts what another table knows in advance in place of what this one does: values of
// known covariates, by series and time, in the steps ahead and in the past. What it leaves out
// stays. Its covariates are the known ones of this table, and it has none of the values.
func (t *Table) Override(by *Table) error {
	known := Select(t.Covariates, Known)
	if err := by.Recode(known); err != nil {
		return err
	}
	places := map[string]int{}
	for i, s := range t.Series {
		places[s.ID] = i
	}
	p := problems{file: by.Name}
	for _, from := range by.Series {
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
		for i := range known {
			x := append([]float64(nil), to.Known[i]...)
			for k, v := range from.Known[i] {
				for len(x) <= before+k {
					x = append(x, math.NaN())
				}
				if !math.IsNaN(v) {
					x[before+k] = v
				}
			}
			to.Known[i] = x
		}
	}
	return p.err()
}
