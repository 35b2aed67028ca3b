package probabilistic

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A Model forecasts the series that it was trained on, by their IDs, and any others with
// the same covariates. It is only read, so goroutines may share it.
type Model struct {
	Config
	Nets   []*Net
	IDs    []string // IDs of the series in training
	Scales []Scale  // scales of these series
	Units  []Scale  // scales of the covariates
	Bands  Bands    // calibration by the held-out part of the series

	shape layout
}

// A window is a forecast from an origin of a series. Its outcome is known up to until.
type window struct {
	z             *scaled
	origin, until int
}

// Fit trains one model for all the series. Net i of several holds out another stretch of
// each series to validate on, the first the last one; what the nets miss by there sets
// the width of the bands.
func Fit(ctx context.Context, cfg Config, o task.Options, series ...data.Series) (*Model, error) {
	return fit(ctx, cfg, o, nil, series)
}

// Refit implements forecast.Refitter: it trains a copy of m further, on series that have
// grown since, for a fifth of the epochs.
func (m *Model) Refit(ctx context.Context, o task.Options, series ...data.Series) (forecast.Forecaster, error) {
	c := m.Config
	c.Epochs, c.Rate = max(1, c.Epochs/5), c.Rate/2
	again, err := fit(ctx, c, o, m, series)
	if err != nil {
		return nil, err
	}
	again.Epochs, again.Rate = m.Epochs, m.Rate
	return again, nil
}

func fit(ctx context.Context, cfg Config, o task.Options, from *Model, series []data.Series) (*Model, error) {
	c := cfg.withDefaults()
	c.Learn(series...)
	c.Lags = c.lags(len(forecast.Longest(series).Y))
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, s := range series {
		if err := c.fits(s); err != nil {
			return nil, err
		}
	}
	if c.chooseAdjust(series); c.Adjust == AdjustNone {
		c.chooseTransform(series)
	}
	if err := c.room(); err != nil {
		return nil, err
	}
	m := &Model{Config: c, shape: c.layout(), Units: c.fitUnits(series)}
	if from != nil {
		m.Units = from.Units
	}
	var all []*scaled
	for _, s := range series {
		by, err := c.fitScale(s)
		if err != nil {
			return nil, err
		}
		if from != nil {
			by = from.scaleOf(s, by)
		}
		m.IDs, m.Scales = append(m.IDs, s.ID), append(m.Scales, by)
		all = append(all, c.scale(s, by))
	}
	var held [][]window
	for i := range c.Nets {
		learn, valid := c.windows(all, i)
		if len(learn) == 0 {
			return nil, c.unusable(series)
		}
		n := newNet(rand.New(rand.NewPCG(c.Seed, uint64(i))), &c)
		if from == nil {
			m.begin(n, learn)
		} else if err := copyParams(n, from.Nets[i]); err != nil {
			return nil, err
		}
		if err := m.train(ctx, o, i, n, learn, valid); err != nil {
			return nil, err
		}
		m.Nets, held = append(m.Nets, n), append(held, valid)
	}
	return m, m.calibrate(ctx, held)
}

// copyParams gives to the values of from.
func copyParams(to, from *Net) error {
	a, b := nn.Params(to), nn.Params(from)
	for i, p := range a {
		if p.Shape() != b[i].Shape() {
			return fmt.Errorf("probabilistic: parameter %s was %v and is now %v: the lags or covariates have changed", p.Name, b[i].Shape(), p.Shape())
		}
		copy(p.Value.Data, b[i].Value.Data)
	}
	return nil
}

// windows lists those that net i learns from and those that it is validated on.
func (c *Config) windows(all []*scaled, i int) (learn, valid []window) {
	for _, z := range all {
		n := len(z.x)
		first := min(max(c.Season+1, 2), n) // an origin needs some history
		held := 0
		if c.HeldOut > 0 {
			held = min(max(int(c.HeldOut*float64(n)), c.Horizon), n/4)
		}
		hi := n - (n-first)*i/c.Nets
		lo := hi - held
		for o := first; o < n; o++ {
			switch {
			case o < lo:
				if learnable(z, o, min(lo, o+c.Horizon)) {
					learn = append(learn, window{z, o, lo})
				}
			case o < hi:
				if learnable(z, o, min(hi, o+c.Horizon)) {
					valid = append(valid, window{z, o, hi})
				}
			case learnable(z, o, min(n, o+c.Horizon)):
				learn = append(learn, window{z, o, n})
			}
		}
	}
	return learn, thin(valid, 200)
}

