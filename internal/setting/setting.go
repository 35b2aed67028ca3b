// Package setting fills in and checks the settings of configs.
package setting

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/internal/fault"
)

// Errors collects what is wrong with the settings of a system, so that all of it can be
// reported at once.
type Errors struct {
	System string // prefix of each error
	list   []error
}

// Add adds err, unless it is nil.
func (e *Errors) Add(err error) {
	if err != nil {
		e.list = append(e.list, err)
	}
}

// If adds an error if a setting is wrong.
func (e *Errors) If(wrong bool, format string, args ...any) {
	if wrong {
		e.Add(fmt.Errorf(e.System+": "+format, args...))
	}
}

// OneOf adds an error if v is not one of all.
func OneOf[T ~string](e *Errors, name string, v T, all ...T) {
	e.If(!slices.Contains(all, v), "%s is %q; %s", name, Cut(string(v)), Suggest(v, all))
}

// Between checks that n is at least least and at most most.
func (e *Errors) Between(name string, n, least, most int) {
	e.If(n < least || n > most, "%s is %d, want %d to %d", name, n, least, most)
}

// Size checks that n, of units, layers, rows or passes, is 1 to 1<<20.
func (e *Errors) Size(name string, n int) { e.Between(name, n, 1, 1<<20) }

// Count checks that n is at least 1.
func (e *Errors) Count(name string, n int) { e.If(n < 1, "%s is %d, want at least 1", name, n) }

// Rate checks that v is finite and more than 0.
func (e *Errors) Rate(name string, v float64) {
	e.If(!(v > 0) || math.IsInf(v, 0), "%s is %v, want more than 0", name, v)
}

// Share checks that v is at least 0 and less than 1.
func (e *Errors) Share(name string, v float64) {
	e.If(!(v >= 0 && v < 1), "%s is %v, want at least 0 and less than 1", name, v)
}

// Levels checks that each of the levels is a probability between 0 and 1.
func (e *Errors) Levels(levels []float64) {
	for _, l := range levels {
		e.If(!(l > 0 && l < 1), "level %v is not between 0 and 1", l)
	}
}

// Err joins all errors to one of class fault.Usage; nil if there is none.
func (e *Errors) Err() error { return fault.As(fault.Usage, errors.Join(e.list...)) }
