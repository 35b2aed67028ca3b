package rnn_test

import (
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The comparison must notice what is easily got wrong. Each of these breaks the
// mapping or the run on purpose; every case to which it applies must then differ.
func TestGoldenNoticesMistakes(t *testing.T) {
	type breaks func(c golden, r *run) bool // false if the case is not concerned
	inNet := func(r *run, f func(n net)) {
		whole := r.net
		r.net = func(w weights) net { n := whole(w); f(n); return n }
	}
	mistakes := map[string]breaks{
		"gate order": func(c golden, r *run) bool {
			switch cellOf(r.net(weights{c, "w."})).(type) {
			case *rnn.LSTM, *rnn.GRU:
			default:
				return false
			}
			inNet(r, func(n net) {
				switch c := cellOf(n).(type) {
				case *rnn.LSTM:
					if c.Coupled {
						c.Wx = leaf(cols(c.Wx.Value, 3, 1, 0, 2))
					} else {
						c.Wx = leaf(cols(c.Wx.Value, 4, 1, 0, 2, 3))
					}
				case *rnn.GRU:
					c.Wx = leaf(cols(c.Wx.Value, 3, 1, 0, 2))
				}
			})
			return true
		},
		"lengths ignored": func(c golden, r *run) bool {
			concerned := r.lengths != nil && c.text("unroll") != "raw"
			r.lengths = nil
			return concerned
		},
		"direction": func(c golden, r *run) bool {
			whole := r.net
			r.net = func(w weights) net { return reversedNet{whole(w)} }
			return c.text("unroll") != "raw"
		},
		"first state ignored": func(c golden, r *run) bool {
			concerned := r.state != nil
			for i, v := range r.state {
				r.state[i] = tensor.New(v.Shape.Dims()...)
			}
			return concerned
		},
		"recurrent bias left out": func(c golden, r *run) bool {
			gru, ok := cellOf(r.net(weights{c, "w."})).(*rnn.GRU)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.GRU); ok && c.Bn != nil {
					c.Bn = leaf(tensor.New(c.Bn.Dim(0)))
				}
			})
			return ok && gru.Bn != nil && slices.Max(gru.Bn.Value.Data) > 0
		},
		"reset in the other place": func(c golden, r *run) bool {
			gru, ok := cellOf(r.net(weights{c, "w."})).(*rnn.GRU)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.GRU); ok && c.Bn == nil {
					c.Bn = leaf(tensor.New(c.Wh.Dim(0)))
				}
			})
			return ok && gru.Bn == nil
		},
		"peepholes of i and f exchanged": func(c golden, r *run) bool {
			lstm, ok := cellOf(r.net(weights{c, "w."})).(*rnn.LSTM)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.LSTM); ok && c.P != nil {
					c.P = leaf(transpose(cols(transpose(c.P.Value), 3, 1, 0, 2)))
				}
			})
			return ok && lstm.P != nil
		},
		"forget bias left out": func(c golden, r *run) bool {
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.LSTM); ok {
					for j := range c.B.Value.Dim(0) / 4 {
						c.B.Value.Data[c.B.Value.Dim(0)/4+j]--
					}
				}
			})
			return c.num("forget_bias") == 1
		},
		"clips ignored": func(c golden, r *run) bool {
			lstm, ok := cellOf(r.net(weights{c, "w."})).(*rnn.LSTM)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.LSTM); ok {
					c.CellClip, c.ProjClip = 0, 0
				}
			})
			return ok && lstm.CellClip > 0
		},
	}
	translate := map[string]func(golden) run{"torch": torchRun, "tf": tfRun, "keras": kerasRun}
	for name, broken := range mistakes {
		noticed := 0
		for system, f := range translate {
			for _, c := range goldens(t, system) {
				r := f(c)
				if !broken(c, &r) {
					continue
				}
				if d, _ := r.compare(c, forms["whole"]); d <= 1e-3 {
					t.Errorf("%s: %s/%s does not notice", name, system, c.name)
				}
				noticed++
			}
		}
		if noticed == 0 {
			t.Errorf("%s: no case is concerned", name)
		}
		t.Logf("%s: noticed by %d cases", name, noticed)
	}
}

// reversedNet reads the sequence from its end.
type reversedNet struct{ net }

func (n reversedNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	return n.net.Run(g, rnn.Reverse(g, x), s)
}

// cellOf finds the first cell of a net.
func cellOf(n net) rnn.Cell {
	var c rnn.Cell
	switch n := n.(type) {
	case cellNet:
		c = n.Cell
	case staticNet:
		c = n.Cell
	case rawNet:
		c = n.Cell
	case backwardsNet:
		c = n.Cell
	case rnn.BidirectionalStack:
		c = n[0].Fwd
	case *rnn.Bidirectional:
		c = n.Fwd
	}
	switch w := c.(type) {
	case rnn.Stack:
		return w[0]
	case *rnn.Residual:
		return w.Cell
	case *rnn.Dropout:
		return w.Cell
	}
	return c
}
