package probabilistic

import (
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The inputs of step t: what is known before it, and what is known of it.
const (
	anchor = iota // the last value that is known or, if it is taken out, the mean of the last season
	fresh         // 1 if it is that of step t-1
	ahead         // 1 in steps to forecast whose values before are not known
	place         // and how far ahead, as a fraction of the horizon
	fixed         // how many; then come those of each lag, and value and 1-if-known of each numeric covariate
)

// The inputs of a lag.
const (
	before = iota // the value a lag, or the fewest lags, before the step that is known
	there         // 1 if there is one
	change        // from the value a lag before the last value to the last value
	perLag
)

// layout is how a row of inputs is made.
type layout struct {
	lags    []int
	numbers int   // width of the numeric part
	at      []int // column of each covariate, or -1 - the place among ids if it has categories
	ids     int   // covariates with categories
}

func (c *Config) layout() layout {
	l := layout{lags: c.Lags, numbers: fixed + perLag*len(c.Lags)}
	for _, v := range c.Covariates {
		if v.Categories != nil {
			l.at = append(l.at, -1-l.ids)
			l.ids++
		} else {
			l.at = append(l.at, l.numbers)
			l.numbers += 2
		}
	}
	return l
}

// A span is a stretch of steps, from from on and before to, that is read in one go. Past
// covariates are known before origin. In a span that is ahead, values are too; in
// others, before each step.
type span struct {
	z                *scaled
	from, to, origin int
	ahead            bool
}

// rows lays spans out as a sequence of inputs for the net: numbers and ids of categories.
func (m *Model) rows(g *grad.Tape, spans []span) (x *tensor.Tensor, ids [][]int, lengths []int) {
	steps, B := 0, len(spans)
	lengths = g.Ints(B)
	for b, s := range spans {
		lengths[b] = s.to - s.from
		steps = max(steps, lengths[b])
	}
	l := m.shape
	x = g.NewTensor(tensor.ShapeOf(steps, B, l.numbers))
	ids = make([][]int, l.ids)
	for i := range ids {
		ids[i] = g.Ints(steps * B)
		for j := range ids[i] {
			ids[i][j] = -1
		}
	}
	for b, s := range spans {
		for k := range lengths[b] {
			row := k*B + b
			m.row(s, s.from+k, x.Data[row*l.numbers:(row+1)*l.numbers], ids, row)
		}
	}
	return x, ids, lengths
}

// row fills in step t of a span.
func (m *Model) row(s span, t int, r []tensor.Float, ids [][]int, at int) {
	z, end := s.z, t // values before end are known
	if s.ahead {
		end = s.origin
		r[ahead], r[place] = 1, tensor.Float(t-s.origin+1)/tensor.Float(m.Horizon)
	}
	base := z.base(s, t)
	if end > 0 {
		if r[anchor] = z.last[end-1]; z.local {
			r[anchor] = z.recent(end, m.Season, nil) - base
		}
		if end == t && z.known[t-1] {
			r[fresh] = 1
		}
	}
	for i, lag := range m.shape.lags {
		u := t - lag
		for u >= end {
			u -= lag
		}
		of := r[fixed+perLag*i:]
		if u >= 0 && z.known[u] {
			of[before], of[there] = z.x[u]-base, 1
		}
		if u := end - 1 - lag; u >= 0 && z.known[u] {
			of[change] = z.last[end-1] - z.x[u]
		}
	}
	i := 0
	put := func(v float64) {
		if c := m.shape.at[i]; math.IsNaN(v) {
			if c < 0 {
				ids[-1-c][at] = len(m.Covariates[i].Categories)
			}
		} else if c < 0 {
			ids[-1-c][at] = int(v)
		} else {
			r[c], r[c+1] = tensor.Float((v-m.Units[i].Mean)/m.Units[i].Std), 1
		}
		i++
	}
	for _, x := range z.Past {
		v := math.NaN()
		if u := t - 1; u >= 0 && u < s.origin {
			v = x[u]
		}
		put(v)
	}
	for _, x := range z.Known {
		v := math.NaN()
		if t < len(x) {
			v = x[t]
		}
		put(v)
	}
	for _, v := range z.Static {
		put(v)
	}
}

// read runs the cells over spans from a state, nil for the first. It gives their outputs
// [steps·batch, hidden], the numbers that they saw [steps·batch, numbers], and the state
// after the last step of each span.
func (m *Model) read(g *grad.Tape, n *Net, spans []span, s rnn.State) (h, x *grad.Var, last rnn.State) {
	t, ids, lengths := m.rows(g, spans)
	return m.through(g, n, t, ids, lengths, s)
}

// through is read for rows that are there.
func (m *Model) through(g *grad.Tape, n *Net, t *tensor.Tensor, ids [][]int, lengths []int, s rnn.State) (h, x *grad.Var, last rnn.State) {
	steps, B := t.Dim(0), t.Dim(1)
	x = g.Reshape(g.Const(t), steps*B, t.Dim(2))
	parts := []*grad.Var{x}
	for i, e := range n.Embed {
		parts = append(parts, e.Forward(g, ids[i]))
	}
	in := g.Concat(parts...)
	y, last := rnn.Dynamic(g, n.Cells, rnn.Seq{X: g.Reshape(in, steps, B, in.Dim(1)), Len: lengths}, s)
	return g.Reshape(y.X, steps*B, y.X.Dim(2)), x, last
}

// isNumeric reports whether covariate c is one of numbers.
func isNumeric(c data.Covariate) bool { return c.Categories == nil }
