package kernel

// Add sets dst = a + b, for the length of a.
func Add(dst, a, b []Float) { add(dst[:len(a)], a, b[:len(a)]) }

// Sub sets dst = a - b, for the length of a.
func Sub(dst, a, b []Float) { sub(dst[:len(a)], a, b[:len(a)]) }

// Mul sets dst = a∘b, for the length of a.
func Mul(dst, a, b []Float) { mul(dst[:len(a)], a, b[:len(a)]) }

// MulAdd does dst += a∘b, for the length of a.
func MulAdd(dst, a, b []Float) { mulAdd(dst[:len(a)], a, b[:len(a)]) }

// AddTo does dst += a, for the length of a.
func AddTo(dst, a []Float) { addTo(dst[:len(a)], a) }

// Axpy does y += alpha·x, for the length of x.
func Axpy(alpha Float, x, y []Float) { axpy(y[:len(x)], x, alpha) }

// Scale does x *= alpha.
func Scale(alpha Float, x []Float) { scale(x, alpha) }

// Lerp sets dst = a + w∘(b-a), for the length of a.
func Lerp(dst, a, b, w []Float) { lerp(dst[:len(a)], a, b[:len(a)], w[:len(a)]) }

// Fill sets all of dst to v.
func Fill(dst []Float, v Float) {
	const once = 1024 // elements, which stay in the first cache
	head := dst[:min(len(dst), once)]
	for i := range head {
		head[i] = v
	}
	for rest := dst[len(head):]; len(rest) > 0; {
		rest = rest[copy(rest, head):]
	}
}

// AddRows adds bias [n] to every row of C [m, n], whose rows lie ldc apart.
func AddRows(m, n int, bias, c []Float, ldc int) {
	for i := range m {
		addTo(c[i*ldc:i*ldc+n], bias[:n])
	}
}

// Transpose sets dst [n, m], whose rows lie ldd apart, to the transpose of src [m, n]. What
// it reads and writes at a time fits in the first cache.
func Transpose(m, n int, src, dst []Float, ldd int) {
	const tile = 64
	for j := 0; j < n && m > 0; j += tile {
		transpose(m, min(tile, n-j), src[j:], n, dst[j*ldd:], ldd)
	}
}

// ArgMax is where the greatest of x stands, the first of equals.
func ArgMax(x []Float) (at int) {
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}
