package kernel

import (
	"math"
	"sync"

	"github.com/recur-go/recur/internal/par"
)

// Int8 is a right operand B [k,n] in bytes: column j is scale[j] times whole numbers
// from -127 to 127. Rows of A become such bytes as they come, each with the scale of
// its largest element, so that products are sums of whole numbers, the same in every
// tier. Panels are 32 columns wide, [n/32][k/4][32][4], with zeros after k and n.
type Int8 struct {
	k, n   int
	panels []int8
	scale  []Float
	start  []int32 // values that sums begin at, since bytes of A lie 128 above what they mean
}

const (
	byteWidth = 32      // columns of a panel
	maxByteK  = 1 << 16 // beyond it sums could overflow
)

// PackInt8 returns B [k,n], whose rows lie ldb apart, in bytes. It is nil if k is
// beyond 65536.
func PackInt8(k, n int, b []Float, ldb int) *Int8 {
	if k > maxByteK {
		return nil
	}
	panels, deep := (n+byteWidth-1)/byteWidth, (k+3)/4
	q := &Int8{k: k, n: n, panels: alignedBytes(panels * deep * 4 * byteWidth), scale: make([]Float, n), start: make([]int32, panels*byteWidth)}
	for j := range n {
		var most Float
		for p := range k {
			most = max(most, Float(math.Abs(float64(b[p*ldb+j]))))
		}
		inv, scale := byteScale(most)
		q.scale[j] = scale
		for p := range k {
			v := int32(math.RoundToEven(float64(b[p*ldb+j] * inv)))
			q.panels[q.place(p, j)] = int8(v)
			q.start[j] -= 128 * v
		}
	}
	return q
}

// place is where B's element (p, j) lies.
func (q *Int8) place(p, j int) int {
	return ((j/byteWidth*((q.k+3)/4)+p/4)*byteWidth+j%byteWidth)*4 + p%4
}

// byteScale returns what to multiply by to make bytes of values up to most, and what
// to multiply bytes by. What is not finite has no bytes, and a scale that is not either.
func byteScale(most Float) (inv, scale Float) {
	switch {
	case most != most || math.IsInf(float64(most), 0):
		return 0, Float(math.NaN())
	case most < 1e-30:
		return 0, 0
	}
	return 127 / most, most / 127
}

// Bytes is the size of the weights.
func (q *Int8) Bytes() int { return len(q.panels) + len(q.scale)*4 + len(q.start)*4 }

// MulAdd does C += A·B for A [m,k], C [m,n].
func (q *Int8) MulAdd(m int, a []Float, lda int, c []Float, ldc int) {
	if m <= 0 || q.n <= 0 {
		return
	}
	work := byteTask{q, m, a, lda, c, ldc}
	pieces := (m + byteRows - 1) / byteRows
	if !worthCores(m, q.n, q.k/4) || par.Cores() == 1 {
		for i := range pieces {
			work.piece(i)
		}
		return
	}
	t := byteTasks.Get().(*byteTask)
	*t = work
	par.Do(pieces, t)
	*t = byteTask{}
	byteTasks.Put(t)
}

// Mul does C = A·B + bias, a row of n for every row of C; nil for none.
func (q *Int8) Mul(m int, a []Float, lda int, bias, c []Float, ldc int) {
	start{true, bias}.set(m, q.n, c, ldc)
	q.MulAdd(m, a, lda, c, ldc)
}

const (
	byteRows    = 128 // of A at a time
	byteColumns = 256 // of C at a time, whole panels
)

var (
	byteTasks   = sync.Pool{New: func() any { return new(byteTask) }}
	byteBuffers = sync.Pool{New: func() any { return new(byteBuffer) }}
)

// A byteTask is a product in pieces of rows.
type byteTask struct {
	q   *Int8
	m   int
	a   []Float
	lda int
	c   []Float
	ldc int
}

// A byteBuffer is what a piece needs.
type byteBuffer struct {
	a     []uint8 // rows of A
	scale []Float // scale of each row
	sums  []int32
}

// Piece implements par.Task.
func (t *byteTask) Piece(i int) { t.piece(i) }

func (t *byteTask) piece(i int) {
	q, lo := t.q, i*byteRows
	m, deep := min(byteRows, t.m-lo), (q.k+15)/16*16
	buf := byteBuffers.Get().(*byteBuffer)
	if len(buf.a) < m*deep {
		buf.a = make([]uint8, m*deep)
	}
	if len(buf.scale) < m {
		buf.scale, buf.sums = make([]Float, m), make([]int32, m*byteColumns)
	}
	for r := range m {
		row := t.a[(lo+r)*t.lda : (lo+r)*t.lda+q.k]
		inv, scale := byteScale(absMax(row))
		buf.scale[r] = scale
		quantize(row, inv, buf.a[r*deep:])
	}
	for j := 0; j < q.n; j += byteColumns {
		n := min(byteColumns, q.n-j)
		q.sum(m, j, n, buf.a, deep, buf.sums)
		for r := range m {
			dequantize(buf.sums[r*byteColumns:][:n], q.scale[j:j+n], buf.scale[r], t.c[(lo+r)*t.ldc+j:])
		}
	}
	byteBuffers.Put(buf)
}

// sumExactly sets sums to the products of the columns j to j+n by way of floats, which
// are exact for whole numbers below 2^24. It is for tiers that have no bytes.
func (q *Int8) sumExactly(m, j, n int, a []uint8, lda int, sums []int32) {
	const most = 1024 // steps of k: 127·127·1024 < 2^24
	w := width()
	panels := (n + w - 1) / w
	for p := 0; p < q.k; p += most {
		k := min(most, q.k-p)
		b, x, y := takeBuffer(panels*w*k), takeBuffer(m*k), takeBuffer(m*n)
		clear(b.f)
		for i := range n {
			for s := range k {
				b.f[(i/w*k+s)*w+i%w] = Float(q.panels[q.place(p+s, j+i)])
			}
		}
		for r := range m {
			for s := range k {
				x.f[r*k+s] = Float(a[r*lda+p+s]) - 128
			}
		}
		g := product{m: m, n: n, k: k, a: x.f, rsa: k, csa: 1, panels: b.f, c: y.f, ldc: n, from: start{fresh: true}}
		g.run()
		for r := range m {
			for i := range n {
				if p == 0 {
					sums[r*byteColumns+i] = 0
				}
				sums[r*byteColumns+i] += int32(y.f[r*n+i])
			}
		}
		b.free()
		x.free()
		y.free()
	}
}

func absMaxGo(x []Float) (most Float) {
	for _, v := range x {
		v = Float(math.Abs(float64(v)))
		if !(v <= most) { // or NaN
			if most = v; v != v {
				break
			}
		}
	}
	return most
}

func quantizeGo(x []Float, inv Float, q []uint8) {
	for i, v := range x {
		q[i] = uint8(math.RoundToEven(float64(v*inv)) + 128)
	}
}

func dequantizeGo(sums []int32, scale []Float, s Float, c []Float) {
	for i, v := range sums {
		c[i] += Float(Float(v) * Float(s*scale[i]))
	}
}
