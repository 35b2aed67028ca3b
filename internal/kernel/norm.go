package kernel

// Norm sets dst = (x-mean)·rstd∘gain + bias, for the length of x: a row of layer
// normalization (Ba, Kiros & Hinton 2016).
func Norm(dst, x, gain, bias []Float, mean, rstd Float) {
	n := len(x)
	norm(dst[:n], x, gain[:n], bias[:n], mean, rstd)
}

// Moments returns the mean of x and its variance about that, over n.
func Moments(x []Float) (mean, variance float64) {
	n := float64(len(x))
	mean = Sum(x) / n
	return mean, max(SumSq(x)/n-mean*mean, 0)
}

func normGo(dst, x, gain, bias []Float, mean, rstd Float) {
	for i, v := range x {
		dst[i] = Float(Float((v-mean)*rstd)*gain[i]) + bias[i]
	}
}

func normGradGo(dx, dy, x, gain []Float, mean, rstd, s1, s2 Float) {
	for i, v := range x {
		u := Float((v - mean) * rstd)
		d := Float(dy[i]*gain[i]) + s1 + Float(u*s2)
		dx[i] += Float(d * rstd)
	}
}

func normParamsGo(dgain, dbias, dy, x []Float, mean, rstd Float) {
	for i, v := range x {
		dgain[i] += Float(dy[i] * Float((v-mean)*rstd))
		dbias[i] += dy[i]
	}
}
