package segrnn

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A Model forecasts the series that it was trained on, by their IDs, and any others as
// an average one.
type Model struct {
	Config
	Net    *Net
	IDs    []string    // IDs of the channels
	Scales []Scale     // scales of the channels
	Widths [][]float64 // half a band [level][horizon], in units of Scale.Std
	Epochs int         // epochs that training took
	Mixer  *Mixer      // how the forecasts are mixed; nil without Mix
}

// A Scale brings a series to mean 0 and deviation 1. Values below Lo count as Lo and those above
// Hi as Hi, if the two differ.
type Scale struct {
	Mean, Std float64
	Lo, Hi    float64 `json:",omitempty"`
}

// scaled is a series in units of its Scale.
type scaled struct {
	channel int
	scale   Scale
	x       []tensor.Float // missing values filled
	known   []bool
}

// A window is the forecast of steps from origin on of a series.
type window struct {
	s      *scaled
	origin int
}

// Fit trains one net for all the series, each of which is a channel. The last HeldOutSteps
// of each are held out, so that training stops when it no longer helps to
// forecast them; they scale nothing.
func Fit(ctx context.Context, cfg Config, o task.Options, series ...data.Series) (*Model, error) {
	if cfg.Window == 0 {
		cfg.Window = cfg.defaultWindow(series)
	}
	c := cfg.withDefaults()
	c.Learn(series...)
	c.Channels = len(series)
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := c.room(); err != nil {
		return nil, err
	}
	m := &Model{Config: c}
	var learn, valid batch
	for i, s := range series {
		n := len(s.Y)
		held := c.heldOut(n)
		by := n - held // values that scale the series
		if by < c.Window {
			by = n
		}
		z, err := prepare(s, by, c.bounds(s.Y[:by]))
		if err != nil {
			return nil, err
		}
		z.channel = i
		m.IDs, m.Scales = append(m.IDs, s.ID), append(m.Scales, z.scale)
		for o := c.Window; o+c.Horizon <= n; o++ {
			if o+c.Horizon <= n-held {
				learn = append(learn, window{z, o})
			} else if o >= n-held {
				valid = append(valid, window{z, o})
			}
		}
	}
	if len(learn) == 0 || len(valid) == 0 {
		return nil, c.unusable(series)
	}
	m.Net = newNet(rand.New(rand.NewPCG(c.Seed, 1)), &c)
	valid = thin(valid, 4096)
	perEpoch := (len(learn) + c.Batch - 1) / c.Batch
	schedule := optim.Schedule(fading(perEpoch))
	if c.EpochSteps > 0 {
		perEpoch = min(perEpoch, c.EpochSteps)
	}
	if c.Mix {
		valid = thin(valid, 1024)
		schedule = optim.Cosine{Steps: c.Epochs * perEpoch, Floor: 0.02}
	}
	last, err := task.Train(ctx, m.Net, func(epoch int) iter.Seq[batch] {
		return first(data.Batches(learn, c.Batch, c.Seed, epoch), perEpoch)
	}, m.loss, task.Course{
		Run: o, Steps: c.Epochs * perEpoch, WeightAverage: c.WeightAverage, Options: train.Options{
			Epochs: c.Epochs, Patience: c.Patience, Seed: c.Seed, Shards: 2, CheckpointEvery: max(perEpoch/2, 20),
			Optimizer: &optim.Adam{LR: c.Rate}, Schedule: schedule,
		},
		Score: func(ctx context.Context) (task.Scores, float64, error) {
			loss, err := m.score(ctx, valid)
			return task.Scores{"loss": loss}, loss, err
		},
	})
	if err != nil {
		return nil, err
	}
	m.Epochs = last.N
	if c.Mix {
		m.mix(thin(learn, 2048), valid)
	} else {
		m.calibrate(valid)
	}
	return m, nil
}

// first yields n items at most.
func first[T any](all iter.Seq[T], n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		left := n
		for v := range all {
			if left--; left < 0 || !yield(v) {
				return
			}
		}
	}
}

// heldOut is the number of steps that a series of n holds out.
func (c *Config) heldOut(n int) int {
	switch {
	case c.HeldOutSteps > 0:
		return c.HeldOutSteps
	case c.Mix:
		return max(n/10, c.Horizon+min(c.Horizon, n/20))
	}
	return max(n/5, c.Horizon)
}

// defaultWindow is 96, or less for short series.
func (c *Config) defaultWindow(series []data.Series) int {
	if c.Mix {
		return c.mixWindow(series)
	}
	longest := len(forecast.Longest(series).Y)
	if longest >= 4*96 {
		return 96
	}
	return max(longest/4/12*12, longest/8, 1)
}

