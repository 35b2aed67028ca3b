package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// MinLSTM is the minimal long short-term memory of Feng et al. 2024:
//
//	f, i, u = split(x·W + B)
//	f' = σ(f)/(σ(f)+σ(i)),  i' = σ(i)/(σ(f)+σ(i))
//	h' = f'∘h + i'∘u
//
// Its gates do not see h, so the recurrence is linear. The state is {h}, the
// output h'.
type MinLSTM struct {
	W *grad.Var `recur:"w"` // [in, 3*hidden]: f, i, u
	B *grad.Var `recur:"b"` // [3*hidden], nil for none

	Positive bool // see MinGRU

	packed *layouts // W of a frozen cell
}

func init() {
	Register("minlstm", Spec[MinLSTMOptions, *MinLSTM]{
		New:  MinLSTMOptions.New,
		Kind: true,
		Options: func(c *MinLSTM) (MinLSTMOptions, int) {
			return MinLSTMOptions{NoBias: c.B == nil, Positive: c.Positive}, c.W.Dim(1) / 3
		},
	})
}

// MinLSTMOptions are the options of a MinLSTM.
type MinLSTMOptions struct {
	NoBias   bool `json:"no_bias,omitempty"`
	Positive bool `json:"positive,omitempty"` // see MinGRU
}

// New draws W by Glorot and sets B to zero, and to 1 for f.
func (o MinLSTMOptions) New(r *rand.Rand, in, hidden int) *MinLSTM {
	c := &MinLSTM{W: nn.GlorotGates(r, in, 3, hidden), B: newBias(r, 3*hidden, o.NoBias), Positive: o.Positive}
	setUnits(c.B, 0, hidden, 1)
	return c
}

// StateSize is {hidden}.
func (c *MinLSTM) StateSize() []int { return []int{c.W.Dim(1) / 3} }

// Widths implements Sizer.
func (c *MinLSTM) Widths() (in, out int) { return c.W.Dim(0), c.W.Dim(1) / 3 }

// Step computes one step, which is a sequence of one.
func (c *MinLSTM) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Freeze implements Freezer.
func (c *MinLSTM) Freeze(p Precision) (Cell, error) {
	t := *c
	t.packed = layOut(c.W, p)
	return &t, nil
}

// Unroll runs a whole sequence.
func (c *MinLSTM) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	mustLinear("MinLSTM", x, c.W, c.B, active, s, 3)
	p := g.Split(c.packed.affine(g, x, c.W, c.B), 3)
	y, last := blend(g, portion(g, p[1], p[0]), positive(g, p[2], c.Positive), active, s[0]) // f' = 1-i'
	return y, State(g.List(last))
}

// portion is σ(i)/(σ(i)+σ(f)), for gates so far below 0 that both σ vanish too: there
// σ(v) is e^v, and the portion σ(i-f).
func portion(g *grad.Tape, i, f *grad.Var) *grad.Var {
	const vanishing = 0x1p-100
	y := g.NewVar(g.Scratch(i.Shape()), i, f)
	si, sf := g.Scratch(i.Shape()).Data, g.Scratch(i.Shape()).Data
	kernel.Sigmoids(si, i.Value.Data)
	kernel.Sigmoids(sf, f.Value.Data)
	w := y.Value.Data
	for k, a := range si {
		sum := a + sf[k]
		w[k] = a / sum
		if sum < vanishing {
			w[k] = kernel.Sigmoid(i.Value.Data[k] - f.Value.Data[k])
		}
	}
	if g.NeedsGrad(y) {
		g.RecordFrom(y, func(dy *tensor.Tensor) {
			// y = σ(log σ(i) - log σ(f)), and log σ(v) has the derivative 1-σ(v).
			di, df := g.Grad(i).Data, g.Grad(f).Data
			for k, d := range dy.Data {
				d *= w[k] * (1 - w[k])
				di[k] += d * (1 - si[k])
				df[k] -= d * (1 - sf[k])
			}
		})
	}
	return y
}
