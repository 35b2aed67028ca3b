package accuracy

import (
	"math"

	"github.com/recur-go/recur/task/forecast"
)

// giftLevels are the nine quantiles that the board scores.
var giftLevels = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}

// A giftScorer gathers the errors of a task over all windows, series and steps. The middle of
// the quantiles is the point forecast.
type giftScorer struct {
	season                      int
	square, absolute, magnitude float64
	smape, scaled, pinball      float64
	n, smapes, scales           float64
}

// add scores the quantiles [level][step] of what comes after a history.
func (s *giftScorer) add(history, y []float64, q [][]float64) {
	season := s.season
	if len(history) < season {
		season = 1
	}
	scale := forecast.SeasonalError(history, season)
	point := q[len(q)/2]
	for k, v := range y {
		if math.IsNaN(v) {
			continue
		}
		e := math.Abs(v - point[k])
		s.n++
		s.square += e * e
		s.absolute += e
		s.magnitude += math.Abs(v)
		if of := math.Abs(v) + math.Abs(point[k]); of > 0 {
			s.smape += 2 * e / of
			s.smapes++
		}
		if scale > 0 {
			s.scaled += e / scale
			s.scales++
		}
		for i, level := range giftLevels {
			below := 0.0
			if v <= q[i][k] {
				below = 1
			}
			s.pinball += 2 * math.Abs((v-q[i][k])*(below-level)) / float64(len(giftLevels))
		}
	}
}

func (s *giftScorer) scores() map[string]float64 {
	return map[string]float64{
		"mse": s.square / s.n, "mae": s.absolute / s.n, "nd": s.absolute / s.magnitude,
		"smape": s.smape / s.smapes, "mase": s.scaled / s.scales, "crps": s.pinball / s.magnitude,
	}
}

// giftNaive is the board's seasonal naive forecast: the last season again and again, with normal
// quantiles by the differences from season to season.
func giftNaive(history []float64, season, h int) (q [][]float64) {
	y := filled(history)
	square, n := 0.0, 0.0
	for t := season; t < len(y); t++ {
		d := y[t] - y[t-season]
		square += d * d
		n++
	}
	deviation := math.Sqrt(square / n)
	for _, level := range giftLevels {
		z := math.Sqrt2 * math.Erfinv(2*level-1)
		f := make([]float64, h)
		for i := range f {
			f[i] = y[len(y)-season+i%season] + z*deviation*math.Sqrt(float64(i/season+1))
		}
		q = append(q, f)
	}
	return q
}

// filled is y with the last value before in the place of one that is missing, at the start the
// first after.
func filled(y []float64) []float64 {
	full := append([]float64(nil), y...)
	for i, v := range full {
		if math.IsNaN(v) && i > 0 {
			full[i] = full[i-1]
		}
	}
	for i := len(full) - 2; i >= 0; i-- {
		if math.IsNaN(full[i]) {
			full[i] = full[i+1]
		}
	}
	return full
}

// count is the number of windows of each series.
func (t giftTask) count(series [][]float64) int {
	shortest := math.MaxInt
	for _, y := range series {
		shortest = min(shortest, len(y))
	}
	return t.windows(shortest)
}

// score forecasts all windows of a task by a function of the history of a series.
func (t giftTask) score(series [][]float64, by func(i int, history []float64) [][]float64) map[string]float64 {
	s := giftScorer{season: t.season}
	h, w := t.horizon(), t.count(series)
	for i, y := range series {
		for k := range w {
			from := len(y) - h*(w-k)
			s.add(y[:from], y[from:from+h], by(i, y[:from]))
		}
	}
	return s.scores()
}
