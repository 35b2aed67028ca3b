package tf1_test

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// cells are all of them with random parameters, biases too, for inputs of width in.
func cells() map[string]struct {
	cell rnn.Cell
	in   int
} {
	r := rand.New(rand.NewPCG(1, 3))
	all := map[string]struct {
		cell rnn.Cell
		in   int
	}{
		"UGRNN":           {tf1.UGRNNOptions{ForgetBias: 1}.New(r, 5, 4), 5},
		"Intersection":    {tf1.IntersectionOptions{ForgetBias: 1}.New(r, 5, 4), 5},
		"IntersectionIn":  {tf1.IntersectionOptions{ForgetBias: 1}.New(r, 4, 4), 4},
		"NAS":             {tf1.NASOptions{}.New(r, 5, 4), 5},
		"NASProjection":   {tf1.NASOptions{Projection: 3}.New(r, 5, 4), 5},
		"Minimal":         {tf1.MinimalOptions{}.New(r, 5, 4), 5},
		"CFN":             {tf1.CFNOptions{}.New(r, 5, 4), 5},
		"IndyGRU":         {tf1.IndyGRUOptions{}.New(r, 5, 4), 5},
		"IndyLSTM":        {tf1.IndyLSTMOptions{ForgetBias: 1}.New(r, 5, 4), 5},
		"GLSTM":           {tf1.GLSTMOptions{Groups: 2, ForgetBias: 1}.New(r, 6, 4), 6},
		"GLSTMProjection": {tf1.GLSTMOptions{Projection: 2, Groups: 2, ForgetBias: 1}.New(r, 6, 4), 6},
		"WeightNorm":      {tf1.NewWeightNorm(rnn.LSTMOptions{Peepholes: true, Projection: 3}.New(r, 5, 4)), 5},
		"Phased":          {tf1.PhasedOptions{Leak: 0.001}.New(r, 5, 4), 5},
		"PhasedPeepholes": {tf1.PhasedOptions{Peepholes: true, Leak: 0.001}.New(r, 5, 4), 5},
		"Attention":       {tf1.NewAttention(r, rnn.NewLSTM(r, 5, 4), 5, 4, 3), 5},
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		for _, p := range nn.Params(c.cell) {
			for i := range p.Value.Data {
				p.Value.Data[i] += grad.Float(0.3 * r.NormFloat64())
			}
		}
		if p, ok := c.cell.(*tf1.Phased); ok {
			// Differences must not step over the ends of a phase: in the fourth cycle,
			// units 0 and 3 open, 1 closes, 2 is closed for any time near 0.
			for i, on := range []grad.Float{1, 0.5, 0.1, 0.9} {
				p.Period.Value.Data[i] = 40 + grad.Float(i)
				p.Phase.Value.Data[i] = -15 - 3*p.Period.Value.Data[i]
				p.On.Value.Data[i] = on
			}
		}
		all[name] = c
	}
	return all
}

func TestCells(t *testing.T) {
	for name, c := range cells() {
		t.Run(name, func(t *testing.T) {
			if f := nn.Untagged(c.cell); f != nil {
				t.Errorf("fields without a tag: %v", f)
			}
			rnntest.Cell(t, c.cell, c.in)
		})
	}
}

func TestShapes(t *testing.T) {
	for name, c := range cells() {
		t.Run(name, func(t *testing.T) {
			g := grad.Eval()
			step := func(in, batch int) (err error) {
				defer tensor.Catch(&err)
				c.cell.Step(g, g.Zeros(2, in), rnn.Start(g, c.cell, batch))
				return nil
			}
			var shape *tensor.ShapeError
			if err := step(c.in+1, 2); !errors.As(err, &shape) {
				t.Errorf("an input too wide: %v", err)
			}
			if err := step(c.in, 3); !errors.As(err, &shape) {
				t.Errorf("a state of another batch: %v", err)
			}
		})
	}
}

