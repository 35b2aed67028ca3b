package nn

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// The likelihood losses are means over the targets of -log p(want), for parameters of
// the shape of want. A target that is NaN is missing and does not count; if all are
// missing the loss is 0.

// NormalNLL is that of a normal distribution:
//
//	½·log 2π + log σ + ½·z²    with z = (want-μ)/σ, σ > 0
func NormalNLL(g *grad.Tape, mu, sigma *grad.Var, want *tensor.Tensor) *grad.Var {
	return likelihood(g, "nn.NormalNLL", want, func(y float64, p, d []float64) float64 {
		mu, sigma := p[0], p[1]
		z := (y - mu) / sigma
		d[0] = -z / sigma
		d[1] = (1 - z*z) / sigma
		return 0.5*math.Log(2*math.Pi) + math.Log(sigma) + z*z/2
	}, mu, sigma)
}

// StudentTNLL is that of Student's t distribution with location μ, scale σ > 0 and ν > 0
// degrees of freedom, whose tails are heavy if ν is small:
//
//	log B(ν/2, ½) + ½·log ν + log σ + (ν+1)/2 · log(1 + z²/ν)    with z = (want-μ)/σ
func StudentTNLL(g *grad.Tape, mu, sigma, nu *grad.Var, want *tensor.Tensor) *grad.Var {
	return likelihood(g, "nn.StudentTNLL", want, func(y float64, p, d []float64) float64 {
		mu, sigma, nu := p[0], p[1], p[2]
		z := (y - mu) / sigma
		tail := math.Log1p(z * z / nu)
		pull := (nu + 1) * z / (nu + z*z)
		d[0] = -pull / sigma
		d[1] = (1 - z*pull) / sigma
		d[2] = (digamma(nu/2)-digamma((nu+1)/2)+1/nu+tail)/2 - z*pull/(2*nu)
		return lgamma(nu/2) - lgamma((nu+1)/2) + 0.5*math.Log(nu*math.Pi) + math.Log(sigma) + (nu+1)/2*tail
	}, mu, sigma, nu)
}

// NegativeBinomialNLL is that of counts with mean μ > 0 and variance μ + α·μ², α > 0, as
// in Salinas et al. 2020 ("DeepAR"); with r = 1/α:
//
//	log Γ(r) + log want! - log Γ(want+r) + r·log(1 + α·μ) - want·log(α·μ/(1 + α·μ))
//
// want need not be whole.
func NegativeBinomialNLL(g *grad.Tape, mu, alpha *grad.Var, want *tensor.Tensor) *grad.Var {
	return likelihood(g, "nn.NegativeBinomialNLL", want, func(y float64, p, d []float64) float64 {
		mu, r := p[0], 1/p[1]
		d[0] = (mu - y) / (mu * (1 + mu/r))
		dr := digamma(r) - digamma(y+r) + math.Log1p(mu/r) + (y-mu)/(r+mu)
		d[1] = -r * r * dr
		return lgamma(r) + lgamma(y+1) - lgamma(y+r) + (r+y)*math.Log1p(mu/r) - y*math.Log(mu/r)
	}, mu, alpha)
}

// likelihood is the mean of f over the targets. f gives the loss of a target for
// parameters p, and their derivatives in d.
func likelihood(g *grad.Tape, op string, want *tensor.Tensor, f func(y float64, p, d []float64) float64, params ...*grad.Var) *grad.Var {
	slopes := make([][]tensor.Float, len(params))
	for i, p := range params {
		if p.Shape() != want.Shape {
			panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("parameter %d %v, target %v", i, p.Shape(), want.Shape)})
		}
		slopes[i] = g.Scratch(p.Shape()).Data
	}
	var sum float64
	n := 0
	at, d := make([]float64, len(params)), make([]float64, len(params))
	for i, y := range want.Data {
		clear(d)
		if y == y {
			for j, p := range params {
				at[j] = float64(p.Value.Data[i])
			}
			sum += f(float64(y), at, d)
			n++
		}
		for j := range slopes {
			slopes[j][i] = tensor.Float(d[j])
		}
	}
	return meanLoss(g, sum, n, slopes, params...)
}

// meanLoss makes sum/n the result, for n terms whose sum has the derivatives slopes by the
// elements of each of xs.
func meanLoss(g *grad.Tape, sum float64, n int, slopes [][]tensor.Float, xs ...*grad.Var) *grad.Var {
	count := float64(max(n, 1))
	y := g.Scalar(sum/count, xs...)
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			d := dy.Data[0] / tensor.Float(count)
			for k, x := range xs {
				if !g.NeedsGrad(x) {
					continue
				}
				dx := g.Grad(x).Data
				for i, s := range slopes[k] {
					dx[i] += d * s
				}
			}
		})
	}
	return y
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// digamma is the derivative of log Γ at x > 0: the recurrence ψ(x) = ψ(x+1) - 1/x up to
// 10, and the asymptotic series of Abramowitz & Stegun 6.3.18 from there.
func digamma(x float64) float64 {
	var v float64
	for ; x < 10; x++ {
		v -= 1 / x
	}
	f := 1 / (x * x)
	return v + math.Log(x) - 1/(2*x) - f*(1.0/12-f*(1.0/120-f*(1.0/252-f*(1.0/240-f/132))))
}
