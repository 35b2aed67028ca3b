package rnn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The probabilities of the paper's language model: h keeps one value in twenty from the
// step before, c every other one.
func ExampleZoneout() {
	cell := &rnn.Zoneout{Cell: rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 3, 8), H: 0.05, C: 0.5, Output: true}
	g := grad.New()
	y, _ := rnn.Dynamic(g, cell, rnn.Input(g, tensor.New(5, 2, 3), nil), nil)
	fmt.Println(y.X.Shape())
	// Output: [5 2 8]
}

func TestZoneoutKeeps(t *testing.T) {
	const H = 400
	r := rng()
	z := &rnn.Zoneout{Cell: rnn.NewLSTM(r, 3, H), H: 0.3, C: 0.7}
	s := rnn.State{grad.Leaf(draw(r, 1, H)), grad.Leaf(draw(r, 1, H))}
	x := draw(r, 1, 1, 3)
	e := grad.Eval()
	_, fresh := rnn.Dynamic(e, z.Cell, rnn.Input(e, x, nil), s)
	for _, output := range []bool{false, true} {
		z.Output = output
		g := grad.New()
		y, last := rnn.Dynamic(g, z, rnn.Input(g, x, nil), s)
		for i, p := range []float64{0.3, 0.7} {
			kept := 0
			for j, v := range last[i].Value.Data {
				if v == s[i].Value.Data[j] {
					kept++
				} else if math.Abs(float64(v-fresh[i].Value.Data[j])) > 1e-6 {
					t.Fatalf("state %d: %v is neither the old value nor the new one", i, v)
				}
			}
			if f := float64(kept) / H; math.Abs(f-p) > 0.08 {
				t.Errorf("state %d: %.2f kept, want about %.1f", i, f, p)
			}
		}
		want := fresh[0] // the LSTM's output
		if output {
			want = last[0]
		}
		near(t, fmt.Sprintf("output, Output: %v", output), y.X.Value.At(0), want.Value)

		// Outside training it is the mean of what training does.
		_, mean := rnn.Dynamic(e, z, rnn.Input(e, x, nil), s)
		for i, p := range []tensor.Float{0.3, 0.7} {
			want := tensor.New(1, H)
			for j := range want.Data {
				want.Data[j] = p*s[i].Value.Data[j] + (1-p)*fresh[i].Value.Data[j]
			}
			near(t, fmt.Sprintf("expectation of state %d", i), mean[i].Value, want)
		}
	}
	z.H, z.C = 1, 0
	g := grad.New()
	_, last := rnn.Dynamic(g, z, rnn.Input(g, x, nil), s)
	near(t, "all kept", last[0].Value, s[0].Value)
	near(t, "none kept", last[1].Value, fresh[1].Value)
}
