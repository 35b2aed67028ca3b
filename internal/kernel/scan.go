package kernel

import "github.com/recur-go/recur/internal/par"

// Blend is the linear recurrence
//
//	h = a∘h + b,  a = 1-w,  b = w∘u
//
// as h + w∘(u-h), over packed rows: step t is the next Active[t] rows of W and U,
// which are [n, H], and concerns the first Active[t] rows of h. Active never rises.
//
// Elements do not mix, so a wide state is shared out over the cores by elements. A
// narrow one over many steps is cut in time instead (Martin & Cundy 2018): first each
// span of steps gives the product of its a and what it makes of h = 0, from which
// follow the h that every span begins with, and then the spans run side by side.
// Whether and where to cut depends on the sizes alone, never on the cores, and so do
// the bits.
type Blend struct {
	H      int
	Active []int
	W, U   []Float
}

const (
	// spanSteps is how many steps a span has, and narrow how many elements a state
	// has at most that is cut in time. Going over w and u twice and a third time for
	// the product pays from about four cores on.
	spanSteps = 1 << 11
	narrow    = 1 << 6

	// blendWorth is the elements of all steps that are worth a piece of their own, and
	// blendGrain the fewest elements of a state.
	blendWorth = 1 << 16
	blendGrain = 1 << 7
)

// Forward sets y [n, H] to h after each step. h holds the first one and becomes the
// last one, row by row.
func (k *Blend) Forward(h, y []Float) {
	switch n := len(h); {
	case k.cut(n):
		k.forwardSpans(h, y)
	case n*len(k.Active) > blendWorth && n > blendGrain:
		k := *k // this one escapes
		par.For(n, k.grain(n), func(lo, hi int) { k.forward(h, y, lo, hi) })
	default:
		k.forward(h, y, 0, n)
	}
}

// Backward goes back. h is what Forward began with and y what it gave; dy is the
// gradient of y, nil for none. dh holds the gradient of the last h and becomes that
// of the first one; dw and du are set.
func (k *Blend) Backward(h, y, dy, dh, dw, du []Float) {
	switch n := len(h); {
	case k.cut(n):
		k.backwardSpans(h, y, dy, dh, dw, du)
	case n*len(k.Active) > blendWorth && n > blendGrain:
		k := *k
		par.For(n, k.grain(n), func(lo, hi int) { k.backward(h, y, dy, dh, dw, du, lo, hi) })
	default:
		k.backward(h, y, dy, dh, dw, du, 0, n)
	}
}

func (k *Blend) grain(n int) int { return max(blendGrain, blendWorth/len(k.Active)&^15) }

func (k *Blend) cut(n int) bool { return n <= narrow && len(k.Active) >= 2*spanSteps }

// forward runs the elements lo to hi of h.
func (k *Blend) forward(h, y []Float, lo, hi int) {
	off, before := 0, h[lo:hi]
	for t, rows := range k.Active {
		top := min(hi, rows*k.H)
		if top <= lo {
			return
		}
		yt := y[off+lo : off+top]
		Lerp(yt, before[:top-lo], k.U[off+lo:off+top], k.W[off+lo:off+top])
		if end := k.next(t, lo, top); end < top { // the rows from there on have ended
			copy(h[end:top], yt[end-lo:])
		}
		before = yt
		off += rows * k.H
	}
}

// next is where the elements lo to top of step t end in the step after it.
func (k *Blend) next(t, lo, top int) int {
	if t+1 == len(k.Active) {
		return lo
	}
	return max(lo, min(top, k.Active[t+1]*k.H))
}