// The equations once more, one number at a time.

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// column is x·w for one column, with rows of w from row on.
func column(x []float64, w *grad.Var, row, col int) (sum float64) {
	for i, v := range x {
		sum += v * float64(w.Value.Data[(row+i)*w.Dim(1)+col])
	}
	return sum
}

func at(v *grad.Var, i int) float64 { return float64(v.Value.Data[i]) }

func join(xs ...[]float64) (all []float64) {
	for _, x := range xs {
		all = append(all, x...)
	}
	return all
}

// byHand is a step of the cell for x and the entries of its state.
func byHand(c rnn.Cell, x []float64, s [][]float64) (y []float64, next [][]float64) {
	switch c := c.(type) {
	case *tf1.UGRNN:
		h, H := s[0], 4
		in, out := join(x, h), make([]float64, H)
		for k := range H {
			u := sigmoid(column(in, c.Kernel, 0, k) + at(c.Bias, k) + c.ForgetBias)
			out[k] = u*h[k] + (1-u)*math.Tanh(column(in, c.Kernel, 0, H+k)+at(c.Bias, H+k))
		}
		return out, [][]float64{out}
	case *tf1.Intersection:
		h, H := s[0], 4
		if c.In != nil {
			px := make([]float64, H)
			for k := range H {
				px[k] = column(x, c.In, 0, k) + at(c.InBias, k)
			}
			x = px
		}
		in, out, y := join(x, h), make([]float64, H), make([]float64, H)
		part := func(i, k int) float64 { return column(in, c.Kernel, 0, i*H+k) + at(c.Bias, i*H+k) }
		for k := range H {
			u, v := sigmoid(part(0, k)+c.ForgetBias), sigmoid(part(2, k)+c.ForgetBias)
			out[k] = u*h[k] + (1-u)*math.Tanh(part(1, k))
			y[k] = v*x[k] + (1-v)*max(part(3, k), 0)
		}
		return y, [][]float64{out}
	case *tf1.NAS:
		H := 4
		m, cell := make([]float64, H), make([]float64, H)
		for k := range H {
			a := func(i int) float64 { return column(x, c.Kernel, 0, i*H+k) }
			b := func(i int) float64 { return column(s[0], c.Recurrent, 0, i*H+k) + at(c.Bias, i*H+k) }
			l0 := math.Tanh(math.Tanh(sigmoid(a(0)+b(0))*max(a(1)+b(1), 0)) + s[1][k])
			l1 := math.Tanh(sigmoid(a(2)+b(2)) + max(a(3)*b(3), 0))
			l2 := math.Tanh(math.Tanh(a(4)+b(4)) * sigmoid(a(5)+b(5)))
			l3 := sigmoid(math.Tanh(a(6)+b(6)) + sigmoid(a(7)+b(7)))
			cell[k] = l0 * l1
			m[k] = math.Tanh(cell[k] * math.Tanh(l2+l3))
		}
		m = projected(m, c.Projection)
		return m, [][]float64{m, cell}
	case *tf1.Minimal:
		h, H := s[0], 4
		z, out := make([]float64, H), make([]float64, H)
		for k := range H {
			z[k] = math.Tanh(column(x, c.Kernel, 0, k))
		}
		for k := range H {
			u := sigmoid(column(join(z, h), c.Kernel, len(x), k) + at(c.Bias, k))
			out[k] = u*h[k] + (1-u)*z[k]
		}
		return out, [][]float64{out}
	case *tf1.CFN:
		h, H := s[0], 4
		out := make([]float64, H)
		for k := range H {
			g := func(i int) float64 {
				return sigmoid(column(x, c.Kernel, 0, i*H+k) + column(h, c.Recurrent, 0, i*H+k) + at(c.Bias, i*H+k))
			}
			out[k] = g(0)*math.Tanh(h[k]) + (1-g(1))*math.Tanh(column(x, c.Kernel, 0, 2*H+k))
		}
		return out, [][]float64{out}
	case *tf1.IndyGRU:
		h, H := s[0], 4
		out := make([]float64, H)
		for k := range H {
			g := func(i int) float64 {
				return sigmoid(column(x, c.GateKernel, 0, i*H+k) + h[k]*at(c.GateU, i*H+k) + at(c.GateBias, i*H+k))
			}
			r, u := g(0), g(1)
			out[k] = u*h[k] + (1-u)*math.Tanh(column(x, c.Kernel, 0, k)+r*h[k]*at(c.U, k)+at(c.Bias, k))
		}
		return out, [][]float64{out}
	case *tf1.IndyLSTM:
		H := 4
		pre := make([]float64, 4*H)
		for j := range pre {
			pre[j] = column(x, c.Kernel, 0, j) + s[0][j%H]*at(c.U, j) + at(c.Bias, j)
		}
		return remembered(pre, s[1], c.ForgetBias)
	case *tf1.GLSTM:
		H, n := 4, len(c.Kernels)
		pre := make([]float64, 4*H)
		for j := range pre {
			gate, k := j/H, j%H
			group, local := k/(H/n), k%(H/n)
			part := func(v []float64) []float64 { return v[group*len(v)/n : (group+1)*len(v)/n] }
			pre[j] = column(join(part(x), part(s[0])), c.Kernels[group], 0, gate*H/n+local) + at(c.Bias, j)
		}
		h, next := remembered(pre, s[1], c.ForgetBias)
		h = projected(h, c.Projection)
		return h, [][]float64{h, next[1]}
	case *tf1.Phased:
		return phasedByHand(c, x, s)
	}
	return nil, nil
}

