package kernel

import (
	"runtime"
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Gemm does C += A·B for row-major A [m,k], B [k,n], C [m,n], whose rows lie lda,
// ldb and ldc apart. Work of more than about 100 µs is split over the cores.
func Gemm(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, c: c, ldc: ldc})
}

// GemmNT does C += A·Bᵀ with B [n,k].
func GemmNT(m, n, k int, a []Float, lda int, b []Float, ldb int, c []Float, ldc int) {
	gemm(product{m: m, n: n, k: k, a: a, rsa: lda, csa: 1, b: b, ldb: ldb, transB: true, c: c, ldc: ldc})
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
	c        []Float
	ldc      int
}

// parallelWork is the least number of multiplications worth a second core.
const parallelWork = 4 << 20

func gemm(g product) {
	if g.m <= 0 || g.n <= 0 || g.k <= 0 {
		return
	}
	g.check()
	if procs := runtime.GOMAXPROCS(0); procs > 1 && g.m*g.n*g.k >= parallelWork {
		g.split(procs)
		return
	}
	g.run()
}

// check panics if an operand is too short, before assembly would read past it.
func (g *product) check() {
	_ = g.a[(g.m-1)*g.rsa+(g.k-1)*g.csa]
	_ = g.c[(g.m-1)*g.ldc+g.n-1]
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

// split runs g on several cores, by whole panels of columns where they can be
// shared out evenly, else by rows.
func (g *product) split(procs int) {
	panels := (g.n + width() - 1) / width()
	t, ok := tasks.Get().(*gemmTask)
	if !ok {
		t = new(gemmTask)
	}
	t.g = *g
	t.byRows = 8*panels < 7*procs*((panels+procs-1)/procs) && g.m > panels
	if t.byRows {
		t.units, t.unit = g.m, 1
	} else {
		t.units, t.unit = panels, width()
	}
	t.pieces = min(procs, t.units)
	par.Do(t.pieces, t)
	t.g = product{}
	tasks.Put(t)
}

var tasks sync.Pool

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
