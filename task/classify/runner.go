package classify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A Runner steps many sequences together, for package session: a step reads one record and
// gives the probabilities of Classes for all that was read so far or, with a label for each
// step, for this one.
//
// The record of a text is the id of a token, behind it the case of the word if Cased, that of a
// series its values; NaN is missing, for models that know gaps. What the steps of a sequence
// come to, such as their mean, is kept as sums, so that the last answer is that of Predict but
// for rounding. MaxLength, which leaves out the middle of a longer sequence, has no effect.
type Runner struct {
	*rnn.Runner
	m  *Model
	id [32]byte
}

// Runner makes a runner of the model with frozen weights. It is an error if the model reads
// sequences from their end too.
func (m *Model) Runner(p rnn.Precision) (*Runner, error) {
	c := &reader{m: m, Net: m.net}
	for i, l := range m.net.Layers {
		if l.Bwd != nil {
			return nil, fault.Errorf(fault.Model, "classify: layer %d reads sequences from their end too, so that there is no answer before it: give the model whole sequences, or train one that reads forwards, with --set bidirectional=false", i)
		}
		c.layers = append(c.layers, l.Fwd)
	}
	c.own, c.top = len(c.layers.StateSize()), m.input()
	if m.Target != Steps {
		c.pooled = m.pools()
	}
	if n := len(m.net.Layers); n > 0 {
		_, out, ok := rnn.Widths(c.layers[n-1])
		if !ok {
			return nil, fmt.Errorf("classify: the width of layer %d is not known", n-1)
		}
		c.top = out
	}
	r, err := rnn.NewRunner(c, p)
	if err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	inner := r.ID()
	return &Runner{r, m, sha256.Sum256(fmt.Appendf(inner[:], "classify %s %s %d %v", m.Target, m.Pool, m.NGrams, m.cased()))}, nil
}

// ID implements session.Runner.
func (r *Runner) ID() [32]byte { return r.id }

// Cased reports whether the record of a text has the case of the word behind its id: 0 for
// none, 1 for a capital at its begin, 2 for capitals alone, 3 for others.
func (r *Runner) Cased() bool { return r.m.Input == Text && r.m.cased() }

// Step does a step of each row, as that of a rnn.Runner. A record that the model cannot read is
// an error of all rows.
func (r *Runner) Step(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	in := r.In()
	for i := range min(max(rows, 0), len(x)/in) {
		if err := r.check(x[i*in : (i+1)*in]); err != nil {
			return fault.Errorf(fault.Data, "classify: row %d: %w", i, err)
		}
	}
	return r.Runner.Step(ctx, rows, x, y, states)
}

func (r *Runner) check(x []tensor.Float) error {
	m := r.m
	whole := func(what string, v tensor.Float, n int) error {
		if v >= 0 && v < tensor.Float(n) && v == tensor.Float(int(v)) {
			return nil
		}
		return fmt.Errorf("%v is no %s: want a whole number from 0 to %d", v, what, n-1)
	}
	switch {
	case m.Input == Series:
		for j, v := range x {
			if v != v && !m.Gaps {
				return fmt.Errorf("value %d is missing, but none was missing in training: fill it in, or train on series that have such gaps", j+1)
			}
		}
		return nil
	case len(x) > 1:
		if err := whole("case of a word", x[1], cases); err != nil {
			return err
		}
	}
	return whole("token", x[0], m.Size)
}

// Records cuts a text into the records of its steps, each as wide as In: what a client of a
// session sends one by one. A model of series has none.
func (r *Runner) Records(s string) [][]tensor.Float {
	if r.m.Input == Series {
		return nil
	}
	var all [][]tensor.Float
	ids := r.m.encode(s, nil)
	var kinds []uint8
	if r.Cased() {
		kinds = casesOf(s, r.m.Tokens, len(ids))
	}
	for i, id := range ids {
		x := []tensor.Float{tensor.Float(id)}
		if kinds != nil {
			x = append(x, tensor.Float(kinds[i]))
		}
		all = append(all, x)
	}
	return all
}

// reader is a net as a cell, from a record to the probabilities of the labels. Its state is that
// of the layers, then the last tokens, then the pooled sums.
type reader struct {
	Net *net `recur:"net"`

	m      *Model    `recur:"-"`
	layers rnn.Stack `recur:"-"`
	top    int       `recur:"-"` // width of what is pooled

	frozen rnn.Cell          `recur:"-"` // layers; nil before Freeze, and where there are none
	own    int               `recur:"-"` // entries of the state that are those of layers
	pooled []string          `recur:"-"` // ways in which steps are pooled
	out    *rnn.FrozenLinear `recur:"-"`
}

// tokens is the number of tokens before the present one that n-grams need.
func (c *reader) tokens() int {
	if c.m.NGramCount == 0 {
		return 0
	}
	return max(0, c.m.NGrams-1)
}

// StateSize implements rnn.Cell.
func (c *reader) StateSize() []int {
	sizes := slices.Clone(c.layers.StateSize())
	if n := c.tokens(); n > 0 {
		sizes = append(sizes, n)
	}
	counts := false
	for _, p := range c.pooled {
		switch p {
		case "mean", "max":
			sizes, counts = append(sizes, c.top), true
		case "bag":
			sizes, counts = append(sizes, c.m.input()), true
		case "attention":
			sizes = append(sizes, c.top, 2)
			counts = true
		}
	}
	if counts {
		sizes = append(sizes, 1)
	}
	return sizes
}

// Widths implements rnn.Sizer.
func (c *reader) Widths() (in, out int) {
	in = c.m.Width
	if c.m.Input == Text {
		in = 1
		if c.m.cased() {
			in = 2
		}
	}
	return in, len(c.m.Classes)
}

// Start implements rnn.Starter. No token is -1.
func (c *reader) Start(g *grad.Tape, batch int) rnn.State {
	s := rnn.Start(g, c.layers, batch)
	sizes := c.StateSize()
	for i := len(s); i < len(sizes); i++ {
		v := g.Zeros(batch, sizes[i])
		if i == c.own && c.tokens() > 0 {
			for k := range v.Value.Data {
				v.Value.Data[k] = -1
			}
		}
		s = append(s, v)
	}
	return s
}

// Freeze implements rnn.Freezer.
func (c *reader) Freeze(p rnn.Precision) (rnn.Cell, error) {
	f := *c
	f.out = rnn.FreezeLinear(c.Net.Out, p)
	if len(c.layers) == 0 {
		return &f, nil
	}
	cells, err := c.layers.Freeze(p)
	f.frozen = rnn.BeginSequence(grad.Eval(), cells, 1)
	return &f, err
}

// Step implements rnn.Cell: x is [batch, In].
func (c *reader) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	in, after := c.read(g, x, s)
	y, next := in, rnn.State(g.List(s...))
	var last rnn.State
	switch {
	case c.frozen != nil:
		y, last = c.frozen.Step(g, in, s[:c.own])
	case len(c.layers) > 0:
		y, last = c.layers.Step(g, in, s[:c.own])
	}
	copy(next, last)
	if c.tokens() > 0 {
		next[c.own] = after
	}
	y = c.pool(g, in, y, s, next)
	if c.out != nil {
		y = c.out.Forward(g, c.Net.Out, y)
	} else {
		y = c.Net.Out.Forward(g, y)
	}
	if t := c.m.Temperature; t > 0 && t != 1 {
		y = g.Scale(y, 1/t)
	}
	if c.m.Target == Many {
		return g.Sigmoid(y), next
	}
	return g.Softmax(y), next
}
