package classify

import (
	"context"
	"math"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// The bounds of a temperature. A model that is right about all of a small set would be
// made sure of everything.
const sharpest, flattest = 0.5, 5

// calibrate finds the temperature T at which softmax(scores/T), or σ(scores/T) of many
// labels, is likeliest on what the model was validated on (Guo et al. 2017). It makes
// probabilities that are too bold or too shy honest, and no other label the likeliest.
func (m *Model) calibrate(ctx context.Context) error {
	type row struct {
		scores []tensor.Float
		want   []int32
	}
	const enough = 20000 // rows for one number
	var rows []row
	C := len(m.Classes)
	m.Temperature = 1
	err := m.each(ctx, m.valid, func(i int, scores []tensor.Float) {
		it := &m.valid[i]
		if m.Target != Steps {
			if len(rows) < enough && (m.Target == Many || len(it.want) > 0 && it.want[0] >= 0) {
				rows = append(rows, row{slices.Clone(scores), it.want})
			}
			return
		}
		for t, id := range it.want {
			if id >= 0 && len(rows) < enough {
				rows = append(rows, row{slices.Clone(scores[t*C : (t+1)*C]), it.want[t : t+1]})
			}
		}
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	work := make([]tensor.Float, C)
	loss := func(logT float64) (sum float64) {
		k := math.Exp(-logT)
		for _, r := range rows {
			for j, s := range r.scores {
				work[j] = s * tensor.Float(k)
			}
			if m.Target != Many {
				sum -= math.Log(max(softmax(work)[r.want[0]], 1e-30))
				continue
			}
			for j, s := range work { // softplus(s) - s·holds
				sum += max(float64(s), 0) + math.Log1p(math.Exp(-math.Abs(float64(s))))
				if slices.Contains(r.want, int32(j)) {
					sum -= float64(s)
				}
			}
		}
		return sum
	}
	m.Temperature = math.Exp(least(loss, math.Log(sharpest), math.Log(flattest)))
	return nil
}

// least is where f, which falls and then rises, is least between lo and hi (golden
// section search, Kiefer 1953).
func least(f func(float64) float64, lo, hi float64) float64 {
	const g = 0.6180339887498949
	a, b := hi-g*(hi-lo), lo+g*(hi-lo)
	fa, fb := f(a), f(b)
	for range 20 {
		if fa <= fb {
			hi, b, fb = b, a, fa
			a = hi - g*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + g*(hi-lo)
			fb = f(b)
		}
	}
	return (lo + hi) / 2
}
