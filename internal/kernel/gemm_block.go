package kernel

import (
	"sync"
	"unsafe"
)

// Blocks of the product (Goto & van de Geijn 2008): a panel of B, blockK deep,
// stays in the first cache while the tiles of a block of A pass over it, which
// stays in the second.
const (
	blockK = 768
	blockM = 168
	blockN = 2048 // columns of B packed at a time
	deepK  = 2048 // the most steps of k in one call of assembly

	directRows = 1024    // up to so many rows, B may be read where it lies
	directSize = 1 << 22 // and up to so many elements
)

// width is the number of columns of a panel of B.
func width() int {
	if tier == avx512Tier {
		return 32
	}
	return 16
}

// tileRows is the most rows of a tile.
func tileRows() int {
	if tier == avx512Tier {
		return 14
	}
	return 6
}

// panelled is n rounded up to whole panels.
func panelled(n int) int {
	w := width()
	return (n + w - 1) / w * w
}

// run does g on this core.
func (g *product) run() {
	if g.from.fresh && tier != avx512Tier {
		g.from.set(g.m, g.n, g.c, g.ldc)
		g.from = start{}
	}
	switch {
	case g.row:
		g.wide()
	case tier == goTier && g.panels != nil:
		w := width()
		for j := 0; j < g.n; j += w {
			gemmGo(g.m, min(w, g.n-j), g.k, g.a, g.rsa, g.csa, g.panels[j*g.k:], w, 1, g.c[j:], g.ldc)
		}
	case tier == goTier && g.transB:
		gemmGo(g.m, g.n, g.k, g.a, g.rsa, g.csa, g.b, 1, g.ldb, g.c, g.ldc)
	case tier == goTier:
		gemmGo(g.m, g.n, g.k, g.a, g.rsa, g.csa, g.b, g.ldb, 1, g.c, g.ldc)
	case g.panels != nil:
		w := width()
		for p := 0; p < g.k; p += deepK {
			g.block(p, min(deepK, g.k-p), 0, g.n, g.panels[p*w:], w, w*g.k)
		}
	case g.inPlace():
		g.direct()
	default:
		g.blocked()
	}
}

// rowWidth is the number of columns of a tile of one row, 0 if that is like others.
func rowWidth() int {
	switch tier {
	case avx512Tier:
		return 128
	case avx2Tier:
		return 64
	}
	return 0
}

// wide does a single row with B packed for one.
func (g *product) wide() {
	w := rowWidth()
	whole := g.n - g.n%w
	for j := 0; j < whole; j += w {
		for p := 0; p < g.k; p += deepK {
			sweep(1, w, min(deepK, g.k-p), g.a[p:], 0, 1, 0, g.panels[j*g.k+p*w:], w, width(), g.from.at(j, p), g.c[j:], 0)
		}
	}
	if whole < g.n {
		last := g.cols(whole, g.n)
		last.row = false
		last.run()
	}
}

// inPlace is whether B is better read where it lies than packed: for one tile of
// rows, and for more unless its rows are so far apart that they share lines of the
// first cache, and too many to stay there, or it is read too often for packing to
// matter.
func (g *product) inPlace() bool {
	switch {
	case g.transB:
		return false
	case g.m <= tileRows():
		return true
	case g.ldb%128 == 0:
		return g.m <= 4*tileRows() && g.k <= 160
	}
	return g.m <= directRows && g.k*g.n <= directSize
}

// direct reads B where it lies. Tiers without masks pack the columns after the
// last whole panel.
func (g *product) direct() {
	w, whole := width(), g.n
	if tier != avx512Tier {
		whole -= g.n % w
	}
	for p := 0; p < g.k; p += deepK {
		g.block(p, min(deepK, g.k-p), 0, whole, g.b[p*g.ldb:], g.ldb, w)
	}
	if whole < g.n {
		last := *g
		last.n, last.b, last.c = g.n-whole, g.b[whole:], g.c[whole:]
		last.blocked()
	}
}

// blocked packs B by blocks.
func (g *product) blocked() {
	w := width()
	buf := takeBuffer(min(panelled(g.n), blockN) * min(g.k, blockK))
	for j := 0; j < g.n; j += blockN {
		n := min(blockN, g.n-j)
		blocks := (g.k + blockK - 1) / blockK
		for i := range blocks {
			p := i * g.k / blocks
			k := (i+1)*g.k/blocks - p
			if g.transB {
				packT(k, n, g.b[j*g.ldb+p:], g.ldb, buf.f)
			} else {
				pack(k, n, g.b[p*g.ldb+j:], g.ldb, buf.f)
			}
			g.block(p, k, j, n, buf.f, w, w*k)
		}
	}
	buf.free()
}

