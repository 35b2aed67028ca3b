package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// blendCase is a recurrence and gradients that reach it.
type blendCase struct {
	Blend
	h, dy, dh []Float
}

// blending draws a case whose rows have the given lengths, which fall.
func blending(r *rand.Rand, H int, lengths []int) blendCase {
	var c blendCase
	c.H = H
	for t := range lengths[0] {
		n := 0
		for n < len(lengths) && lengths[n] > t {
			n++
		}
		c.Active = append(c.Active, n)
	}
	n := c.rows() * H
	c.W, c.U, c.dy = numbers(r, n), numbers(r, n), numbers(r, n)
	Sigmoids(c.W, c.W)
	c.h, c.dh = numbers(r, len(lengths)*H), numbers(r, len(lengths)*H)
	return c
}

// run gives y, the last h, dw, du and the gradient of the first h.
func (c *blendCase) run() (results [5][]Float) {
	n := len(c.W)
	y, dw, du := make([]Float, n), make([]Float, n), make([]Float, n)
	h, dh := slices.Clone(c.h), slices.Clone(c.dh)
	c.Forward(h, y)
	c.Backward(c.h, y, c.dy, dh, dw, du)
	return [5][]Float{y, h, dw, du, dh}
}

var blendNames = [5]string{"y", "last h", "dw", "du", "dh"}

// plain is run by the definition, element by element in float64.
func (c *blendCase) plain() (results [5][]float64) {
	n := len(c.W)
	results = [5][]float64{make([]float64, n), float64s(c.h), make([]float64, n), make([]float64, n), float64s(c.dh)}
	y, h, dw, du, dh := results[0], results[1], results[2], results[3], results[4]
	before := make([]float64, n)
	off := 0
	for _, rows := range c.Active {
		for j := range rows * c.H {
			i := off + j
			a, b := 1-float64(c.W[i]), float64(c.W[i])*float64(c.U[i])
			before[i] = h[j]
			h[j] = a*h[j] + b
			y[i] = h[j]
		}
		off += rows * c.H
	}
	for _, rows := range slices.Backward(c.Active) {
		off -= rows * c.H
		for j := range rows * c.H {
			i := off + j
			d := dh[j] + float64(c.dy[i])
			dw[i] = d * (float64(c.U[i]) - before[i])
			du[i] = d * float64(c.W[i])
			dh[j] = d * (1 - float64(c.W[i]))
		}
	}
	return results
}

func float64s(x []Float) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func (c *blendCase) check(t *testing.T, what string) {
	t.Helper()
	tolerance := 1e-5
	if !isFloat32 {
		tolerance = 1e-13
	}
	got, want := c.run(), c.plain()
	for k := range got {
		for i, w := range want[k] {
			if !(math.Abs(float64(got[k][i])-w) <= tolerance*(1+math.Abs(w))) {
				t.Fatalf("%s: %s[%d] = %v, want %v", what, blendNames[k], i, got[k][i], w)
			}
		}
	}
}

func TestBlend(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := range 68 {
			steps := blending(r, 3, []int{max(n, 1), max(n, 1)})
			if n == 0 {
				steps = blendCase{Blend: Blend{H: 3}, h: numbers(r, 6), dh: numbers(r, 6)}
			}
			steps.check(t, fmt.Sprintf("%d steps", n))
			wide := blending(r, max(n, 1), []int{5, 5, 3, 1})
			wide.check(t, fmt.Sprintf("H = %d", n))
		}
	})
}

// large cases are shared out over the cores: by elements, or in spans of time.
func large() map[string]blendCase {
	r := rand.New(rand.NewPCG(3, 4))
	return map[string]blendCase{
		"wide":   blending(r, 70, []int{200, 200, 199, 77, 5, 5, 1}),
		"long":   blending(r, 3, []int{2*spanSteps + 1, 2 * spanSteps, spanSteps, spanSteps - 1, 9}),
		"longer": blending(r, 8, []int{5*spanSteps + 7, 3 * spanSteps, 3 * spanSteps}),
	}
}

