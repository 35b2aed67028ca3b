package season_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/task/forecast/season"
)

// A kind makes a series of n steps with deviations of noise.
type kind struct {
	name string
	make func(r *rand.Rand, n, m int, noise float64) []float64
}

// faulty has a few values that are far off.
func faulty(shape func(r *rand.Rand, m int) []float64) func(r *rand.Rand, n, m int, noise float64) []float64 {
	return func(r *rand.Rand, n, m int, noise float64) []float64 {
		y := seasonal(shape, 1)(r, n, m, noise)
		for range 1 + n/40 {
			y[r.IntN(n)] += 15 * r.NormFloat64()
		}
		return y
	}
}

// series sums f over n steps.
func series(n int, f func(t int) float64) []float64 {
	y := make([]float64, n)
	for t := range y {
		y[t] = f(t)
	}
	return y
}

// cycle is a season of deviation 1.
func cycle(m int, f func(phase float64) float64) []float64 {
	s := series(m, func(t int) float64 { return f(float64(t) / float64(m)) })
	var mean, square float64
	for _, v := range s {
		mean += v / float64(m)
	}
	for i := range s {
		s[i] -= mean
		square += s[i] * s[i] / float64(m)
	}
	for i := range s {
		s[i] /= math.Sqrt(square)
	}
	return s
}

func seasonal(shape func(r *rand.Rand, m int) []float64, slope float64) func(r *rand.Rand, n, m int, noise float64) []float64 {
	return func(r *rand.Rand, n, m int, noise float64) []float64 {
		s := shape(r, m)
		return series(n, func(t int) float64 {
			return 50 + slope*float64(t)/float64(m) + s[t%m] + noise*r.NormFloat64()
		})
	}
}

func smooth(r *rand.Rand, m int) []float64 {
	shift := r.Float64()
	return cycle(m, func(p float64) float64 { return math.Sin(2 * math.Pi * (p + shift)) })
}

func spiky(r *rand.Rand, m int) []float64 {
	at := r.IntN(m)
	return cycle(m, func(p float64) float64 {
		if int(math.Round(p*float64(m))) == at {
			return 1
		}
		return 0
	})
}

func rough(r *rand.Rand, m int) []float64 {
	return cycle(m, func(float64) float64 { return r.NormFloat64() })
}

var withSeason = []kind{
	{"sine", seasonal(smooth, 0)},
	{"sine, trend", seasonal(smooth, 3)},
	{"spike", seasonal(spiky, 0)},
	{"spike, trend", seasonal(spiky, 3)},
	{"any shape", seasonal(rough, 0)},
	{"any shape, trend", seasonal(rough, 3)},
}

func walk(r *rand.Rand, n int, theta float64) []float64 {
	level, last := 0.0, 0.0
	return series(n, func(int) float64 {
		e := r.NormFloat64()
		level += e - theta*last
		last = e
		return level
	})
}

// A few faults do not hide a season of some cycles.
func TestHasWithFaults(t *testing.T) {
	for _, k := range []kind{{"sine", faulty(smooth)}, {"any shape", faulty(rough)}} {
		for _, l := range []struct{ m, cycles, percent int }{{12, 3, 75}, {7, 6, 80}, {12, 5, 95}, {24, 5, 95}, {12, 10, 95}} {
			r := rand.New(rand.NewPCG(5, 7))
			found := 0
			for range 100 {
				if season.Has(k.make(r, l.cycles*l.m, l.m, 0.5), l.m) {
					found++
				}
			}
			t.Logf("%s with faults, %d × %d: found in %d %%", k.name, l.m, l.cycles, found)
			if found < l.percent {
				t.Errorf("%s with faults, %d × %d: found in %d %%", k.name, l.m, l.cycles, found)
			}
		}
	}
}

var withoutSeason = []kind{
	{"white noise", func(r *rand.Rand, n, m int, _ float64) []float64 {
		return series(n, func(int) float64 { return r.NormFloat64() })
	}},
	{"line", func(r *rand.Rand, n, m int, _ float64) []float64 {
		slope := 20 * r.NormFloat64() / float64(n)
		return series(n, func(t int) float64 { return slope*float64(t) + r.NormFloat64() })
	}},
	{"bend", func(r *rand.Rand, n, m int, _ float64) []float64 {
		at, slope := float64(n)*(0.3+0.4*r.Float64()), 20*r.NormFloat64()/float64(n)
		return series(n, func(t int) float64 { return slope*max(float64(t)-at, 0) + r.NormFloat64() })
	}},
	{"random walk", func(r *rand.Rand, n, m int, _ float64) []float64 { return walk(r, n, 0) }},
	{"IMA(1,1), θ 0.5", func(r *rand.Rand, n, m int, _ float64) []float64 { return walk(r, n, 0.5) }},
	{"level shift", func(r *rand.Rand, n, m int, _ float64) []float64 {
		at, by := float64(n)*(0.2+0.6*r.Float64()), 3+5*r.Float64()
		return series(n, func(t int) float64 {
			if float64(t) < at {
				return r.NormFloat64()
			}
			return by + r.NormFloat64()
		})
	}},
}

// The table of the test: how often each kind of series passes, by season and cycles. The
// noise of seasonal series is 0.3 of the season's deviation at two cycles and 0.5 from three on.
func TestTable(t *testing.T) {
	runs := 600
	if testing.Short() {
		runs = 200
	}
	lengths := []struct {
		m      int
		cycles float64
	}{{12, 2}, {24, 2}, {52, 2}, {168, 2}, {672, 2}, {7, 3}, {12, 3}, {24, 3}, {52, 3}, {168, 3}, {365, 3}, {4, 6}, {7, 6}, {12, 5}, {12, 10}, {24, 10}}
	head := "| series |"
	for _, l := range lengths {
		head += fmt.Sprintf(" %d × %g |", l.m, l.cycles)
	}
	t.Log(head)
	row := func(k kind) (share []float64) {
		text := "| " + k.name + " |"
		for i, l := range lengths {
			noise := 0.5
			if l.cycles < 3 {
				noise = 0.3
			}
			r := rand.New(rand.NewPCG(uint64(i), 7))
			found, n := 0, int(l.cycles*float64(l.m))
			runs := runs
			if n > 300 {
				runs /= 4
			}
			for range runs {
				if season.Has(k.make(r, n, l.m, noise), l.m) {
					found++
				}
			}
			share = append(share, float64(found)/float64(runs))
			text += fmt.Sprintf(" %.1f %% |", 100*share[i])
		}
		t.Log(text)
		return share
	}
	for _, k := range withSeason {
		for i, p := range row(k) {
			if p < 0.95 {
				t.Errorf("%s of %d × %g: found in %.1f %%", k.name, lengths[i].m, lengths[i].cycles, 100*p)
			}
		}
	}
	most := map[string]float64{"random walk": 0.07, "IMA(1,1), θ 0.5": 0.15, "level shift": 0.15}
	for _, k := range withoutSeason {
		limit, ok := most[k.name]
		if !ok {
			limit = 0.05
		}
		for i, p := range row(k) {
			if p > limit {
				t.Errorf("%s of %d × %g: found in %.1f %%", k.name, lengths[i].m, lengths[i].cycles, 100*p)
			}
		}
	}
}
