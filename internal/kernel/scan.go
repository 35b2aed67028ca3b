package kernel

// Scan runs the linear recurrence h = a∘h + b over packed rows: step t is the next
// active[t] rows, each H wide, and concerns the first active[t] rows of h. It
// leaves the last h of every row and all of them in y, which may be b.
//
// Elements do not mix, so it may be run by parts: for the elements lo to hi of h.
func Scan(H int, active []int, a, b, h, y []Float, lo, hi int) {
	off := 0
	for _, n := range active {
		top := min(hi, n*H)
		if top <= lo {
			return
		}
		at, bt, yt, ht := a[off+lo:off+top], b[off+lo:off+top], y[off+lo:off+top], h[lo:top]
		Mul(ht, ht, at)
		Add(ht, ht, bt)
		copy(yt, ht)
		off += n * H
	}
}

// ScanBack goes back through Scan. dh holds the gradient of the last h and becomes
// that of the first; dy is the gradient of y, nil for none. da and db are set. h0
// is the first h. By parts as Scan.
func ScanBack(H int, active []int, a, y, h0, dy, dh, da, db []Float, lo, hi int) {
	off := 0
	for _, n := range active {
		off += n * H
	}
	for t := len(active) - 1; t >= 0; t-- {
		n := active[t]
		off -= n * H
		top := min(hi, n*H)
		if top <= lo {
			continue
		}
		d := dh[lo:top]
		if dy != nil {
			AddTo(d, dy[off+lo:off+top])
		}
		copy(db[off+lo:off+top], d)
		before := h0[lo:top]
		if t > 0 {
			prev := off - active[t-1]*H
			before = y[prev+lo : prev+top]
		}
		Mul(da[off+lo:off+top], d, before)
		Mul(d, d, a[off+lo:off+top])
	}
}
