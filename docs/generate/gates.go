package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

const gateSteps, gateUnits = 30, 3

// gateNet remembers: at every step its output must be the number that was marked last.
type gateNet struct {
	Cell *rnn.LSTM
	Out  *nn.Linear
}

func (m *gateNet) loss(g *grad.Tape, b gateBatch) *grad.Var {
	y, _ := rnn.Dynamic(g, m.Cell, rnn.Input(g, b.x, nil), nil)
	return nn.MSE(g, m.Out.Forward(g, y.X), b.y)
}

// gateBatch is sequences of a number and a mark, and the number marked last.
type gateBatch struct{ x, y *tensor.Tensor } // [steps, batch, 2], [steps, batch, 1]

func gateDraw(r *rand.Rand, n int) gateBatch {
	b := gateBatch{tensor.New(gateSteps, n, 2), tensor.New(gateSteps, n, 1)}
	for i := range n {
		var kept tensor.Float
		for t := range gateSteps {
			v := tensor.Float(2*r.Float64() - 1)
			x := b.x.At(t).At(i).Data
			x[0] = v
			if r.IntN(10) == 0 || t == 0 {
				x[1], kept = 1, v
			}
			b.y.At(t).At(i).Data[0] = kept
		}
	}
	return b
}

// gates trains an LSTM of three units to remember, and draws what its most useful
// unit does.
func gates() error {
	r := rand.New(rand.NewPCG(2, 1))
	m := &gateNet{rnn.NewLSTM(r, 2, gateUnits), nn.NewLinear(r, gateUnits, 1)}
	batches := func(yield func(gateBatch) bool) {
		for range 4000 {
			if !yield(gateDraw(r, 32)) {
				return
			}
		}
	}
	if _, err := train.Fit(context.Background(), m, batches, m.loss, train.Options{Optimizer: &optim.Adam{LR: 1e-2}, Schedule: optim.Cosine{Steps: 4000}}); err != nil {
		return err
	}
	test := gateDraw(rand.New(rand.NewPCG(9, 9)), 1)
	fmt.Printf("gates: MSE %.4f on a new sequence\n", m.loss(grad.Eval(), test).Value.Data[0])
	lines := watch(m, test.x)
	return save("gates.svg", &chart.Chart{Title: "An LSTM remembers the number marked last", XLabel: "step", Lines: append([]chart.Line{
		dots("number when marked", test.x), curve("what must be remembered", test.y),
	}, lines...)})
}

// watch runs the sequence a step at a time and follows the output of the net, and the
// input and forget gates of the unit that the output weighs most.
func watch(m *gateNet, x *tensor.Tensor) []chart.Line {
	unit, most := 0, tensor.Float(0)
	for j, w := range m.Out.W.Value.Data {
		if w = max(w, -w); w > most {
			unit, most = j, w
		}
	}
	predicted, input, forget := chart.Line{Name: "what the net predicts"}, chart.Line{Name: "input gate", Dashed: true}, chart.Line{Name: "forget gate", Dashed: true}
	g := grad.Eval()
	s := rnn.Start(g, m.Cell, 1)
	for t := range gateSteps {
		at := g.Const(x.At(t))
		pre := g.Sigmoid(g.Add(g.Affine(at, m.Cell.Wx, m.Cell.B), g.Affine(s[0], m.Cell.Wh, nil))).Value.Data
		var y *grad.Var
		y, s = m.Cell.Step(g, at, s)
		for _, l := range []struct {
			line *chart.Line
			v    tensor.Float
		}{{&predicted, m.Out.Forward(g, y).Value.Data[0]}, {&input, pre[unit]}, {&forget, pre[gateUnits+unit]}} {
			l.line.X, l.line.Y = append(l.line.X, float64(t)), append(l.line.Y, float64(l.v))
		}
	}
	return []chart.Line{predicted, input, forget}
}

func curve(name string, y *tensor.Tensor) (l chart.Line) {
	l.Name = name
	for t, v := range y.Data {
		l.X, l.Y = append(l.X, float64(t)), append(l.Y, float64(v))
	}
	return l
}

func dots(name string, x *tensor.Tensor) chart.Line {
	l := chart.Line{Name: name, Dots: true}
	for t := range gateSteps {
		if x.Data[2*t+1] == 1 {
			l.X, l.Y = append(l.X, float64(t)), append(l.Y, float64(x.Data[2*t]))
		}
	}
	return l
}