// backward runs the elements lo to hi of dh.
func (k *Blend) backward(h, y, dy, dh, dw, du []Float, lo, hi int) {
	off := k.rows() * k.H
	for t := len(k.Active) - 1; t >= 0; t-- {
		rows := k.Active[t]
		off -= rows * k.H
		top := min(hi, rows*k.H)
		if top <= lo {
			continue
		}
		before := h[lo:top]
		if t > 0 {
			prev := off - k.Active[t-1]*k.H
			before = y[prev+lo : prev+top]
		}
		d, dwt, dut := dh[lo:top], dw[off+lo:off+top], du[off+lo:off+top]
		if dy != nil {
			AddTo(d, dy[off+lo:off+top])
		}
		Sub(dwt, k.U[off+lo:off+top], before)
		Mul(dwt, dwt, d)
		Mul(dut, d, k.W[off+lo:off+top])
		Sub(d, d, dut)
	}
}

// rows is n, the number of packed rows.
func (k *Blend) rows() (n int) {
	for _, rows := range k.Active {
		n += rows
	}
	return n
}

// A blendSpan is a recurrence over some of the steps, whose rows begin at element at.
type blendSpan struct {
	Blend
	at int
}

func (k *Blend) spans() (spans []blendSpan) {
	at := 0
	for t := 0; t < len(k.Active); t += spanSteps {
		s := Blend{k.H, k.Active[t:min(len(k.Active), t+spanSteps)], nil, nil}
		n := s.rows() * k.H
		s.W, s.U = k.W[at:at+n], k.U[at:at+n]
		spans = append(spans, blendSpan{s, at})
		at += n
	}
	return spans
}

// forwardSpans is forward in spans of time.
func (k *Blend) forwardSpans(h, y []Float) {
	n, spans := len(h), k.spans()
	part := func(x []Float, i int) []Float { return x[i*n : (i+1)*n] }
	a, first := make([]Float, len(spans)*n), make([]Float, (len(spans)+1)*n)
	par.For(len(spans), 1, func(i, _ int) {
		s := spans[i]
		s.product(part(a, i))
		s.forward(part(first, i+1), y[s.at:], 0, n)
	})
	copy(first, h)
	for i := range spans {
		MulAdd(part(first, i+1), part(a, i), part(first, i))
	}
	par.For(len(spans), 1, func(i, _ int) {
		s := spans[i]
		s.forward(part(first, i), y[s.at:], 0, n) // which leaves the last h there
	})
	for i, s := range spans {
		rows := s.Active[0] * k.H
		copy(h[:rows], part(first, i))
	}
}

// backwardSpans is backward in spans of time.
func (k *Blend) backwardSpans(h, y, dy, dh, dw, du []Float) {
	n, spans := len(h), k.spans()
	part := func(x []Float, i int) []Float { return x[i*n : (i+1)*n] }
	a, d := make([]Float, len(spans)*n), make([]Float, (len(spans)+1)*n) // d[i+1] is dh after span i
	back := func(i int, dh []Float) {
		s, before, end := spans[i], h, spans[i].at+len(spans[i].W)
		if i > 0 {
			before = y[s.at-s.before(k, i):]
		}
		var dys []Float
		if dy != nil {
			dys = dy[s.at:end]
		}
		s.backward(before[:s.Active[0]*k.H], y[s.at:end], dys, dh, dw[s.at:end], du[s.at:end], 0, s.Active[0]*k.H)
	}
	par.For(len(spans), 1, func(i, _ int) {
		spans[i].product(part(a, i))
		back(i, part(d, i))
	})
	copy(part(d, len(spans)), dh)
	for i := len(spans) - 1; i >= 0; i-- {
		MulAdd(part(d, i), part(a, i), part(d, i+1))
	}
	par.For(len(spans), 1, func(i, _ int) { back(i, part(d, i+1)) })
	copy(dh, part(d, 1))
}

// before is how many elements the step before span i has.
func (blendSpan) before(k *Blend, i int) int { return k.Active[i*spanSteps-1] * k.H }

// product sets a to the product of 1-w over the steps, 1 where there are none.
func (k *Blend) product(a []Float) {
	zero := make([]Float, len(a))
	for i := range a {
		a[i] = 1
	}
	off := 0
	for _, rows := range k.Active {
		n := rows * k.H
		Lerp(a[:n], a[:n], zero, k.W[off:off+n])
		off += n
	}
}
