//go:build amd64 && !noasm && !recur_f64

package kernel

import (
	"math"
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// vnni is whether the machine multiplies bytes (AVX512_VNNI).
var vnni = cpu.X86.HasAVX512VNNI

// sum sets sums [m, byteColumns] to the products of the columns j to j+n.
func (q *Int8) sum(m, j, n int, a []uint8, lda int, sums []int32) {
	switch {
	case tier == goTier:
		q.sumExactly(m, j, n, a, lda, sums)
		return
	case tier == avx2Tier || !vnni:
		q.sumWords(m, j, n, a, lda, sums)
		return
	}
	deep := (q.k + 3) / 4
	panel := deep * byteWidth * 4
	for p := 0; p < deep; p += deepK {
		for i := 0; i < n; {
			left, vectors, mask := n-i, 2, 1<<16-1
			switch {
			case left >= 128 && m <= maxRows512x8:
				vectors = 8
			case left >= 64 && m <= maxRows512x4:
				vectors = 4
			case left <= 16:
				vectors = 1
			}
			if left < 16*vectors {
				mask >>= 16*vectors - left
			}
			b := floats(&q.panels[(j+i)/byteWidth*panel+p*byteWidth*4])
			tiles := (m + 13) / 14
			for t := range tiles {
				lo, hi := t*m/tiles, (t+1)*m/tiles
				c := floats(&sums[lo*byteColumns+i])
				from, ldf := floats(&q.start[j+i]), 0
				if p > 0 {
					from, ldf = c, byteColumns
				}
				byteTile512(hi-lo, vectors, min(deepK, deep-p), floats(&a[lo*lda+4*p]), lda/4, 1, b, byteWidth, panel/4, from, ldf, c, byteColumns, mask, c)
			}
			i += 16 * vectors
		}
	}
}

// sumWords is sum by way of products of 16 bits.
func (q *Int8) sumWords(m, j, n int, a []uint8, lda int, sums []int32) {
	deep := (q.k + 3) / 4
	w := wordBuffers.Get().(*[]int16)
	if len(*w) < 4*deep {
		*w = make([]int16, 4*deep)
	}
	for r := range m {
		for p, v := range a[r*lda : r*lda+4*deep] {
			(*w)[p] = int16(v) - 128
		}
		for i := 0; i < n; i += byteWidth {
			var c, part [byteWidth]int32
			panel := (j + i) / byteWidth * deep * byteWidth * 4
			for p := 0; p < deep; p += deepK {
				bytes256(min(deepK, deep-p), &(*w)[4*p], &q.panels[panel+p*byteWidth*4], &part[0])
				for i, v := range part {
					c[i] += v
				}
			}
			copy(sums[r*byteColumns+i:][:min(byteWidth, n-i)], c[:])
		}
	}
	wordBuffers.Put(w)
}

var wordBuffers = sync.Pool{New: func() any { return new([]int16) }}

// floats is a pointer to what assembly takes four bytes at a time.
func floats[T int8 | uint8 | int32](p *T) *float32 { return (*float32)(unsafe.Pointer(p)) }

func absMax(x []Float) Float {
	if tier != avx512Tier {
		return absMaxGo(x)
	}
	most := int32(0)
	for i := 0; i < len(x); i += run {
		most = max(most, absMax512(min(run, len(x)-i), &x[i]))
	}
	return math.Float32frombits(uint32(most))
}

func quantize(x []Float, inv Float, q []uint8) {
	if tier != avx512Tier {
		quantizeGo(x, inv, q)
		return
	}
	_ = q[:len(x)]
	for i := 0; i < len(x); i += run {
		quantize512(min(run, len(x)-i), &x[i], inv, &q[i])
	}
}

func dequantize(sums []int32, scale []Float, s Float, c []Float) {
	if tier != avx512Tier {
		dequantizeGo(sums, scale, s, c)
		return
	}
	_, _ = scale[:len(sums)], c[:len(sums)]
	for i := 0; i < len(sums); i += run {
		dequantize512(min(run, len(sums)-i), &sums[i], &scale[i], s, &c[i])
	}
}

func widen(h []uint16, x []Float) {
	if tier != avx512Tier {
		widenGo(h, x)
		return
	}
	_ = x[:len(h)]
	for i := 0; i < len(h); i += run {
		widen512(min(run, len(h)-i), &h[i], &x[i])
	}
}
