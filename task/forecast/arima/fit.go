package arima

import "math"

// A fitter estimates the coefficients of orders for one series of differences.
type fitter struct {
	w      []float64
	period int
	mean   float64 // of w, where the search for the constant begins
	scale  float64 // deviation of w, the unit of the constant, 1 if there is none

	order      Order
	coef       [4][]float64 // AR, SAR, MA, SMA
	ar, ma     []tap
	constant   float64
	z, e, next []float64
	slopes     [][]float64
}

func newFitter(w []float64, period int) *fitter {
	f := &fitter{w: w, period: period, z: make([]float64, len(w)), e: make([]float64, len(w)), next: make([]float64, len(w))}
	var square float64
	f.mean, square = moments(w)
	if f.scale = math.Sqrt(square); f.scale == 0 {
		f.scale = 1
	}
	return f
}

// set sets the coefficients of the order by what is searched: for each its u, then the constant.
func (f *fitter) set(u []float64) {
	o := f.order
	for i, n := range []int{o.AR, o.SAR, o.MA, o.SMA} {
		if cap(f.coef[i]) < n {
			f.coef[i] = make([]float64, n, 8)
		}
		f.coef[i] = f.coef[i][:n]
		stationary(f.coef[i], u[:n])
		u = u[n:]
	}
	f.ar = product(f.ar[:0], f.coef[0], f.coef[1], f.period)
	f.ma = product(f.ma[:0], f.coef[2], f.coef[3], f.period)
	if f.constant = 0; o.Constant {
		f.constant = u[0] * f.scale
	}
}

// errors sets e to the one-step errors of the coefficients, and returns the sum of their squares.
func (f *fitter) errors(e []float64) (sum float64) {
	for t, v := range f.w {
		f.z[t] = v - f.constant
	}
	return run(e, f.z, f.ar, f.ma)
}

// run sets e to the errors of z by the taps, 1 - Σ ar = (1 - Σ ma) e.
func run(e, z []float64, ar, ma []tap) (sum float64) {
	for t, v := range z {
		for _, c := range ar {
			if t >= c.lag {
				v -= c.value * z[t-c.lag]
			}
		}
		for _, c := range ma {
			if t >= c.lag {
				v += c.value * e[t-c.lag]
			}
		}
		e[t] = v
		sum += v * v
	}
	return sum
}

// fit finds the coefficients of an order by the method of Levenberg & Marquardt, and returns
// the sum of squared errors.
func (f *fitter) fit(o Order) float64 {
	f.order = o
	n := o.coefficients()
	u, try := make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 0.1
	}
	if o.Constant {
		u[n-1] = f.mean / f.scale
	}
	f.set(u)
	sum := f.errors(f.e)
	if n == 0 {
		return sum
	}
	for len(f.slopes) < n {
		f.slopes = append(f.slopes, make([]float64, len(f.w)))
	}
	gram, slope, step := make([][]float64, n), make([]float64, n), make([]float64, n)
	for i := range gram {
		gram[i] = make([]float64, n)
	}
	damp := 1e-2
	for range 40 {
		const d = 1e-5
		for i := range u {
			copy(try, u)
			try[i] += d
			f.set(try)
			f.errors(f.slopes[i])
			for t, v := range f.e {
				f.slopes[i][t] = (f.slopes[i][t] - v) / d
			}
		}
		for i := range u {
			for j := range i + 1 {
				gram[i][j] = dot(f.slopes[i], f.slopes[j])
				gram[j][i] = gram[i][j]
			}
			slope[i] = -dot(f.slopes[i], f.e)
		}
		was := sum
		for range 8 {
			solve(step, gram, slope, damp)
			for i := range u {
				if try[i] = u[i] + step[i]; !o.Constant || i < n-1 {
					try[i] = min(max(try[i], -4), 4) // a tangent of 0.9993
				}
			}
			f.set(try)
			if s := f.errors(f.next); s < sum {
				sum, damp = s, damp/5
				copy(u, try)
				f.e, f.next = f.next, f.e
				break
			}
			damp *= 4
		}
		if !(sum < was*(1-1e-7)) {
			break
		}
	}
	f.set(u)
	return sum
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// solve sets x to the solution of (a + damp·diag(a))·x = b, by Cholesky's method.
func solve(x []float64, a [][]float64, b []float64, damp float64) {
	n := len(b)
	var l [24][24]float64
	for i := range n {
		for j := range i + 1 {
			s := a[i][j]
			if i == j {
				s += damp*s + 1e-300
			}
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(max(s, 1e-14*a[i][i]+1e-300))
			} else {
				l[i][j] = s / l[j][j]
			}
		}
	}
	for i := range n {
		s := b[i]
		for k := range i {
			s -= l[i][k] * x[k]
		}
		x[i] = s / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		s := x[i]
		for k := i + 1; k < n; k++ {
			s -= l[k][i] * x[k]
		}
		x[i] = s / l[i][i]
	}
}