func projected(h []float64, w *grad.Var) []float64 {
	if w == nil {
		return h
	}
	p := make([]float64, w.Dim(1))
	for k := range p {
		p[k] = column(h, w, 0, k)
	}
	return p
}

// remembered is an LSTM after its products, i, j, f, o.
func remembered(pre, c []float64, forget float64) ([]float64, [][]float64) {
	H := len(c)
	h, next := make([]float64, H), make([]float64, H)
	for k := range H {
		next[k] = sigmoid(pre[2*H+k]+forget)*c[k] + sigmoid(pre[k])*math.Tanh(pre[H+k])
		h[k] = sigmoid(pre[3*H+k]) * math.Tanh(next[k])
	}
	return h, [][]float64{h, next}
}

func phasedByHand(c *tf1.Phased, x []float64, s [][]float64) ([]float64, [][]float64) {
	H, t := 4, x[0]
	in := join(x[1:], s[0])
	peep := c.Mask.Dim(0) > c.New.Dim(0)
	see := func(m []float64) []float64 {
		if peep {
			return join(in, m)
		}
		return in
	}
	mem, h, k := make([]float64, H), make([]float64, H), make([]float64, H)
	for u := range H {
		i := sigmoid(column(see(s[1]), c.Mask, 0, u) + at(c.MaskBias, u))
		f := sigmoid(column(see(s[1]), c.Mask, 0, H+u) + at(c.MaskBias, H+u))
		mem[u] = f*s[1][u] + i*math.Tanh(column(in, c.New, 0, u)+at(c.NewBias, u))
	}
	for u := range H {
		h[u] = sigmoid(column(see(mem), c.Out, 0, u)+at(c.OutBias, u)) * math.Tanh(mem[u])
		period, on := at(c.Period, u), at(c.On, u)
		phi := math.Mod(t-at(c.Phase, u), period)
		if phi < 0 {
			phi += period
		}
		phi /= period
		switch {
		case phi < on/2:
			k[u] = 2 * phi / on
		case phi < on:
			k[u] = 2 - 2*phi/on
		default:
			k[u] = c.Leak * phi
		}
	}
	for u := range H {
		mem[u] = k[u]*mem[u] + (1-k[u])*s[1][u]
		h[u] = k[u]*h[u] + (1-k[u])*s[0][u]
	}
	return h, [][]float64{h, mem}
}

