package setting

import (
	"math"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

func TestRoom(t *testing.T) {
	sizes := []Size{{"hidden", 1_000_000}, {"layers", 2}}
	if err := Room("generate", MaxParams, sizes...); err != nil {
		t.Error(err)
	}
	const want = "generate: hidden 1000000, layers 2 would make a net of 4e+12 parameters, want at most 268435456: give smaller ones, such as --set hidden=512"
	if err := Room("generate", 4e12, sizes...); err == nil || err.Error() != want || fault.Of(err) != fault.Usage {
		t.Errorf("%v, want %s", err, want)
	}
	if err := StepRoom("generate", 64, 100, 4096, sizes...); err != nil {
		t.Error(err)
	}
	const steps = "generate: batch 1000000 would make steps of training of 4.1e+11 values, want at most 4294967296: give smaller ones, such as --set batch=512"
	if err := StepRoom("generate", 1_000_000, 100, 4096, Size{"batch", 1_000_000}); err == nil || err.Error() != steps {
		t.Errorf("%v, want %s", err, steps)
	}
	// What overflows an int is too much as well.
	if StepRoom("generate", math.MaxInt, math.MaxInt, 2, sizes...) == nil || Room("generate", -1, sizes...) == nil {
		t.Error("an overflow has room")
	}
}
