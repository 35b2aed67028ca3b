package forecast

import "math"

// smoothed is how many of the last values the methods read whose models are estimated by a search.
const smoothed = 600

// A grown has the model of a method for histories of one series, each longer than the one
// before: the first chooses its form, one longer by a tenth estimates its parameters anew, and
// the others run the model on over what came.
type grown[M any] struct {
	season int
	fit    func(y []float64, was *M) (*M, error) // of the form of was, or of one to choose if it is nil
	filter func(model *M, y []float64) (*M, error)

	model         *M
	first, fitted int // where the values begin that the model was fitted to, and how many there were
}

// forecasts forecasts histories by the model after each; one too short for a model as Naive does.
func (g *grown[M]) forecasts(by func(model *M, h int, levels []float64) Forecast) func(history []float64, h int, levels []float64) Forecast {
	return func(history []float64, h int, levels []float64) Forecast {
		model, err := g.after(history)
		if err != nil {
			return Naive(history, h, levels)
		}
		return by(model, h, levels)
	}
}

// after is the model at the end of a history.
func (g *grown[M]) after(history []float64) (*M, error) {
	n := len(history)
	if g.model != nil && n < g.fitted {
		g.model = nil
	}
	if g.model != nil && n-g.fitted <= min(g.fitted, smoothed)/10 {
		if model, err := g.filter(g.model, Interpolate(history[g.first:], g.season)); err == nil {
			return model, nil
		}
		g.model = nil // its form is not for a value that came
	}
	from := lately(history, smoothed)
	model, err := g.fit(Interpolate(history[from:], g.season), g.model)
	if err != nil {
		g.model = nil
		return nil, err
	}
	g.model, g.first, g.fitted = model, from, n
	return model, nil
}

// lately is where the last n values begin, or more of them if all of those are missing.
func lately(history []float64, n int) int {
	from := max(0, len(history)-n)
	for t := len(history) - 1; t > 0; t-- {
		if !math.IsNaN(history[t]) {
			return min(from, t)
		}
	}
	return 0
}
