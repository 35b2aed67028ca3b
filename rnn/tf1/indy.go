package tf1

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// IndyGRU is a GRU whose units see no state but their own, after IndRNN of Li et al.
// 2018, as IndyGRUCell has it:
//
//	r, u = split(σ(x·GateKernel + [h, h]∘GateU + GateBias))
//	c = tanh(x·Kernel + (r∘h)∘U + Bias)
//	h' = u∘h + (1-u)∘c
//
// The state is {h}, the output h'.
type IndyGRU struct {
	GateKernel *grad.Var `recur:"gatekernel"` // [in, 2*hidden]: r, u
	GateU      *grad.Var `recur:"gateu"`      // [2*hidden]
	GateBias   *grad.Var `recur:"gatebias"`   // [2*hidden]
	Kernel     *grad.Var `recur:"kernel"`     // [in, hidden]
	U          *grad.Var `recur:"u"`          // [hidden]
	Bias       *grad.Var `recur:"bias"`       // [hidden]
}

func init() {
	rnn.Register("indy_gru", rnn.Spec[IndyGRUOptions, *IndyGRU]{
		New:     IndyGRUOptions.New,
		Options: func(c *IndyGRU) (IndyGRUOptions, int) { return IndyGRUOptions{}, c.Kernel.Dim(1) },
	})
}

// IndyGRUOptions are the options of an IndyGRU: none.
type IndyGRUOptions struct{}

// New draws the kernels by Glorot and the state's weights from U(-1, 1), and
// sets the gates' bias to 1.
func (IndyGRUOptions) New(r *rand.Rand, in, hidden int) *IndyGRU {
	return &IndyGRU{
		GateKernel: nn.GlorotGates(r, in, 2, hidden), GateU: nn.Uniform(r, 1, 2*hidden), GateBias: nn.Full(r, 1, 2*hidden),
		Kernel: nn.Glorot(r, in, hidden), U: nn.Uniform(r, 1, hidden), Bias: nn.Full(r, 0, hidden),
	}
}

// StateSize is {hidden}.
func (c *IndyGRU) StateSize() []int { return []int{c.Kernel.Dim(1)} }

// Widths implements rnn.Sizer.
func (c *IndyGRU) Widths() (in, out int) { return c.Kernel.Dim(0), c.Kernel.Dim(1) }

// Step computes one step.
func (c *IndyGRU) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("IndyGRU", c, x, s)
	h := s[0]
	p := g.Split(g.Sigmoid(g.Add(g.Affine(x, c.GateKernel, c.GateBias), g.MulRow(g.Concat(h, h), c.GateU))), 2)
	cand := g.Tanh(g.Add(g.Affine(x, c.Kernel, c.Bias), g.MulRow(g.Mul(p[0], h), c.U)))
	h = g.Lerp(cand, h, p[1])
	return h, rnn.State(g.List(h))
}

// IndyLSTM is an LSTM whose units see no state but their own (Gonnet & Deselaers
// 2019), as IndyLSTMCell has it:
//
//	i, j, f, o = split(x·Kernel + [h, h, h, h]∘U + Bias)
//	c' = σ(f + ForgetBias)∘c + σ(i)∘tanh(j)
//	h' = σ(o)∘tanh(c')
//
// The state is {h, c}, the output h'.
type IndyLSTM struct {
	Kernel     *grad.Var `recur:"kernel"` // [in, 4*hidden]: i, j, f, o
	U          *grad.Var `recur:"u"`      // [4*hidden]
	Bias       *grad.Var `recur:"bias"`   // [4*hidden]
	ForgetBias float64
}

func init() {
	rnn.Register("indy_lstm", rnn.Spec[IndyLSTMOptions, *IndyLSTM]{
		New:     IndyLSTMOptions.New,
		Options: func(c *IndyLSTM) (IndyLSTMOptions, int) { return IndyLSTMOptions{c.ForgetBias}, c.Kernel.Dim(1) / 4 },
		Check:   func(o IndyLSTMOptions, _, _ int) error { return finite("forget_bias", o.ForgetBias) },
	})
}

// IndyLSTMOptions are the options of an IndyLSTM.
type IndyLSTMOptions struct {
	ForgetBias float64 `json:"forget_bias,omitempty"` // added to f
}

// New draws the kernel by Glorot and the state's weights from U(-1, 1), and
// sets the bias to zero.
func (o IndyLSTMOptions) New(r *rand.Rand, in, hidden int) *IndyLSTM {
	return &IndyLSTM{nn.GlorotGates(r, in, 4, hidden), nn.Uniform(r, 1, 4*hidden), nn.Full(r, 0, 4*hidden), o.ForgetBias}
}

// StateSize is {hidden, hidden}.
func (c *IndyLSTM) StateSize() []int { return []int{c.Kernel.Dim(1) / 4, c.Kernel.Dim(1) / 4} }

// Widths implements rnn.Sizer.
func (c *IndyLSTM) Widths() (in, out int) { return c.Kernel.Dim(0), c.Kernel.Dim(1) / 4 }

// IsCellState reports that c is a memory cell, which dropout leaves alone.
func (c *IndyLSTM) IsCellState(i int) bool { return i == 1 }

// Step computes one step.
func (c *IndyLSTM) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	mustStep("IndyLSTM", c, x, s)
	h := s[0]
	p := g.Split(g.Add(g.Affine(x, c.Kernel, c.Bias), g.MulRow(g.Concat(h, h, h, h), c.U)), 4)
	return remember(g, p, s[1], c.ForgetBias)
}

// remember is an LSTM's step after its products: p is i, j, f, o.
func remember(g *grad.Tape, p []*grad.Var, c *grad.Var, forget float64) (*grad.Var, rnn.State) {
	next := g.Add(g.Mul(gate(g, p[2], forget), c), g.Mul(g.Sigmoid(p[0]), g.Tanh(p[1])))
	h := g.Mul(g.Sigmoid(p[3]), g.Tanh(next))
	return h, rnn.State(g.List(h, next))
}
