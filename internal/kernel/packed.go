package kernel

import (
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Packed is a right operand B [k,n] laid out for the product, for a matrix that is
// used many times: as panels of the width of a tile, [n/width][k][width], the last
// with zeros after its columns. The bits of the product are those of Gemm.
type Packed struct {
	k, n int
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

func (p *Packed) pack(j packTask) {
	if p.size(j.k, j.n); j.k*j.n == 0 {
		return
	}
	t, ok := packTasks.Get().(*packTask)
	if !ok {
		t = new(packTask)
	}
	*t = j
	t.dst = p.buf
	par.Do(max(1, j.k*j.n/packPiece), t)
	*t = packTask{}
	packTasks.Put(t)
}

// packPiece is how many elements are worth a piece: some 20 µs.
const packPiece = 1 << 16

var packTasks sync.Pool

// A packTask packs B in pieces of whole panels.
type packTask struct {
	k, n   int
	b      []Float
	ldb    int
	turned bool
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
		packT(t.k, hi-lo, t.b[lo*t.ldb:], t.ldb, t.dst[lo*t.k:])
	default:
		pack(t.k, hi-lo, t.b[lo:], t.ldb, t.dst[lo*t.k:])
	}
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
	gemm(product{m: m, n: p.n, k: p.k, a: a, rsa: lda, csa: 1, panels: p.buf, c: c, ldc: ldc})
}

// Mul does C = A·B + bias, a row of n for every row of C; nil for none.
func (p *Packed) Mul(m int, a []Float, lda int, bias, c []Float, ldc int) {
	gemm(product{m: m, n: p.n, k: p.k, a: a, rsa: lda, csa: 1, panels: p.buf, c: c, ldc: ldc, from: start{true, bias}})
}
