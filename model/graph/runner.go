package graph

import (
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Part is one tensor of the input or the output of a step, whose parts lie one behind the
// other.
type Part struct {
	Name  string
	Width int
	IDs   bool // its value is a whole number from 0
}

// A Runner steps many sessions of a network together; see rnn.Runner and package session.
type Runner struct {
	*rnn.Runner
	Inputs, Outputs []Part

	ids []idRange
}

// An idRange is an input that a layer looks up.
type idRange struct {
	name      string
	at, vocab int
}

// Runner makes a runner of the network with frozen weights. The error names a layer that
// needs the whole sequence, as that of Cell does.
func (n *Net) Runner(p rnn.Precision) (*Runner, error) {
	c, err := n.Cell()
	if err != nil {
		return nil, err
	}
	net := *c.(*netCell).Net
	net.Layers = slices.Clone(net.Layers)
	for i, l := range net.Layers {
		if e, ok := l.Node.(*embeddingNode); ok {
			net.Layers[i].Node = &lenient{e}
		}
	}
	r := &Runner{}
	if r.Runner, err = rnn.NewRunner(&netCell{&net}, p); err != nil {
		return nil, err
	}
	at := 0
	for i, in := range n.Config.Inputs {
		r.Inputs = append(r.Inputs, Part{in.Name, in.Width, in.IDs})
		for k, from := range n.plan.from {
			if e, ok := n.Layers[k].Node.(*embeddingNode); ok && from[0] == (place{-1 - i, 0}) {
				r.ids = append(r.ids, idRange{in.Name, at, e.op.Vocab})
			}
		}
		at += in.Width
	}
	for i, f := range n.OutputSpecs() {
		r.Outputs = append(r.Outputs, Part{Name: n.OutputNames()[i], Width: f.Width})
	}
	return r, nil
}

// Check returns an error if x, the input of one step of one session, has another width or
// an id that the network does not know. A step with such an id gives NaN, in its row alone.
func (r *Runner) Check(x []tensor.Float) error {
	if len(x) != r.In() {
		return fault.Errorf(fault.Data, "graph: a step has %d values, want %d", len(x), r.In())
	}
	for _, in := range r.ids {
		if v := x[in.at]; !isID(v, in.vocab) {
			return fault.Errorf(fault.Data, "graph: input %q: %v is not an id from 0 to %d", in.name, v, in.vocab-1)
		}
	}
	return nil
}

func isID(v tensor.Float, vocab int) bool {
	return v >= 0 && v < tensor.Float(vocab) && v == tensor.Float(int(v))
}

// lenient is an embedding that gives NaN for what is no id, where the other rows of a batch
// are of other sessions.
type lenient struct{ *embeddingNode }

// Run implements Node.
func (n *lenient) Run(g *grad.Tape, in []Value, s rnn.State) ([]Value, rnn.State) {
	x, bad := in[0].X, []int(nil)
	for i, v := range x.Value.Data {
		if !isID(v, n.op.Vocab) {
			bad = append(bad, i)
		}
	}
	if bad == nil {
		return n.embeddingNode.Run(g, in, s)
	}
	known := g.NewTensor(x.Shape())
	copy(known.Data, x.Value.Data)
	for _, i := range bad {
		known.Data[i] = tensor.Float(n.op.Vocab - 1) // not 0, which may be a mask
	}
	out, last := n.embeddingNode.Run(g, []Value{{g.Const(known), in[0].Mask}}, s)
	y := g.NewTensor(out[0].X.Shape())
	copy(y.Data, out[0].X.Value.Data)
	w := n.op.Width
	for _, i := range bad {
		for k := range w {
			y.Data[i*w+k] = tensor.Float(math.NaN())
		}
	}
	out[0].X = g.Const(y)
	return out, last
}

func (p Part) String() string { return fmt.Sprintf("%s [%d]", p.Name, p.Width) }
