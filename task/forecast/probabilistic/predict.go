package probabilistic

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
)

// Predict forecasts the Horizon steps after each of the series. One that was in training,
// by its ID, is scaled as then. Known covariates should reach over the horizon: where
// they do not, they are marked as missing.
func (m *Model) Predict(ctx context.Context, series ...data.Series) ([]forecast.Forecast, error) {
	if err := m.Fits(series...); err != nil {
		return nil, err
	}
	ws := make([]window, len(series))
	for i, s := range series {
		z, err := m.prepare(s)
		if err != nil {
			return nil, err
		}
		ws[i] = window{z: z, origin: len(s.Y)}
	}
	var fs []forecast.Forecast
	for part := range slices.Chunk(ws, 64) {
		predictions, err := m.predictions(ctx, part, func(n *Net) rnn.State { return m.statesAt(n, part) })
		if err != nil {
			return nil, err
		}
		for i, v := range predictions {
			fs = append(fs, m.forecast(part[i].z, part[i].origin, v))
		}
	}
	return fs, nil
}

// Roll implements forecast.Roller: the net reads the series once, from a window before
// the first origin, and forecasts from its states at the origins. A window that begins
// with the series gives the forecasts of Predict, to the bit. Of series whose season and level
// are taken out, each is read from its own window.
func (m *Model) Roll(ctx context.Context, s data.Series, origins []int) ([]forecast.Forecast, error) {
	if len(origins) == 0 {
		return nil, nil
	}
	if m.Adjust == AdjustLocal { // the season before an origin is another for each
		past := make([]data.Series, len(origins))
		for i, o := range origins {
			past[i] = s.Before(o)
		}
		return m.Predict(ctx, past...)
	}
	before, err := m.prepare(s.Before(origins[0]))
	if err != nil {
		return nil, err
	}
	if err := m.fits(s); err != nil {
		return nil, err
	}
	z := m.scale(s, before.Scale)
	ws := make([]window, len(origins))
	for i, o := range origins {
		ws[i] = window{z: z, origin: o}
	}
	predictions, err := m.predictions(ctx, ws, func(n *Net) rnn.State {
		g := grad.Eval()
		var s rnn.State
		var at []rnn.State
		from := max(0, origins[0]-m.Window)
		for _, o := range origins {
			if from < o {
				_, _, s = m.read(g, n, []span{{z: z, from: from, to: o, origin: o}}, s)
			}
			at, from = append(at, s), o
		}
		joined := make(rnn.State, len(s))
		for i := range joined {
			var rows []*grad.Var
			for _, s := range at {
				rows = append(rows, s[i])
			}
			joined[i] = g.ConcatRows(rows...)
		}
		return joined
	})
	if err != nil {
		return nil, err
	}
	fs := make([]forecast.Forecast, len(predictions))
	for i, v := range predictions {
		fs[i] = m.forecast(z, ws[i].origin, v)
	}
	return fs, nil
}

// A prediction is that of the steps after an origin, in scaled units.
type prediction struct {
	q     [][]float64 // [step][knot]
	paths [][]float64 // [path][step], if the net is autoregressive
}

// predictions combines those of the nets, each from the states that at gives.
func (m *Model) predictions(ctx context.Context, ws []window, at func(n *Net) rnn.State) ([]prediction, error) {
	all := make([]prediction, len(ws))
	for i, n := range m.Nets {
		one, err := m.ahead(ctx, n, uint64(i), ws, at(n))
		if err != nil {
			return nil, err
		}
		for w := range all {
			if i == 0 {
				all[w] = one[w]
				continue
			}
			all[w].paths = append(all[w].paths, one[w].paths...)
			for k, q := range one[w].q {
				for j, v := range q {
					all[w].q[k][j] += v
				}
			}
		}
	}
	for w := range all {
		for k := range all[w].q {
			for j := range all[w].q[k] {
				all[w].q[k][j] /= float64(len(m.Nets))
			}
		}
	}
	return all, nil
}

