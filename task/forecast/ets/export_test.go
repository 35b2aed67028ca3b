package ets

import "slices"

// Path is a future of h steps with the errors that draw gives.
func (m *Model) Path(h int, draw func() float64) (y []float64) {
	last := m.last()
	w := &filter{form: m.Form, m: m.Period, season: slices.Clone(last.cycle)}
	s := state{m.Alpha, m.Beta, m.Gamma, m.Phi, last.Level, last.Trend}
	for k := range h {
		before, season := s, w.season[k%m.Period]
		f, _ := w.step(&before, &season, 1)
		v := f + draw()
		if m.Error == Multiplicative {
			v = f + f*(v-f)
		}
		w.step(&s, &w.season[k%m.Period], v)
		y = append(y, v)
	}
	return y
}
