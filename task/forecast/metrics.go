package forecast

import "math"

// The metrics compare a forecast f with what came, y, of the same length.
// Steps where y is NaN, a missing value, are left out; without any step left the
// result is NaN.

// SMAPE is the symmetric mean absolute percentage error, from 0 to 200, as the M4
// competition defines it (Makridakis et al. 2020):
//
//	mean of 200·|y-f| / (|y|+|f|)
//
// A step where both are 0 counts as no error.
func SMAPE(y, f []float64) float64 {
	return mean(y, f, func(y, f float64) float64 {
		if y == f {
			return 0
		}
		return 200 * math.Abs(y-f) / (math.Abs(y) + math.Abs(f))
	})
}

// MAPE is the mean absolute percentage error, 100·|y-f|/|y|, of the steps where y is
// not 0.
func MAPE(y, f []float64) float64 {
	return mean(y, f, func(y, f float64) float64 {
		if y == 0 {
			return math.NaN()
		}
		return 100 * math.Abs((y-f)/y)
	})
}

// OWA is the overall weighted average of the M4 competition: the mean of sMAPE and of
// MASE, each over that of Naive2, where each is a mean over series before it is divided.
func OWA(smape, mase, smapeNaive2, maseNaive2 float64) float64 {
	return (smape/smapeNaive2 + mase/maseNaive2) / 2
}

// MAE is the mean absolute error.
func MAE(y, f []float64) float64 {
	return mean(y, f, func(y, f float64) float64 { return math.Abs(y - f) })
}

// MSE is the mean squared error.
func MSE(y, f []float64) float64 {
	return mean(y, f, func(y, f float64) float64 { return (y - f) * (y - f) })
}

// WAPE is the weighted absolute percentage error Σ|y-f| / Σ|y|, as a fraction.
func WAPE(y, f []float64) float64 {
	return MAE(y, f) / mean(y, f, func(y, _ float64) float64 { return math.Abs(y) })
}

// MASE is the mean absolute error over the mean absolute error that the seasonal
// naive forecast makes one season ahead within history (Hyndman & Koehler 2006).
// With season 1, a history of no more than one season, or one that repeats its season
// exactly, that is the naive forecast one step ahead. A history that never changes gives NaN.
func MASE(history, y, f []float64, season int) float64 {
	return MAE(y, f) / SeasonalError(history, season)
}

// RMSSE is the root of the mean squared error over that of the seasonal naive
// forecast within history, the squared sibling of MASE (Makridakis et al. 2022).
func RMSSE(history, y, f []float64, season int) float64 {
	return math.Sqrt(MSE(y, f) / seasonal(history, season, MSE))
}

// SeasonalError is the scale of MASE: the mean of |y(t) - y(t-season)| over
// history, or NaN if that is 0 or there is none.
func SeasonalError(history []float64, season int) float64 { return seasonal(history, season, MAE) }

func seasonal(history []float64, season int, metric func(y, f []float64) float64) float64 {
	if season < 1 || len(history) <= season {
		season = 1
	}
	if len(history) <= season {
		return math.NaN()
	}
	switch e := metric(history[season:], history[:len(history)-season]); {
	case e != 0:
		return e
	case season > 1:
		return seasonal(history, 1, metric)
	}
	return math.NaN()
}

// Pinball is the mean quantile loss of q, a forecast of quantile p
// (Koenker & Bassett 1978): p·(y-q) above it and (1-p)·(q-y) below.
func Pinball(y, q []float64, p float64) float64 {
	return mean(y, q, func(y, q float64) float64 { return max(p*(y-q), (p-1)*(y-q)) })
}

// CRPS is the continuous ranked probability score (Gneiting & Raftery 2007) of a
// distribution that is given by its quantiles q, one forecast for each of the
// probabilities p: twice their mean Pinball, which tends to it the more there are and
// the more evenly they are spaced.
func CRPS(y []float64, q [][]float64, p []float64) float64 {
	var sum float64
	for i, q := range q {
		sum += 2 * Pinball(y, q, p[i]) / float64(len(p))
	}
	return sum
}

// Coverage is the fraction of y within [lo, hi].
func Coverage(y []float64, b Band) float64 {
	return meanBand(y, b, func(y, lo, hi float64) float64 {
		if lo <= y && y <= hi {
			return 1
		}
		return 0
	})
}

// MSIS is the mean scaled interval score of a band (Gneiting & Raftery 2007), as
// in M4: its width, plus 2/α times the distance of y from it, over SeasonalError,
// where α = 1 - level.
func MSIS(history, y []float64, b Band, season int) float64 {
	return intervalScore(y, b) / SeasonalError(history, season)
}

// intervalScore is the numerator of MSIS.
func intervalScore(y []float64, b Band) float64 {
	alpha := 1 - b.Level
	return meanBand(y, b, func(y, lo, hi float64) float64 {
		return hi - lo + 2/alpha*(max(lo-y, 0)+max(y-hi, 0))
	})
}

func mean(y, f []float64, loss func(y, f float64) float64) float64 {
	var sum float64
	n := 0
	for i, v := range y {
		if math.IsNaN(v) || math.IsNaN(f[i]) {
			continue
		}
		if e := loss(v, f[i]); !math.IsNaN(e) {
			sum += e
			n++
		}
	}
	return sum / float64(n)
}

// known is the mean of the values that are numbers.
func known(x []float64) float64 {
	return mean(x, x, func(x, _ float64) float64 { return x })
}

func meanBand(y []float64, b Band, score func(y, lo, hi float64) float64) float64 {
	var sum float64
	n := 0
	for i, v := range y {
		if !math.IsNaN(v) {
			sum += score(v, b.Lo[i], b.Hi[i])
			n++
		}
	}
	return sum / float64(n)
}
