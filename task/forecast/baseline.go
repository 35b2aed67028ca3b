package forecast

import (
	"math"
	"slices"

	"github.com/recur-go/recur/task/forecast/ets"
	"github.com/recur-go/recur/task/forecast/season"
)

// A Baseline forecasts h steps of a series from its history alone. Its bands are
// those of independent normal errors with the spread of the one-step errors
// within the history, the usual textbook intervals.
//
// A history of missing values (NaN) is interpolated first. It must hold at least
// one value.
type Baseline struct {
	Name     string
	Forecast func(history []float64, h int, levels []float64) Forecast

	// Start, if it is there, makes a Forecast for histories of one series that grow from call
	// to call, as in a back-test, which learns less anew each time.
	Start func() func(history []float64, h int, levels []float64) Forecast
}

// started is a baseline of a name from its Start for a season.
func started(name string, season int, start func(m int) func(history []float64, h int, levels []float64) Forecast) Baseline {
	return Baseline{
		Name:     name,
		Forecast: func(y []float64, h int, levels []float64) Forecast { return start(season)(y, h, levels) },
		Start:    func() func(history []float64, h int, levels []float64) Forecast { return start(season) },
	}
}

// start is a Forecast for a back-test of one series.
func (b Baseline) start(season int) func(history []float64, h int, levels []float64) Forecast {
	if b.Start != nil {
		return b.Start()
	}
	return func(history []float64, h int, levels []float64) Forecast {
		return b.Forecast(recent(history, season), h, levels)
	}
}

// Baselines are what any model has to beat, for a season of the given number of
// steps: naive, seasonal_naive (if season > 1 it differs from naive), drift, theta, and ets, or
// mstl if the season is long, or both where a series may have several seasons.
func Baselines(season int) []Baseline {
	all := []Baseline{
		{Name: "naive", Forecast: Naive},
		{Name: "seasonal_naive", Forecast: func(y []float64, h int, levels []float64) Forecast {
			return SeasonalNaive(y, season, h, levels)
		}},
		{Name: "drift", Forecast: Drift},
		{Name: "theta", Forecast: func(y []float64, h int, levels []float64) Forecast {
			return Theta(y, season, h, levels)
		}},
	}
	if season < ets.Longest {
		all = append(all, started("ets", season, startETS))
	}
	if decomposed(season) {
		all = append(all, started("mstl", season, startMSTL))
	}
	return all
}

// Naive repeats the last value.
func Naive(history []float64, h int, levels []float64) Forecast {
	return SeasonalNaive(history, 1, h, levels)
}

// SeasonalNaive repeats the last season. A history shorter than a season repeats
// its last value.
func SeasonalNaive(history []float64, season, h int, levels []float64) Forecast {
	y := Interpolate(history, 1)
	n := len(y)
	if season < 1 || n < season {
		season = 1
	}
	sd := spread(y[min(season, n):], y[:max(n-season, 0)], 0)
	point, se := make([]float64, h), make([]float64, h)
	for k := range h {
		point[k] = y[n-season+k%season]
		se[k] = sd * math.Sqrt(float64(k/season+1))
	}
	return normal(point, se, levels)
}

// Drift extends the line from the first value to the last.
func Drift(history []float64, h int, levels []float64) Forecast {
	y := Interpolate(history, 1)
	n := len(y)
	var slope float64
	if n > 1 {
		slope = (y[n-1] - y[0]) / float64(n-1)
	}
	sd := spread(y[min(1, n):], y[:n-1], slope)
	point, se := make([]float64, h), make([]float64, h)
	for k := range h {
		ahead := float64(k + 1)
		point[k] = y[n-1] + slope*ahead
		se[k] = sd * math.Sqrt(ahead*(1+ahead/float64(max(n-1, 1))))
	}
	return normal(point, se, levels)
}

// Naive2 is the benchmark of the M competitions: the naive forecast of the seasonally
// adjusted series, where the adjustment is that of Theta, of what is seasonal by the test of
// those competitions.
func Naive2(history []float64, season, h int, levels []float64) Forecast {
	y := Interpolate(history, season)
	adj := adjust(y, season, m4Seasonal)
	return adj.undo(Naive(y, h, levels), len(y))
}

// Theta is the method of Assimakopoulos & Nikolopoulos 2000 that won the M3
// competition, in its classic form as in M4: if the series is seasonal by season.Has, which
// finds more than the test of M4, it is divided by multiplicative seasonal indices (or, if
// it is not all positive, lessened by additive ones); the forecast is the mean of the
// straight line through the series and of simple exponential smoothing of the series with
// its curvature doubled,
//
//	θ₀(t) = a + b·t,  θ₂(t) = 2·y(t) - θ₀(t),  f = (θ₀ + SES(θ₂))/2,
//
// times the indices. By Hyndman & Billah 2003 this is exponential smoothing with
// a drift of b/2, whose variance k steps ahead is σ²·(1 + (k-1)·α²). Of a long history it
// reads the last 20,000 values.
func Theta(history []float64, m, h int, levels []float64) Forecast {
	return thetaAs(history, m, h, levels, season.Has)
}

