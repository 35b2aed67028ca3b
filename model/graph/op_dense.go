package graph

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() {
	RegisterOp("dense", func() Op { return new(Dense) })
	RegisterOp("activation", func() Op { return new(Activation) })
	RegisterOp("layer_norm", func() Op { return new(LayerNorm) })
	RegisterOp("dropout", func() Op { return new(Dropout) })
	RegisterOp("embedding", func() Op { return new(Embedding) })
	RegisterOp("masking", func() Op { return new(Masking) })
}

// single is the plan of a layer with one input.
func single(in []Spec) (Spec, error) {
	if len(in) != 1 {
		return Spec{}, fmt.Errorf("%d inputs where there can be one", len(in))
	}
	return in[0], nil
}

// unless is an error where a layer is not as it should be. cmp.Or takes the first of many.
func unless(right bool, format string, args ...any) error {
	if right {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// Dense is activation(x·W + B) for every step of a sequence, or a vector. Its
// parameters are w [in, units] and b [units].
type Dense struct {
	Units      int  `json:"units"`
	NoBias     bool `json:"no_bias,omitempty"`
	Activation Func `json:"activation,omitempty"`
}

// Plan implements Op.
func (o *Dense) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	if err := cmp.Or(err, rnn.CheckSize("units", o.Units)); err != nil {
		return Plan{}, err
	}
	p := Plan{Out: []Spec{{o.Units, f.Sequence}}, Params: f.Width * o.Units}
	if !o.NoBias {
		p.Params += o.Units
	}
	return p, o.Activation.check()
}

// New implements Op.
func (o *Dense) New(r *rand.Rand, in []Spec) Node {
	l := nn.NewLinear(r, in[0].Width, o.Units)
	if o.NoBias {
		l.B = nil
	}
	return &denseNode{o, l, nil}
}

type denseNode struct {
	op *Dense
	*nn.Linear
	frozen *rnn.FrozenLinear // nil unless for inference alone
}

// Run implements Node.
func (n *denseNode) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	return each(in, func(x *grad.Var) *grad.Var {
		if n.frozen != nil {
			return n.op.Activation.apply(g, n.frozen.Forward(g, n.Linear, x))
		}
		return n.op.Activation.apply(g, n.Forward(g, x))
	})
}

// each applies f to the one input and passes its mask on.
func each(in []Value, f func(x *grad.Var) *grad.Var) ([]Value, rnn.State) {
	in[0].X = f(in[0].X)
	return in[:1], nil
}

// Activation applies a function to every value, or, for softmax, to every step.
type Activation struct {
	Func Func `json:"func"`
}

// Plan implements Op.
func (o *Activation) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{f}}, cmp.Or(err, o.Func.check())
}

// New implements Op.
func (o *Activation) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Activation) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	return each(in, func(x *grad.Var) *grad.Var { return o.Func.apply(g, x) })
}

// LayerNorm is an nn.LayerNorm over the values of each step. Its parameters are gain
// and shift.
type LayerNorm struct {
	Eps float64 `json:"eps,omitempty"` // default 1e-5
}

// Plan implements Op.
func (o *LayerNorm) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{f}, Params: 2 * f.Width}, cmp.Or(err, unless(o.Eps >= 0, "eps is %v, want at least 0", o.Eps))
}

// New implements Op.
func (o *LayerNorm) New(_ *rand.Rand, in []Spec) Node {
	l := nn.NewLayerNorm(in[0].Width)
	l.Eps = o.Eps
	return &normNode{l}
}

type normNode struct{ *nn.LayerNorm }

// Run implements Node.
func (n *normNode) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	return each(in, func(x *grad.Var) *grad.Var { return n.Forward(g, x) })
}

// Dropout is an nn.Dropout, which does nothing but in training.
type Dropout struct {
	Rate float64 `json:"rate"`
}

// Plan implements Op.
func (o *Dropout) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{f}}, cmp.Or(err, unless(o.Rate >= 0 && o.Rate < 1, "rate is %v, want at least 0 and less than 1", o.Rate))
}

// New implements Op.
func (o *Dropout) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Dropout) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	return each(in, func(x *grad.Var) *grad.Var { return g.Dropout(x, o.Rate) })
}

// Embedding looks up a row for each id. Its parameter is w [vocab, width].
type Embedding struct {
	Vocab    int  `json:"vocab"`
	Width    int  `json:"width"`
	MaskZero bool `json:"mask_zero,omitempty"` // id 0 is no step, as in Keras
}

// Plan implements Op.
func (o *Embedding) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	err = cmp.Or(err,
		rnn.CheckSize("vocab", o.Vocab),
		rnn.CheckSize("width", o.Width),
		unless(f.Width == 1, "an embedding reads one id at each step, not %d", f.Width),
		unless(f.Sequence || !o.MaskZero, "mask_zero needs a sequence"))
	return Plan{Out: []Spec{{o.Width, f.Sequence}}, Params: o.Vocab * o.Width}, err
}

// New implements Op.
func (o *Embedding) New(r *rand.Rand, _ []Spec) Node {
	return &embeddingNode{o, nn.NewEmbedding(r, o.Vocab, o.Width)}
}

type embeddingNode struct {
	op *Embedding
	*nn.Embedding
}

// Run implements Node.
func (n *embeddingNode) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	x, mask := in[0].X, in[0].Mask
	ids := g.Ints(len(x.Value.Data))
	for i, v := range x.Value.Data {
		if mask != nil && !mask[i] {
			ids[i] = 0 // padding, which nobody reads
			continue
		}
		if ids[i] = int(v); tensor.Float(ids[i]) != v || ids[i] < 0 || ids[i] >= n.op.Vocab {
			panic(&tensor.ShapeError{Op: "graph.Embedding", Detail: fmt.Sprintf("%v is not an id from 0 to %d", v, n.op.Vocab-1)})
		}
	}
	if n.op.MaskZero && slices.Contains(ids, 0) {
		both := make([]bool, len(ids))
		for i, id := range ids {
			both[i] = id != 0 && (mask == nil || mask[i])
		}
		mask = both
	}
	y := n.Forward(g, ids)
	if s := x.Shape(); s.Rank() == 3 {
		y = g.Reshape(y, s.Dim(0), s.Dim(1), n.op.Width)
	}
	in[0] = Value{y, mask}
	return in[:1], nil
}

// Masking masks the steps all of whose values are Value, and makes them zero, as in
// Keras.
type Masking struct {
	Value float64 `json:"value"`
}

// Plan implements Op.
func (o *Masking) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	return Plan{Out: []Spec{f}}, cmp.Or(err, unless(f.Sequence, "masking needs a sequence"))
}

// New implements Op.
func (o *Masking) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Masking) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	x := in[0].X
	T, B, W := x.Dim(0), x.Dim(1), x.Dim(2)
	rows := g.Ints(T * B)
	for i := range rows {
		rows[i] = -1
		for _, v := range x.Value.Data[i*W : (i+1)*W] {
			if v != tensor.Float(o.Value) && (in[0].Mask == nil || in[0].Mask[i]) {
				rows[i] = i
				break
			}
		}
	}
	var mask []bool
	if slices.Contains(rows, -1) {
		mask = make([]bool, T*B)
		for i, from := range rows {
			mask[i] = from >= 0
		}
	}
	y := g.GatherRows(g.Reshape(x, T*B, W), rows)
	in[0] = Value{g.Reshape(y, T, B, W), mask}
	return in[:1], nil
}
