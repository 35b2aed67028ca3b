package kernel

// The elementwise parts of a step of a gated recurrent unit, for n rows at a
// time. Gates lie in the order r, z, n, each H wide.

// GRUForwardAfter takes gates [n, 3H] = x·Wx + B, hw [n, 3H] = h·Wh with the bias
// of the candidate in its last part, and h [n, H]. It leaves the gates after their
// activations, q = the last part of hw, and y = (1-z)∘n + z∘h.
func GRUForwardAfter(n, H int, gates, hw, h, q, y []Float) {
	for i := range n {
		GRUUnits(H, 0, H, gates[i*3*H:], hw[i*3*H:], h[i*H:], q[i*H:], y[i*H:])
	}
}

// GRUResetBefore takes gates [n, 3H] with h·Wr and h·Wz added, leaves r and z
// after their activations, and rh = r∘h.
func GRUResetBefore(n, H int, gates, h, rh []Float) {
	for row := range n {
		g := gates[row*3*H : row*3*H+2*H]
		Sigmoids(g, g)
		Mul(rh[row*H:(row+1)*H], g[:H], h[row*H:(row+1)*H])
	}
}

// GRUForwardBefore ends the step that GRUResetBefore began, once (r∘h)·Wn has been
// added to the gates.
func GRUForwardBefore(n, H int, gates, h, y []Float) {
	for row := range n {
		g := gates[row*3*H : (row+1)*3*H]
		Tanhs(g[2*H:], g[2*H:])
		Lerp(y[row*H:(row+1)*H], g[2*H:], h[row*H:(row+1)*H], g[H:2*H])
	}
}

// GRUBackwardAfter takes the gradient d [n, H] of y and what GRUForwardAfter left.
// da, which may be gates, is set to the gradient of the gates before their
// activations, dhw to that of hw; d becomes the part of h's gradient that does not
// pass through hw.
func GRUBackwardAfter(n, H int, gates, h, q, d, da, dhw []Float) {
	for i := range n {
		GRUUnitsGrad(H, 0, H, gates[i*3*H:], h[i*H:], q[i*H:], d[i*H:], da[i*3*H:], dhw[i*3*H:])
	}
}

// GRUBackwardBefore takes the gradient d [n, H] of y and sets the z and n parts of
// da, which may be gates; d becomes the part of h's gradient that comes from the
// blend.
func GRUBackwardBefore(n, H int, gates, h, d, da []Float) {
	for row := range n {
		g, a := gates[row*3*H:(row+1)*3*H], da[row*3*H:(row+1)*3*H]
		h, d := h[row*H:(row+1)*H], d[row*H:(row+1)*H]
		for j, e := range d {
			z, u := g[H+j], g[2*H+j]
			a[2*H+j] = e * (1 - z) * (1 - u*u)
			a[H+j] = e * (h[j] - u) * z * (1 - z)
			d[j] = e * z
		}
	}
}

// GRUResetBackward takes the gradient q [n, H] of r∘h, sets the r part of da and
// adds to the gradient d of h.
func GRUResetBackward(n, H int, gates, h, q, d, da []Float) {
	for row := range n {
		g, a := gates[row*3*H:(row+1)*3*H], da[row*3*H:(row+1)*3*H]
		h, q, d := h[row*H:(row+1)*H], q[row*H:(row+1)*H], d[row*H:(row+1)*H]
		for j, e := range q {
			r := g[j]
			a[j] = e * h[j] * r * (1 - r)
			d[j] += e * r
		}
	}
}
