package kernel

import (
	"slices"

	"github.com/recur-go/recur/internal/par"
)

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
	// has at most that is cut in time: about as many as one core goes through as fast
	// twice, within its caches, as once.
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
		if end := k.next(t, lo); end < top { // the rows from there on have ended
			copy(h[end:top], yt[end-lo:])
		}
		before = yt
		off += rows * k.H
	}
}

// next is where the elements from lo on end in the step after t.
func (k *Blend) next(t, lo int) int {
	if t+1 == len(k.Active) {
		return lo
	}
	return max(lo, k.Active[t+1]*k.H)
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

// A blendSpan is a recurrence over some of the steps. Its rows are the elements at to
// end, and the step before it begins at prev.
type blendSpan struct {
	Blend
	prev, at, end int
}

func (k *Blend) spans() (spans []blendSpan) {
	s := blendSpan{}
	for t := 0; t < len(k.Active); t += spanSteps {
		s.Blend = Blend{H: k.H, Active: k.Active[t:min(len(k.Active), t+spanSteps)]}
		s.end = s.at + s.rows()*k.H
		s.W, s.U = k.W[s.at:s.end], k.U[s.at:s.end]
		spans = append(spans, s)
		s.prev, s.at = s.end-s.Active[len(s.Active)-1]*k.H, s.end
	}
	return spans
}

// forwardSpans is forward in spans of time.
func (k *Blend) forwardSpans(h, y []Float) {
	n, spans := len(h), k.spans()
	part := func(x []Float, i int) []Float { return x[i*n : (i+1)*n] }
	a, b := make([]Float, len(spans)*n), make([]Float, (len(spans)+1)*n)
	par.For(len(spans), 1, func(i, _ int) {
		s := spans[i]
		s.product(part(a, i))
		s.ahead(part(b, i+1))
	})
	copy(b, h)
	for i := range spans { // b becomes the h that each span begins with
		MulAdd(part(b, i+1), part(a, i), part(b, i))
	}
	par.For(len(spans), 1, func(i, _ int) {
		s := spans[i]
		s.forward(part(b, i), y[s.at:s.end], 0, n)
	})
	for i, s := range spans { // and then the one that it ends with
		copy(h[:s.Active[0]*k.H], part(b, i))
	}
}

// backwardSpans is backward in spans of time.
func (k *Blend) backwardSpans(h, y, dy, dh, dw, du []Float) {
	n, spans := len(h), k.spans()
	part := func(x []Float, i int) []Float { return x[i*n : (i+1)*n] }
	dys := func(s blendSpan) []Float {
		if dy == nil {
			return nil
		}
		return dy[s.at:s.end]
	}
	a, b := make([]Float, len(spans)*n), make([]Float, (len(spans)+1)*n)
	par.For(len(spans), 1, func(i, _ int) {
		s := spans[i]
		s.product(part(a, i))
		s.back(part(b, i), dys(s))
	})
	copy(part(b, len(spans)), dh)
	for i := len(spans) - 1; i >= 0; i-- { // b becomes dh after each span
		MulAdd(part(b, i), part(a, i), part(b, i+1))
	}
	par.For(len(spans), 1, func(i, _ int) {
		s, before := spans[i], h
		if i > 0 {
			before = y[s.prev:]
		}
		s.backward(before, y[s.at:s.end], dys(s), part(b, i+1), dw[s.at:s.end], du[s.at:s.end], 0, n)
	})
	copy(dh, part(b, 1)) // and then before it
}

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

// ahead is forward for the last h alone.
func (k *Blend) ahead(h []Float) {
	off := 0
	for _, rows := range k.Active {
		n := rows * k.H
		Lerp(h[:n], h[:n], k.U[off:off+n], k.W[off:off+n])
		off += n
	}
}

// back is backward for dh alone.
func (k *Blend) back(dh, dy []Float) {
	zero := make([]Float, len(dh))
	off := k.rows() * k.H
	for _, rows := range slices.Backward(k.Active) {
		n := rows * k.H
		off -= n
		if dy != nil {
			AddTo(dh[:n], dy[off:off+n])
		}
		Lerp(dh[:n], dh[:n], zero, k.W[off:off+n])
	}
}
