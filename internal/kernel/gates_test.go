package kernel

import (
	"math/rand/v2"
	"testing"
)

// The gates of cells, whose slices have parts.
var gates = []struct {
	name    string
	parts   []int // of each slice
	written int
	f, twin func(H int, s [][]Float)
}{
	{"lstm", []int{4, 1, 1, 1}, 4,
		func(H int, s [][]Float) { lstm(H, H, s[0], s[1], s[2], s[3]) },
		func(H int, s [][]Float) { lstmGo(H, H, s[0], s[1], s[2], s[3]) }},
	{"lstmGrad", []int{4, 1, 1, 4, 1, 1}, 2,
		func(H int, s [][]Float) { lstmGrad(H, H, s[0], s[1], s[2], s[3], s[4], s[5]) },
		func(H int, s [][]Float) { lstmGradGo(H, H, s[0], s[1], s[2], s[3], s[4], s[5]) }},
	{"lstmPeep", []int{4, 1, 1, 1, 3}, 4,
		func(H int, s [][]Float) { lstmPeep(H, H, s[0], s[1], s[2], s[3], s[4], -0.5, 0.75) },
		func(H int, s [][]Float) { lstmPeepGo(H, H, s[0], s[1], s[2], s[3], s[4], -0.5, 0.75) }},
	{"lstmPeepGrad", []int{4, 1, 1, 1, 4, 1, 3}, 3,
		func(H int, s [][]Float) {
			lstmPeepGrad(H, H, s[0], s[1], s[2], s[3], s[4], s[5], s[6], -0.5, 0.75)
		},
		func(H int, s [][]Float) {
			lstmPeepGradGo(H, H, s[0], s[1], s[2], s[3], s[4], s[5], s[6], -0.5, 0.75)
		}},
	{"gru", []int{3, 1, 1, 3, 1}, 3,
		func(H int, s [][]Float) { gru(H, H, s[0], s[1], s[2], s[3], s[4]) },
		func(H int, s [][]Float) { gruGo(H, H, s[0], s[1], s[2], s[3], s[4]) }},
	{"gruGrad", []int{3, 3, 1, 3, 1, 1}, 3,
		func(H int, s [][]Float) { gruGrad(H, H, s[0], s[1], s[2], s[3], s[4], s[5]) },
		func(H int, s [][]Float) { gruGradGo(H, H, s[0], s[1], s[2], s[3], s[4], s[5]) }},
}

func TestGates(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		for _, e := range gates {
			t.Run(e.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 1))
				for i, H := range lengths {
					s, twin := make([][]Float, len(e.parts)), make([][]Float, len(e.parts))
					var before [][]Float
					var checks []func()
					for j, parts := range e.parts {
						x, check := guarded(t, parts*H, (i+3*j)%9)
						copy(x, numbers(r, parts*H))
						s[j], checks = x, append(checks, check)
						before = append(before, append([]Float(nil), x...))
						twin[j] = append([]Float(nil), x...)
					}
					e.f(H, s)
					e.twin(H, twin)
					for j := range s {
						checks[j]()
						if err := near(s[j], twin[j], 64); err != nil {
							t.Fatalf("H = %d, slice %d: against the Go twin: %v", H, j, err)
						}
						if j >= e.written {
							if err := sameBits(s[j], before[j]); err != nil {
								t.Fatalf("H = %d, slice %d is only read: %v", H, j, err)
							}
						}
					}
					for k := 0; k < H; k += 1 + H/50 {
						one := make([][]Float, len(s))
						for j, parts := range e.parts {
							for p := range parts {
								one[j] = append(one[j], before[j][p*H+k])
							}
						}
						e.f(1, one)
						for j, parts := range e.parts {
							for p := range parts {
								if !same(one[j][p], s[j][p*H+k]) {
									t.Fatalf("H = %d, slice %d, part %d, unit %d: %v, alone %v", H, j, p, k, s[j][p*H+k], one[j][p])
								}
							}
						}
					}
				}
			})
		}
	})
}

func BenchmarkGates(b *testing.B) {
	const H = 200
	for _, e := range gates {
		s := make([][]Float, len(e.parts))
		for j, parts := range e.parts {
			s[j] = make([]Float, parts*H)
		}
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				e.f(H, s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/H, "ns/unit")
		})
	}
}
