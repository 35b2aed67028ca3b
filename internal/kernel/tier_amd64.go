//go:build amd64 && !noasm && !recur_f64

package kernel

import "golang.org/x/sys/cpu"

// tiers are those this machine can run, best first.
var tiers = func() []tierID {
	t := []tierID{goTier}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA {
		t = append([]tierID{avx2Tier}, t...)
		if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL {
			t = append([]tierID{avx512Tier}, t...)
		}
	}
	return t
}()