// prepare scales a series by its first n steps, within bounds if these differ.
func prepare(s data.Series, n int, bounds [2]float64) (*scaled, error) {
	if bounds[0] < bounds[1] {
		s.Y = bounded(s.Y, bounds)
	}
	known, sum, square, count := make([]bool, len(s.Y)), 0.0, 0.0, 0
	for t, v := range s.Y {
		if math.IsInf(v, 0) {
			return nil, fmt.Errorf("segrnn: value %d of series %q is infinite; make it NaN if it is unknown", t, s.ID)
		}
		known[t] = !math.IsNaN(v)
		if known[t] && t < n {
			sum += v
			count++
		}
	}
	if count == 0 {
		return nil, fmt.Errorf("segrnn: series %q has no values to learn from", s.ID)
	}
	z := &scaled{channel: -1, known: known}
	z.scale = Scale{Mean: sum / float64(count), Lo: bounds[0], Hi: bounds[1]}
	for t, v := range s.Y[:n] {
		if known[t] {
			square += (v - z.scale.Mean) * (v - z.scale.Mean)
		}
	}
	if z.scale.Std = math.Sqrt(square / float64(count)); z.scale.Std == 0 {
		z.scale.Std = 1
	}
	for _, v := range forecast.Interpolate(s.Y, 1) {
		z.x = append(z.x, tensor.Float((v-z.scale.Mean)/z.scale.Std))
	}
	return z, nil
}

func (c *Config) unusable(series []data.Series) error {
	if len(series) == 0 {
		return errors.New("segrnn: no series")
	}
	longest := forecast.Longest(series)
	return fmt.Errorf("segrnn: the longest series, %q, has %d values; it needs more for a window of %d and a horizon of %d, once to train and once to validate: give more history or a shorter window (--set window)",
		longest.ID, len(longest.Y), c.Window, c.Horizon)
}

// thin keeps about n windows, evenly.
func thin(ws []window, n int) (kept []window) {
	step := max(len(ws)/n, 1)
	for i := 0; i < len(ws); i += step {
		kept = append(kept, ws[i])
	}
	return kept
}

// fading is a schedule by the steps of an epoch: a tenth less in each after the third.
type fading int

func (f fading) At(step int) float64 { return math.Pow(0.9, float64(max(step/int(f)-2, 0))) }

type batch = train.Rows[window]

// loss is the mean error over the steps that are known.
func (m *Model) loss(g *grad.Tape, b batch) *grad.Var {
	x, want, weight := m.inputs(g, b)
	if m.Mix {
		return pinball(g, m.Net.forward(g, x, channels(b), m.Dropout), want, weight, m.probabilities())
	}
	e := g.Sub(m.Net.forward(g, x, channels(b), m.Dropout), g.Const(want))
	if m.Square {
		e = g.Square(e)
	} else {
		e = g.Abs(e)
	}
	n := 0.0
	for _, w := range weight.Data {
		n += float64(w)
	}
	return g.Scale(g.Sum(g.Mul(e, g.Const(weight))), 1/max(n, 1))
}

// inputs lays windows out as [n, batch, segment], and what comes after them as [m·batch,
// segment] with a weight where that is known, the unit of the window. All are above the last
// value before the origin, in that unit.
func (m *Model) inputs(g *grad.Tape, b batch) (x, want, weight *tensor.Tensor) {
	B, w := len(b), m.Segment
	x = g.NewTensor(tensor.ShapeOf(m.reads(), B, w))
	want = g.NewTensor(tensor.ShapeOf(m.writes()*B, w))
	weight = g.NewTensor(want.Shape)
	for i, win := range b {
		z, o := win.s, win.origin
		last, unit := z.x[max(o-1, 0)], m.unit(win)
		for k := range m.Window {
			if t := o - m.Window + k; t >= 0 {
				x.Data[(k/w*B+i)*w+k%w] = (z.x[t] - last) / unit
			}
		}
		for k := range m.Horizon {
			if t := o + k; t < len(z.x) && z.known[t] {
				at := (k/w*B+i)*w + k%w
				want.Data[at], weight.Data[at] = (z.x[t]-last)/unit, unit
			}
		}
	}
	return x, want, weight
}

func channels(b batch) []int {
	ids := make([]int, len(b))
	for i, w := range b {
		ids[i] = w.s.channel
	}
	return ids
}

// score is the error that training is to lower, over windows.
func (m *Model) score(ctx context.Context, ws batch) (float64, error) {
	return train.Evaluate(ctx, slices.Chunk(ws, 256), m.loss)
}
