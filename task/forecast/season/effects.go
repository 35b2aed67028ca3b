package season

import "slices"

// A Beside is what stands beside a series and may move it.
type Beside struct {
	Name    string
	Columns [][]float64 // values at each step, NaN where they are not known: one of numbers, one for each category but one, one for each kind of day

	Bends bool // whether the effect of the one column may bend, as that of warmth on electricity
	Days  bool // whether the effect counts from 0, as that of holidays, and not from its mean
}

// An Effect is what goes with something beside a series, in the units of the series.
type Effect struct {
	Name  string
	Y     []float64
	Share float64 // of the squares that the remainder would have without it
	Days  bool    // as in Beside; Share is of the steps where it is not 0
}

const (
	doubt  = 0.01 // level of the tests of effects, over their number
	useful = 0.01 // least Share
	apart  = 0.01 // least part of a column that trend and seasons of its own leave
	times  = 3    // how often a day or category is there at least
	most   = 48   // columns
)

// Explain takes a series apart as Decompose does, with the effects of what is beside it; what
// has none that is sure and worth a hundredth of the remainder is left out. Without periods there
// is a trend alone.
//
// The effects are those of a linear regression of what trend and seasons leave of the series on
// what they leave of each column, by which both find the same coefficients as if trend, seasons
// and effects were fitted together (Frisch & Waugh 1933), with errors that follow each other as
// AR(1) (Cochrane & Orcutt 1949). Each is tested by F. They describe the history; that one thing
// goes with another does not tell that it is the reason.
//
// y has no missing values; known tells which were there, nil for all.
func Explain(y []float64, known []bool, periods []float64, beside []Beside) (*Decomposition, error) {
	parts := func(y []float64) (*Decomposition, error) {
		if len(periods) > 0 {
			return Decompose(y, periods, false)
		}
		return withoutSeason(y)
	}
	d, err := parts(y)
	if err != nil {
		return nil, err
	}
	if known == nil {
		known = slices.Repeat([]bool{true}, len(y))
	}
	e := &explainer{n: len(y), known: known}
	for _, b := range beside {
		e.add(b, func(x []float64) []float64 {
			d, _ := parts(x) // as many values, and none is missing
			return d.Rest
		})
	}
	found := e.effects(d.Rest)
	if len(found) == 0 {
		return d, nil
	}
	left := slices.Clone(y)
	for t, v := range d.Rest {
		left[t] -= v
	}
	settle(found, left)
	copy(left, y)
	for _, f := range found {
		for t, v := range f.Y {
			if f.whole {
				left[t] -= v
			}
		}
	}
	if d, err = parts(left); err != nil {
		return nil, err
	}
	for _, f := range found {
		d.Effects = append(d.Effects, f.Effect)
		for t, v := range f.Y {
			if !f.whole {
				d.Rest[t] -= v
			}
		}
	}
	return d, nil
}

// An effect is one that is found.
type effect struct {
	Effect
	own   []float64 // what is beyond a trend and seasons of its own
	whole bool      // Y is not own alone
}

// settle leaves own alone of the effects that would make smooth, which is trend and seasons of the
// series, vary by more than a tenth more.
func settle(found []effect, smooth []float64) {
	size := squares(smooth)
	for k := range found {
		f := &found[k]
		less := slices.Clone(smooth)
		for t, v := range f.Y {
			less[t] -= v - f.own[t]
		}
		if s := squares(less); f.whole || s < 1.1*size {
			smooth, size, f.whole = less, s, true
			continue
		}
		f.Y = f.own
	}
}

// squares are those of values about their mean.
func squares(y []float64) (sum float64) {
	var mean float64
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for _, v := range y {
		sum += (v - mean) * (v - mean)
	}
	return sum
}

// withoutSeason is a trend, by LOESS over an eighth of the values, and what it leaves.
func withoutSeason(y []float64) (*Decomposition, error) {
	if err := check(y); err != nil {
		return nil, err
	}
	window := max(13, len(y)/8) | 1
	d := &Decomposition{Trend: make([]float64, len(y)), Rest: slices.Clone(y)}
	if len(y) > 0 {
		(&smoother{window: window, line: true, jump: (window + 9) / 10}).smooth(d.Trend, y, nil)
	}
	for t, v := range d.Trend {
		d.Rest[t] -= v
	}
	return d, nil
}