func TestBlendLarge(t *testing.T) {
	for name, c := range large() {
		if c.cut(len(c.h)) != (name != "wide") {
			t.Errorf("%s: cut in time is %v", name, c.cut(len(c.h)))
		}
		c.check(t, name)
		c.dy = make([]Float, len(c.dy))
		withZeros := c.run()
		y, dh := withZeros[0], slices.Clone(c.dh)
		dw, du := make([]Float, len(y)), make([]Float, len(y))
		c.Backward(c.h, y, nil, dh, dw, du) // no dy is a dy of zeros
		for k, got := range [][]Float{dw, du, dh} {
			if err := sameBits(got, withZeros[k+2]); err != nil {
				t.Errorf("%s without dy: %s: %v", name, blendNames[k+2], err)
			}
		}
	}
}

// The spans meet in the last bits of what the loop gives, and the final h is the last
// y of each row exactly.
func TestBlendSpansAreTheLoop(t *testing.T) {
	for name, c := range large() {
		n := len(c.W)
		whole, cut := make([]Float, n), make([]Float, n)
		c.forward(slices.Clone(c.h), whole, 0, len(c.h))
		last := slices.Clone(c.h)
		c.Forward(last, cut)
		if err := near(cut, whole, 64); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		off := 0
		for step, rows := range c.Active {
			end := c.next(step, 0)
			if err := sameBits(last[end:rows*c.H], cut[off+end:off+rows*c.H]); err != nil {
				t.Errorf("%s: final h of rows that end after step %d: %v", name, step, err)
			}
			off += rows * c.H
		}
	}
}

func TestBlendBitsDoNotDependOnCores(t *testing.T) {
	for name, c := range large() {
		var want [5][]Float
		for _, procs := range []int{1, 2, 8} {
			func() {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				got := c.run()
				if procs == 1 {
					want = got
					return
				}
				for k := range got {
					if err := sameBits(got[k], want[k]); err != nil {
						t.Errorf("%s on %d cores and on 1: %s: %v", name, procs, blendNames[k], err)
					}
				}
			}()
		}
	}
}

// Nothing outside is written, and what is given is only read.
func TestBlendWritesWhatItShould(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		c := blending(r, 5, []int{9, 9, 4, 2})
		w, u, dy, h0 := slices.Clone(c.W), slices.Clone(c.U), slices.Clone(c.dy), slices.Clone(c.h)
		n, m := len(c.W), len(c.h)
		y, checkY := guarded(t, n, 1)
		dw, checkDw := guarded(t, n, 2)
		du, checkDu := guarded(t, n, 3)
		h, checkH := guarded(t, m, 1)
		dh, checkDh := guarded(t, m, 2)
		copy(h, c.h)
		copy(dh, c.dh)
		c.Forward(h, y)
		given := slices.Clone(y)
		c.Backward(c.h, y, c.dy, dh, dw, du)
		for _, check := range []func(){checkY, checkDw, checkDu, checkH, checkDh} {
			check()
		}
		for i, pair := range [][2][]Float{{c.W, w}, {c.U, u}, {c.dy, dy}, {c.h, h0}, {y, given}} {
			if !slices.Equal(pair[0], pair[1]) {
				t.Errorf("argument %d was written", i)
			}
		}
	})
}

func BenchmarkBlend(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, size := range []struct{ T, B, H int }{{64, 32, 128}, {1 << 15, 1, 16}, {1 << 15, 1, 64}, {1 << 15, 1, 65}} {
		lengths := make([]int, size.B)
		for i := range lengths {
			lengths[i] = size.T
		}
		c := blending(r, size.H, lengths)
		n := len(c.W)
		y, dw, du := make([]Float, n), make([]Float, n), make([]Float, n)
		h, dh := slices.Clone(c.h), slices.Clone(c.dh)
		name := fmt.Sprintf("T=%d,B=%d,H=%d", size.T, size.B, size.H)
		b.Run("Forward/"+name, func(b *testing.B) {
			for b.Loop() {
				c.Forward(h, y)
			}
		})
		b.Run("ForwardLoop/"+name, func(b *testing.B) {
			for b.Loop() {
				c.forward(h, y, 0, len(h))
			}
		})
		b.Run("Backward/"+name, func(b *testing.B) {
			for b.Loop() {
				c.Backward(c.h, y, c.dy, dh, dw, du)
			}
		})
		b.Run("BackwardLoop/"+name, func(b *testing.B) {
			for b.Loop() {
				c.backward(c.h, y, c.dy, dh, dw, du, 0, len(dh))
			}
		})
	}
}
