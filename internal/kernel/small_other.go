//go:build !amd64 || noasm || recur_f64

package kernel

func (q *Int8) sum(m, j, n int, a []uint8, lda int, sums []int32) {
	q.sumExactly(m, j, n, a, lda, sums)
}

func absMax(x []Float) Float                                     { return absMaxGo(x) }
func quantize(x []Float, inv Float, q []uint8)                   { quantizeGo(x, inv, q) }
func dequantize(sums []int32, scale []Float, s Float, c []Float) { dequantizeGo(sums, scale, s, c) }
func widen(h []uint16, x []Float)                                { widenGo(h, x) }