func thetaAs(history []float64, season, h int, levels []float64, isSeasonal seasonTest) Forecast {
	y := Interpolate(history[lately(history, latest):], season)
	adj := adjust(y, season, isSeasonal)
	n := len(y)
	a, b := line(y)
	theta2 := make([]float64, n)
	for t, v := range y {
		theta2[t] = 2*v - (a + b*float64(t))
	}
	s := fitSES(theta2)
	var sum float64
	for t, v := range y {
		fitted := (a + b*float64(t) + s.fitted[t]) / 2
		sum += (v - fitted) * (v - fitted)
	}
	sd := math.Sqrt(sum / float64(max(n-3, 1)))
	point, se := make([]float64, h), make([]float64, h)
	for k := range h {
		point[k] = (a + b*float64(n+k) + s.level) / 2
		se[k] = sd * math.Sqrt(1+float64(k)*s.alpha*s.alpha)
	}
	return adj.undo(normal(point, se, levels), n)
}

// An adjustment takes the season out of a series and puts it back into a forecast.
type adjustment struct {
	index    []float64 // nil for none
	additive bool
}

// A seasonTest reports whether a series repeats every so many steps.
type seasonTest func(y []float64, season int) bool

// adjust divides y by its multiplicative seasonal indices if it is seasonal, or takes
// off additive ones if not all of it is positive.
func adjust(y []float64, m int, isSeasonal seasonTest) (a adjustment) {
	if !isSeasonal(y, m) {
		return a
	}
	a.additive = slices.Min(y) <= 0
	a.index = season.Indices(y, m, !a.additive)
	for t := range y {
		if i := a.index[t%m]; a.additive {
			y[t] -= i
		} else {
			y[t] /= i
		}
	}
	return a
}

// undo puts the season back into a forecast from step n on.
func (a adjustment) undo(f Forecast, n int) Forecast {
	if a.index == nil {
		return f
	}
	for k := range f.Point {
		undo := func(v *float64) {
			if i := a.index[(n+k)%len(a.index)]; a.additive {
				*v += i
			} else {
				*v *= i
			}
		}
		undo(&f.Point[k])
		for _, b := range f.Bands {
			undo(&b.Lo[k])
			undo(&b.Hi[k])
		}
	}
	return f
}

// line is the least-squares line a + b·t through y.
func line(y []float64) (a, b float64) {
	n := float64(len(y))
	mid := (n - 1) / 2
	var mean, num, den float64
	for t, v := range y {
		mean += v / n
		num += (float64(t) - mid) * v
		den += (float64(t) - mid) * (float64(t) - mid)
	}
	if den > 0 {
		b = num / den
	}
	return mean - b*mid, b
}

// ses is simple exponential smoothing, level ← level + α·(y - level).
type ses struct {
	alpha, level float64   // level after the last step
	fitted       []float64 // level before each step
}

// fitSES finds the α in [1e-4, 1-1e-4] and the first level with the least
// squared one-step error. For a given α the errors are linear in the first level,
//
//	e(t) = u(t) - (1-α)ᵗ·level₀,
//
// with u the errors from level 0, so that the best level is a quotient of sums
// and only α needs a search.
func fitSES(y []float64) ses {
	try := func(alpha float64) (level0, sse float64) {
		var level, uw, ww, uu float64
		w := 1.0
		for _, v := range y {
			u := v - level
			uw, ww, uu = uw+u*w, ww+w*w, uu+u*u
			level += alpha * u
			w *= 1 - alpha
		}
		return uw / ww, uu - uw*uw/ww
	}
	const lo, hi, steps = 1e-4, 1 - 1e-4, 100
	best, least := lo, math.Inf(1)
	for i := range steps + 1 {
		a := lo + (hi-lo)*float64(i)/steps
		if _, sse := try(a); sse < least {
			best, least = a, sse
		}
	}
	l, r := max(best-(hi-lo)/steps, lo), min(best+(hi-lo)/steps, hi)
	for r-l > 1e-9 { // ternary search between the neighbours of the best point
		a, b := l+(r-l)/3, r-(r-l)/3
		_, sa := try(a)
		_, sb := try(b)
		if sa <= sb {
			r = b
		} else {
			l = a
		}
	}
	s := ses{alpha: (l + r) / 2, fitted: make([]float64, len(y))}
	s.level, _ = try(s.alpha)
	for t, v := range y {
		s.fitted[t] = s.level
		s.level += s.alpha * (v - s.level)
	}
	return s
}

// spread is the root mean square of y - f - shift, the standard deviation of
// one-step errors.
func spread(y, f []float64, shift float64) float64 {
	if len(y) == 0 {
		return 0
	}
	var sum float64
	for i, v := range y {
		sum += (v - f[i] - shift) * (v - f[i] - shift)
	}
	return math.Sqrt(sum / float64(len(y)))
}

// normal makes bands of normal errors with standard deviation se around point.
func normal(point, se, levels []float64) Forecast {
	f := NewForecast(len(point), levels)
	f.Point = point
	for _, b := range f.Bands {
		z := math.Sqrt2 * math.Erfinv(b.Level)
		for k, p := range point {
			b.Lo[k], b.Hi[k] = p-z*se[k], p+z*se[k]
		}
	}
	return f
}
