package probabilistic

import (
	"context"
	"math"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// Bands calibrate the net's quantiles by held-out parts of the series: conformal
// prediction (Vovk et al. 2005).
type Bands struct {
	// Widen multiplies the distance from the middle to the knots beside it, from the
	// inner to the outer, so that as many outcomes lie within as should: conformalised
	// quantile regression (Romano et al. 2019). nil leaves them.
	Widen []float64
	// Errors are the quantiles of the errors of a point forecast, [step][knot], in units
	// of the series. nil without.
	Errors [][]float64
}

// apply calibrates the knots q of step k.
func (b *Bands) apply(q []float64, k int, unit float64) []float64 {
	c := slices.Clone(q)
	if b.Errors != nil {
		for j := range c {
			c[j] += (b.Errors[k][j] - b.Errors[k][middle]) * unit
		}
		return c
	}
	if b.Widen == nil {
		return c
	}
	for i, f := range b.Widen {
		for _, j := range []int{middle - 1 - i, middle + 1 + i} {
			c[j] = q[middle] + (q[j]-q[middle])*f
		}
	}
	for j := middle + 1; j < len(c); j++ { // they still do not cross
		c[j] = max(c[j], c[j-1])
		i := 2*middle - j
		c[i] = min(c[i], c[i+1])
	}
	return c
}

// calibrate learns Bands from windows that nets did not see, those of each net.
func (m *Model) calibrate(ctx context.Context, held [][]window) error {
	scores := make([][]float64, middle)
	errs := make([][]float64, m.Horizon)
	outcomes := 0
	for i, ws := range held {
		if m.Autoregressive {
			ws = thin(ws, 40)
		}
		if len(ws) == 0 {
			continue
		}
		n := m.Nets[i]
		predictions, err := m.ahead(ctx, n, uint64(i), ws, m.statesAt(n, ws))
		if err != nil {
			return err
		}
		for w, v := range predictions {
			for k, q := range v.q {
				t := ws[w].origin + k
				if t >= ws[w].until || !ws[w].z.known[t] {
					continue
				}
				if math.IsNaN(q[middle]) || math.IsInf(q[middle], 0) {
					return task.Diverged("forecast of the validation data", float64(q[middle]), m.Rate)
				}
				e := float64(ws[w].z.x[t]) - q[middle]
				errs[k] = append(errs[k], e/ws[w].z.Unit)
				outcomes++
				for j := range scores {
					edge := q[middle+1+j] - q[middle]
					if e < 0 {
						edge = q[middle-1-j] - q[middle]
					}
					if s := e / edge; !math.IsNaN(s) {
						scores[j] = append(scores[j], s)
					}
				}
			}
		}
	}
	if outcomes == 0 {
		return nil
	}
	if m.Output == Point {
		m.Bands.Errors = spreads(errs)
		return nil
	}
	m.Bands.Widen = make([]float64, middle)
	for j, s := range scores {
		if len(s) == 0 { // each forecast is right, with bands of no width
			m.Bands.Widen[j] = 1
			continue
		}
		m.Bands.Widen[j] = widening(s, knots[middle+1+j]-knots[middle-1-j], float64(outcomes)/float64(m.Horizon), m.Autoregressive)
	}
	return nil
}

func (m *Model) statesAt(n *Net, ws []window) rnn.State {
	_, _, s := m.read(grad.Eval(), n, m.before(ws), nil)
	return s
}

// widening is the score that a share of them does not exceed. Outcomes of a window are
// alike, so that a window counts as one; the fewer there are, the closer it stays to 1.
// Sampled paths are too sure of themselves on short series, since a net that is fed its own
// draws learned from true values: what is to be wider becomes so in full, and by 1/windows
// more, since few windows are uncertain.
func widening(scores []float64, share, windows float64, sampled bool) float64 {
	if len(scores) == 0 {
		return 1
	}
	const doubt = 4 // windows that the net's own quantiles weigh as much as
	slices.Sort(scores)
	f := quantile.At(scores, min(share*(1+1/windows), 1))
	if math.IsInf(f, 0) {
		return 1
	}
	if sampled && f > 1 {
		return f * (1 + 1/windows)
	}
	return math.Pow(max(f, 0.1), windows/(windows+doubt))
}

// spreads are the quantiles of errors by step, which do not shrink from one step to the
// next.
func spreads(errs [][]float64) [][]float64 {
	all := make([][]float64, len(errs))
	var before []float64
	for k, e := range errs {
		q := before
		if len(e) > 0 {
			q = quantiles(slices.Clone(e))
			for j := range q {
				if before != nil && j < middle {
					q[j] = q[middle] + min(q[j]-q[middle], before[j]-before[middle])
				} else if before != nil {
					q[j] = q[middle] + max(q[j]-q[middle], before[j]-before[middle])
				}
			}
		}
		if q == nil {
			q = make([]float64, len(knots))
		}
		all[k], before = q, q
	}
	return all
}

// quantileAt reads quantile p off the knots, on straight lines between their scores in the
// standard normal distribution, and beyond them.
func quantileAt(q []float64, p float64) float64 {
	z := quantile.Normal(p)
	j := 1
	for j < len(knots)-1 && z > normalScores[j] {
		j++
	}
	a, b := normalScores[j-1], normalScores[j]
	return q[j-1] + (q[j]-q[j-1])*(z-a)/(b-a)
}

// normalScores are those of the knots.
var normalScores = func() []float64 {
	z := make([]float64, len(knots))
	for i, p := range knots {
		z[i] = quantile.Normal(p)
	}
	return z
}()
