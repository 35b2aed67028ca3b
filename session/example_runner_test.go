package session_test

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/recur-go/recur/session"
)

// mean is a Runner without a cell: the mean of all values so far, from their sum and number.
type mean struct{}

func (mean) In() int           { return 1 }
func (mean) Out() int          { return 1 }
func (mean) StateSizes() []int { return []int{1, 1} }
func (mean) ID() [32]byte      { return sha256.Sum256([]byte("mean of 1")) }

func (mean) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	sum, n := states[0], states[1]
	for r := range rows {
		sum[r] += x[r]
		n[r]++
		y[r] = sum[r] / n[r]
	}
	return nil
}

// Whatever has a state of floats can have sessions.
func ExampleRunner() {
	m := session.New(mean{}, session.Options{})
	s := m.New()
	for _, x := range []session.Float{1, 2, 6} {
		y, err := m.Step(context.Background(), s, nil, []session.Float{x})
		fmt.Println(y, err)
	}
	// Output:
	// [1] <nil>
	// [1.5] <nil>
	// [3] <nil>
}
