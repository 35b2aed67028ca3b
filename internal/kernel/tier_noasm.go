//go:build (!amd64 && !arm64) || noasm || recur_f64

package kernel

var tiers = []tierID{goTier}
