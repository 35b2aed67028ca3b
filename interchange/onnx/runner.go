package onnx

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/recur-go/recur/tensor"
)

// RunnerOptions are the options of a Runner.
type RunnerOptions struct {
	Pairs []StatePair        // states; by default those that Stream finds
	Fixed map[string]*Tensor // inputs that are the same at every step, such as a sample rate

	// Sizes are those of open dimensions but the batch's: by the name of the dimension, or
	// by input and axis, as in "input.1". One that is called time, steps or the like is 1
	// by default.
	Sizes map[string]int

	Batch     string // name of the dimension that rows lie along; by default it is found
	Separate  bool   // run rows one by one
	Stateless bool   // the model has no states
}

// A Part is one tensor of the input or the output of a step, whose parts lie one behind the
// other.
type Part struct {
	Name  string
	DType DType
	Shape []int // of one session, with 1 for the batch
	Batch int   // dimension of the batch, or the first if it is 1; -1 for none
	Width int   // number of values
}

// A Runner steps many sessions of a model whose states are inputs and outputs; it is a
// session.Runner. Rows run together where the model has a dimension for them and gives each
// row the bits that it gives it alone, else one after another.
//
// Inputs and states of whole numbers and truths pass as numbers, which are exact to 2^24;
// those of float64 are rounded to tensor.Float.
type Runner struct {
	Inputs, Outputs, States []Part // states by the names of their inputs

	model    *Model
	in       []port // inputs that each step gives, then states
	out      []port // outputs, then next states
	fixed    map[string]Value
	repeated map[string]*Tensor // fixed inputs with a row for each of the batch
	batch    string             // name of the batch's dimension, "" if it has none
	n, m     int                // inputs and outputs that are no states
	width    [2]int             // values of an input and an output of a row
	separate string             // reason why rows run one by one, "" if they do not
	id       [32]byte
}

// A port is where rows enter or leave the model.
type port struct {
	Part
	axis int // of the batch, -1 for none
}

// Runner makes a runner of the model, which it tries on steps of a few rows.
func (m *Model) Runner(o RunnerOptions) (*Runner, error) {
	pairs := o.Pairs
	if len(pairs) == 0 && !o.Stateless {
		s, err := m.Stream()
		if err != nil {
			return nil, fmt.Errorf("%w; a model without states needs Stateless", err)
		}
		pairs = s.Pairs()
	} else if len(pairs) > 0 {
		if _, err := m.Stream(pairs...); err != nil {
			return nil, err
		}
	}
	r := &Runner{model: m, fixed: map[string]Value{}, repeated: map[string]*Tensor{}}
	state := map[string]bool{}
	for _, p := range pairs {
		state[p.Input] = true
	}
	inputs, err := m.perStep(o, state)
	if err != nil {
		return nil, err
	}
	for name, t := range o.Fixed {
		r.fixed[name] = t
	}
	r.n = len(inputs)
	for _, p := range pairs {
		inputs = append(inputs, named(m.Inputs, p.Input))
	}
	axes, batch, without, err := batchAxes(inputs, o)
	if err != nil {
		return nil, err
	}
	switch {
	case len(inputs) == 0:
		return nil, &InputError{"", "no input is given step by step"}
	case axes == nil:
		r.separate = fmt.Sprintf("input %s has no open dimension for a batch; fix it if it is the same at every step", without)
	}
	if r.in, err = ports(inputs, axes, batch, o.Sizes); err != nil {
		return nil, err
	}
	r.batch = batch
	for name, t := range o.Fixed {
		v := named(m.Inputs, name)
		if i := slices.IndexFunc(v.Shape, func(d Dim) bool { return d.Size < 0 && d.Name == batch }); i >= 0 && batch != "" && len(t.Shape) > i && t.Shape[i] == 1 {
			delete(r.fixed, name)
			r.repeated[name] = t
		}
	}
	for _, v := range m.Outputs {
		if v.Kind == "tensor" && !slices.ContainsFunc(pairs, func(p StatePair) bool { return p.Output == v.Name }) {
			r.out = append(r.out, port{Part{Name: v.Name, DType: v.DType}, -1})
		}
	}
	r.m = len(r.out)
	for _, p := range pairs {
		r.out = append(r.out, port{Part{Name: p.Output, DType: named(m.Inputs, p.Input).DType}, -1})
	}
	if o.Separate {
		r.separate = "it was asked for"
	}
	if err := r.try(); err != nil {
		return nil, err
	}
	r.describe()
	return r, nil
}

