package forecast

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
)

// A Worth is what a covariate is worth to a model: how its error grows when the covariate is
// mixed up (permutation importance, Breiman 2001).
type Worth struct {
	Name string
	Role data.Role

	// Loss is the pinball loss over the bands with the covariate mixed up over that with it as
	// it is, less 1: 0.1 is a tenth more, 0 or less of no use.
	Loss float64
}

// Importance finds what each covariate is worth to the net of a model: it forecasts from the
// origins of a plan, as it is and with the values of one covariate after the other mixed up, in
// time or, if it is static, among the series. It lists them by their worth.
func Importance(ctx context.Context, m Forecaster, plan Plan, series ...data.Series) ([]Worth, error) {
	m = NetOf(m)
	j := m.Asked()
	rep, take, err := newReport(modelName, plan, j, series)
	if err != nil {
		return nil, err
	}
	loss := func(series []data.Series) (float64, error) {
		rep.Folds = nil
		err := rep.forecasts(ctx, rep.Model, m, series, take, 0, rep.Origins)
		return rep.score(modelName, series).Pinball, err
	}
	base, err := loss(series)
	if err != nil {
		return nil, err
	}
	var all []Worth
	place := map[data.Role]int{} // of the covariate among those of its role
	for i, c := range j.Covariates {
		r := rand.New(rand.NewPCG(j.Seed, uint64(i)))
		without, err := loss(mixed(r, series, c.Role, place[c.Role]))
		if err != nil {
			return nil, err
		}
		place[c.Role]++
		all = append(all, Worth{c.Name, c.Role, without/base - 1})
	}
	slices.SortStableFunc(all, func(a, b Worth) int { return cmp.Compare(b.Loss, a.Loss) })
	return all, nil
}

// mixed are series with the values of a covariate in another order: that of a role at a place.
func mixed(r *rand.Rand, series []data.Series, role data.Role, at int) []data.Series {
	out := slices.Clone(series)
	from := r.Perm(len(series))
	for i := range out {
		s := &out[i]
		mix := func(all [][]float64) [][]float64 {
			all = slices.Clone(all)
			x := slices.Clone(all[at])
			r.Shuffle(len(x), func(a, b int) { x[a], x[b] = x[b], x[a] })
			all[at] = x
			return all
		}
		switch role {
		case data.Past:
			s.Past = mix(s.Past)
		case data.Known:
			s.Known = mix(s.Known)
		case data.Static:
			s.Static = slices.Clone(s.Static)
			s.Static[at] = series[from[i]].Static[at]
		}
	}
	return out
}

// Useful reports whether mixing a covariate up makes forecasts worse by more than one part in a
// hundred.
func (w Worth) Useful() bool { return !math.IsNaN(w.Loss) && w.Loss > 0.01 }
