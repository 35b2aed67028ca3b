package forecast

import (
	"github.com/recur-go/recur/task/forecast/ets"
	"github.com/recur-go/recur/task/forecast/season"
)

// latest is how many of the last values the methods read that look at more than the end of a
// history: two years of hours.
const latest = 20000

// MSTL takes a series apart into its seasons and the rest (Bandara, Hyndman & Bergmeir 2021),
// and adds the forecast of the rest by ETS without a season to that of each season by its last
// cycle, with the bands of ETS. The seasons are those of season.Candidates of m steps that
// season.Find finds: of hours the day, the week and the year. Of a long history it reads the
// last 20,000 values.
func MSTL(history []float64, m, h int, levels []float64) Forecast {
	return startMSTL(m)(history, h, levels)
}

// startMSTL is MSTL for histories of one series, each longer than the one before, which finds
// the seasons once.
func startMSTL(m int) func(history []float64, h int, levels []float64) Forecast {
	var periods []float64
	started := false
	rest := startETS(1)
	return func(history []float64, h int, levels []float64) Forecast {
		y := Interpolate(history[lately(history, latest):], m)
		if !started {
			periods, started = season.Find(y, season.Candidates(m)), true
		}
		if len(periods) == 0 {
			return rest(y, h, levels)
		}
		d, err := season.Decompose(y, periods, false)
		if err != nil { // a history shorter than the first
			return MSTL(history, m, h, levels)
		}
		f := rest(d.Adjusted(), h, levels)
		for k, v := range d.Ahead(h) {
			f.Point[k] += v
			for _, b := range f.Bands {
				b.Lo[k] += v
				b.Hi[k] += v
			}
		}
		return f
	}
}

// decomposed reports whether a season of m steps is one for MSTL: too long for ETS, or of a
// series that may have others.
func decomposed(m int) bool {
	return m > ets.Longest || len(season.Candidates(m)) > 1
}
