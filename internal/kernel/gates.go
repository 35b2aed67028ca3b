package kernel

// The gates of the two common cells, one row of H units at a time, in one pass.
// Gates lie beside each other, [4, H] or [3, H].

// LSTMUnits takes gates i, f, u, o [4, H] before their activations and c [H]. For the
// units lo to hi it sets them to what they are after, c = f∘c + i∘u, tc = tanh(c),
// m = o∘tc.
func LSTMUnits(H, lo, hi int, gates, c, tc, m []Float) {
	lstm(hi-lo, H, gates[lo:3*H+hi], c[lo:hi], tc[lo:hi], m[lo:hi])
}

// LSTMUnitsGrad goes back: gates and tc are what LSTMUnits left, c what it began
// with, dm the gradient of m. dc, that of the new c, becomes that of c, and dgates
// is set to that of the gates before their activations.
func LSTMUnitsGrad(H, lo, hi int, gates, c, tc, dm, dc, dgates []Float) {
	lstmGrad(hi-lo, H, dgates[lo:3*H+hi], dc[lo:hi], dm[lo:hi], gates[lo:3*H+hi], c[lo:hi], tc[lo:hi])
}

// GRUUnits takes gates r, z, n [3, H] = x·Wx + B, hw [3, H] = h·Wh and h [H]. For the
// units lo to hi it sets r and z to σ(r+hw), n to tanh(n + r∘hw), q to the last part of
// hw, and y to (1-z)∘n + z∘h.
func GRUUnits(H, lo, hi int, gates, hw, h, q, y []Float) {
	gru(hi-lo, H, gates[lo:2*H+hi], q[lo:hi], y[lo:hi], hw[lo:2*H+hi], h[lo:hi])
}

// GRUUnitsGrad goes back: d, the gradient of y, becomes z∘d, the part of h's
// gradient that does not pass through hw; dgates and dhw are set.
func GRUUnitsGrad(H, lo, hi int, gates, h, q, d, dgates, dhw []Float) {
	gruGrad(hi-lo, H, dgates[lo:2*H+hi], dhw[lo:2*H+hi], d[lo:hi], gates[lo:2*H+hi], h[lo:hi], q[lo:hi])
}

func lstmGo(n, stride int, g, c, tc, m []Float) {
	for j := range n {
		i, f, u, o := sigmoid(g[j]), sigmoid(g[stride+j]), tanh(g[2*stride+j]), sigmoid(g[3*stride+j])
		g[j], g[stride+j], g[2*stride+j], g[3*stride+j] = i, f, u, o
		c[j] = Float(f*c[j]) + Float(i*u)
		tc[j] = tanh(c[j])
		m[j] = o * tc[j]
	}
}

func lstmGradGo(n, stride int, dg, dc, dm, g, c, tc []Float) {
	for j := range n {
		i, f, u, o, t := g[j], g[stride+j], g[2*stride+j], g[3*stride+j], tc[j]
		do := dm[j] * o
		e := dc[j] + Float(do*(1-Float(t*t)))
		dg[j] = e * i * u * (1 - i)
		dg[stride+j] = e * f * c[j] * (1 - f)
		dg[2*stride+j] = e * i * (1 - Float(u*u))
		dg[3*stride+j] = do * t * (1 - o)
		dc[j] = e * f
	}
}

func lstmPeepGo(n, stride int, g, c, tc, m, p []Float, low, high Float) {
	for j := range n {
		i, f := sigmoid(g[j]+Float(c[j]*p[j])), sigmoid(g[stride+j]+Float(c[j]*p[stride+j]))
		u := tanh(g[2*stride+j])
		c[j] = limited(Float(f*c[j])+Float(i*u), low, high)
		o := sigmoid(g[3*stride+j] + Float(c[j]*p[2*stride+j]))
		g[j], g[stride+j], g[2*stride+j], g[3*stride+j] = i, f, u, o
		tc[j] = tanh(c[j])
		m[j] = o * tc[j]
	}
}

func lstmPeepGradGo(n, stride int, dg, dc, tc, dm, g, c, p []Float, low, high Float) {
	for j := range n {
		i, f, u, o, t := g[j], g[stride+j], g[2*stride+j], g[3*stride+j], tc[j]
		do := dm[j] * o
		a := do * t * (1 - o)
		e := dc[j] + Float(do*(1-Float(t*t))) + Float(a*p[2*stride+j])
		raw := Float(f*c[j]) + Float(i*u)
		if raw > high || raw < low {
			e = 0
		}
		tc[j] = limited(raw, low, high)
		ai, af := e*i*u*(1-i), e*f*c[j]*(1-f)
		dg[j], dg[stride+j], dg[2*stride+j], dg[3*stride+j] = ai, af, e*i*(1-Float(u*u)), a
		dc[j] = Float(e*f) + Float(ai*p[j]) + Float(af*p[stride+j])
	}
}

// limited is v within [low, high], or NaN.
func limited(v, low, high Float) Float {
	switch {
	case v > high:
		return high
	case v < low:
		return low
	}
	return v
}

func gruGo(n, stride int, g, q, y, w, h []Float) {
	for j := range n {
		r, z := sigmoid(g[j]+w[j]), sigmoid(g[stride+j]+w[stride+j])
		q[j] = w[2*stride+j]
		u := tanh(g[2*stride+j] + Float(r*q[j]))
		g[j], g[stride+j], g[2*stride+j] = r, z, u
		y[j] = u + Float(z*(h[j]-u))
	}
}

func gruGradGo(n, stride int, dg, dw, d, g, h, q []Float) {
	for j := range n {
		r, z, u, e := g[j], g[stride+j], g[2*stride+j], d[j]
		dz := e * z * (h[j] - u) * (1 - z)
		du := e * (1 - z) * (1 - Float(u*u))
		dr := du * r * q[j] * (1 - r)
		dg[j], dg[stride+j], dg[2*stride+j] = dr, dz, du
		dw[j], dw[stride+j], dw[2*stride+j] = dr, dz, du*r
		d[j] = e * z
	}
}
