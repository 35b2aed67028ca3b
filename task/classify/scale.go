package classify

import (
	"fmt"
	"math"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/tensor"
)

// A scale brings the channels of series to mean 0 and deviation 1: (x - Mean)/Std.
// Those of images, of 0 to 255, have mean 0 and deviation 255.
type scale struct {
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"`
}

// put writes an item into row i of x [steps, batch, width]. Missing values are 0, and
// with gaps a flag for each, 1 where it is missing, stands after the values.
func (s *scale) put(x *tensor.Tensor, i int, it *item, gaps bool) {
	B, W, n := x.Dim(1), x.Dim(2), len(s.Mean)
	for t := range it.steps {
		to := x.Data[(t*B+i)*W : (t*B+i+1)*W]
		if it.pixels != nil {
			for j, p := range it.pixels[t*n : (t+1)*n] {
				to[j] = tensor.Float((float64(p) - s.Mean[j]) / s.Std[j])
			}
			continue
		}
		s.row(to, it.x[t*n:(t+1)*n], gaps)
	}
}

// row writes one step into a row of zeros.
func (s *scale) row(to, x []tensor.Float, gaps bool) {
	for j, v := range x {
		switch {
		case v == v:
			to[j] = tensor.Float((float64(v) - s.Mean[j]) / s.Std[j])
		case gaps:
			to[len(x)+j] = 1
		}
	}
}

// moments are sums over the values of series, by channel.
type moments struct {
	width, n     int
	gaps, images bool
	count        []float64
	mean, square []float64 // running mean, and sum of squares about it (Welford 1962)
}

func (s *moments) add(e *labelled.Example, input string) error {
	wrong := func(reason, hint string) error {
		return &data.Error{File: e.File, Row: e.Row, Reason: reason, Hint: hint}
	}
	switch {
	case input == Text && e.Width > 0:
		return wrong("has numbers, but the preset is for texts", "choose --preset series, or rowimage for images")
	case input == Text:
		return nil
	case e.Width == 0:
		return wrong("has text, but the preset is for series of numbers", "choose --preset text")
	}
	if s.n++; s.n == 1 {
		s.width, s.images = e.Width, e.Pixels != nil
		s.count, s.mean, s.square = make([]float64, s.width), make([]float64, s.width), make([]float64, s.width)
	}
	if e.Width != s.width {
		return wrong(fmt.Sprintf("has steps of %d values, but those before have %d", e.Width, s.width), "give all series the same channels")
	}
	for i, v := range e.X {
		c := i % s.width
		if v != v {
			s.gaps = true
			continue
		}
		s.count[c]++
		d := float64(v) - s.mean[c]
		s.mean[c] += d / s.count[c]
		s.square[c] += d * (float64(v) - s.mean[c])
	}
	return nil
}

func (s *moments) scale() *scale {
	z := &scale{Mean: s.mean, Std: make([]float64, s.width)}
	for c := range z.Std {
		z.Std[c] = 1
		if s.images {
			z.Std[c] = 255
		} else if std := math.Sqrt(s.square[c] / max(s.count[c], 1)); std > 1e-12*math.Abs(s.mean[c]) {
			z.Std[c] = std // a constant channel keeps 1
		}
	}
	return z
}
