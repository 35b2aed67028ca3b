package task

import (
	"math"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// What comes out of training at a rate that is too high is reported as it is during training.
func TestDiverged(t *testing.T) {
	err := Diverged("forecast of the validation data", math.NaN(), 0.5)
	const want = "training diverged: the forecast of the validation data is NaN; try a lower rate than 0.5, such as --set rate=0.001, and look for huge values in the data"
	if err.Error() != want || fault.Of(err) != fault.Numeric {
		t.Errorf("%v, of class %v", err, fault.Of(err))
	}
}
