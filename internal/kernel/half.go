package kernel

import (
	"unsafe"

	"github.com/recur-go/recur/internal/ieee"
)

// Half is a right operand B [k,n] in floats of 16 bits (IEEE 754 binary16), in panels
// 32 columns wide, [n/32][k][32]. Products widen a few panels at a time and are then
// those of Gemm, bit for bit, with the weights rounded so.
type Half struct {
	k, n   int
	panels []uint16
}

// PackHalf returns B [k,n], whose rows lie ldb apart, in halves, to even. Values
// beyond 65504 become that.
func PackHalf(k, n int, b []Float, ldb int) *Half {
	h := &Half{k: k, n: n, panels: make([]uint16, (n+31)/32*32*k)}
	for p := range k {
		for j := range n {
			h.panels[(j/32*k+p)*32+j%32] = toHalf(float32(b[p*ldb+j]))
		}
	}
	return h
}

// Bytes is the size of the weights.
func (h *Half) Bytes() int { return 2 * len(h.panels) }

// MulAdd does C += A·B for A [m,k], C [m,n].
func (h *Half) MulAdd(m int, a []Float, lda int, c []Float, ldc int) {
	h.mul(product{m: m, a: a, rsa: lda, c: c, ldc: ldc})
}

// Mul does C = A·B + bias, a row of n for every row of C; nil for none.
func (h *Half) Mul(m int, a []Float, lda int, bias, c []Float, ldc int) {
	h.mul(product{m: m, a: a, rsa: lda, c: c, ldc: ldc, from: start{true, bias}})
}

func (h *Half) mul(g product) {
	const columns = 128 // at a time
	g.n, g.k, g.csa = h.n, h.k, 1
	if g.m <= 0 || h.n <= 0 || h.k <= 0 {
		gemm(g)
		return
	}
	buf := takeBuffer(columns * h.k)
	for j := 0; j < h.n; j += columns {
		n := min(columns, h.n-j)
		h.widen(j, (n+31)/32, buf.f)
		part := g
		part.panels = buf.f
		part.n, part.c = n, g.c[j:]
		if g.from.bias != nil {
			part.from.bias = g.from.bias[j:]
		}
		gemm(part)
	}
	buf.free()
}

// widen sets dst to so many panels from column j on, in the layout of Packed.
func (h *Half) widen(j, panels int, dst []Float) {
	src, w := h.panels[j*h.k:][:panels*32*h.k], width()
	if w == 32 {
		widen(src, dst)
		return
	}
	for i := range panels * h.k {
		panel, p := i/h.k, i%h.k
		for part := range 32 / w {
			widen(src[i*32+part*w:][:w], dst[((panel*32/w+part)*h.k+p)*w:])
		}
	}
}

func widenGo(h []uint16, x []Float) {
	for i, v := range h {
		x[i] = Float(ieee.FromHalf(v))
	}
}

// toHalf rounds to even, beyond 65504 to that.
func toHalf(x float32) uint16 {
	h := ieee.ToHalf(x)
	if h&0x7fff == 0x7c00 { // infinite
		h--
	}
	return h
}

// alignedBytes returns n zeros from a line of the cache on.
func alignedBytes(n int) []int8 {
	b := make([]int8, n+64)
	skip := -uintptr(unsafe.Pointer(&b[0])) % 64
	return b[skip:][:n:n]
}
