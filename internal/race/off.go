//go:build !race

// Package race tells tests whether the race detector is on, under which a sync.Pool forgets at
// random, so that what reuses memory allocates.
package race

const Enabled = false
