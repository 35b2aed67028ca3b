package forecast

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task/forecast/hierarchy"
)

// A Reconcile is how forecasts of a hierarchy are made to add up.
type Reconcile int

const (
	MinT     Reconcile = iota // by how far off the forecasts of each series have been
	BottomUp                  // by those of the series at the bottom alone
)

var reconcileNames = []string{"mint", "bottom-up"}

// String is the name of r.
func (r Reconcile) String() string { return reconcileNames[r] }

// MarshalText is String.
func (r Reconcile) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads mint or bottom-up.
func (r *Reconcile) UnmarshalText(b []byte) error {
	return setting.Named(r, b, "way to reconcile", reconcileNames)
}

// tree is the hierarchy of series that are named by paths of so many levels, and the places of
// its series among them; nil if some of its sums are not there.
func tree(levels int, series []data.Series) (h *hierarchy.Hierarchy, at []int, err error) {
	if levels == 0 {
		return nil, nil, nil
	}
	var paths [][]string
	place := map[string]int{}
	for i, s := range series {
		place[s.ID] = i
		if path := strings.Split(s.ID, "/"); len(path) == levels && s.ID != hierarchy.Total {
			paths = append(paths, path)
		}
	}
	if _, ok := place[hierarchy.Total]; !ok || len(paths) < 2 {
		return nil, nil, nil
	}
	if h, err = hierarchy.New(paths); err != nil {
		return nil, nil, err
	}
	for _, name := range h.Names {
		i, ok := place[name]
		if !ok {
			return nil, nil, nil
		}
		at = append(at, i)
	}
	return h, at, nil
}

// addSums puts the sums of a hierarchy before the series of a table, all with the same times. A
// series counts as 0 before it begins, and a sum lacks what one of its series lacks.
func (s Source) addSums(t *data.Table) error {
	if len(s.Hierarchy) == 0 || slices.ContainsFunc(t.Series, func(s data.Series) bool { return s.ID == hierarchy.Total }) {
		return nil
	}
	if len(t.Covariates) > 0 {
		return fault.Errorf(fault.Usage, "forecast: a hierarchy goes without covariates of its series (leave out --past, --known and --static, or --hierarchy)")
	}
	bad := func(hint, format string, args ...any) error {
		return &data.Error{File: t.Name, Reason: fmt.Sprintf(format, args...), Hint: hint}
	}
	if len(t.Series) == 1 {
		return bad("give the rows of others too, or leave out --hierarchy", "there is only the series %q, and nothing to add it to", t.Series[0].ID)
	}
	var paths [][]string
	first, last := t.Series[0].Start, t.Series[0].Time(len(t.Series[0].Y)-1)
	for i := range t.Series {
		one := &t.Series[i]
		path := strings.Split(one.ID, "/")
		paths = append(paths, path)
		if len(path) != len(s.Hierarchy) {
			return bad("write a row for each time of each series, with a column for each level (--hierarchy names them), or leave out --hierarchy",
				"series %q has no columns %s, which are to name it", one.ID, setting.Quoted(s.Hierarchy))
		}
		if path[0] == hierarchy.Total {
			return bad("give it another name", "column %s has a %q, which is the name of the sum of all", s.Hierarchy[0], hierarchy.Total)
		}
		if known := len(one.Y) - one.Missing(); known < 3 {
			return bad("give it more history, or leave its rows out", "series %q has %d values, too few to add", one.ID, known)
		}
		if one.Start.Before(first) {
			first = one.Start
		}
		if end := one.Time(len(one.Y) - 1); last.Before(end) {
			last = end
		}
	}
	h, err := hierarchy.New(paths)
	if err != nil {
		return bad("name the columns of the hierarchy from above, the last of them that of the series (--hierarchy region,store)", "%s", strings.TrimPrefix(err.Error(), "hierarchy: "))
	}
	freq := t.Series[0].Freq
	steps, _ := freq.Between(first, last)
	all := make([]data.Series, len(h.Names))
	values := make([][]float64, len(h.Names))
	for i, name := range h.Names {
		all[i] = data.Series{ID: name, Start: first, Freq: freq}
		values[i] = make([]float64, steps+1)
	}
	for i := range t.Series {
		one, b := &t.Series[i], h.Bottom()+i
		before, on := freq.Between(first, one.Start)
		if !on {
			return bad("bring its times to those of the others, or leave its rows out", "series %q begins at %v, which is not on the times of the others, %s from %v", one.ID, one.Start, freq.Name(), first)
		}
		for k := range values[b][before:] {
			values[b][before+k] = math.NaN()
		}
		copy(values[b][before:], one.Y)
	}
	h.Add(values)
	for i := range all {
		all[i].Y = values[i]
		if i >= h.Bottom() { // a series at the bottom begins where it does
			before, _ := freq.Between(first, t.Series[i-h.Bottom()].Start)
			all[i].Start, all[i].Y = t.Series[i-h.Bottom()].Start, values[i][before:]
		}
	}
	t.Series = all
	t.Notes = append(t.Notes, fmt.Sprintf("sums of %d series are forecast too (%d of them), and made to add up", len(paths), h.Bottom()))
	return nil
}