func TestByHand(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	random := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(grad.Float(2*r.Float64() - 1))
		}
		return v
	}
	for name, c := range cells() {
		g := grad.Eval()
		x := random(c.in)
		var s [][]float64
		var state rnn.State
		for _, n := range c.cell.StateSize() {
			v := random(n)
			s, state = append(s, v), append(state, g.Const(row(v)))
		}
		want, next := byHand(c.cell, x, s)
		if want == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			y, got := c.cell.Step(g, g.Const(row(x)), state)
			if d := differ(y, want); !(d < 1e-5) {
				t.Errorf("output differs by %.2g", d)
			}
			for i := range next {
				if d := differ(got[i], next[i]); !(d < 1e-5) {
					t.Errorf("state %d differs by %.2g", i, d)
				}
			}
		})
	}
}

func row(v []float64) *tensor.Tensor {
	x := tensor.New(1, len(v))
	for i, f := range v {
		x.Data[i] = grad.Float(f)
	}
	return x
}

func differ(got *grad.Var, want []float64) (worst float64) {
	if len(got.Value.Data) != len(want) {
		return math.NaN()
	}
	for i, v := range want {
		worst = max(worst, math.Abs(at(got, i)-v))
	}
	return worst
}

// A cell that attends to its history gives the inner cell's output the mean of the
// last outputs, weighted.
func TestAttentionByHand(t *testing.T) {
	c := cells()["Attention"].cell.(*tf1.Attention)
	r := rand.New(rand.NewPCG(7, 8))
	g := grad.Eval()
	state := rnn.Start(g, c, 1)
	for _, v := range state {
		for i := range v.Value.Data {
			v.Value.Data[i] = grad.Float(r.NormFloat64())
		}
	}
	values := func(v *grad.Var) (f []float64) {
		for i := range v.Value.Data {
			f = append(f, at(v, i))
		}
		return f
	}
	x := make([]float64, 5)
	for i := range x {
		x[i] = float64(grad.Float(r.NormFloat64()))
	}
	y, next := c.Step(g, g.Const(row(x)), state)

	in := make([]float64, 5)
	for k := range in {
		in[k] = column(join(x, values(state[0])), c.In, 0, k) + at(c.InBias, k)
	}
	q, inner := c.Cell.Step(g, g.Const(row(in)), state[2:])
	query := join(values(inner[0]), values(inner[1]))
	var score []float64
	total := 0.0
	for l := range 3 {
		m, sum := values(state[1])[l*4:(l+1)*4], 0.0
		for v := range 4 {
			sum += at(c.V, v) * math.Tanh(column(m, c.Memory, 0, v)+column(query, c.Query, 0, v)+at(c.QueryBias, v))
		}
		score = append(score, math.Exp(sum))
		total += math.Exp(sum)
	}
	a := make([]float64, 4)
	for l, e := range score {
		for k := range a {
			a[k] += e / total * at(state[1], l*4+k)
		}
	}
	want := make([]float64, 4)
	for k := range want {
		want[k] = column(join(values(q), a), c.Out, 0, k) + at(c.OutBias, k)
	}
	if d := differ(y, want); !(d < 1e-5) {
		t.Errorf("output differs by %.2g", d)
	}
	if d := differ(next[1], join(values(state[1])[4:], want)); !(d < 1e-5) {
		t.Errorf("history differs by %.2g", d)
	}
}

