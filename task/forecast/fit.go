package forecast

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A Model forecasts any series of the season and horizon it was made for, those
// that it was trained on and others.
type Model struct {
	Config
	Nets  []*Net
	Widen []float64 // factors of the widths of the 50, 80 and 95 % bands of the nets, by calibration

	scores scores // scores that led to Widen
}

// Fit trains one model for all the series. Series that are too short to make a
// window, or constant, take no part; if none is left, the nets have the prior alone to learn
// from, and without that Fit fails. The nets are trained side by side; see task.Options.Parts.
//
// Each net leaves out the windows of one stretch of time, another one each. How far
// those fall outside its bands sets how the bands of all are widened: the
// cross-validation+ of Barber et al. 2021 with the scores of conformalised
// quantile regression (Romano et al. 2019).
func Fit(ctx context.Context, cfg Config, o task.Options, series ...data.Series) (*Model, error) {
	return fit(ctx, cfg, o, nil, series)
}

// Refit implements Refitter: it trains a copy of m further, on series that have grown since, for
// a fifth of the steps. The widths of the bands stay.
func (m *Model) Refit(ctx context.Context, o task.Options, series ...data.Series) (Forecaster, error) {
	c := m.Config
	c.Steps, c.Rate = max(1, c.Steps/5), c.Rate/2
	again, err := fit(ctx, c, o, m.Nets, series)
	if err != nil {
		return nil, err
	}
	again.Config, again.Widen = m.Config, m.Widen
	return again, nil
}

// fit trains nets that begin as others, or anew if there are none.
func fit(ctx context.Context, cfg Config, o task.Options, from []*Net, series []data.Series) (*Model, error) {
	cfg = cfg.withDefaults()
	cfg.Learn(series...)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := cfg.room(); err != nil {
		return nil, err
	}
	var own []window
	for _, s := range series {
		if err := check(s); err != nil {
			return nil, err
		}
		own = append(own, cfg.windows(s.Y)...)
	}
	if len(own) == 0 && (cfg.Prior == 0 || len(series) == 0) {
		return nil, unusable(cfg.Season, series)
	}
	m := &Model{Config: cfg, Nets: make([]*Net, cfg.Nets)}
	prior := cfg.simulated()
	part := o.Parts(cfg.Nets, cfg.Nets*cfg.Steps)
	err := par.Each(ctx, cfg.Nets, 0, func(ctx context.Context, i int) error {
		draw := rand.NewPCG(cfg.Seed, uint64(i)+1)
		m.Nets[i] = newNet(rand.New(draw), cfg.Hidden)
		if from != nil {
			was := nn.Params(from[i])
			for j, p := range nn.Params(m.Nets[i]) {
				copy(p.Value.Data, was[j].Value.Data)
			}
		}
		return cfg.train(ctx, part(i), *draw, m.Nets[i], cfg.without(own, i), prior)
	})
	if err != nil {
		return nil, err
	}
	m.calibrate(cfg.heldOut(m.Nets, own))
	return m, nil
}

// windows lists the windows of y that have something to learn from.
func (c *Config) windows(y []float64) []window {
	if constant(y) {
		return nil
	}
	p := prepare(y, c.Season)
	var ws []window
	for o := shortest(c.Season); o < len(p.x); o++ {
		ws = append(ws, window{p, o})
	}
	return ws
}

// shortest is the fewest steps before an origin of a series with a season.
func shortest(season int) int { return season + 2 }

// unusable is why no series made a window.
func unusable(season int, series []data.Series) error {
	if len(series) == 0 {
		return errors.New("forecast: no series")
	}
	longest := Longest(series)
	if len(longest.Y) <= shortest(season) {
		return unusableError(fmt.Sprintf("the longest series%s has %d values, but a season of %d needs at least %d; give more history or a shorter --season",
			quoted(longest.ID), len(longest.Y), season, shortest(season)+1))
	}
	return unusableError(fmt.Sprintf("series%s never changes: there is nothing to learn", quoted(longest.ID)))
}

// An unusableError is why no series can be learnt from.
type unusableError string

func (e unusableError) Error() string { return "forecast: " + string(e) }

// simulated makes the series of the prior, as windows. The test of M4 finds fewer seasons than
// are there, so that nets learn to forecast those that are not taken out.
func (c *Config) simulated() []window {
	if c.Prior == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(c.Seed, 0))
	const values, perSeries = 4_000_000, 24 // fewer series of a long horizon
	long := 3*c.Season + c.Horizon + 8
	var ws []window
	for range min(400, max(values/long, 20)) {
		n := int(float64(long) * (1 + r.Float64()))
		p := prepareAs(none, simulate(r, n, c.Season), c.Season, m4Seasonal)
		for range perSeries {
			ws = append(ws, window{p, n/2 + r.IntN(n-n/2)})
		}
	}
	return ws
}

// without leaves out the windows of stretch i, and those whose steps to forecast
// reach into it; none if that left nothing to learn from.
func (c *Config) without(own []window, i int) []window {
	var ws []window
	for _, w := range own {
		lo, hi := c.stretch(w, i)
		if w.origin+c.Horizon <= lo || w.origin >= hi {
			ws = append(ws, w)
		}
	}
	if ws == nil && c.Prior == 0 {
		return own
	}
	return ws
}

// stretch is a part of the time of w's series that windows forecast: part i of as many as there are
// nets or, of fewer than five, one of the last fifths.
func (c *Config) stretch(w window, i int) (lo, hi int) {
	parts := max(c.Nets, 5)
	i += parts - c.Nets
	first, n := shortest(c.Season), len(w.p.x)
	return first + (n-first)*i/parts, first + (n-first)*(i+1)/parts
}

// train trains a net on batches drawn from own windows and the prior, in proportion to
// their weight. Epochs are parts of one stream of batches, whose draws begin with draw.
func (c *Config) train(ctx context.Context, o task.Options, draw rand.PCG, n *Net, own, prior []window) error {
	type batch struct{ x, y *tensor.Tensor }
	b := batch{tensor.New(c.Window+c.Horizon, c.Batch, features), tensor.New(c.Horizon, c.Batch)}
	share := float64(len(own)) / float64(len(own)+c.Prior)
	_, err := task.Train(ctx, n, func(epoch int) iter.Seq[batch] {
		return func(yield func(batch) bool) {
			state := draw
			r := rand.New(&state)
			first, end := c.Steps*epoch/c.Epochs, c.Steps*(epoch+1)/c.Epochs
			for step := range end {
				for i := range c.Batch {
					from := prior
					if r.Float64() < share {
						from = own
					}
					w := from[r.IntN(len(from))]
					if step >= first {
						c.inputs(w, b.x, i)
						c.targets(w, b.y, i)
					}
				}
				if step >= first && !yield(b) {
					return
				}
			}
		}
	}, func(g *grad.Tape, b batch) *grad.Var {
		return nn.Pinball(g, n.forward(g, n.Cell, b.x, c.Horizon), b.y, quantiles)
	}, task.Course{Run: o, Steps: c.Steps, Options: train.Options{
		Epochs: c.Epochs, Optimizer: &optim.Adam{LR: c.Rate}, Schedule: warmCosine(c.Steps),
	}})
	return err
}

// warmCosine is a schedule of this many steps: the rate falls along half a cosine, but in the
// first 20 steps is no higher than a line from 0.
type warmCosine int

func (n warmCosine) At(step int) float64 {
	return min(float64(step+1)/20, (1+math.Cos(math.Pi*float64(step)/float64(n)))/2)
}
