package kernel

import (
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Packed is a right operand B [k,n] laid out for the product, for a matrix that is
// used many times: as panels of the width of a tile, [n/width][k][width], the last
// with zeros after its columns. For products of a single row, panels are as wide as
// a tile of one row, so that memory is read in its order. The bits of the product are
// those of Gemm.
type Packed struct {
	k, n int
	row  bool
	all  []Float
	buf  []Float
}

// PackB returns B [k,n], whose rows lie ldb apart, packed.
func PackB(k, n int, b []Float, ldb int) *Packed {
	p := new(Packed)
	p.Pack(k, n, b, ldb)
	return p
}

// PackBT returns B packed, from Bᵀ stored [n,k], whose rows lie ldb apart.
func PackBT(k, n int, b []Float, ldb int) *Packed {
	p := new(Packed)
	p.PackT(k, n, b, ldb)
	return p
}

// Pack makes p hold B [k,n], in the memory that it has if that is enough.
func (p *Packed) Pack(k, n int, b []Float, ldb int) { p.pack(packTask{k: k, n: n, b: b, ldb: ldb}) }

// PackT makes p hold B, from Bᵀ stored [n,k].
func (p *Packed) PackT(k, n int, b []Float, ldb int) {
	p.pack(packTask{k: k, n: n, b: b, ldb: ldb, turned: true})
}

// PackRow makes p hold B for products of one row. Those of more rows take each by
// itself.
func (p *Packed) PackRow(k, n int, b []Float, ldb int) {
	p.pack(packTask{k: k, n: n, b: b, ldb: ldb, row: inOrder(k, n)})
}

// PackRowT is PackRow from Bᵀ stored [n,k].
func (p *Packed) PackRowT(k, n int, b []Float, ldb int) {
	p.pack(packTask{k: k, n: n, b: b, ldb: ldb, turned: true, row: inOrder(k, n)})
}

// inOrder is whether a row is quicker over memory in its order: where B is about as
// small as the first cache, the streams of several panels are.
func inOrder(k, n int) bool { return rowWidth() > 0 && k*n > 24<<10 }

func (p *Packed) pack(j packTask) {
	p.row = j.row
	if p.size(j.k, j.n); j.k*j.n == 0 {
		return
	}
	t := packTasks.Get().(*packTask)
	*t = j
	t.dst = p.buf
	if j.row {
		wide := rowWidth()
		t.n -= j.n % wide
		for c := 0; c < t.n; c += wide {
			if j.turned {
				transpose(wide, t.k, t.b[c*t.ldb:], t.ldb, t.dst[c*t.k:], wide)
			} else {
				copyWide(t.k, wide, t.b[c:], t.ldb, t.dst[c*t.k:])
			}
		}
		t.b, t.dst = t.b[min(len(t.b), t.start(t.n)):], t.dst[t.n*t.k:]
		t.n = j.n - t.n
	}
	par.Do(max(1, t.k*t.n/packPiece), t)
	*t = packTask{}
	packTasks.Put(t)
}

// copyWide copies k rows of w columns to rows beside each other.
func copyWide(k, w int, b []Float, ldb int, dst []Float) {
	for p := range k {
		copy(dst[p*w:(p+1)*w], b[p*ldb:])
	}
}

// packPiece is how many elements are worth a piece: some 20 µs.
const packPiece = 1 << 16

var packTasks = sync.Pool{New: func() any { return new(packTask) }}

// A packTask packs B in pieces of whole panels.
type packTask struct {
	k, n   int
	b      []Float
	ldb    int
	turned bool
	row    bool
	dst    []Float
}

// Piece implements par.Task.
func (t *packTask) Piece(i int) {
	w := width()
	panels, pieces := panelled(t.n)/w, max(1, t.k*t.n/packPiece)
	lo, hi := i*panels/pieces*w, min((i+1)*panels/pieces*w, t.n)
	switch {
	case lo >= hi:
	case t.turned:
		packT(t.k, hi-lo, t.b[t.start(lo):], t.ldb, t.dst[lo*t.k:])
	default:
		pack(t.k, hi-lo, t.b[t.start(lo):], t.ldb, t.dst[lo*t.k:])
	}
}

// start is where column j of B begins.
func (t *packTask) start(j int) int {
	if t.turned {
		return j * t.ldb
	}
	return j
}

func (p *Packed) size(k, n int) {
	p.k, p.n = k, n
	need := panelled(n) * k
	if cap(p.all) < need+16 {
		p.all = make([]Float, need+16)
	}
	p.buf = aligned(p.all, need)
}

// MulAdd does C += A·B for A [m,k], C [m,n].
func (p *Packed) MulAdd(m int, a []Float, lda int, c []Float, ldc int) {
	p.mul(product{m: m, a: a, rsa: lda, c: c, ldc: ldc})
}

// Mul does C = A·B + bias, a row of n for every row of C; nil for none.
func (p *Packed) Mul(m int, a []Float, lda int, bias, c []Float, ldc int) {
	p.mul(product{m: m, a: a, rsa: lda, c: c, ldc: ldc, from: start{true, bias}})
}

// MulAddColumns is MulAdd for the columns lo to hi of B and C alone. lo is a multiple
// of PanelWidth, and B is not packed for one row.
func (p *Packed) MulAddColumns(lo, hi, m int, a []Float, lda int, c []Float, ldc int) {
	p.columns(lo, hi, product{m: m, a: a, rsa: lda, c: c, ldc: ldc})
}

// MulColumns is Mul for some columns, as MulAddColumns.
func (p *Packed) MulColumns(lo, hi, m int, a []Float, lda int, bias, c []Float, ldc int) {
	p.columns(lo, hi, product{m: m, a: a, rsa: lda, c: c, ldc: ldc, from: start{true, bias}})
}

// PanelWidth is how many columns a panel of Packed has.
func PanelWidth() int { return width() }

func (p *Packed) columns(lo, hi int, g product) {
	g.n, g.k, g.csa, g.panels = p.n, p.k, 1, p.buf
	g = g.cols(lo, hi)
	g.check()
	g.run()
}

func (p *Packed) mul(g product) {
	g.n, g.k, g.csa, g.panels, g.row = p.n, p.k, 1, p.buf, p.row
	if !g.row || g.m == 1 {
		gemm(g)
		return
	}
	for i := range g.m {
		gemm(g.rows(i, i+1))
	}
}
