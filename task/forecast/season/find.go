package season

import "math"

const year = 365.25 // days

// Candidates are the numbers of steps of the seasons that a series may have whose shortest is of
// m steps: with a day's steps the week and the year, with a week's days the year; what is 52
// steps is a year of weeks, 52.18.
func Candidates(m int) []float64 {
	p := float64(m)
	switch m {
	case 7:
		return []float64{7, year}
	case 52:
		return []float64{year / 7}
	case 24, 48, 72, 96, 144, 288, 720, 1440: // steps of an hour down to a minute
		return []float64{p, 7 * p, year * p}
	}
	return []float64{p}
}

// Find returns the seasons of y among the candidates, which are in rising order: those of
// which there are two cycles and that Has finds in what the shorter ones leave.
func Find(y []float64, candidates []float64) (found []float64) {
	rest := y
	for _, p := range candidates {
		m := int(math.Round(p))
		if m < 2 || len(y) < 2*m || !Has(rest, m) {
			continue
		}
		found = append(found, p)
		index := Indices(rest, m, false)
		less := make([]float64, len(rest))
		for t, v := range rest {
			less[t] = v - index[t%m]
		}
		rest = less
	}
	return found
}
