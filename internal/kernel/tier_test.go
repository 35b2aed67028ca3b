package kernel

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// RECUR_CPU chooses among the tiers of the machine, and what it does not have is
// passed over.
func TestTierOfEnvironment(t *testing.T) {
	if os.Getenv("RECUR_TEST_TIER") != "" {
		os.Stdout.WriteString("tier=" + Tier() + "\n")
		os.Exit(0)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	want := map[string]string{"": tierNames[tiers[0]], "abacus": tierNames[tiers[0]]}
	for _, id := range tiers {
		want[tierNames[id]] = tierNames[id]
	}
	for name, want := range want {
		cmd := exec.Command(exe, "-test.run=^TestTierOfEnvironment$")
		cmd.Env = append(os.Environ(), "RECUR_TEST_TIER=1", "RECUR_CPU="+name)
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("cannot run the test again: %v", err) // as under an emulator
		}
		if string(out) != "tier="+want+"\n" {
			t.Errorf("RECUR_CPU=%q: %q, want tier=%s", name, out, want)
		}
	}
}

// AVX-512, AVX2 and NEON do the same operations in the same order, so their bits
// are the same on every machine. This is what they are.
func TestAssemblyTiersHaveTheSameBits(t *testing.T) {
	const want = 0x877c684756329caf
	eachTier(t, func(t *testing.T) {
		if tier == goTier {
			t.Skip("rounds products")
		}
		h := fnv.New64a()
		add := func(x []Float) {
			for _, v := range x {
				u := math.Float32bits(float32(v) + 0) // no -0
				if v != v {
					u = 1 // one NaN
				}
				binary.Write(h, binary.LittleEndian, u)
			}
		}
		r := rand.New(rand.NewPCG(11, 12))
		uniform := func(n int) []Float { // with no help of package math
			x := make([]Float, n)
			for i := range x {
				x[i] = Float(r.Float64()*20 - 10)
			}
			return x
		}
		const n = 1003
		for _, e := range elementwises {
			s := make([][]Float, e.slices)
			for j := range s {
				s[j] = uniform(n)
			}
			e.f(s)
			for _, x := range s {
				add(x)
			}
		}
		for _, e := range gates {
			s := make([][]Float, len(e.parts))
			for j, parts := range e.parts {
				s[j] = uniform(parts * n)
			}
			e.f(n, s)
			for _, x := range s {
				add(x)
			}
		}
		x := uniform(1 << 12)
		for i := range x {
			x[i] *= 11 // down to subnormal results, and over
		}
		for _, f := range []func(dst, src []Float){Tanhs, Sigmoids, Exps} {
			y := make([]Float, len(x))
			f(y, x)
			add(y)
		}
		const m, cols, k = 23, 57, 31
		c := uniform(m * cols)
		Gemm(m, cols, k, uniform(m*k), k, uniform(k*cols), cols, c, cols)
		add(c)
		add([]Float{Dot(x, x), Float(Sum(x)), Float(SumSq(x))})
		p := make([]Float, len(x))
		logp := LogSoftmaxExp(p, x, 3)
		add(p)
		add([]Float{Float(logp)})
		if got := h.Sum64(); got != want {
			t.Errorf("checksum %#x, want %#x", got, uint64(want))
		}
	})
}

func TestCheckTier(t *testing.T) {
	for name, want := range map[string]string{
		"": "", tierNames[tier]: "",
		"avx":    `RECUR_CPU: there is no kind of CPU "avx"; did you mean "avx2"?`,
		"abacus": `RECUR_CPU: there is no kind of CPU "abacus"; choose from avx2, avx512, go, neon`,
	} {
		t.Setenv(environment, name)
		if err := CheckTier(); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	for id, name := range tierNames {
		if slices.Contains(tiers, id) {
			continue
		}
		t.Setenv(environment, name)
		if err := CheckTier(); err == nil || fault.Of(err) != fault.Usage {
			t.Errorf("%s, which the machine has not: %v", name, err)
		}
	}
}
