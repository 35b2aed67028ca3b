package kernel

import "math"

// Adam does a step of Adam for the parameters p, for the length of the gradient g
// (Kingma & Ba 2015): c1 and c2 are 1-b1ᵗ and 1-b2ᵗ, and decay shrinks p first.
//
//	m = b1·m + (1-b1)·g
//	v = b2·v + (1-b2)·g²
//	p = (1-lr·decay)·p - lr·(m/c1)/(√(v/c2) + eps)
func Adam(p, g, m, v []Float, lr, b1, b2, eps, c1, c2, decay Float) {
	n := len(g)
	adam(p[:n], g, m[:n], v[:n], b1, 1-b1, b2, 1-b2, 1-lr*decay, lr/c1, 1/Float(math.Sqrt(float64(c2))), eps)
}

// Momentum does a step of gradient descent with momentum (Polyak 1964):
//
//	m = mu·m + g + decay·p
//	p = p - lr·m
func Momentum(p, g, m []Float, lr, mu, decay Float) {
	n := len(g)
	momentum(p[:n], g, m[:n], lr, mu, decay)
}

// Nesterov does a step with Nesterov's momentum (Sutskever et al. 2013):
//
//	d = g + decay·p
//	m = mu·m + d
//	p = p - lr·(d + mu·m)
func Nesterov(p, g, m []Float, lr, mu, decay Float) {
	n := len(g)
	nesterov(p[:n], g, m[:n], lr, mu, decay)
}

func adamGo(p, g, m, v []Float, b1, a1, b2, a2, keep, rate, scale, eps Float) {
	for i, d := range g {
		m[i] = Float(b1*m[i]) + Float(a1*d)
		v[i] = Float(b2*v[i]) + Float(a2*Float(d*d))
		p[i] = Float(keep*p[i]) - Float(rate*m[i])/(Float(root(v[i])*scale)+eps)
	}
}

func momentumGo(p, g, m []Float, lr, mu, decay Float) {
	for i, d := range g {
		m[i] = Float(mu*m[i]) + (d + Float(decay*p[i]))
		p[i] -= Float(lr * m[i])
	}
}

func nesterovGo(p, g, m []Float, lr, mu, decay Float) {
	for i, d := range g {
		d += Float(decay * p[i])
		m[i] = Float(mu*m[i]) + d
		p[i] -= Float(lr * (d + Float(mu*m[i])))
	}
}
