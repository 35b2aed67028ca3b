package kernel

import "math"

// Placeholders until the vector kernels replace this file.

func Add(dst, a, b []Float) {
	for i, v := range a {
		dst[i] = v + b[i]
	}
}
func Sub(dst, a, b []Float) {
	for i, v := range a {
		dst[i] = v - b[i]
	}
}
func Mul(dst, a, b []Float) {
	for i, v := range a {
		dst[i] = v * b[i]
	}
}
func MulAdd(dst, a, b []Float) {
	for i, v := range a {
		dst[i] += v * b[i]
	}
}
func AddTo(dst, a []Float) {
	for i, v := range a {
		dst[i] += v
	}
}
func Lerp(dst, a, b, w []Float) {
	for i, v := range a {
		dst[i] = v + w[i]*(b[i]-v)
	}
}
func TanhGrad(dx, dy, y []Float) {
	for i, v := range y {
		dx[i] += dy[i] * (1 - v*v)
	}
}
func SigmoidGrad(dx, dy, y []Float) {
	for i, v := range y {
		dx[i] += dy[i] * v * (1 - v)
	}
}
func AddRows(m, n int, bias, c []Float, ldc int) {
	for i := range m {
		AddTo(c[i*ldc:i*ldc+n], bias)
	}
}
func ColSums(m, n int, a []Float, lda int, dst []Float) {
	for i := range m {
		AddTo(dst, a[i*lda:i*lda+n])
	}
}
func GemmNT(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	t := make([]Float, k*n)
	for j := range n {
		for p := range k {
			t[p*n+j] = b[j*ldb+p]
		}
	}
	Gemm(m, n, k, a, lda, t, n, c, ldc)
}
func GemmTN(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	t := make([]Float, m*k)
	for p := range k {
		for i := range m {
			t[i*k+p] = a[p*lda+i]
		}
	}
	Gemm(m, n, k, t, k, b, ldb, c, ldc)
}
func ReLU(dst, src []Float) {
	for i, v := range src {
		dst[i] = max(v, 0)
	}
}
func ReLUGrad(dx, dy, y []Float) {
	for i, v := range y {
		if v > 0 {
			dx[i] += dy[i]
		}
	}
}

// Adam does a step of Adam: c1 and c2 are 1-b1ᵗ and 1-b2ᵗ, decay shrinks p by
// lr·decay first.
func Adam(p, g, m, v []Float, lr, b1, b2, eps, c1, c2, decay Float) {
	keep, rate, scale := 1-lr*decay, lr/c1, 1/Float(math.Sqrt(float64(c2)))
	for i, d := range g {
		m[i] = b1*m[i] + (1-b1)*d
		v[i] = b2*v[i] + (1-b2)*d*d
		p[i] = keep*p[i] - rate*m[i]/(Float(math.Sqrt(float64(v[i])))*scale+eps)
	}
}
