package onnx

import (
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() {
	register("com.microsoft", version{"DynamicQuantizeLSTM", 1, 12, 12, 3, newQuantLSTM})
}

// A quantLSTM is ONNX Runtime's LSTM with weights of 8 bits, which quantizes its
// inputs too: X as a whole, and h in every step. The products of such numbers are
// those of the values that they stand for, so it is an LSTM of rounded weights whose
// inputs are rounded on their way in.
//
// The inputs are X, W [directions, in, 4·hidden], R [directions, hidden, 4·hidden],
// B, sequence_lens, initial_h, initial_c, P, then scale and zero point of W and of R,
// one for a direction or one for each of its columns.
type quantLSTM struct{ recurrent }

func newQuantLSTM(n *nodeDef) op {
	renamed := *n
	node := *n.nodeProto
	node.op = "LSTM"
	renamed.nodeProto, renamed.opset = &node, 7
	renamed.slots = nil // the shapes of W and R are others
	q := &quantLSTM{}
	r := newRecurrent(&renamed).(*recurrent)
	q.kind, q.directions, q.reverse, q.hidden = r.kind, r.directions, r.reverse, r.hidden
	q.clip, q.coupled, q.activations = r.clip, r.coupled, r.activations
	for i := range 12 {
		q.given = append(q.given, n.given(i))
	}
	return q
}

func (q *quantLSTM) prepare(in []Value) (done []int) {
	for _, i := range []int{inW, inR, inB, inP, 8, 9, 10, 11} {
		if q.given[i] {
			if _, ok := in[i].(*Tensor); !ok {
				return nil
			}
			done = append(done, i)
		}
	}
	q.cells = q.quantized(func(i int) *Tensor { return tensorAt(in, i) })
	return done
}

func (q *quantLSTM) run(c *call) {
	x := c.tensor(0)
	if x.DType != Float32 {
		fail("X is %v, want float32", x)
	}
	d := make([]tensor.Float, x.Len())
	coarse(d, x.floats())
	inner := recurrent{kind: q.kind, directions: q.directions, reverse: q.reverse, hidden: q.hidden, cells: q.cells}
	if inner.cells == nil {
		inner.cells = q.quantized(c.opt)
	}
	again := *c
	again.in = slices.Clone(c.in)
	again.in[0] = fromFloats(Float32, x.Shape, d)
	inner.run(&again)
}

// quantized makes the cells of weights given by the number of their input.
func (q *quantLSTM) quantized(in func(i int) *Tensor) []rnn.Cell {
	w, r := dequantized(in(inW), in(8), in(9)), dequantized(in(inR), in(10), in(11))
	cells := q.make(w, r, in(inB), in(inP))
	for i, c := range cells {
		cells[i] = &coarseCell{c}
	}
	return cells
}

// dequantized is weights [directions, rows, columns] as floats [directions, columns,
// rows].
func dequantized(w, scale, zero *Tensor) *Tensor {
	if w == nil || scale == nil || zero == nil || len(w.Shape) != 3 || w.DType.Size() != 1 || scale.DType != Float32 {
		fail("weights of 8 bits [directions rows columns], their scale and zero point are wanted")
	}
	perColumn := func(t *Tensor) *Tensor {
		shape := []int{w.Shape[0], 1, 1}
		if t.Len() != w.Shape[0] {
			shape[2] = w.Shape[2]
		}
		if product(shape) != t.Len() {
			fail("scale or zero point is %v of weights %v", t.Shape, w.Shape)
		}
		return cast(t, Float32).view(shape)
	}
	f := calculate("Mul", calculate("Sub", cast(w, Float32), perColumn(zero)), perColumn(scale))
	return transpose(f, []int{0, 2, 1})
}

// A coarseCell rounds h before each step.
type coarseCell struct{ rnn.Cell }

func (c *coarseCell) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	h := g.Scratch(s[0].Shape())
	coarse(h.Data, s[0].Value.Data)
	return c.Cell.Step(g, x, rnn.State(g.List(g.Const(h), s[1])))
}