// perStep lists the inputs that each step gives.
func (m *Model) perStep(o RunnerOptions, state map[string]bool) (list []*ValueInfo, err error) {
	for name, t := range o.Fixed {
		v := named(m.Inputs, name)
		if v == nil || t == nil {
			return nil, &InputError{name, fmt.Sprintf("cannot be fixed; the model takes %v", m.Inputs)}
		}
		if err := v.check(t); err != nil {
			return nil, err
		}
	}
	for _, v := range m.Inputs {
		switch {
		case o.Fixed[v.Name] != nil && state[v.Name]:
			return nil, &InputError{v.Name, "is a state and cannot be fixed"}
		case o.Fixed[v.Name] != nil || v.Kind == "optional" && !state[v.Name]: // which is left out
			continue
		case v.Kind != "tensor" || v.DType == String || v.Shape == nil:
			return nil, &InputError{v.Name, fmt.Sprintf("%v cannot be given step by step; fix its value", v)}
		case !state[v.Name]:
			list = append(list, v)
		}
	}
	return list, nil
}

// maxRow is the most values that the inputs and states of a step may have together.
const maxRow = 1 << 22

// ports gives the inputs their shapes for one row.
func ports(inputs []*ValueInfo, axes []int, batch string, sizes map[string]int) (list []port, err error) {
	used, total := map[string]bool{}, 0
	for i, v := range inputs {
		p := port{Part{Name: v.Name, DType: v.DType, Shape: make([]int, len(v.Shape))}, -1}
		if axes != nil {
			p.axis = axes[i]
		}
		for k, d := range v.Shape {
			key := fmt.Sprintf("%s.%d", v.Name, k)
			size, ok := sizes[key]
			if used[key] = ok; !ok {
				if size, ok = sizes[d.Name]; ok {
					used[d.Name] = true
				}
			}
			switch {
			case d.Size >= 0:
				p.Shape[k] = d.Size
			case k == p.axis || d.Name == batch && batch != "":
				p.Shape[k] = 1
			case ok && size > 0:
				p.Shape[k] = size
			case isTime(d.Name) || axes == nil && k == 0:
				p.Shape[k] = 1
			default:
				return nil, &InputError{v.Name, fmt.Sprintf("dimension %d of %v is open: give its size, as in Sizes{%q: 512}", k, v.Shape, key)}
			}
		}
		n, ok := volume(p.Shape)
		if total += n; !ok || n > maxRow || total > maxRow {
			return nil, &InputError{v.Name, fmt.Sprintf("%v makes the inputs and states of a step more than %d values", p.Shape, maxRow)}
		}
		p.Width = n
		list = append(list, p)
	}
	for key := range sizes {
		if !used[key] {
			return nil, &InputError{"", fmt.Sprintf("no open dimension is called %q; inputs are %v", key, inputs)}
		}
	}
	return list, nil
}

// describe sets what callers see, and the ID.
func (r *Runner) describe() {
	h := sha256.New()
	parts := func(what string, ports []port) (list []Part) {
		for _, p := range ports {
			if p.Batch = p.axis; p.axis < 0 && len(p.Shape) > 0 && p.Shape[0] == 1 {
				p.Batch = 0
			}
			list = append(list, p.Part)
			fmt.Fprintf(h, "%s %q %v %v\n", what, p.Name, p.DType, p.Shape)
		}
		return list
	}
	r.Inputs, r.States = parts("input", r.in[:r.n]), parts("state", r.in[r.n:])
	r.Outputs = parts("output", r.out[:r.m])
	parts("next", r.out[r.m:])
	for _, fixed := range []map[string]*Tensor{r.repeated, tensorsOf(r.fixed)} {
		for _, name := range slices.Sorted(maps.Keys(fixed)) {
			fmt.Fprintf(h, "fixed %q %v %v\n", name, fixed[name], fixed[name].data)
		}
	}
	h.Write(r.model.weights[:])
	h.Sum(r.id[:0])
	r.width = [2]int{}
	for i, list := range [][]Part{r.Inputs, r.Outputs} {
		for _, p := range list {
			r.width[i] += p.Width
		}
	}
}

func tensorsOf(values map[string]Value) map[string]*Tensor {
	list := map[string]*Tensor{}
	for name, v := range values {
		list[name] = v.(*Tensor)
	}
	return list
}

// In is the number of values of all inputs of a step.
func (r *Runner) In() int { return r.width[0] }

// Out is the number of values of all outputs of a step.
func (r *Runner) Out() int { return r.width[1] }

// StateSizes are the widths of the states, in the order of their pairs.
func (r *Runner) StateSizes() []int {
	sizes := make([]int, len(r.States))
	for i, p := range r.States {
		sizes[i] = p.Width
	}
	return sizes
}

// ID is a digest of the names and shapes of inputs, outputs, states and initializers, and of
// what is fixed: models trained further on the same graph have the same one.
func (r *Runner) ID() [32]byte { return r.id }

// Separate is the reason why the rows of a batch run one by one, "" if they run together.
func (r *Runner) Separate() string { return r.separate }

