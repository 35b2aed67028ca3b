//go:build race

package kernel

// The race detector makes pools forget.
const race = true
