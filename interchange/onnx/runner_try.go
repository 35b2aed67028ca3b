package onnx

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/recur-go/recur/tensor"
)

// patience is how long the steps that are tried may take: loops of a model may have no end.
const patience = 30 * time.Second

// try runs the model for one row, which gives the shapes of the outputs, and decides
// whether rows run together: they do if the batch changes a shape along one axis, no node
// decides by the values of rows how another runs, and rows that were tried have in a batch
// the bits that they have alone.
func (r *Runner) try() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	one, err := r.shapes(ctx, 1)
	if err != nil {
		return fmt.Errorf("onnx: the model does not run for one step: %w", err)
	}
	for i := range r.out {
		p := &r.out[i]
		p.Shape, p.Width = one[i], product(one[i])
		if i < r.m {
			continue
		}
		if in := r.in[r.n+i-r.m]; !slices.Equal(in.Shape, one[i]) {
			return &InputError{in.Name, fmt.Sprintf("is a state %v, and its next value %q is %v", in.Shape, p.Name, one[i])}
		}
	}
	if r.separate == "" {
		r.separate = r.model.plan.mixes(r.varies())
	}
	if r.separate == "" {
		r.separate = r.findAxes(ctx)
	}
	r.describe() // for the widths that a step needs
	if r.separate == "" {
		r.separate = r.compare(ctx)
	}
	if r.separate != "" {
		for i := range r.in {
			r.in[i].axis = -1
		}
		for i := range r.out {
			r.out[i].axis = -1
		}
	}
	return nil
}

// shapes runs the model for so many rows of small numbers and returns the shapes of the
// outputs.
func (r *Runner) shapes(ctx context.Context, rows int) (list [][]int, err error) {
	probe := *r
	probe.width = [2]int{}
	for _, p := range r.in[:r.n] {
		probe.width[0] += p.Width
	}
	x, _, states := probe.rows(rows)
	made, err := r.model.RunValues(ctx, probe.inputs(rows, x, states))
	if err != nil {
		return nil, err
	}
	for _, p := range r.out {
		t, ok := made[p.Name].(*Tensor)
		if !ok || t.DType != p.DType || t.DType == String {
			return nil, fmt.Errorf("output %q is %v, which is not a tensor of numbers", p.Name, made[p.Name])
		}
		list = append(list, t.Shape)
	}
	return list, nil
}

// rows are inputs and first states of so many rows. Inputs of whole numbers are 0, which
// any table has.
func (r *Runner) rows(n int) (x, y []tensor.Float, states [][]tensor.Float) {
	random := rand.New(rand.NewPCG(3, uint64(n)))
	x, y = make([]tensor.Float, n*r.width[0]), make([]tensor.Float, n*r.width[1])
	at := 0
	for _, p := range r.in[:r.n] {
		for k := range n {
			for i := range p.Width {
				if p.DType.float() {
					x[k*r.width[0]+at+i] = tensor.Float(random.NormFloat64())
				}
			}
		}
		at += p.Width
	}
	for _, p := range r.in[r.n:] {
		states = append(states, make([]tensor.Float, n*p.Width))
	}
	return x, y, states
}

// findAxes finds the axis of each output that the batch lies along, and returns why not if
// one has none.
func (r *Runner) findAxes(ctx context.Context) (reason string) {
	const rows = 3
	many, err := r.shapes(ctx, rows)
	if err != nil {
		return fmt.Sprintf("the model does not run for %d rows: %v", rows, err)
	}
	for i := range r.out {
		p := &r.out[i]
		p.axis = -1
		for k := range p.Shape {
			if p.axis < 0 && p.Shape[k] == 1 && slices.Equal(many[i], withSize(p.Shape, k, rows)) {
				p.axis = k
			}
		}
		if p.axis < 0 {
			return fmt.Sprintf("output %q is %v for one row and %v for %d", p.Name, p.Shape, many[i], rows)
		}
		if i >= r.m && p.axis != r.in[r.n+i-r.m].axis {
			return fmt.Sprintf("the batch lies along axis %d of state %q and along axis %d of its next value", r.in[r.n+i-r.m].axis, r.in[r.n+i-r.m].Name, p.axis)
		}
	}
	return ""
}

// compare runs rows together and alone, one of them not a number, and returns how they
// differ.
func (r *Runner) compare(ctx context.Context) (reason string) {
	values := 0 // of a row
	for _, p := range slices.Concat(r.in, r.out) {
		values += p.Width
	}
	for _, rows := range []int{2, 3, 8, 17} {
		if rows > 3 && rows*values > 1<<20 {
			break // a session of so many values takes its time
		}
		x, y, states := r.rows(rows)
		_, own, _ := r.rows(1)
		alone := make([][][]tensor.Float, rows)
		for k := range alone {
			_, _, alone[k] = r.rows(1)
		}
		for step := range 3 {
			if step == 1 && r.n > 0 && r.in[0].DType.float() {
				x[r.width[0]] = tensor.Float(math.NaN()) // of row 1
			}
			if err := r.together(ctx, rows, x, y, states); err != nil {
				return fmt.Sprintf("the model does not run for %d rows: %v", rows, err)
			}
			for k := range rows {
				if err := r.together(ctx, 1, x[k*r.width[0]:], own, alone[k]); err != nil {
					return fmt.Sprintf("a row does not run alone: %v", err)
				}
				if !sameBits(own, y[k*r.width[1]:][:r.width[1]]) {
					return fmt.Sprintf("row %d of %d has other bits than alone", k, rows)
				}
				for i, p := range r.in[r.n:] {
					if !sameBits(alone[k][i], states[i][k*p.Width:][:p.Width]) {
						return fmt.Sprintf("state %q of row %d of %d has other bits than alone", p.Name, k, rows)
					}
				}
			}
		}
	}
	return ""
}

func sameBits(a, b []tensor.Float) bool {
	for i, v := range a {
		if w := b[i]; math.Float64bits(float64(v)) != math.Float64bits(float64(w)) && (v == v || w == w) {
			return false
		}
	}
	return true
}

// varies are the slots of the inputs that rows have values of their own of.
func (r *Runner) varies() map[int]bool {
	slots := map[int]bool{}
	for i, v := range r.model.Inputs {
		if r.fixed[v.Name] == nil {
			slots[r.model.plan.inputs[i]] = true
		}
	}
	return slots
}
