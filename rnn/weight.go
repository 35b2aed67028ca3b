package rnn

import (
	"sync"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
)

// A stepWeight is the right factor of a product in every step: w [k, n], whose rows lie
// ld apart, or its transpose, stored [n, k]. It is packed if there are steps enough
// to pay for that.
type stepWeight struct {
	k, n       int
	w          []grad.Float
	ld         int
	transposed bool
	packed     *kernel.Packed // nil if there are few steps
	frozen     *layouts       // weight of a frozen cell, which packed is a part of; nil for others
}

// A multiplier is a right factor in a layout of its own.
type multiplier interface {
	MulAdd(m int, a []grad.Float, lda int, c []grad.Float, ldc int)
	Mul(m int, a []grad.Float, lda int, bias, c []grad.Float, ldc int)
}

var packs sync.Pool

// worthPacking is whether so many products pay for packing their factor.
func worthPacking(active []int) bool { return len(active) >= 4 }

// newStepWeight makes the factor of the products of steps of active rows, whole or cut by
// columns.
func newStepWeight(k, n int, w []grad.Float, ld int, transposed bool, active []int, cut bool) stepWeight {
	f := stepWeight{k: k, n: n, w: w, ld: ld, transposed: transposed}
	if !worthPacking(active) {
		return f
	}
	f.packed, _ = packs.Get().(*kernel.Packed)
	if f.packed == nil {
		f.packed = new(kernel.Packed)
	}
	switch single := batch(active) == 1 && !cut; {
	case single && transposed:
		f.packed.PackRowT(k, n, w, ld)
	case single:
		f.packed.PackRow(k, n, w, ld)
	case transposed:
		f.packed.PackT(k, n, w, ld)
	default:
		f.packed.Pack(k, n, w, ld)
	}
	return f
}

// stepWeight is newStepWeight of w as it is, or of these layouts if a frozen cell has them.
func (l *layouts) stepWeight(k, n int, w []grad.Float, ld int, active []int, cut bool) stepWeight {
	if l == nil {
		return newStepWeight(k, n, w, ld, false, active, cut)
	}
	return stepWeight{k: k, n: n, packed: l.many, frozen: l}
}

// layout returns the layout for m rows, nil if there is none.
func (f *stepWeight) layout(m int) multiplier {
	switch {
	case f.frozen.isSmall():
		return f.frozen.small
	case f.frozen != nil && f.frozen.one != nil && m == 1:
		return f.frozen.one
	case f.packed != nil:
		return f.packed
	}
	return nil
}

// mulAdd does c += a·w for a [m, k] and c [m, n].
func (f *stepWeight) mulAdd(m int, a []grad.Float, lda int, c []grad.Float, ldc int) {
	switch p := f.layout(m); {
	case p != nil:
		p.MulAdd(m, a, lda, c, ldc)
	case f.transposed:
		kernel.GemmNT(m, f.n, f.k, a, lda, f.w, f.ld, c, ldc)
	default:
		kernel.Gemm(m, f.n, f.k, a, lda, f.w, f.ld, c, ldc)
	}
}

// mul does c = a·w + bias, a row or nil.
func (f *stepWeight) mul(m int, a []grad.Float, lda int, bias, c []grad.Float, ldc int) {
	switch p := f.layout(m); {
	case p != nil:
		p.Mul(m, a, lda, bias, c, ldc)
	case f.transposed:
		kernel.GemmNTBias(m, f.n, f.k, a, lda, f.w, f.ld, bias, c, ldc)
	default:
		kernel.GemmBias(m, f.n, f.k, a, lda, f.w, f.ld, bias, c, ldc)
	}
}

func (f *stepWeight) free() {
	if f.packed != nil && f.frozen == nil {
		packs.Put(f.packed)
	}
}
