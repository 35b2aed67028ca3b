package kernel

import "math"

// LayerNorm normalizes a row x (Ba, Kiros & Hinton 2016): it sets
//
//	xhat = (x-μ)·inv,  inv = 1/√(σ²+eps)
//	y = gain∘xhat + bias
//
// for the length of x and returns inv.
func LayerNorm(y, xhat, x, gain, bias []Float, eps float64) (inv Float) {
	n := len(x)
	if n == 0 {
		return 0
	}
	xhat = xhat[:n]
	shift(xhat, x, Float(Sum(x)/float64(n)))
	inv = Float(1 / math.Sqrt(SumSq(xhat)/float64(n)+eps))
	norm(y[:n], xhat, gain[:n], bias[:n], inv)
	return inv
}

// LayerNormGrad does dx += inv·(e - mean(e) - xhat·mean(e∘xhat)), e = gain∘dy, with
// what LayerNorm left.
func LayerNormGrad(dx, dy, xhat, gain []Float, inv Float) {
	n := len(xhat)
	if n == 0 {
		return
	}
	buf := takeBuffer(n)
	e := buf.f
	mul(e, dy[:n], gain[:n])
	mean, along := Sum(e)/float64(n), float64(Dot(e, xhat))/float64(n)
	buf.free()
	normGrad(dx[:n], dy[:n], xhat, gain[:n], inv, Float(mean), Float(along))
}

func shiftGo(dst, x []Float, by Float) {
	for i, v := range x {
		dst[i] = v - by
	}
}

func normGo(y, xhat, gain, bias []Float, inv Float) {
	for i, v := range xhat {
		v *= inv
		xhat[i] = v
		y[i] = Float(v*gain[i]) + bias[i]
	}
}

func normGradGo(dx, dy, xhat, gain []Float, inv, mean, along Float) {
	for i, h := range xhat {
		d := Float(dy[i]*gain[i]) - mean - Float(h*along)
		dx[i] += Float(d * inv)
	}
}
