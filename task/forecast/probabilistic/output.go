package probabilistic

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
	"github.com/recur-go/recur/tensor"
)

// parameters is the number of values that the net predicts for a step.
func (o Output) parameters() int {
	switch o {
	case Quantile:
		return len(knots)
	case Normal, NegBin:
		return 2
	case Student:
		return 3
	}
	return 1
}

// smallest keeps scales away from 0.
const smallest = 1e-3

// loss is the mean loss of the net's output d [rows, parameters] against want [rows], in
// scaled units. scale is that of each row's series.
func (o Output) loss(g *grad.Tape, d *grad.Var, want, scale *tensor.Tensor) *grad.Var {
	rows := want.Dim(0)
	col := func(i int) *grad.Var { return g.Reshape(g.Columns(d, i, i+1), rows) }
	above := func(i int, least float64) *grad.Var { return g.ScaleShift(g.Softplus(col(i)), 1, least) }
	switch o {
	case Quantile:
		return nn.Pinball(g, ordered(g, d), want, knots)
	case Normal:
		return nn.NormalNLL(g, col(0), above(1, smallest), want)
	case Student:
		return nn.StudentTNLL(g, col(0), above(1, smallest), above(2, 2), want)
	case NegBin:
		counts := g.Scratch(want.Shape)
		for i, w := range want.Data {
			counts.Data[i] = w * scale.Data[i]
		}
		return nn.NegativeBinomialNLL(g, g.Mul(above(0, smallest), g.Const(scale)), above(1, smallest), counts)
	}
	return nn.MAE(g, col(0), want)
}

// ordered makes quantiles that do not cross of the middle one and the gaps beside it:
// middle ± sums of softplus(gaps).
func ordered(g *grad.Tape, d *grad.Var) *grad.Var {
	return g.Affine(g.Concat(g.Columns(d, 0, 1), g.Softplus(g.Columns(d, 1, len(knots)))), g.Const(ladder), nil)
}

var ladder = quantile.Ladder(len(knots))

// draw samples a value, in scaled units, from the net's output d for a step.
func (o Output) draw(r *rand.Rand, d []tensor.Float, scale float64) float64 {
	at := func(i int) float64 { return float64(d[i]) }
	switch o {
	case Normal:
		return at(0) + (softplus(at(1))+smallest)*r.NormFloat64()
	case Student:
		nu := softplus(at(2)) + 2
		return at(0) + (softplus(at(1))+smallest)*r.NormFloat64()/math.Sqrt(2*gamma(r, nu/2)/nu)
	case NegBin:
		mu, alpha := (softplus(at(0))+smallest)*scale, softplus(at(1))+smallest
		return poisson(r, gamma(r, 1/alpha)*alpha*mu) / scale
	}
	return at(0)
}

func softplus(x float64) float64 { return math.Log1p(math.Exp(-math.Abs(x))) + max(x, 0) }

// gamma draws from the gamma distribution of shape a and scale 1 (Marsaglia & Tsang
// 2000). Of a shape that is NaN or infinite, which a net that has diverged gives, it is that.
func gamma(r *rand.Rand, a float64) float64 {
	if math.IsNaN(a) || math.IsInf(a, 0) {
		return a
	}
	if a < 1 {
		return gamma(r, a+1) * math.Pow(1-r.Float64(), 1/a)
	}
	d := a - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// poisson draws a count of mean λ: by a product of uniforms for a small one, and by the
// normal distribution for a large one, where the two are alike. Of NaN it is NaN.
func poisson(r *rand.Rand, lambda float64) float64 {
	if math.IsNaN(lambda) {
		return lambda
	}
	if lambda > 500 {
		return max(math.Round(lambda+math.Sqrt(lambda)*r.NormFloat64()), 0)
	}
	n, p, end := 0.0, 1.0, math.Exp(-lambda)
	for {
		if p *= 1 - r.Float64(); p <= end {
			return n
		}
		n++
	}
}

// quantiles are those of a sample at the knots, with the sample put in order.
func quantiles(sample []float64) []float64 {
	slices.Sort(sample)
	q := make([]float64, len(knots))
	for i, p := range knots {
		q[i] = quantile.At(sample, p)
	}
	return q
}
