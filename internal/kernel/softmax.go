package kernel

import "math"

// LogSoftmaxExp sets p = softmax(x), for the length of x, and returns log p[k].
func LogSoftmaxExp(p, x []Float, k int) float64 {
	m, xk := Max(x), x[k]
	p = p[:len(x)]
	exps(p, x, m)
	sum := Sum(p)
	scale(p, Float(1/sum))
	return float64(xk) - float64(m) - math.Log(sum)
}

// SoftmaxGrad does dx += p∘(dy - p·dy) with p = softmax(x), for the length of p.
func SoftmaxGrad(dx, dy, p []Float) {
	n := len(p)
	softmaxGrad(dx[:n], dy[:n], p, Dot(p, dy[:n]))
}

func softmaxGradGo(dx, dy, p []Float, mean Float) {
	for i, v := range p {
		dx[i] += Float(v * (dy[i] - mean))
	}
}