// TensorFlow's coupled cell: i = 1-f, with its order of gates and its peepholes.
func TestCoupledByHand(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const in, H, out = 3, 4, 2
	random := func(dims ...int) *tensor.Tensor { return nn.Uniform(r, 1, dims...).Value }
	v := tf1.Coupled{Kernel: random(in+out, 3*H), Bias: random(3 * H), Peepholes: random(2, H), Projection: random(H, out), ForgetBias: 1, ProjClip: 0.4}
	x, s := []float64{0.5, -1, 0.25}, [][]float64{{0.3, -0.6}, {0.1, -0.2, 0.7, 0.4}}
	memory, h := make([]float64, H), make([]float64, H)
	k, p := grad.Leaf(v.Kernel), grad.Leaf(v.Peepholes)
	for u := range H {
		pre := func(gate int) float64 {
			return column(join(x, s[0]), k, 0, gate*H+u) + float64(v.Bias.Data[gate*H+u])
		}
		f := sigmoid(pre(1) + 1 + at(p, u)*s[1][u])
		memory[u] = f*s[1][u] + (1-f)*math.Tanh(pre(0))
		h[u] = sigmoid(pre(2)+at(p, H+u)*memory[u]) * math.Tanh(memory[u])
	}
	h = projected(h, grad.Leaf(v.Projection))
	for i := range h {
		h[i] = min(max(h[i], -0.4), 0.4)
	}
	g := grad.Eval()
	y, next := v.LSTM().Step(g, g.Const(row(x)), rnn.State{g.Const(row(s[0])), g.Const(row(s[1]))})
	if d := max(differ(y, h), differ(next[1], memory)); !(d < 1e-5) {
		t.Errorf("differs by %.2g", d)
	}
}

// One kernel for x and h side by side, gates in TensorFlow's order, and a forget bias that
// is added at run time.
func TestConvByHand(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const places, in, C = 3, 2, 2
	v := tf1.ConvLSTM{
		Size: []int{places}, Window: []int{3}, ForgetBias: 0.5,
		Kernel: nn.Uniform(r, 1, 3*(in+C), 4*C).Value, Bias: nn.Uniform(r, 1, 4*C).Value,
	}
	random := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(grad.Float(r.NormFloat64()))
		}
		return x
	}
	x, s := random(places*in), [][]float64{random(places * C), random(places * C)}
	var h, memory []float64
	for p := range places {
		pre := make([]float64, 4*C)
		for j := range pre {
			pre[j] = float64(v.Bias.Data[j])
			for k := range 3 {
				if q := p + k - 1; q >= 0 && q < places {
					pre[j] += column(join(x[q*in:(q+1)*in], s[0][q*C:(q+1)*C]), grad.Leaf(v.Kernel), k*(in+C), j)
				}
			}
		}
		y, next := remembered(pre, s[1][p*C:(p+1)*C], v.ForgetBias)
		h, memory = append(h, y...), append(memory, next[1]...)
	}
	g := grad.Eval()
	y, next := v.Cell().Step(g, g.Const(row(x)), rnn.State{g.Const(row(s[0])), g.Const(row(s[1]))})
	if d := max(differ(y, h), differ(next[1], memory)); !(d < 1e-5) {
		t.Errorf("differs by %.2g", d)
	}
}

// Weights of unit columns of length g are what TensorFlow computes from any direction.
func TestWeightNormLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	plain := rnn.NewLSTM(r, 3, 2)
	c := tf1.NewWeightNorm(&rnn.LSTM{Wx: grad.Leaf(plain.Wx.Value.Clone()), Wh: grad.Leaf(plain.Wh.Value.Clone()), B: plain.B})
	for j := range 8 { // any length of the directions, the plain cell's lengths
		for w, n := range map[*grad.Var]*grad.Var{c.LSTM.Wx: c.Gx, c.LSTM.Wh: c.Gh} {
			sum := 0.0
			for i := range w.Dim(0) {
				sum += at(w, i*8+j) * at(w, i*8+j)
				w.Value.Data[i*8+j] *= 3
			}
			n.Value.Data[j] = grad.Float(math.Sqrt(sum))
		}
	}
	g := grad.Eval()
	x := g.Const(row([]float64{1, -2, 0.5}))
	want, _ := plain.Step(g, x, rnn.Start(g, plain, 1))
	got, _ := c.Step(g, x, rnn.Start(g, c, 1))
	for i := range want.Value.Data {
		if d := math.Abs(at(want, i) - at(got, i)); d > 1e-6 {
			t.Errorf("unit %d differs by %.2g", i, d)
		}
	}
}
