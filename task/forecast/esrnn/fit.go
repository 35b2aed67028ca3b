package esrnn

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/train"
)

// A Model forecasts the series that it was trained on, by their IDs, and any others as
// an average one.
type Model struct {
	Config
	Nets           []*Net
	IDs            []string  // IDs of the series in training
	BaselineWeight float64   // weight of Comb and Theta in the forecast, up to a half
	Widen          []float64 // factors of the widths of the nets' bands, one for each of Levels
}

// Fit trains the nets on all the series, and one more on all but the last Horizon steps of
// each. How that forecasts those steps sets BaselineWeight and Widen. Series that never
// change, or have fewer than 4 values, take no part.
// The nets are trained side by side; see task.Options.Parts.
func Fit(ctx context.Context, cfg Config, o task.Options, series ...data.Series) (*Model, error) {
	cfg.Series = len(series)
	c := cfg.withDefaults()
	c.Learn(series...)
	if err := c.check(); err != nil {
		return nil, err
	}
	m := &Model{Config: c, Nets: make([]*Net, c.Nets), Widen: make([]float64, len(c.Levels))}
	held := make([]data.Series, len(series))
	for i, s := range series {
		m.IDs = append(m.IDs, s.ID)
		held[i] = data.Series{ID: s.ID, Y: s.Y[:max(len(s.Y)-c.Horizon, 0)]}
	}
	full, err := c.learn(series)
	if err != nil {
		return nil, err
	}
	if len(full) == 0 {
		return nil, c.unusable(series)
	}
	c.pace(full)
	if err := c.room(); err != nil {
		return nil, err
	}
	c.Epochs = min(c.Epochs, c.Steps)
	m.Steps, m.Batch = c.Steps, c.Batch
	shorter, err := c.learn(held)
	if err != nil {
		return nil, err
	}
	runs := c.Nets
	if len(shorter) > 0 {
		runs++
	}
	part := o.Parts(runs, runs*c.Steps)
	valid := &Net{}
	err = par.Each(ctx, runs, 0, func(ctx context.Context, i int) (err error) {
		if i == c.Nets {
			valid, err = c.train(ctx, part(i), i, shorter)
			return err
		}
		m.Nets[i], err = c.train(ctx, part(i), i, full)
		return err
	})
	if err != nil {
		return nil, err
	}
	for l := range m.Widen {
		m.Widen[l] = 1
	}
	if len(shorter) > 0 {
		if err := m.validate(ctx, valid, held, series); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// learn scales what there is to learn from: series that change, and are long enough to
// have something to forecast after two steps.
func (c *Config) learn(series []data.Series) (all []*scaled, err error) {
	for i, s := range series {
		z, err := c.prepare(s, i)
		if errors.Is(err, errNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if z != nil && len(z.x) >= c.warm(len(z.x))+2 {
			all = append(all, z)
		}
	}
	weigh(all)
	return all, nil
}

// pace sets what is left to default of how many series there are in a step, and how many
// steps, by how long the series are.
func (c *Config) pace(all []*scaled) {
	const values = 600 // read in a step
	passes := 7.0      // over all
	if c.Season >= 24 {
		passes = 12
	}
	sum, read := 0, 0
	for _, z := range all {
		sum += len(z.x)
		read += min(len(z.x), c.Span)
	}
	one := float64(read) / float64(len(all))
	if c.Batch == 0 {
		c.Batch = min(max(int(values/one), 2), 8)
	}
	if c.Steps == 0 {
		enough := min(max(int(passes*float64(sum)/(one*float64(c.Batch))), 300), 8000)
		c.Steps = max(1, enough*c.Epochs/10)
	}
}

// warm is the first step of a series of n that the net learns to forecast from.
func (c *Config) warm(n int) int { return max(2, min(c.Season, c.Window, n/2)) }

func (c *Config) unusable(series []data.Series) error {
	if len(series) == 0 {
		return errors.New("esrnn: no series")
	}
	return fmt.Errorf("esrnn: each of the %d series is constant or has fewer than 4 values: there is nothing to learn", len(series))
}

func (c *Config) train(ctx context.Context, o task.Options, i int, all []*scaled) (*Net, error) {
	seed := c.Seed*1000 + uint64(i)
	n := newNet(rand.New(rand.NewPCG(seed, 1)), c)
	adam := &optim.Adam{LR: c.Rate, Scale: func(p nn.Param) (lr, decay float64) {
		if p.Var == n.Rates || p.Var == n.OwnRates.W || n.OwnSeason != nil && p.Var == n.OwnSeason.W {
			return own, 1
		}
		return 1, 1
	}}
	_, err := task.Train(ctx, n, func(epoch int) iter.Seq[batch] {
		return func(yield func(batch) bool) {
			step := 0
			for b := range c.passes(all, seed) {
				if step >= c.Steps*epoch/c.Epochs && !yield(b) {
					return
				}
				if step++; step == c.Steps*(epoch+1)/c.Epochs {
					return
				}
			}
		}
	}, func(g *grad.Tape, b batch) *grad.Var {
		at := c.origins(g, b)
		s, mid, out := n.forward(g, c, b, at)
		return s.loss(g, at, mid, out, c.quantiles())
	}, task.Course{Run: o, Steps: c.Steps, Options: train.Options{
		Epochs: c.Epochs, Seed: seed, Optimizer: adam,
		Schedule: optim.Cosine{Steps: c.Steps, Warmup: min(30, c.Steps/4), Floor: 0.01},
	}})
	return n, err
}

// passes yields the batches of passes over all series, one after another, without end.
func (c *Config) passes(all []*scaled, seed uint64) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		for pass := 0; ; pass++ {
			r := rand.New(rand.NewPCG(seed, 2+uint64(pass)))
			for zs := range data.Buckets(all, func(z *scaled) int { return min(len(z.x), c.Span) }, c.Batch, seed, pass) {
				b := make(batch, len(zs))
				for i, z := range zs {
					hi := min(c.Span, len(z.x))
					hi += r.IntN(len(z.x) - hi + 1)
					b[i] = piece{z, max(hi-c.Span, 0), hi}
				}
				if !yield(b) {
					return
				}
			}
		}
	}
}

// own is how much slower the parameters of single series learn, which see little.
const own = 0.3

// origins are those that a step learns from: of each piece those that have something to
// forecast, but for its beginning, and if they are many only every few from a random one
// on, since neighbours are alike.
func (c *Config) origins(g *grad.Tape, b batch) (at []origin) {
	const most = 1500
	first := func(p piece) int { return max(p.lo+(p.hi-p.lo)/4, c.warm(len(p.x))) }
	last := func(p piece) int { return min(p.hi, len(p.x)-1) }
	total := 0
	for _, p := range b {
		total += last(p) - first(p)
	}
	every := max((total+most-1)/most, 1)
	for i, p := range b {
		for t := first(p) + g.Rand.IntN(every); t < last(p); t += every {
			at = append(at, origin{i, t})
		}
	}
	return at
}
