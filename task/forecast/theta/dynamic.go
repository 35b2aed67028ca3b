package theta

import "math"

// Dynamic is the dynamic optimised theta model (Fiorucci, Pellegrini, Louzada, Petropoulos &
// Koehler 2016): y is smoothed to a level to which a share κ = 1 - 1/θ of the line through all
// values so far is added,
//
//	f(t) = l(t-1) + κ·((1-α)ᵗ⁻¹·A(t-1) + (1-(1-α)ᵗ)/α·B(t-1)),  l(t) = l(t-1) + α·(y(t) - l(t-1))
//
// with the line's height A at its start and slope B. Rate α, share κ and first level are those
// with the least squared one-step error; further ahead the model runs on over its own
// forecasts. It needs one value.
func Dynamic(y []float64, h int) Forecast {
	d := fitDynamic(y)
	return newForecast(h, d.sd, d.alpha, func(int) float64 {
		ahead := d.ahead()
		d.step(ahead - d.first)
		return ahead
	})
}

// dynamic is the state of a dynamic theta model.
type dynamic struct {
	first        float64 // value that all are taken above, since a level plays no part but in rounding
	alpha, share float64
	sd           float64 // deviation of the one-step errors
	level        float64
	n            int     // values so far
	mean, slope  float64 // of the line through them
	decay        float64 // (1-α)ⁿ
}

// trend is what the line adds to the level, for a share of 1.
func (d *dynamic) trend() float64 {
	start := d.mean - float64(d.n+1)/2*d.slope
	return d.decay*start + (1-d.decay*(1-d.alpha))/d.alpha*d.slope
}

func (d *dynamic) ahead() float64 { return d.first + d.level + d.share*d.trend() }

// step takes the next value in, above the first.
func (d *dynamic) step(y float64) {
	d.level += d.alpha * (y - d.level)
	n := float64(d.n + 1)
	was := d.mean
	d.mean += (y - d.mean) / n
	if d.n > 0 {
		d.slope = ((n-2)*d.slope + 6*(y-was)/n) / (n + 1)
	}
	d.decay *= 1 - d.alpha
	d.n++
}

// fitDynamic finds the model with the least squared errors from the fourth value on. For a given
// α they are linear in the first level and the share,
//
//	e(t) = u(t) - (1-α)ᵗ⁻¹·level₀ - κ·trend(t),
//
// so that only α, of 0.1 to 0.99, needs a search.
func fitDynamic(y []float64) dynamic {
	const lo, hi, steps = 0.1, 0.99, 89
	first, skipped := y[0], min(3, len(y)-1)
	try := func(alpha float64) (level0, share, sse float64) {
		var uu, uw, ww, ut, wt, tt float64
		d := dynamic{alpha: alpha, decay: 1}
		for i, v := range y {
			if i >= skipped {
				u, w, t := v-first-d.level, d.decay, d.trend()
				uu, uw, ww, ut, wt, tt = uu+u*u, uw+u*w, ww+w*w, ut+u*t, wt+w*t, tt+t*t
			}
			d.step(v - first)
		}
		if ww > 0 {
			if det := ww*tt - wt*wt; det > 1e-12*ww*tt {
				share = min(max((ut*ww-uw*wt)/det, 0), 1)
			}
			level0 = (uw - share*wt) / ww
		}
		sse = uu - 2*level0*uw - 2*share*ut + level0*level0*ww + 2*level0*share*wt + share*share*tt
		return level0, share, sse
	}
	best, least := hi, math.Inf(1)
	for i := range steps + 1 {
		a := lo + (hi-lo)*float64(i)/steps
		if _, _, sse := try(a); sse < least {
			best, least = a, sse
		}
	}
	d := dynamic{first: first, alpha: best, decay: 1}
	d.level, d.share, _ = try(best)
	for _, v := range y {
		d.step(v - first)
	}
	d.sd = math.Sqrt(max(least, 0) / float64(max(len(y)-skipped, 1)))
	return d
}
