package probabilistic

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
	"github.com/recur-go/recur/tensor"
)

// A Scale brings a series to mean 0 and deviation 1 or, for counts, to mean 1.
//
// Unit is what the net's output is in units of, on that scale: 1 or, for a series that
// wanders far and moves little over a horizon, such as a price of stock, how much it moves.
type Scale struct {
	Mean, Std, Unit float64
	Log             bool `json:",omitempty"` // values are logarithms: of a series whose level is taken out
}

// scaled is a series as the net reads it.
type scaled struct {
	data.Series
	Scale
	log   bool
	local bool           // the net reads and gives values relative to the last one
	index []float64      // what the season adds at step t, mod its length, in units of the values' transform
	x     []tensor.Float // values, 0 where missing
	known []bool
	last  []tensor.Float // the last known value up to each step, 0 before the first
}

// fits reports a series that does not fit the covariates.
func (c *Config) fits(s data.Series) error {
	n := len(s.Y)
	for _, part := range []struct {
		role data.Role
		have int
	}{{data.Past, len(s.Past)}, {data.Known, len(s.Known)}, {data.Static, len(s.Static)}} {
		if want := len(data.Select(c.Covariates, part.role)); part.have != want {
			return fmt.Errorf("probabilistic: series %q has %d %s covariates, but the model has %d", s.ID, part.have, part.role, want)
		}
	}
	for i, x := range s.Past {
		if len(x) < n {
			return fmt.Errorf("probabilistic: series %q has %d values, but %d of covariate %s", s.ID, n, len(x), c.Covariates[i].Name)
		}
	}
	for t, v := range s.Y {
		if math.IsInf(v, 0) {
			return fmt.Errorf("probabilistic: value %d of series %q is infinite; make it NaN if it is unknown", t, s.ID)
		}
		if c.Transform == Log && v <= 0 {
			return fmt.Errorf("probabilistic: value %d of series %q is %v, which has no logarithm; use --set transform=plain", t, s.ID, v)
		}
		if c.Output == NegBin && v < 0 {
			return fmt.Errorf("probabilistic: value %d of series %q is %v, which is not a count; choose another --output", t, s.ID, v)
		}
	}
	return nil
}

// fitScale finds the scale of the known values of y.
func (c *Config) fitScale(s data.Series) (Scale, error) {
	if c.Adjust == AdjustLocal {
		return c.fitLocal(s)
	}
	var sum, n float64
	for _, v := range s.Y {
		if !math.IsNaN(v) {
			sum += c.forward(v)
			n++
		}
	}
	if n == 0 {
		return Scale{}, fmt.Errorf("probabilistic: series %q has no values", s.ID)
	}
	mean := sum / n
	if c.Output == NegBin {
		return Scale{Std: max(mean, 1e-3), Unit: 1}, nil
	}
	var square float64
	for _, v := range s.Y {
		if !math.IsNaN(v) {
			square += (c.forward(v) - mean) * (c.forward(v) - mean)
		}
	}
	std := math.Sqrt(square / n)
	if std <= 1e-9*math.Abs(mean) {
		std = max(math.Abs(mean), 1)
	}
	return Scale{Mean: mean, Std: std, Unit: c.unit(s.Y, std)}, nil
}

// unit is the mean move of y over half a horizon or a lag, whichever is least, over std,
// if that is small.
func (c *Config) unit(y []float64, std float64) float64 {
	const small = 0.2
	least := math.Inf(1)
	for _, d := range append([]int{(c.Horizon + 1) / 2}, c.Lags...) {
		var sum, n float64
		for t := d; t < len(y); t++ {
			if move := math.Abs(c.forward(y[t]) - c.forward(y[t-d])); !math.IsNaN(move) {
				sum, n = sum+move, n+1
			}
		}
		if n > 0 {
			least = min(least, sum/n/std)
		}
	}
	if least < small {
		return max(least, 1e-4)
	}
	return 1
}

