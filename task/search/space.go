package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// ParseRange reads what a setting may be:
//
//	0.1..0.5       a number between
//	1e-4..1e-2:log a number between, by its logarithm
//	64,128,256     one of these
func ParseRange(s string) (r task.Range, err error) {
	numbers, how, _ := strings.Cut(s, ":")
	lo, hi, between := strings.Cut(numbers, "..")
	if !between {
		for v := range strings.SplitSeq(s, ",") {
			var value any
			if json.Unmarshal([]byte(v), &value) != nil {
				value = v
			}
			r.Values = append(r.Values, value)
		}
		return r, nil
	}
	var errLo, errHi error
	r.Min, errLo = strconv.ParseFloat(lo, 64)
	r.Max, errHi = strconv.ParseFloat(hi, 64)
	if errLo != nil || errHi != nil || how != "" && how != "log" {
		return r, fmt.Errorf("search: %q is not a range; write 0.1..0.5, 1e-4..1e-2:log or 64,128,256", s)
	}
	r.Log = how == "log"
	return r, checkRange(r)
}

func checkRange(r task.Range) error {
	switch {
	case len(r.Values) > 0:
		return nil
	case !(r.Min < r.Max) || math.IsInf(r.Max-r.Min, 0):
		return fmt.Errorf("search: a range from %v to %v is empty or infinite", r.Min, r.Max)
	case r.Log && r.Min <= 0:
		return fmt.Errorf("search: a log range begins above 0, not at %v", r.Min)
	}
	return nil
}

func draw(r *rand.Rand, of task.Range) any {
	u := r.Float64()
	if n := len(of.Values); n > 0 {
		return of.Values[min(int(u*float64(n)), n-1)]
	}
	lo, hi := of.Min, of.Max
	if of.Whole && !of.Log { // so that the ends are as likely as the rest
		return min(math.Floor(lo+u*(hi-lo+1)), hi)
	}
	var v float64
	if of.Log {
		v = lo * math.Pow(hi/lo, u)
	} else {
		v = lo + u*(hi-lo)
	}
	if of.Whole {
		return math.Round(v)
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // for people to read
	return min(max(v, lo), hi)
}

// checkSpace sees that the settings of a space are those of the config, and makes whole what
// the config has as whole numbers.
func checkSpace(space map[string]task.Range, t task.Task, base any) (map[string]task.Range, error) {
	if len(space) == 0 {
		return nil, errors.New("search: there is no setting to search")
	}
	made, err := recipe.New(t, base, task.Data{})
	if err != nil {
		return nil, err
	}
	checked := maps.Clone(space)
	for _, name := range slices.Sorted(maps.Keys(space)) {
		r := space[name]
		if name == "epochs" || name == "seed" {
			return nil, fmt.Errorf("search: %s is set by the search itself", name)
		}
		if err := checkRange(r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch made.Config[name].(type) {
		case int, int64, uint64, int32, uint32:
			r.Whole = true
		}
		checked[name] = r
		for _, v := range []float64{0, 0.5, 1 - 1e-9} { // what is drawn must fit
			probe, err := clone(t, base)
			if err != nil {
				return nil, err
			}
			if err := recipe.Override(probe, map[string]any{name: draw(rand.New(fixed(v)), r)}); err != nil {
				return nil, fmt.Errorf("search: %w", err)
			}
		}
	}
	return checked, nil
}

// fixed is a source of one number.
type fixed float64

func (f fixed) Uint64() uint64 { return uint64(float64(f) * (1 << 53)) }

// clone is a config with the same settings.
func clone(t task.Task, cfg any) (any, error) {
	made, err := recipe.New(t, cfg, task.Data{})
	if err != nil {
		return nil, err
	}
	_, c, err := made.Settings()
	return c, err
}