// block does the steps p to p+k of k for n columns from j on, with B in panels ps
// apart, whose rows lie ldb apart.
func (g *product) block(p, k, j, n int, b []Float, ldb, ps int) {
	if n == 0 {
		return
	}
	blocks := (g.m + blockM - 1) / blockM
	var buf *buffer
	from := g.from.at(j, p)
	for i := range blocks {
		lo, hi := i*g.m/blocks, (i+1)*g.m/blocks
		m, a, c := hi-lo, g.a[lo*g.rsa+p*g.csa:], g.c[lo*g.ldc+j:]
		switch {
		case g.rsa == 1 && g.csa > 2*tileRows() && n > width():
			if buf == nil {
				buf = takeBuffer(16 * ((m + 1 + tileRows()) / tileRows()) * k * 2)
			}
			packTiles(m, k, a, g.csa, buf.f)
			sweep(m, n, k, buf.f, 1, 16, 16*k, b, ldb, ps, from, c, g.ldc)
		case g.csa == 1 && g.rsa%512 == 0 && m > tileRows() && n > 2*width():
			// Rows a multiple of 2 KiB apart would share a few lines of the cache.
			if buf == nil {
				buf = takeBuffer((m + 1) * (k + 16))
			}
			for r := range m {
				copy(buf.f[r*(k+16):][:k], a[r*g.rsa:])
			}
			sweep(m, n, k, buf.f, k+16, 1, 0, b, ldb, ps, from, c, g.ldc)
		default:
			sweep(m, n, k, a, g.rsa, g.csa, 0, b, ldb, ps, from, c, g.ldc)
		}
	}
	if buf != nil {
		buf.free()
	}
}

// packTiles sets tile t of dst to the rows of A that sweep gives to tile t, as
// [k][16], from A stored [k, m].
func packTiles(m, k int, a []Float, lda int, dst []Float) {
	tiles := (m + tileRows() - 1) / tileRows()
	for t := range tiles {
		lo, hi := t*m/tiles, (t+1)*m/tiles
		copyColumns(k, hi-lo, a[lo:], lda, dst[t*16*k:], 16)
	}
}

// pack sets dst to the panels of B [k,n], zeros after the last column.
func pack(k, n int, b []Float, ldb int, dst []Float) {
	w := width()
	for j := 0; j < n; j += w {
		copyColumns(k, min(w, n-j), b[j:], ldb, dst[j*k:], w)
	}
}

// packT sets dst to the panels of B stored [n,k].
func packT(k, n int, b []Float, ldb int, dst []Float) {
	w := width()
	for j := 0; j < n; j += w {
		cols, panel := min(w, n-j), dst[j*k:(j+w)*k]
		transpose(cols, k, b[j*ldb:], ldb, panel, w)
		for p := 0; cols < w && p < k; p++ {
			clear(panel[p*w+cols : (p+1)*w])
		}
	}
}

// copyColumnsGo copies k rows of n columns to rows of w, zeros after them.
func copyColumnsGo(k, n int, src []Float, lds int, dst []Float, w int) {
	if n == 16 && w == 16 {
		for p := range k {
			*(*[16]Float)(dst[p*16:]) = [16]Float(src[p*lds:])
		}
		return
	}
	for p := range k {
		row := dst[p*w : (p+1)*w]
		clear(row[copy(row, src[p*lds:p*lds+n]):])
	}
}

// transposeGo sets dst [n,m] to the transpose of src [m,n].
func transposeGo(m, n int, src []Float, lds int, dst []Float, ldd int) {
	for i := range m {
		for j, v := range src[i*lds : i*lds+n] {
			dst[j*ldd+i] = v
		}
	}
}

// gemmGo is the definition of the product. Element (p, j) of B is b[p*rsb+j*csb].
func gemmGo(m, n, k int, a []Float, rsa, csa int, b []Float, rsb, csb int, c []Float, ldc int) {
	for i := range m {
		ci := c[i*ldc : i*ldc+n]
		if csb != 1 {
			for j, v := range ci {
				for p := range k {
					v += Float(a[i*rsa+p*csa] * b[p*rsb+j*csb])
				}
				ci[j] = v
			}
			continue
		}
		for p := range k {
			ap, bp := a[i*rsa+p*csa], b[p*rsb:p*rsb+n]
			for j, v := range bp {
				ci[j] += Float(ap * v)
			}
		}
	}
}

// A buffer is scratch memory that begins at a line of the cache.
type buffer struct{ all, f []Float }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func takeBuffer(n int) *buffer {
	b := buffers.Get().(*buffer)
	if cap(b.all) < n+16 {
		b.all = make([]Float, n+16)
	}
	b.f = aligned(b.all, n)
	return b
}

func (b *buffer) free() { buffers.Put(b) }

// aligned returns n elements of f, which has 16 more, from a multiple of 64 bytes.
func aligned(f []Float, n int) []Float {
	f = f[:cap(f)]
	skip := -uintptr(unsafe.Pointer(&f[0])) % 64 / unsafe.Sizeof(f[0])
	return f[skip : skip+uintptr(n)]
}

// A start is what C begins as: itself, or if fresh a bias in every row.
type start struct {
	fresh bool
	bias  []Float // nil for zeros
}

// noBias is the widest tile of zeros.
var noBias [128]Float

// at is the start of the columns from j on at step p of k.
func (s start) at(j, p int) start {
	if !s.fresh || p > 0 {
		return start{}
	}
	if s.bias != nil {
		s.bias = s.bias[j:]
	}
	return s
}

// row returns where a row begins from column j on.
func (s start) row(j int) *Float {
	if s.bias == nil {
		return &noBias[0]
	}
	return &s.bias[j]
}

// set makes C what it begins as.
func (s start) set(m, n int, c []Float, ldc int) {
	for i := range m {
		if row := c[i*ldc : i*ldc+n]; s.bias == nil {
			clear(row)
		} else {
			copy(row, s.bias)
		}
	}
}
