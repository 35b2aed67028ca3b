package forecast

import (
	"math"
	"slices"

	"github.com/recur-go/recur/task/forecast/season"
)

// prepared is a series as the net reads it: filled, transformed, seasonally
// adjusted, in units of its own one-step changes.
type prepared struct {
	transform
	x     []float64 // adjusted values / scale
	known []bool    // steps whose value is not missing
	index []float64 // seasonal index of t mod season, in units of x
	scale float64
}

// prepare uses what is recent of y and nothing else.
func prepare(y []float64, m int) *prepared {
	y = recent(y, m)
	return prepareAs(choose(y), y, m, season.Has)
}

// recent is the end of y, whole seasons after its beginning, that forecasts are made from: the
// last 65,536 values or ten seasons, whichever are more. All of most series is recent.
func recent(y []float64, season int) []float64 {
	season = max(season, 1)
	most := max(1<<16, 10*season)
	return y[max(len(y)-most, 0)/season*season:]
}

func prepareAs(f transform, y []float64, m int, isSeasonal seasonTest) *prepared {
	filled := Interpolate(y, m)
	p := &prepared{transform: f}
	p.x = make([]float64, len(y))
	p.known = make([]bool, len(y))
	for t, v := range filled {
		p.x[t] = p.forward(v)
		p.known[t] = !math.IsNaN(y[t])
	}
	p.index = make([]float64, max(m, 1))
	if isSeasonal(p.x, m) {
		p.index = season.Indices(p.x, m, false)
	}
	for t := range p.x {
		p.x[t] -= p.index[t%len(p.index)]
	}
	var changes []float64
	for t := 1; t < len(p.x); t++ {
		if d := math.Abs(p.x[t] - p.x[t-1]); d > 0 {
			changes = append(changes, d)
		}
	}
	p.scale = 1
	if len(changes) > 0 {
		p.scale = max(known(changes), 1e-9)
	}
	for t := range p.x {
		p.x[t] /= p.scale
	}
	for i := range p.index {
		p.index[i] /= p.scale
	}
	return p
}

// value undoes prepare for a value of x at time t.
func (p *prepared) value(x float64, t int) float64 {
	return p.backward((x + p.index[t%len(p.index)]) * p.scale)
}

type transform int

const (
	none transform = iota
	root           // sign-less square root, for counts with zeros
	logarithm
)

func choose(y []float64) transform {
	var s []float64
	for _, v := range y {
		if !math.IsNaN(v) {
			s = append(s, v)
		}
	}
	slices.Sort(s)
	lo := s[0]
	switch {
	case lo > 0 && lo > 0.02*s[len(s)/2]:
		return logarithm
	case lo >= 0:
		return root
	}
	return none
}

func (f transform) forward(v float64) float64 {
	switch f {
	case root:
		return math.Sqrt(v)
	case logarithm:
		return math.Log(v)
	}
	return v
}

func (f transform) backward(v float64) float64 {
	switch f {
	case root:
		return max(v, 0) * max(v, 0)
	case logarithm:
		return math.Exp(v)
	}
	return v
}
