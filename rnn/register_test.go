package rnn_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
)

// bare is a cell that gives no widths.
type bare struct{ rnn.Cell }

func (bare) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) { return x, s }

type bareOptions struct{}

func init() {
	rnn.Register("bare", rnn.Spec[bareOptions, bare]{
		New: func(_ bareOptions, r *rand.Rand, in, hidden int) bare {
			return bare{rnn.NewGRU(r, in, hidden)}
		},
		Options: func(bare) (o bareOptions, hidden int) { return o, 1 },
	})
}

func TestPlanNeedsWidths(t *testing.T) {
	c := rnn.Config{Hidden: 3, Options: bareOptions{}}
	for _, check := range []func() error{
		func() error { _, _, err := c.Plan(2); return err },
		func() error { return rnn.Configs{c}.Check(2) },
	} {
		if err := check(); err == nil || !strings.Contains(err.Error(), "rnn_test.bare does not give the width of its output") {
			t.Errorf("got %v", err)
		}
	}
}
