//go:build arm64 && !noasm && !recur_f64

package kernel

// tiers are those this machine can run, best first. All arm64 has NEON.
var tiers = []tierID{neonTier, goTier}
