//go:build arm64 && !noasm && !recur_f64

package kernel

// sweep does C += A·B tile by tile, with B in whole panels ps apart, whose rows lie
// ldb apart. The tiles share the rows evenly; tile t of A begins at a[t*tile], or
// lies where it is if tile is 0. The last columns of C go by way of a tile on the
// stack.
func sweep(m, n, k int, a []Float, rsa, csa, tile int, b []Float, ldb, ps int, _ start, c []Float, ldc int) {
	tiles := (m + 5) / 6
	for j := 0; j < n; j += 16 {
		bj := &b[j/16*ps]
		for t := range tiles {
			lo, hi := t*m/tiles, (t+1)*m/tiles
			at := lo * rsa
			if tile > 0 {
				at = t * tile
			}
			if w := n - j; w < 16 {
				var edge [6 * 16]Float
				for i := lo; i < hi; i++ {
					copy(edge[(i-lo)*16:], c[i*ldc+j:][:w])
				}
				tileNEON(hi-lo, k, &a[at], rsa, csa, bj, ldb, &edge[0], 16)
				for i := lo; i < hi; i++ {
					copy(c[i*ldc+j:][:w], edge[(i-lo)*16:])
				}
				continue
			}
			tileNEON(hi-lo, k, &a[at], rsa, csa, bj, ldb, &c[lo*ldc+j], ldc)
		}
	}
}

// copyColumns copies k rows of n <= w columns to rows of w, zeros after them.
func copyColumns(k, n int, src []Float, lds int, dst []Float, w int) {
	copyColumnsGo(k, n, src, lds, dst, w)
}

// transpose sets dst [n,m] to the transpose of src [m,n].
func transpose(m, n int, src []Float, lds int, dst []Float, ldd int) {
	transposeGo(m, n, src, lds, dst, ldd)
}

func dotLanes(x, y []Float, acc *[16]float64) {
	if tier == goTier {
		dotLanesGo(x, y, acc)
		return
	}
	for i := 0; i < len(x); i += run {
		dotNEON(min(run, len(x)-i), &x[i], &y[i], acc)
	}
}

func sumLanes(x []Float, acc *[16]float64) {
	if tier == goTier {
		sumLanesGo(x, acc)
		return
	}
	for i := 0; i < len(x); i += run {
		sumNEON(min(run, len(x)-i), &x[i], acc)
	}
}

func sumSqLanes(x []Float, acc *[16]float64) {
	if tier == goTier {
		sumSqLanesGo(x, acc)
		return
	}
	for i := 0; i < len(x); i += run {
		sumSqNEON(min(run, len(x)-i), &x[i], acc)
	}
}

func maxLanes(x []Float, acc *[16]Float) {
	if tier == goTier {
		maxLanesGo(x, acc)
		return
	}
	for i := 0; i < len(x); i += run {
		maxsNEON(min(run, len(x)-i), &x[i], acc)
	}
}