// ahead returns the predictions of one net after windows, given its states at their origins.
func (m *Model) ahead(ctx context.Context, n *Net, stream uint64, ws []window, s rnn.State) ([]prediction, error) {
	predictions := make([]prediction, len(ws))
	size := 64
	if m.Autoregressive {
		size = max(1, 2048/m.paths())
	}
	for lo := 0; lo < len(ws); lo += size {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi := min(lo+size, len(ws))
		r := rand.New(rand.NewPCG(m.Seed, stream<<32|uint64(lo)))
		g := grad.Eval()
		rows := g.Ints(hi - lo)
		for i := range rows {
			rows[i] = lo + i
		}
		part := s.Detach(g).SelectRows(g, rows)
		if m.Autoregressive {
			if err := m.sample(ctx, n, r, ws[lo:hi], part, predictions[lo:hi]); err != nil {
				return nil, err
			}
		} else {
			m.decode(g, n, r, ws[lo:hi], part, predictions[lo:hi])
		}
	}
	return predictions, nil
}

// decode forecasts all steps at once.
func (m *Model) decode(g *grad.Tape, n *Net, r *rand.Rand, ws []window, s rnn.State, predictions []prediction) {
	spans := make([]span, len(ws))
	for i, w := range ws {
		spans[i] = span{z: w.z, from: w.origin, to: w.origin + m.Horizon, origin: w.origin, ahead: true}
	}
	h, x, _ := m.read(g, n, spans, s)
	d := n.output(g, h, x, len(m.Lags), units(ws, m.Horizon, 1))
	if m.Output == Quantile {
		d = ordered(g, d)
	}
	width := d.Dim(1)
	draws := make([]float64, 1000)
	for i := range ws {
		predictions[i].q = make([][]float64, m.Horizon)
		for k := range m.Horizon {
			out := d.Value.Data[(k*len(ws)+i)*width:][:width]
			q := make([]float64, len(knots))
			switch m.Output {
			case Quantile:
				for j, v := range out {
					q[j] = float64(v)
				}
			case Point:
				for j := range q {
					q[j] = float64(out[0])
				}
			default:
				for j := range draws {
					draws[j] = m.Output.draw(r, out, ws[i].z.Std)
				}
				q = quantiles(draws)
			}
			for j := range q {
				q[j] = q[j]*ws[i].z.Unit + float64(ws[i].z.base(spans[i], ws[i].origin))
			}
			predictions[i].q[k] = q
		}
	}
}

// paths is the number that each net samples.
func (m *Model) paths() int { return (m.Paths + len(m.Nets) - 1) / max(len(m.Nets), 1) }

