package segrnn

import (
	"math"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// A Mixer weighs the quantiles of the net and of simple forecasts, by what each came to on what
// was held out.
type Mixer struct {
	Weights []float64     `json:"weights"` // of the net, and of the simple forecasts; they sum to 1
	Spread  float64       `json:"spread"`  // factor of the distances from the middle
	Errors  [][][]float64 `json:"errors"`  // quantiles of the errors of each simple forecast, [which][quantile][step], in units of the window
}

// fits reports whether it is one of a config.
func (x *Mixer) fits(c *Config) bool {
	if len(x.Weights) != len(x.Errors)+1 || len(x.Errors) != len(c.simple()) {
		return false
	}
	for _, q := range x.Errors {
		if len(q) != c.outputs() {
			return false
		}
		for _, e := range q {
			if len(e) != c.Horizon {
				return false
			}
		}
	}
	return true
}

// simple are the forecasts beside the net's: the value of step k after x.
func (c *Config) simple() []func(x []float64, k int) float64 {
	last := func(x []float64, _ int) float64 { return x[len(x)-1] }
	smooth := func(share float64) func(x []float64, k int) float64 { // exponential smoothing
		return func(x []float64, _ int) float64 {
			s := x[0]
			for _, v := range x {
				s += share * (v - s)
			}
			return s
		}
	}
	all := []func(x []float64, k int) float64{last, smooth(0.3), smooth(0.1)}
	m := c.Season
	if m > 1 && 2*m <= c.Window {
		all = append(all, func(x []float64, k int) float64 { // the same step of the last season
			return x[max(len(x)-m+k%m, 0)]
		}, func(x []float64, k int) float64 { // the mean of this step of the last seasons
			sum, n := 0.0, 0.0
			for t := len(x) - m + k%m; t >= 0 && n < 4; t -= m {
				sum += x[t]
				n++
			}
			if n == 0 {
				return x[len(x)-1]
			}
			return sum / n
		})
	}
	return all
}

// past are the values that a window reads.
func (m *Model) past(w window) []float64 {
	x := make([]float64, 0, m.Window)
	for _, v := range w.s.x[max(w.origin-m.Window, 0):w.origin] {
		x = append(x, float64(v))
	}
	return x
}

// points are the simple forecasts of a window, [which][step].
func (m *Model) points(w window) (all [][]float64) {
	x := m.past(w)
	period := max(m.Season, 1)
	for _, f := range m.simple() {
		y := make([]float64, m.Horizon)
		for k := range y {
			if k < period {
				y[k] = f(x, k)
			} else {
				y[k] = y[k-period]
			}
		}
		all = append(all, y)
	}
	return all
}

// mix learns the errors of the simple forecasts from some windows, and how to weigh them from
// others that were held out.
func (m *Model) mix(learn, held []window) {
	p := m.probabilities()
	x := &Mixer{Spread: 1}
	errs := make([][][]float64, len(m.simple()))
	for i := range errs {
		errs[i] = make([][]float64, m.Horizon)
	}
	for _, w := range learn {
		unit := float64(m.unit(w))
		for i, y := range m.points(w) {
			for k, f := range y {
				if t := w.origin + k; w.s.known[t] {
					errs[i][k] = append(errs[i][k], (float64(w.s.x[t])-f)/unit)
				}
			}
		}
	}
	for _, of := range errs {
		q := make([][]float64, len(p))
		for j := range q {
			q[j] = make([]float64, m.Horizon)
		}
		for k, e := range of {
			slices.Sort(e)
			for j := range q {
				if len(e) > 0 {
					q[j][k] = quantile.At(e, p[j])
				} else if k > 0 {
					q[j][k] = q[j][k-1]
				}
			}
		}
		x.Errors = append(x.Errors, q)
	}
	m.Mixer = x
	x.weigh(m, thin(held, max(64, 200000/(m.Horizon*(len(errs)+1)))), p)
}

// prior is how many windows equal weights of the net and the better of the naive forecasts count for.
const prior = 5.0

// independent is about how many windows there are that do not overlap.
func independent(ws []window, horizon int) (n float64) {
	span := map[*scaled][2]int{}
	for _, w := range ws {
		s, ok := span[w.s]
		if !ok {
			s = [2]int{w.origin, w.origin}
		}
		span[w.s] = [2]int{min(s[0], w.origin), max(s[1], w.origin)}
	}
	for _, s := range span {
		n += 1 + float64(s[1]-s[0])/float64(horizon)
	}
	return n
}

// weigh finds the weights by exponentiated gradients (Kivinen & Warmuth 1997) from equal ones,
// holds back if there are few windows, and then finds the spread.
func (x *Mixer) weigh(m *Model, held []window, p []float64) {
	n := len(x.Errors) + 1
	x.Weights = make([]float64, n)
	for i := range x.Weights {
		x.Weights[i] = 1 / float64(n)
	}
	type target struct {
		members [][][]float64 // [which][quantile][step]
		w       window
	}
	var all []target
	for i, members := range m.members(held) {
		all = append(all, target{members, held[i]})
	}
	// loss of the weights, and its gradient
	measure := func(weights []float64, spread float64, slope []float64) float64 {
		sum, count := 0.0, 0.0
		clear(slope)
		for _, t := range all {
			for k := range m.Horizon {
				at := t.w.origin + k
				if !t.w.s.known[at] {
					continue
				}
				y := float64(t.w.s.x[at])
				middle := 0.0
				for i, w := range weights {
					middle += w * t.members[i][len(p)/2][k]
				}
				for j, q := range p {
					f := 0.0
					for i, w := range weights {
						f += w * t.members[i][j][k]
					}
					f = middle + spread*(f-middle)
					e := y - f
					sum += max(q*e, (q-1)*e)
					count++
					d := -q
					if e < 0 {
						d = 1 - q
					}
					for i := range slope {
						slope[i] += d * t.members[i][j][k]
					}
				}
			}
		}
		for i := range slope {
			slope[i] /= max(count, 1)
		}
		return sum / max(count, 1)
	}
	slope := make([]float64, n)
	for range 60 {
		loss := measure(x.Weights, 1, slope)
		if loss <= 0 {
			break
		}
		total := 0.0
		for i := range x.Weights {
			x.Weights[i] *= math.Exp(-0.5 * slope[i] / loss)
			total += x.Weights[i]
		}
		for i := range x.Weights {
			x.Weights[i] /= total
		}
	}
	naive, least := 1, math.Inf(1)
	for i := 1; i < n; i += 3 { // the last value and, if there is one, the last season
		alone := make([]float64, n)
		alone[i] = 1
		if l := measure(alone, 1, nil); l < least {
			naive, least = i, l
		}
	}
	apart := independent(held, m.Horizon)
	for i, w := range x.Weights {
		sure := 0.0
		if i == 0 || i == naive {
			sure = prior / 2
		}
		x.Weights[i] = (apart*w + sure) / (apart + prior)
	}
	least = math.Inf(1)
	for _, s := range []float64{0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5} {
		if l := measure(x.Weights, s, nil); l < least {
			least, x.Spread = l, s
		}
	}
}

// members are the quantiles of the net and of the simple forecasts for windows, in units of the
// series' scale: [window][which][quantile][step].
func (m *Model) members(ws []window) (all [][][][]float64) {
	Q, S := m.outputs(), m.Segment
	for part := range slices.Chunk(ws, 128) {
		g := grad.Eval()
		x, _, _ := m.inputs(g, part)
		out := m.Net.forward(g, x, channels(part), 0).Value.Data
		for i, w := range part {
			last, unit := float64(w.s.x[w.origin-1]), float64(m.unit(w))
			net := make([][]float64, Q)
			for j := range net {
				net[j] = make([]float64, m.Horizon)
			}
			one := make([]float64, Q)
			for k := range m.Horizon {
				for j := range one {
					one[j] = last + unit*float64(out[(k/S*len(part)+i)*S*Q+k%S*Q+j])
				}
				slices.Sort(one) // quantiles that do not cross
				for j, v := range one {
					net[j][k] = v
				}
			}
			of := [][][]float64{net}
			for s, y := range m.points(w) {
				q := make([][]float64, Q)
				for j := range q {
					q[j] = make([]float64, m.Horizon)
					for k, f := range y {
						q[j][k] = f + unit*m.Mixer.Errors[s][j][k]
					}
				}
				of = append(of, q)
			}
			all = append(all, of)
		}
	}
	return all
}

// mixed are the quantiles of windows, [window][quantile][step], in units of the series' scale.
func (m *Model) mixed(ws []window) (all [][][]float64) {
	for part := range slices.Chunk(ws, 128) {
		for _, of := range m.members(part) {
			q := make([][]float64, m.outputs())
			for j := range q {
				q[j] = make([]float64, m.Horizon)
				for i, w := range m.Mixer.Weights {
					for k, v := range of[i][j] {
						q[j][k] += w * v
					}
				}
			}
			middle := q[len(q)/2]
			for j := range q {
				if j != len(q)/2 {
					for k, v := range q[j] {
						q[j][k] = middle[k] + m.Mixer.Spread*(v-middle[k])
					}
				}
			}
			all = append(all, q)
		}
	}
	return all
}

// middles are the medians of windows.
func (m *Model) middles(ws []window) (all [][]float64) {
	for _, q := range m.mixed(ws) {
		all = append(all, q[len(q)/2])
	}
	return all
}

// predictMix forecasts windows with bands by the quantiles.
func (m *Model) predictMix(ws []window) []forecast.Forecast {
	fs := make([]forecast.Forecast, len(ws))
	for i, q := range m.mixed(ws) {
		scale := ws[i].s.scale
		f := forecast.NewForecast(m.Horizon, m.Levels)
		back := func(to, from []float64) {
			for k, v := range from {
				to[k] = scale.Mean + v*scale.Std
			}
		}
		middle := len(q) / 2
		back(f.Point, q[middle])
		for l, b := range f.Bands {
			back(b.Lo, q[middle-1-l])
			back(b.Hi, q[middle+1+l])
		}
		fs[i] = f
	}
	return fs
}
