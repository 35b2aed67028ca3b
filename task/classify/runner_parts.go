package classify

import (
	"math"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// read makes what the layers read of records x, and the last tokens after them, nil if there
// are no n-grams.
func (c *reader) read(g *grad.Tape, x *grad.Var, s rnn.State) (in, after *grad.Var) {
	B, W := x.Dim(0), x.Dim(1)
	if c.m.Input == Series {
		t := g.NewTensor(tensor.ShapeOf(B, c.m.input()))
		for b := range B {
			c.m.scale.row(t.Data[b*t.Dim(1):(b+1)*t.Dim(1)], x.Value.Data[b*W:(b+1)*W], c.m.Gaps)
		}
		return g.Const(t), nil
	}
	ids := g.Ints(B)
	for b := range ids {
		ids[b] = int(x.Value.Data[b*W])
	}
	e := c.Net.Embed.Forward(g, ids)
	if c.Net.Case != nil {
		kinds := g.Ints(B)
		for b := range kinds {
			kinds[b] = int(x.Value.Data[b*W+1])
		}
		e = g.Add(e, c.Net.Case.Forward(g, kinds))
	}
	k := c.tokens()
	if k == 0 {
		return e, nil
	}
	before := s[c.own].Value.Data
	t := g.NewTensor(tensor.ShapeOf(B, k))
	var room [3]int32 // a key has room for no more
	gram := room[:0]
	for n := 2; n <= k+1; n++ {
		grams := g.Ints(B)
		for b := range grams {
			grams[b] = -1
			gram = gram[:0]
			for _, id := range before[b*k+k-(n-1) : (b+1)*k] {
				gram = append(gram, int32(id))
			}
			if gram[0] >= 0 {
				grams[b] = c.m.ngrams.id(append(gram, int32(ids[b])))
			}
		}
		e = g.Add(e, c.Net.NGrams.Forward(g, grams))
	}
	for b := range B {
		row := t.Data[b*k : (b+1)*k]
		copy(row, before[b*k+1:(b+1)*k])
		row[k-1] = tensor.Float(ids[b])
	}
	return e, g.Const(t)
}

// pool is what the output reads after a step whose input is x and whose output is y, and puts
// the sums after it into next.
func (c *reader) pool(g *grad.Tape, x, y *grad.Var, s, next rnn.State) *grad.Var {
	pools := c.pooled
	if pools == nil {
		return y
	}
	at := c.own
	if c.tokens() > 0 {
		at++
	}
	B := y.Dim(0)
	var n []tensor.Float // steps of each row, with this one
	if last := len(s) - 1; last >= at {
		t := g.NewTensor(tensor.ShapeOf(B, 1))
		for b := range t.Data {
			t.Data[b] = s[last].Value.Data[b] + 1
		}
		n, next[last] = t.Data, g.Const(t)
	}
	var room [8]*grad.Var
	none := room[:0]
	for range pools {
		none = append(none, nil)
	}
	parts := g.List(none...)
	for i, p := range pools {
		switch p {
		case "last":
			parts[i] = y
			continue
		case "mean":
			next[at] = mean(g, s[at], y, n)
		case "bag":
			next[at] = mean(g, s[at], x, n)
		case "max":
			next[at] = greatest(g, s[at], y, n)
		case "attention":
			next[at], next[at+1] = c.attend(g, s[at], s[at+1], y, n)
			parts[i] = next[at]
			at += 2
			continue
		}
		parts[i] = next[at]
		at++
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return g.Concat(parts...)
}

// mean is m + (y-m)/n by rows.
func mean(g *grad.Tape, m, y *grad.Var, n []tensor.Float) *grad.Var {
	t := g.NewTensor(y.Shape())
	w := y.Dim(1)
	for i, v := range y.Value.Data {
		was := m.Value.Data[i]
		t.Data[i] = was + (v-was)/n[i/w]
	}
	return g.Const(t)
}

// greatest is max(m, y), and y at the first step.
func greatest(g *grad.Tape, m, y *grad.Var, n []tensor.Float) *grad.Var {
	t := g.NewTensor(y.Shape())
	w := y.Dim(1)
	for i, v := range y.Value.Data {
		if t.Data[i] = v; n[i/w] > 1 {
			t.Data[i] = max(v, m.Value.Data[i])
		}
	}
	return g.Const(t)
}

// attend is the weighted mean of the steps with this one. Of each row, about has the greatest
// score e and the sum of exp(e_t - e) over the steps.
func (c *reader) attend(g *grad.Tape, m, about, y *grad.Var, n []tensor.Float) (mean, next *grad.Var) {
	a := c.Net.Attend
	e := g.Affine(g.Tanh(a.Look.Forward(g, y)), a.V, nil).Value.Data
	t, u := g.NewTensor(y.Shape()), g.NewTensor(about.Shape())
	w := y.Dim(1)
	for b := range n {
		top, sum := about.Value.Data[2*b], about.Value.Data[2*b+1]
		if n[b] == 1 || e[b] > top {
			if n[b] > 1 {
				sum *= tensor.Float(math.Exp(float64(top - e[b])))
			}
			top = e[b]
		}
		p := tensor.Float(math.Exp(float64(e[b] - top)))
		sum += p
		u.Data[2*b], u.Data[2*b+1] = top, sum
		for i := b * w; i < (b+1)*w; i++ {
			was := m.Value.Data[i]
			t.Data[i] = was + (y.Value.Data[i]-was)*(p/sum)
		}
	}
	return g.Const(t), g.Const(u)
}
