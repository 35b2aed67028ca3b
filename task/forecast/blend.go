package forecast

import (
	"cmp"
	"math"
	"slices"

	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// blend is the mean of forecasts by their shares: of the points, and of the edges of the bands
// (Vincent 1912), which are widened then by factors for the given levels.
func blend(all []Forecast, s Shares, levels []float64) Forecast {
	f := NewForecast(len(all[0].Point), levelsOf(all[0].Bands))
	for i, share := range s.Of {
		if share == 0 {
			continue
		}
		add := func(sum, v []float64) {
			for k := range sum {
				sum[k] += share * v[k]
			}
		}
		add(f.Point, all[i].Point)
		for l, b := range f.Bands {
			add(b.Lo, all[i].Bands[l].Lo)
			add(b.Hi, all[i].Bands[l].Hi)
		}
	}
	f.widen(levels, s.Widen)
	return f
}

// levelsOf are the levels of bands.
func levelsOf(bands []Band) (levels []float64) {
	for _, b := range bands {
		levels = append(levels, b.Level)
	}
	return levels
}

// widen multiplies the widths of bands by the factors for levels. They stay nested.
func (f *Forecast) widen(levels, factors []float64) {
	order := make([]int, len(f.Bands))
	for l := range order {
		order[l] = l
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.Bands[a].Level, f.Bands[b].Level) })
	for k, p := range f.Point {
		lo, hi := p, p
		for _, l := range order {
			b, by := f.Bands[l], factorAt(levels, factors, f.Bands[l].Level)
			lo = min(lo, p+by*(b.Lo[k]-p))
			hi = max(hi, p+by*(b.Hi[k]-p))
			b.Lo[k], b.Hi[k] = lo, hi
		}
	}
}

// factorAt is the factor of a level, on straight lines between the normal scores of those that
// are given, which rise.
func factorAt(levels, factors []float64, level float64) float64 {
	if factors == nil {
		return 1
	}
	score := func(level float64) float64 { return quantile.Normal((1 + level) / 2) }
	z := score(level)
	for i, l := range levels {
		if b := score(l); z <= b && i > 0 {
			a := score(levels[i-1])
			return factors[i-1] + (factors[i]-factors[i-1])*max(z-a, 0)/(b-a)
		} else if z <= b {
			return factors[0]
		}
	}
	return factors[len(factors)-1]
}

// moved are the paths of f about the points of another forecast, as wide as its widest band is
// beside f's own.
func (f Forecast) moved(to Forecast) [][]float64 {
	if f.Paths == nil {
		return nil
	}
	paths := make([][]float64, len(f.Paths))
	for i, p := range f.Paths {
		paths[i] = make([]float64, len(p))
		for k, v := range p {
			by := 1.0
			if n := len(f.Bands); n > 0 {
				if was := f.Bands[n-1].Hi[k] - f.Bands[n-1].Lo[k]; was > 0 {
					by = (to.Bands[n-1].Hi[k] - to.Bands[n-1].Lo[k]) / was
				}
			}
			paths[i][k] = to.Point[k] + by*(v-f.Point[k])
		}
	}
	return paths
}

// widths are the factors by which the bands of blends, with shares by series, are to be widened
// for the outcomes known at origin j to lie within them as often as their levels promise
// (conformalised quantile regression, Romano et al. 2019). The windows of all series count a
// little for each; the fewer there are, the closer a factor stays to that of unseen.
func (w *weigher) widths(of map[int][]float64, j int) map[int][]float64 {
	const (
		doubt = 8 // windows that the factor of unseen counts as
		pull  = 8 // windows that those of all series count as beside those of one
	)
	windows := w.windows(j)
	total := windows * float64(len(w.series))
	own, pooled := map[int][][]float64{}, make([][]float64, len(w.report.Levels))
	for _, s := range w.series {
		own[s] = w.distances(s, of[s], j)
		for l, d := range own[s] {
			pooled[l] = append(pooled[l], d...)
		}
	}
	all := make([]float64, len(w.report.Levels))
	for l, level := range w.report.Levels {
		all[l] = (total*math.Log(factor(pooled[l], level, total)) + doubt*math.Log(unseen(level))) / (total + doubt)
	}
	widths := map[int][]float64{}
	for _, s := range w.series {
		widths[s] = make([]float64, len(w.report.Levels))
		for l, level := range w.report.Levels {
			of := all[l]
			if len(w.series) > 1 {
				of = (windows*math.Log(factor(own[s][l], level, windows)) + pull*all[l]) / (windows + pull)
			}
			widths[s][l] = math.Exp(of)
		}
	}
	return widths
}

// unseen is the factor of a level for a series of which no outcomes are known. The bands of most
// models are those of errors within the history, which are less than those ahead; the slope was
// set on series that bench/forecast does not hold.
func unseen(level float64) float64 { return 1 + 0.155*quantile.Normal((1+level)/2) }

// factor is the distance that the share level of outcomes does not exceed, within reason.
func factor(distances []float64, level, windows float64) float64 {
	if len(distances) == 0 || windows == 0 {
		return 1
	}
	slices.Sort(distances)
	return min(max(quantile.At(distances, min(level*(1+1/windows), 1)), 0.1), 10)
}

// distances are those of outcomes from the points of a blend over those of the edges of its
// bands on the same side, for each level, by what is known of a series at origin j.
func (w *weigher) distances(series int, of []float64, j int) [][]float64 {
	var far, count float64 // a mean distance, beside which an edge is not nothing
	blends := make([]Forecast, w.origins)
	for i, fs := range w.folds[series] {
		if w.steps(i, j) == 0 {
			break
		}
		blends[i] = blend(forecasts(fs), Shares{Of: of}, nil)
		for k, y := range fs[0].Actual[:w.steps(i, j)] {
			if !math.IsNaN(y) {
				far += math.Abs(y - blends[i].Point[k])
				count++
			}
		}
	}
	d := make([][]float64, len(w.report.Levels))
	for i, f := range blends {
		for k, y := range w.folds[series][i][0].Actual[:w.steps(i, j)] {
			if math.IsNaN(y) {
				continue
			}
			for l, b := range f.Bands {
				edge := b.Hi[k] - f.Point[k]
				if y < f.Point[k] {
					edge = f.Point[k] - b.Lo[k]
				}
				if edge = max(edge, 1e-3*far/count); edge > 0 {
					d[l] = append(d[l], math.Abs(y-f.Point[k])/edge)
				} else {
					d[l] = append(d[l], 0)
				}
			}
		}
	}
	return d
}
