package task

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/train"
)

// A watch finds that a run has diverged although its losses are still finite.
//
// Both must hold. The mean loss of an epoch is above lossBound: the losses of tasks are
// cross-entropies, where guessing costs the logarithm of the number of classes, or errors of
// series that are scaled. And a parameter that began within paramBound is far beyond it: Adam
// moves one by about the rate in a step, so that at the rates that learn none gets there.
// Odd data alone give large losses, but not with large parameters.
type watch struct {
	params []nn.Param
	bound  float64
}

const (
	lossBound  = 1e3
	paramBound = 1e2
)

func newWatch(net any) *watch {
	w := &watch{params: nn.Params(net)}
	w.bound = paramBound * max(1, w.largest())
	return w
}

// largest is the largest magnitude of a parameter.
func (w *watch) largest() (most float64) {
	for _, p := range w.params {
		for _, v := range p.Value.Data {
			most = max(most, math.Abs(float64(v)))
		}
	}
	return most
}

func (w *watch) check(e train.Epoch) error {
	if e.Loss <= lossBound || w.largest() <= w.bound {
		return nil
	}
	return &train.NumericError{Epoch: e.N, Step: e.Steps, What: "loss", Value: e.Loss}
}

// finite is an error for a score that is NaN or infinite, after a step.
func finite(s Scores, at train.Progress) error {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if v := s[name]; math.IsNaN(v) || math.IsInf(v, 0) {
			return &train.NumericError{Epoch: at.Epoch, Step: at.Step, What: name, Value: v}
		}
	}
	return nil
}

// A divergence is a train.NumericError in words for people, with the setting that cures it.
type divergence struct {
	*train.NumericError
	rate float64
}

func (d *divergence) Error() string {
	try := d.rate / 10
	if d.rate > 0.01 {
		try = 1e-3
	}
	where := ""
	if d.Epoch > 0 {
		where = fmt.Sprintf(" in epoch %d, step %d", d.Epoch, d.Step)
	}
	return fmt.Sprintf("training diverged: the %s is %.4g%s; try a lower rate than %.4g, such as --set rate=%.4g, and look for huge values in the data",
		d.What, d.Value, where, d.rate, try)
}

func (d *divergence) Unwrap() error { return d.NumericError }

// Diverged is the error of a net that has come out of training at a rate with a value that is
// not finite.
func Diverged(what string, value, rate float64) error {
	return &divergence{&train.NumericError{What: what, Value: value}, rate}
}

// lower makes a divergence of err, if it is a train.NumericError.
func lower(err error, rate float64) error {
	var e *train.NumericError
	if rate == 0 || !errors.As(err, &e) {
		return err
	}
	return &divergence{e, rate}
}
