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
