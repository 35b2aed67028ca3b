package kernel

import (
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Gemm does C += A·B for row-major A [m,k], B [k,n], C [m,n], whose rows lie lda,
// ldb and ldc apart. Work of more than
// about 30 µs is split over the cores.
func Gemm(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, c: c, ldc: ldc})
}

// GemmBias does C = A·B + bias, a row of n for every row of C; nil for none.
func GemmBias(m, n, k int, a []Float, lda int, b []Float, ldb int, bias, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, c: c, ldc: ldc, from: start{true, bias}})
}

// GemmNT does C += A·Bᵀ with B [n,k].
func GemmNT(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, transB: true, c: c, ldc: ldc})
}

// GemmNTBias does C = A·Bᵀ + bias with B [n,k], as GemmBias.
func GemmNTBias(m, n, k int, a []Float, lda int, b []Float, ldb int, bias, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, transB: true, c: c, ldc: ldc, from: start{true, bias}})
}

// GemmTN does C += Aᵀ·B with A [k,m].
func GemmTN(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: 1, csa: lda, b: b, ldb: ldb, c: c, ldc: ldc})
}

// A product is C += A·B. Element (i, p) of A is a[i*rsa+p*csa]; B is stored [k,n],
// [n,k] if transB, or packed.
type product struct {
	m, n, k  int
	a        []Float
	rsa, csa int
	b        []Float
	ldb      int
	transB   bool
	panels   []Float // B packed, in place of b: see Packed
	row      bool    // panels are for one row
	c        []Float
	ldc      int
	from     start
}

// worthCores is whether a product has multiplications enough for a second core, some
// 15 µs of them. Few rows or columns take as long as a tile that is not full.
func worthCores(m, n, k int) bool {
	work := max(m, 4) * max(n, 16) * k
	switch tier {
	case avx512Tier:
		return work >= 1<<20
	case goTier:
		return work >= 1<<14
	}
	return work >= 1<<19
}

func gemm(g product) {
	if g.m <= 0 || g.n <= 0 {
		return
	}
	if g.k <= 0 {
		if g.from.fresh {
			g.from.set(g.m, g.n, g.c, g.ldc)
		}
		return
	}
	g.check()
	if procs := par.Cores(); procs > 1 && worthCores(g.m, g.n, g.k) {
		g.split(procs)
		return
	}
	g.run()
}

// check panics if an operand is too short, before assembly would read past it.
func (g *product) check() {
	_ = g.a[(g.m-1)*g.rsa+(g.k-1)*g.csa]
	_ = g.c[(g.m-1)*g.ldc+g.n-1]
	if g.from.bias != nil {
		_ = g.from.bias[g.n-1]
	}
	switch {
	case g.panels != nil:
		_ = g.panels[panelled(g.n)*g.k-1]
	case g.transB:
		_ = g.b[(g.n-1)*g.ldb+g.k-1]
	default:
		_ = g.b[(g.k-1)*g.ldb+g.n-1]
	}
}

// rows is the part of g for the rows lo to hi.
func (g product) rows(lo, hi int) product {
	g.m, g.a, g.c = hi-lo, g.a[lo*g.rsa:], g.c[lo*g.ldc:]
	return g
}

// cols is the part of g for the columns lo to hi; lo begins a panel.
func (g product) cols(lo, hi int) product {
	g.n, g.c = hi-lo, g.c[lo:]
	if g.from.bias != nil {
		g.from.bias = g.from.bias[lo:]
	}
	switch {
	case g.panels != nil:
		g.panels = g.panels[lo*g.k:]
	case g.transB:
		g.b = g.b[lo*g.ldb:]
	default:
		g.b = g.b[lo:]
	}
	return g
}

// split runs g on several cores: by columns, in whole panels, or by rows if there
// are more of those or the panels cannot be shared out evenly. Pieces are as many
// as the cores, or a few times as many, for a core that is late, if they stay so large
// that it does not matter that each reads all of the other operand.
func (g *product) split(procs int) {
	t := tasks.Get().(*gemmTask)
	t.g = *g
	w := width()
	if g.row {
		w = rowWidth()
	}
	panels, halves := (g.n+w-1)/w, (2*g.n+w-1)/w
	uneven := 8*halves <= 7*procs*2*((panels+procs-1)/procs)
	if t.byRows = g.m > g.n || uneven && g.m >= 8*procs; t.byRows {
		t.units, t.unit = g.m, 1
		t.pieces = g.m / blockM
	} else {
		t.units, t.unit = panels, w
		t.pieces = panels / 8
	}
	t.pieces = min(max(t.pieces/procs, 1)*procs, 4*procs, t.units)
	par.Do(t.pieces, t)
	t.g = product{}
	tasks.Put(t)
}

var tasks = sync.Pool{New: func() any { return new(gemmTask) }}

// A gemmTask is a product in pieces of rows or of columns.
type gemmTask struct {
	g                   product
	byRows              bool
	pieces, units, unit int
}

// Piece implements par.Task.
func (t *gemmTask) Piece(i int) {
	lo, hi := i*t.units/t.pieces*t.unit, (i+1)*t.units/t.pieces*t.unit
	part := t.g
	if t.byRows {
		part = part.rows(lo, hi)
	} else {
		part = part.cols(lo, min(hi, t.g.n))
	}
	part.run()
}