// Step does one step of each row: it reads x [rows, In], writes y [rows, Out], and replaces
// each states[i] [rows, StateSizes()[i]] by the next. After an error, which one row may bring
// about, y and states are undefined.
func (r *Runner) Step(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	if rows < 0 || len(x) < rows*r.In() || len(y) < rows*r.Out() || len(states) != len(r.States) {
		return fmt.Errorf("onnx: %d rows with %d values of input, %d of output and %d states, want %d, %d and %d",
			rows, len(x), len(y), len(states), rows*r.In(), rows*r.Out(), len(r.States))
	}
	for i, p := range r.States {
		if len(states[i]) < rows*p.Width {
			return fmt.Errorf("onnx: state %q has %d values, want %d for %d rows", p.Name, len(states[i]), rows*p.Width, rows)
		}
	}
	if err := ctx.Err(); err != nil || rows == 0 {
		return err
	}
	if rows == 1 || r.separate == "" {
		return r.together(ctx, rows, x, y, states)
	}
	one := make([][]tensor.Float, len(states))
	for k := range rows {
		for i, p := range r.States {
			one[i] = states[i][k*p.Width : (k+1)*p.Width]
		}
		if err := r.together(ctx, 1, x[k*r.In():], y[k*r.Out():(k+1)*r.Out()], one); err != nil {
			return err
		}
	}
	return nil
}

// together runs the rows as one batch. After an error all is as it was.
func (r *Runner) together(ctx context.Context, rows int, x, y []tensor.Float, states [][]tensor.Float) error {
	at := 0
	for _, p := range r.Inputs {
		for k := range rows {
			for _, v := range x[k*r.width[0]+at:][:p.Width] {
				if !p.DType.float() && p.DType != Bool && v != tensor.Float(math.Trunc(float64(v))) {
					return &InputError{p.Name, fmt.Sprintf("%v is not a whole number", v)}
				}
			}
		}
		at += p.Width
	}
	made, err := r.model.RunValues(ctx, r.inputs(rows, x, states))
	if err != nil {
		return err
	}
	for i := range r.out {
		if err := r.out[i].fits(rows, made[r.out[i].Name]); err != nil {
			return err
		}
	}
	at = 0
	for i := range r.out {
		p := &r.out[i]
		if i < r.m {
			p.leave(rows, made[p.Name].(*Tensor), y[at:], r.width[1])
			at += p.Width
		} else {
			p.leave(rows, made[p.Name].(*Tensor), states[i-r.m], p.Width)
		}
	}
	return nil
}

// inputs are the tensors of a batch by name.
func (r *Runner) inputs(rows int, x []tensor.Float, states [][]tensor.Float) map[string]Value {
	inputs, at := maps.Clone(r.fixed), 0
	for name, t := range r.repeated {
		i := slices.IndexFunc(named(r.model.Inputs, name).Shape, func(d Dim) bool { return d.Size < 0 && d.Name == r.batch })
		inputs[name] = expand(t, withSize(t.Shape, i, rows))
	}
	for i := range r.in {
		p := &r.in[i]
		if i < r.n {
			inputs[p.Name] = p.enter(rows, x[at:], r.width[0])
			at += p.Width
		} else {
			inputs[p.Name] = p.enter(rows, states[i-r.n], p.Width)
		}
	}
	return inputs
}

func withSize(shape []int, axis, n int) []int {
	s := slices.Clone(shape)
	if axis >= 0 {
		s[axis] = n
	}
	return s
}

// split is how a port's values lie around its batch axis.
func (p *port) split() (outer, inner int) {
	if p.axis < 0 {
		return 1, p.Width
	}
	return product(p.Shape[:p.axis]), product(p.Shape[p.axis+1:])
}

// enter makes a tensor of rows that lie ld apart in from.
func (p *port) enter(rows int, from []tensor.Float, ld int) *Tensor {
	outer, inner := p.split()
	data := make([]tensor.Float, rows*p.Width)
	for k := range rows {
		for o := range outer {
			copy(data[(o*rows+k)*inner:][:inner], from[k*ld+o*inner:])
		}
	}
	t := &Tensor{DType: p.DType, Shape: withSize(p.Shape, p.axis, rows), data: fit(p.DType, data)}
	t.roundTo()
	return t
}

// leave copies the rows of t, which fits, to where they lie ld apart.
func (p *port) leave(rows int, t *Tensor, to []tensor.Float, ld int) {
	outer, inner := p.split()
	data := t.floats()
	for k := range rows {
		for o := range outer {
			copy(to[k*ld+o*inner:][:inner], data[(o*rows+k)*inner:])
		}
	}
}

// fits is an error unless v has the shape of so many rows.
func (p *port) fits(rows int, v Value) error {
	t, ok := v.(*Tensor)
	if !ok || t.DType != p.DType || p.DType == String {
		return &RunError{Err: fmt.Errorf("output %q is %v, want a tensor of %v", p.Name, v, p.DType)}
	}
	if want := withSize(p.Shape, p.axis, rows); !slices.Equal(t.Shape, want) {
		return &RunError{Err: fmt.Errorf("output %q is %v, want %v", p.Name, t.Shape, want)}
	}
	return nil
}