// sample goes on from each origin along many paths, each step of which is drawn from
// the net's output for it, and is an input of the next.
func (m *Model) sample(ctx context.Context, n *Net, r *rand.Rand, ws []window, s rnn.State, predictions []prediction) error {
	P, l := m.paths(), m.shape
	rows := len(ws) * P
	repeat := make([]int, rows)
	for i := range repeat {
		repeat[i] = i / P
	}
	paths := make([][]float64, rows)
	for i := range paths {
		paths[i] = make([]float64, m.Horizon)
	}
	aside := grad.Eval()
	state := kept(s.Detach(aside).SelectRows(aside, repeat))
	x, ids := tensor.New(1, rows, l.numbers), make([][]int, l.ids)
	for i := range ids {
		ids[i] = make([]int, rows)
	}
	g, scale := grad.Eval(), units(ws, 1, P)
	bases := make([]tensor.Float, rows)
	for k := range m.Horizon {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.Reset()
		for i, w := range ws {
			first := i * P
			base := x.Data[first*l.numbers : (first+1)*l.numbers]
			clear(base)
			t := w.origin + k
			m.row(span{z: w.z, origin: w.origin, ahead: true}, t, base, ids, first)
			base[ahead], base[place] = 0, 0
			for p := 1; p < P; p++ {
				copy(x.Data[(first+p)*l.numbers:], base)
				for j := range ids {
					ids[j][first+p] = ids[j][first]
				}
			}
			for p := range P {
				bases[first+p] = m.feed(w, x.Data[(first+p)*l.numbers:(first+p+1)*l.numbers], paths[first+p][:k])
			}
		}
		h, in, next := m.through(g, n, x, ids, nil, state)
		d := n.output(g, h, in, len(m.Lags), scale).Value
		for i := range rows {
			z := ws[i/P].z
			paths[i][k] = m.Output.draw(r, d.Data[i*d.Dim(1):(i+1)*d.Dim(1)], z.Std)*z.Unit + float64(bases[i])
		}
		state = kept(next)
	}
	sample := make([]float64, P)
	for i := range ws {
		predictions[i].paths = paths[i*P : (i+1)*P]
		predictions[i].q = make([][]float64, m.Horizon)
		for k := range m.Horizon {
			for p := range sample {
				sample[p] = predictions[i].paths[p][k]
			}
			predictions[i].q[k] = quantiles(sample)
		}
	}
	return nil
}

// units are those of windows: steps times the windows, each of which has a number of rows.
func units(ws []window, steps, each int) *tensor.Tensor {
	t := tensor.New(steps * len(ws) * each)
	for i := range t.Data {
		t.Data[i] = tensor.Float(ws[i/each%len(ws)].z.Unit)
	}
	return t
}

// feed fills a row of inputs with the values of a path so far, and gives what they are relative to.
func (m *Model) feed(w window, r []tensor.Float, path []float64) (base tensor.Float) {
	k := len(path)
	if k == 0 {
		return w.z.base(span{ahead: true, origin: w.origin}, w.origin)
	}
	last := tensor.Float(path[k-1])
	if w.z.local {
		base = last
	}
	r[anchor], r[fresh] = last-base, 1
	at := func(back int) (v tensor.Float, known bool) { // the value a number of steps back
		if back <= k {
			return tensor.Float(path[k-back]), true
		}
		if t := w.origin + k - back; t >= 0 {
			return w.z.x[t], w.z.known[t]
		}
		return 0, false
	}
	for i, lag := range m.Lags {
		of := r[fixed+perLag*i:]
		of[before], of[there], of[change] = 0, 0, 0
		if v, ok := at(lag); ok {
			of[before], of[there] = v-base, 1
		}
		if v, ok := at(lag + 1); ok {
			of[change] = last - v
		}
	}
	if w.z.local {
		r[anchor] = w.z.recent(w.origin, m.Season, path) - base
	}
	return base
}

// kept copies a state out of its tape.
func kept(s rnn.State) rnn.State {
	c := make(rnn.State, len(s))
	for i, v := range s {
		t := tensor.New(v.Dim(0), v.Dim(1))
		copy(t.Data, v.Value.Data)
		c[i] = grad.Leaf(t) // any tape may use it
	}
	return c
}

// forecast brings a prediction back to the units of the series.
func (m *Model) forecast(z *scaled, origin int, v prediction) forecast.Forecast {
	f := forecast.NewForecast(m.Horizon, m.Levels)
	for k, q := range v.q {
		q = m.Bands.apply(q, k, z.Unit)
		f.Point[k] = z.value(q[middle], origin+k)
		for _, b := range f.Bands {
			b.Lo[k], b.Hi[k] = z.value(quantileAt(q, (1-b.Level)/2), origin+k), z.value(quantileAt(q, (1+b.Level)/2), origin+k)
		}
	}
	for _, p := range v.paths {
		path := make([]float64, len(p))
		for k, x := range p {
			path[k] = z.value(x, origin+k)
		}
		f.Paths = append(f.Paths, path)
	}
	return f
}
