package par

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// Where a test has the clock stand still while goroutines run, helpers end all the same.
func TestHelpersEndInABubble(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		t.Skip("one core has no helpers")
	}
	synctest.Test(t, func(t *testing.T) {
		For(64, 1, func(lo, hi int) {})
	})
}

// A helper that was called outside of a bubble may work for a caller in it, and the
// other way round.
func TestHelpersWorkAcrossBubbles(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		t.Skip("one core has no helpers")
	}
	loop := func() {
		For(64, 1, func(lo, hi int) { runtime.Gosched() })
	}
	for range 50 {
		loop()
		synctest.Test(t, func(t *testing.T) { loop() })
	}
	over := make(chan bool)
	go func() {
		defer close(over)
		for range 200 {
			loop()
		}
	}()
	for range 50 {
		synctest.Test(t, func(t *testing.T) { loop() })
	}
	<-over
}