// chooseTransform replaces Auto by Plain or Log, by the series.
func (c *Config) chooseTransform(series []data.Series) {
	if c.Transform != Auto {
		return
	}
	c.Transform = Plain
	if c.Output == NegBin {
		return
	}
	moved, n := 0, 0
	for _, s := range series {
		y := slices.DeleteFunc(slices.Clone(s.Y), math.IsNaN)
		if len(y) < 6 {
			continue
		}
		if slices.Min(y) <= 0 {
			return
		}
		n++
		first, last := quantile.Median(y[:len(y)/3]), quantile.Median(y[len(y)-len(y)/3:])
		if last > 1.5*first || first > 1.5*last {
			moved++
		}
	}
	if 2*moved > n {
		c.Transform = Log
	}
}

func (c *Config) forward(v float64) float64 {
	if c.Transform == Log {
		return math.Log(v)
	}
	return v
}

// value undoes the scale.
func (z *scaled) value(x float64, t int) float64 {
	v := z.Mean + x*z.Std
	if z.index != nil {
		v += z.index[t%len(z.index)]
	}
	if z.log {
		return math.Exp(v)
	}
	return v
}

func (c *Config) scale(s data.Series, by Scale) *scaled {
	n := len(s.Y)
	z := &scaled{Series: s, Scale: by, log: by.Log || c.Transform == Log, local: c.Adjust == AdjustLocal, x: make([]tensor.Float, n), known: make([]bool, n), last: make([]tensor.Float, n)}
	y := transformed(s.Y, z.log)
	if z.local {
		z.index = c.index(y)
		deseason(y, z.index)
	}
	var last tensor.Float
	for t, v := range y {
		if !math.IsNaN(v) {
			last = tensor.Float((v - by.Mean) / by.Std)
			z.x[t], z.known[t] = last, true
		}
		z.last[t] = last
	}
	return z
}

// prepare scales a series as it was in training, by its ID, or by itself if it is new.
func (m *Model) prepare(s data.Series) (*scaled, error) {
	if err := m.fits(s); err != nil {
		return nil, err
	}
	by, err := m.fitScale(s)
	if err != nil {
		return nil, err
	}
	return m.scale(s, m.scaleOf(s, by)), nil
}

// scaleOf is the scale that a series had in training, or by if it was not there, or has come to
// values that have no logarithm.
func (m *Model) scaleOf(s data.Series, by Scale) Scale {
	i := slices.Index(m.IDs, s.ID)
	if i < 0 || m.Scales[i].Log && slices.ContainsFunc(s.Y, func(v float64) bool { return v <= 0 }) {
		return by
	}
	return m.Scales[i]
}

// fitUnits finds the scale of each numeric covariate over all series.
func (c *Config) fitUnits(series []data.Series) []Scale {
	units := make([]Scale, len(c.Covariates))
	for i, v := range c.Covariates {
		units[i].Std, units[i].Unit = 1, 1
		if v.Categories != nil {
			continue
		}
		var sum, square, n float64
		for _, s := range series {
			for _, x := range c.column(s, i) {
				if !math.IsNaN(x) {
					sum, square, n = sum+x, square+x*x, n+1
				}
			}
		}
		if n == 0 {
			continue
		}
		units[i].Mean = sum / n
		if variance := square/n - units[i].Mean*units[i].Mean; variance > 1e-12*square/n {
			units[i].Std = math.Sqrt(variance)
		}
	}
	return units
}

// column is what is known of covariate i at the end of s.
func (c *Config) column(s data.Series, i int) []float64 {
	if i < len(s.Past) {
		return s.Past[i][:len(s.Y)]
	}
	if i -= len(s.Past); i < len(s.Known) {
		return s.Known[i][:min(len(s.Known[i]), len(s.Y))]
	}
	i -= len(s.Known)
	return s.Static[i : i+1]
}

func (c *Config) unusable(series []data.Series) error {
	if len(series) == 0 {
		return errors.New("probabilistic: no series")
	}
	longest := forecast.Longest(series)
	return fmt.Errorf("probabilistic: the longest series, %q, has %d values, too few to train and validate on; give more history", longest.ID, len(longest.Y))
}
