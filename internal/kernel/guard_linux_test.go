package kernel

import (
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// fence returns a function that makes slices whose end is the end of the memory
// that may be touched.
func fence(t *testing.T) func(n int) []Float {
	page := syscall.Getpagesize()
	return func(n int) []Float {
		size := n * int(unsafe.Sizeof(Float(0)))
		usable := (size + page - 1) / page * page
		mem, err := syscall.Mmap(-1, 0, usable+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Munmap(mem) })
		if err := syscall.Mprotect(mem[usable:], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return nil
		}
		return unsafe.Slice((*Float)(unsafe.Pointer(&mem[usable-size])), n)
	}
}

// Nothing reads past the end of a slice: there the next page would fault.
func TestNoReadPastTheEnd(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	r := rand.New(rand.NewPCG(1, 1))
	filled := func(x []Float) []Float { copy(x, numbers(r, len(x))); return x }
	eachTier(t, func(t *testing.T) {
		for n := range 70 {
			func() {
				what := ""
				defer func() {
					if e := recover(); e != nil {
						t.Fatalf("%s of %d: %v", what, n, e)
					}
				}()
				end := fence(t)
				for _, e := range elementwises {
					what = e.name
					s := make([][]Float, e.slices)
					for j := range s {
						s[j] = filled(end(n))
					}
					e.f(s)
				}
				for _, e := range gates {
					what = e.name
					s := make([][]Float, len(e.parts))
					for j, parts := range e.parts {
						s[j] = filled(end(parts * n))
					}
					e.f(n, s)
				}
				what = "reductions"
				x, y := filled(end(n)), filled(end(n))
				Dot(x, y)
				Sum(x)
				SumSq(x)
				if n > 0 {
					maxOf(x)
					LogSoftmaxExp(y, x, 0)
				}
			}()
		}
		for _, s := range []shape{{1, 5, 3}, {1, 130, 7}, {2, 65, 9}, {3, 17, 8}, {6, 33, 20}, {15, 47, 11}, {61, 31, 16}, {29, 100, 9}, {9, 128, 8}} {
			func() {
				what := ""
				defer func() {
					if e := recover(); e != nil {
						t.Fatalf("%s %v: %v", what, s, e)
					}
				}()
				end := fence(t)
				a, b, c := filled(end(s.m*s.k)), filled(end(s.k*s.n)), filled(end(s.m*s.n))
				what = "Gemm"
				Gemm(s.m, s.n, s.k, a, s.k, b, s.n, c, s.n)
				what = "GemmNT"
				GemmNT(s.m, s.n, s.k, a, s.k, b, s.k, c, s.n)
				what = "GemmTN"
				GemmTN(s.m, s.n, s.k, a, s.m, b, s.n, c, s.n)
				what = "Packed"
				PackB(s.k, s.n, b, s.n).MulAdd(s.m, a, s.k, c, s.n)
				PackBT(s.k, s.n, b, s.k).MulAdd(s.m, a, s.k, c, s.n)
				what = "PackedRow"
				p := new(Packed)
				p.PackRow(s.k, s.n, b, s.n)
				p.Mul(s.m, a, s.k, filled(end(s.n)), c, s.n)
				what = "GemmBias"
				GemmBias(s.m, s.n, s.k, a, s.k, b, s.n, filled(end(s.n)), c, s.n)
				what = "Int8"
				PackInt8(s.k, s.n, b, s.n).Mul(s.m, a, s.k, filled(end(s.n)), c, s.n)
				what = "Half"
				PackHalf(s.k, s.n, b, s.n).Mul(s.m, a, s.k, filled(end(s.n)), c, s.n)
				what = "Transpose"
				Transpose(s.k, s.n, b, filled(end(s.k*s.n)), s.k)
			}()
		}
	})
}
