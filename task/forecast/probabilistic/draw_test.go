package probabilistic

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

// A net that has diverged gives no numbers to draw by; a draw ends all the same.
func TestDrawOfNoNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	inf := tensor.Float(math.Inf(1))
	for _, v := range []tensor.Float{tensor.Float(math.NaN()), inf, -inf, 1e30, -1e30} {
		for _, o := range []Output{Normal, Student, NegBin, Quantile} {
			for i := range 3 {
				d := []tensor.Float{1, 1, 1}
				d[i] = v
				o.draw(r, d, 1)
			}
			o.draw(r, []tensor.Float{v, v, v}, 1)
		}
	}
	if got := gamma(r, math.NaN()); !math.IsNaN(got) {
		t.Errorf("%v", got)
	}
}

// A net whose forecasts are no numbers has diverged, whatever its loss.
func TestForecastsAreNoNumbers(t *testing.T) {
	c, err := Preset("deepar")
	if err != nil {
		t.Fatal(err)
	}
	c.Horizon, c.Season, c.Epochs, c.StepsPerEpoch, c.Rate, c.Seed = 12, 12, 1, 3, 1e10, 1
	var s data.Series
	for i := range 60 {
		s.Y = append(s.Y, 100+float64(i)+10*math.Sin(float64(i)/2))
	}
	if _, err := Fit(context.Background(), *c, task.Options{}, s); fault.Of(err) != fault.Numeric || !strings.Contains(err.Error(), "training diverged") || !strings.Contains(err.Error(), "rate") {
		t.Errorf("%v", err)
	}
}
