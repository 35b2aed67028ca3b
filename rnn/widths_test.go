package rnn_test

import (
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// An input of another width is found before the step, in one form of words.
func TestWrongWidth(t *testing.T) {
	r := rng()
	l := rnn.NewLSTM(r, 3, 4)
	g := grad.Eval()
	loop := func(int, *grad.Var, rnn.State, int) (rnn.LoopStep, int) {
		return rnn.LoopStep{Input: g.Zeros(2, 2)}, 0
	}
	for name, c := range map[string]rnn.Cell{
		"LSTM":     l,
		"Stack":    rnn.Stack{&rnn.Dropout{Cell: l, PerSequence: true}, rnn.NewGRU(r, 4, 2)},
		"wrappers": counted{&rnn.OutputProjection{Out: nn.NewLinear(r, 4, 2), Cell: &rnn.Zoneout{Cell: l}}, new(int)},
	} {
		for want, f := range map[string]func(){
			"LSTM: x is [1 2], want [n 3]":                     func() { c.Step(g, g.Zeros(1, 2), rnn.Start(g, c, 1)) },
			"rnn.Static: x is [5 2], want [batch 3]":           func() { rnn.Static(g, c, []*grad.Var{g.Zeros(5, 2)}, nil) },
			"rnn.Dynamic: x is [6 5 2], want [time batch 3]":   func() { rnn.Dynamic(g, c, rnn.Seq{X: g.Zeros(6, 5, 2)}, nil) },
			"rnn.Fold: x is [6 5 2], want [time batch 3]":      func() { rnn.Fold(g, c, rnn.Seq{X: g.Zeros(6, 5, 2)}, nil, 2, nil) },
			"rnn.Truncated: x is [6 5 2], want [time batch 3]": func() { rnn.Truncated(g, c, rnn.Seq{X: g.Zeros(6, 5, 2)}, nil, 2) },
			"rnn.Raw: x is [2 2], want [batch 3]":              func() { rnn.Raw(g, c, 2, loop, 0) },
			"rnn.Stream.Push: x is [2], want [3]":              func() { rnn.NewStream(c).Push(make([]tensor.Float, 2)) },
		} {
			err := func() (err error) {
				defer tensor.Catch(&err)
				f()
				return nil
			}()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error is %v, want %s", name, err, want)
			}
		}
	}
}

func TestWidths(t *testing.T) {
	r := rng()
	own := gated{nn.NewLinear(r, 5, 7), nn.NewLinear(r, 5, 7)}
	for _, c := range []struct {
		cell    rnn.Cell
		in, out int
	}{
		{own, -1, -1},
		{&rnn.Residual{Cell: own}, -1, -1},
		{&rnn.InputProjection{In: nn.NewLinear(r, 3, 5), Cell: own}, 3, -1},
		{rnn.Stack{own, rnn.NewGRU(r, 7, 2)}, -1, 2},
		{rnn.Stack{}, -1, -1},
		{counted{rnn.NewConvLSTM(r, []int{4}, []int{3}, 2, 3), nil}, 8, 12},
	} {
		in, out, ok := rnn.Widths(c.cell)
		if in != c.in || out != c.out || ok != (in >= 0 && out >= 0) {
			t.Errorf("%T: widths %d and %d, %v, want %d and %d", c.cell, in, out, ok, c.in, c.out)
		}
	}
}