// learnable reports whether a value is known in steps from to to.
func learnable(z *scaled, from, to int) bool {
	return from < to && slices.Contains(z.known[from:to], true)
}

// thin keeps about n windows, evenly.
func thin(ws []window, n int) (kept []window) {
	for i := range min(n, len(ws)) {
		kept = append(kept, ws[i*len(ws)/min(n, len(ws))])
	}
	return kept
}

type batch = train.Rows[window]

func (m *Model) train(ctx context.Context, o task.Options, i int, n *Net, learn, valid []window) error {
	steps := m.Epochs * m.StepsPerEpoch
	course := task.Course{Run: o.Part(i, m.Config.Nets, steps), Steps: steps, Options: train.Options{
		Epochs: m.Epochs, Seed: m.Seed + uint64(i)<<32, Shards: 2, CheckpointEvery: 100, Optimizer: &optim.Adam{LR: m.Rate},
		Schedule: optim.Cosine{Steps: steps, Warmup: min(50, steps/10), Floor: 0.02},
	}}
	if len(valid) > 0 {
		course.Patience = m.Patience
		course.Score = func(ctx context.Context) (task.Scores, float64, error) {
			loss, err := m.score(ctx, n, valid)
			return task.Scores{"loss": loss}, loss, err
		}
	}
	_, err := task.Train(ctx, n, func(epoch int) iter.Seq[batch] {
		return func(yield func(batch) bool) {
			r := rand.New(rand.NewPCG(m.Seed+uint64(i), uint64(epoch)))
			for range m.StepsPerEpoch {
				b := make(batch, m.Batch)
				for j := range b {
					b[j] = learn[r.IntN(len(learn))]
				}
				if !yield(b) {
					return
				}
			}
		}
	}, func(g *grad.Tape, b batch) *grad.Var { return m.loss(g, n, b) }, course)
	return err
}

// loss is the mean over the steps to forecast or, if the net is autoregressive, all steps.
func (m *Model) loss(g *grad.Tape, n *Net, b batch) *grad.Var {
	spans := make([]span, len(b))
	var h, x *grad.Var
	if m.Autoregressive {
		for i, w := range b {
			spans[i] = span{z: w.z, from: max(0, w.origin-m.Window), to: min(w.origin+m.Horizon, w.until), origin: w.origin}
		}
		h, x, _ = m.read(g, n, spans, nil)
	} else {
		_, _, s := m.read(g, n, m.before(b), nil)
		for i, w := range b {
			spans[i] = span{z: w.z, from: w.origin, to: w.origin + m.Horizon, origin: w.origin, ahead: true}
		}
		h, x, _ = m.read(g, n, spans, s)
	}
	rows, B := h.Dim(0), len(b)
	want, scale, units := g.Scratch(tensor.ShapeOf(rows)), g.Scratch(tensor.ShapeOf(rows)), g.Scratch(tensor.ShapeOf(rows))
	for row := range rows {
		w, s := b[row%B], spans[row%B]
		t := s.from + row/B
		want.Data[row], scale.Data[row], units.Data[row] = tensor.Float(math.NaN()), tensor.Float(w.z.Std), tensor.Float(w.z.Unit)
		if t < s.to && t < w.until && w.z.known[t] {
			want.Data[row] = (w.z.x[t] - w.z.base(s, t)) / units.Data[row]
		}
	}
	return m.Output.loss(g, n.output(g, h, x, len(m.Lags), units), want, scale)
}

// before are the spans that lead up to windows.
func (m *Model) before(ws []window) []span {
	spans := make([]span, len(ws))
	for i, w := range ws {
		spans[i] = span{z: w.z, from: max(0, w.origin-m.Window), to: w.origin, origin: w.origin}
	}
	return spans
}

// score is the loss over windows.
func (m *Model) score(ctx context.Context, n *Net, ws batch) (float64, error) {
	return train.Evaluate(ctx, slices.Chunk(ws, 32), func(g *grad.Tape, b batch) *grad.Var { return m.loss(g, n, b) })
}
