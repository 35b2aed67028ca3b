package nn

import (
	"math"
	"math/rand/v2"
)

// orthonormal draws n orthonormal vectors of width w ≥ n, by Gram-Schmidt done twice,
// which is accurate to rounding:
//
//	for range 2 {
//		for _, u := range before {
//			v -= (u·v) u
//		}
//	}
//	v /= |v|
//
// Every u·v waits for the vector that the one before it left, and every sum for its last
// addition, so one pass over the vectors before does the second round of v beside the
// first round of the next.
func orthonormal(r *rand.Rand, n, w int) [][]float64 {
	vs := make([][]float64, 0, n)
	v := make([]float64, w)
	if n > 0 {
		normals(r, v)
	}
	for len(vs) < n {
		next := make([]float64, w)
		last := len(vs) == n-1
		if !last {
			normals(r, next)
		}
		project(vs, v, next)
		if norm := math.Sqrt(dot(v, v)); norm > 1e-3 {
			for j := range v {
				v[j] /= norm
			}
			vs = append(vs, v)
			d := dot(v, next)
			for j, x := range v {
				next[j] -= d * x
			}
		} else if last { // v was drawn within the span of those before: draw again
			normals(r, next)
			project(vs, next, make([]float64, w))
		}
		v = next
	}
	return vs
}

func normals(r *rand.Rand, v []float64) {
	for j := range v {
		v[j] = r.NormFloat64()
	}
}

// project takes the unit vectors us out of a and of b, one after the other. The loop that
// subtracts one computes the products with the next.
func project(us [][]float64, a, b []float64) {
	if len(us) == 0 {
		return
	}
	b = b[:len(a)]
	u := us[0][:len(a)]
	da, db := dot(u, a), dot(u, b)
	for _, next := range us[1:] {
		next = next[:len(a)]
		var sa, sb float64
		for j, x := range u {
			y := next[j]
			p, q := a[j]-da*x, b[j]-db*x
			a[j], b[j] = p, q
			sa += y * p
			sb += y * q
		}
		u, da, db = next, sa, sb
	}
	for j, x := range u {
		a[j] -= da * x
		b[j] -= db * x
	}
}

func dot(x, y []float64) (s float64) {
	for i, v := range x {
		s += v * y[i]
	}
	return s
}
