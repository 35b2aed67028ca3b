package tf1

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Phased is the phased LSTM of Neil, Pfeiffer & Liu 2016 for events at uneven times,
// as PhasedLSTMCell has it. The first column of x is the time t of the event, the rest
// its features x̂. With peepholes m is [x̂; h; c] for the first two gates and
// [x̂; h; c̃] for the last, and else [x̂; h]:
//
//	i, f = split(σ(m·Mask + MaskBias))
//	c̃ = f∘c + i∘tanh([x̂; h]·New + NewBias)
//	h̃ = σ(m·Out + OutBias)∘tanh(c̃)
//	φ = (t - Phase) mod Period / Period
//	k = 2φ/On where φ < On/2, 2 - 2φ/On where On/2 ≤ φ < On, Leak·φ elsewhere
//	c' = k∘c̃ + (1-k)∘c
//	h' = k∘h̃ + (1-k)∘h
//
// The state is {h, c}, the output h'. The gradient by Period is the whole one;
// TensorFlow's leaves out what a longer period does to the cycles already past.
type Phased struct {
	Mask     *grad.Var `recur:"mask"`     // [features+hidden, 2*hidden], rows for c below if there are peepholes
	MaskBias *grad.Var `recur:"maskbias"` // [2*hidden]
	New      *grad.Var `recur:"new"`      // [features+hidden, hidden]
	NewBias  *grad.Var `recur:"newbias"`  // [hidden]
	Out      *grad.Var `recur:"out"`      // [features+hidden, hidden], rows for c̃ below if there are peepholes
	OutBias  *grad.Var `recur:"outbias"`  // [hidden]
	Period   *grad.Var `recur:"period"`   // [hidden], in units of t
	Phase    *grad.Var `recur:"phase"`    // [hidden], in units of t
	On       *grad.Var `recur:"on"`       // [hidden], a part of the period
	Leak     float64
}

func init() {
	rnn.Register("phased", rnn.Spec[PhasedOptions, *Phased]{
		New: PhasedOptions.New,
		Options: func(c *Phased) (PhasedOptions, int) {
			return PhasedOptions{c.Mask.Dim(0) > c.New.Dim(0), c.Leak}, c.New.Dim(1)
		},
		Check: func(o PhasedOptions, in, _ int) error {
			if in < 2 {
				return fmt.Errorf("steps of %d values where the first is the time and others follow", in)
			}
			return finite("leak", o.Leak)
		},
	})
}

// PhasedOptions are the options of a Phased.
type PhasedOptions struct {
	Peepholes bool    `json:"peepholes,omitempty"`
	Leak      float64 `json:"leak,omitempty"` // TensorFlow begins with 0.001
}

// New draws the kernels by Glorot, periods from 1 to 1000 evenly by their logarithm, and
// phases within them. Gates are open for a tenth of a period. In is 1 for the time and
// the number of features.
func (o PhasedOptions) New(r *rand.Rand, in, hidden int) *Phased {
	in += hidden - 1
	gates := in
	if o.Peepholes {
		gates += hidden
	}
	c := &Phased{
		Mask: nn.GlorotGates(r, gates, 2, hidden), MaskBias: nn.Full(r, 0, 2*hidden),
		New: nn.Glorot(r, in, hidden), NewBias: nn.Full(r, 0, hidden),
		Out: nn.Glorot(r, gates, hidden), OutBias: nn.Full(r, 0, hidden),
		Period: nn.Full(r, 0, hidden), Phase: nn.Full(r, 0, hidden), On: nn.Full(r, 0.1, hidden), Leak: o.Leak,
	}
	for i := 0; i < len(c.Period.Value.Data) && r != nil; i++ {
		period := math.Pow(1000, r.Float64())
		c.Period.Value.Data[i] = grad.Float(period)
		c.Phase.Value.Data[i] = grad.Float(period * r.Float64())
	}
	return c
}

// StateSize is {hidden, hidden}.
func (c *Phased) StateSize() []int { return []int{c.New.Dim(1), c.New.Dim(1)} }

// Widths implements rnn.Sizer.
func (c *Phased) Widths() (in, out int) { return 1 + c.New.Dim(0) - c.New.Dim(1), c.New.Dim(1) }

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *Phased) IsCellState(i int) bool { return i == 1 }

// Step computes one step.
func (c *Phased) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("Phased", c, x, s)
	t, in := g.Columns(x, 0, 1), g.Concat(g.Columns(x, 1, x.Dim(1)), s[0])
	see := func(memory *grad.Var) *grad.Var {
		if c.Mask.Dim(0) == c.New.Dim(0) {
			return in
		}
		return g.Concat(in, memory)
	}
	p := g.Split(g.Sigmoid(g.Affine(see(s[1]), c.Mask, c.MaskBias)), 2)
	memory := g.Add(g.Mul(p[1], s[1]), g.Mul(p[0], g.Tanh(g.Affine(in, c.New, c.NewBias))))
	h := g.Mul(g.Sigmoid(g.Affine(see(memory), c.Out, c.OutBias)), g.Tanh(memory))
	k := c.open(g, t)
	h, memory = g.Lerp(s[0], h, k), g.Lerp(s[1], memory, k)
	return h, rnn.State(g.List(h, memory))
}

// open is k for times t [batch, 1].
func (c *Phased) open(g *grad.Tape, t *grad.Var) *grad.Var {
	batch, H := t.Dim(0), c.New.Dim(1)
	rows := func(v *grad.Var) *grad.Var { return g.AddRow(g.Zeros(batch, H), v) }
	blank := func() *tensor.Tensor { return g.NewTensor(tensor.ShapeOf(batch, H)) }
	cycles := g.Div(g.Sub(g.MulCol(ones(g, batch, H), g.Reshape(t, batch)), rows(c.Phase)), rows(c.Period))
	past := blank()
	for i, v := range cycles.Value.Data {
		past.Data[i] = grad.Float(math.Floor(float64(v)))
	}
	phi := g.Sub(cycles, g.Const(past))
	on := rows(c.On)
	up := g.Scale(g.Div(phi, on), 2)
	rising, falling, closed := blank(), blank(), blank()
	for i, v := range phi.Value.Data {
		switch r := on.Value.Data[i]; {
		case v < r/2:
			rising.Data[i] = 1
		case v < r:
			falling.Data[i] = 1
		default:
			closed.Data[i] = 1
		}
	}
	k := g.Add(g.Mul(up, g.Const(rising)), g.Mul(g.ScaleShift(up, -1, 2), g.Const(falling)))
	return g.Add(k, g.Scale(g.Mul(phi, g.Const(closed)), c.Leak))
}
