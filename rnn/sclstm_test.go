package rnn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// What is to be mentioned only ever grows less: the reading gate lies between 0 and 1.
func TestSCLSTMReadsOff(t *testing.T) {
	c := noisy(rnn.NewSCLSTM(rng(), 3, 6, 4))
	g := grad.Eval()
	d := tensor.New(2, 4)
	for i := range d.Data {
		d.Data[i] = tensor.Float(i % 2)
	}
	s := rnn.State{g.Zeros(2, 6), g.Zeros(2, 6), g.Const(d)}
	for range 5 {
		_, next := c.Step(g, g.Zeros(2, 3), s)
		for i, v := range next[2].Value.Data {
			if was := s[2].Value.Data[i]; v < 0 || v > was || was > 0 && v == was {
				t.Fatalf("entry %d goes from %v to %v", i, was, v)
			}
		}
		s = next
	}
}

// A cell with two facts to mention; after three steps some of each is still to come.
func ExampleSCLSTM() {
	c := rnn.NewSCLSTM(rand.New(rand.NewPCG(1, 2)), 3, 5, 2)
	g := grad.Eval()
	words := g.Zeros(3, 1, 3) // [time, batch, in]
	say := g.Const(tensor.FromSlice([]tensor.Float{1, 1}, 1, 2))
	y, last := rnn.Dynamic(g, c, rnn.Seq{X: words}, rnn.State{g.Zeros(1, 5), g.Zeros(1, 5), say})
	fmt.Println(y.X.Shape(), last[2].Shape(), last[2].Value.Data[0] < 1)
	// Output: [3 1 5] [1 2] true
}
