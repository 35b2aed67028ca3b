package par

import (
	"runtime"
	"sync/atomic"
)

var alone atomic.Int64

// Alone keeps every loop of the process on the goroutine that calls it until end has been
// called, once, by which time others may have asked for the same. It is for a program that
// has work enough for all cores, such as batches of sessions side by side: there helpers
// would take the cores from one another, and look for work longer than a step takes. Loops
// that began before are not held up, and what they come to is the same either way.
//
//	defer par.Alone()()
func Alone() (end func()) {
	alone.Add(1)
	return endAlone
}

func endAlone() {
	if alone.Add(-1) < 0 {
		panic("par: the end of Alone was called twice")
	}
}

// Cores is how many cores a loop may take now: GOMAXPROCS, or 1 while Alone holds.
func Cores() int {
	if alone.Load() > 0 {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// Calls counts how often a helper was called to work since the program began. It is for
// tests and measurements.
func Calls() int64 {
	helpers.Lock()
	defer helpers.Unlock()
	return helpers.calls
}
