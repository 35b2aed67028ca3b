package optim

import "math"

// A Schedule gives the learning rate of a step, counted from 0, as a factor of
// the optimizer's own rate. train.Fit does
//
//	optimizer.SetRate(rate * schedule.At(step))
//
// before each step.
type Schedule interface {
	At(step int) float64
}

// Constant keeps the rate.
type Constant struct{}

// At is 1.
func (Constant) At(int) float64 { return 1 }

// StepDecay multiplies the rate by Factor after every Every steps.
type StepDecay struct {
	Every  int
	Factor float64 // default 0.1
}

// At is Factor^⌊step/Every⌋.
func (s StepDecay) At(step int) float64 {
	return math.Pow(or(s.Factor, 0.1), float64(step/max(s.Every, 1)))
}

// Cosine rises in a line over Warmup steps and then falls along half a cosine to
// Floor at step Steps, where it stays (Loshchilov & Hutter 2017).
type Cosine struct {
	Steps, Warmup int
	Floor         float64 // factor at the end, default 0
}

// At is the factor of the step.
func (s Cosine) At(step int) float64 {
	if step < s.Warmup {
		return float64(step+1) / float64(s.Warmup)
	}
	part := min(float64(step-s.Warmup)/float64(max(s.Steps-s.Warmup, 1)), 1)
	return s.Floor + (1-s.Floor)*(1+math.Cos(math.Pi*part))/2
}

// OneCycle rises along half a cosine from 1/Div to 1 over the Rise part of Steps,
// and falls along another to 1/(Div·FinalDiv) at the last step (Smith & Topin
// 2018), as PyTorch's OneCycleLR does; the optimizer's rate is its max_lr.
type OneCycle struct {
	Steps    int
	Rise     float64 // default 0.3
	Div      float64 // default 25
	FinalDiv float64 // default 1e4
}

// At is the factor of the step.
func (s OneCycle) At(step int) float64 {
	low := 1 / or(s.Div, 25)
	end := low / or(s.FinalDiv, 1e4)
	top, last := or(s.Rise, 0.3)*float64(s.Steps)-1, float64(s.Steps)-1
	t := float64(step)
	if t <= top {
		return between(low, 1, t/max(top, 1))
	}
	return between(1, end, min((t-top)/(last-top), 1))
}

// between goes from a to b along half a cosine as part goes from 0 to 1.
func between(a, b, part float64) float64 {
	return b + (a-b)*(1+math.Cos(math.Pi*part))/2
}

// Plateau multiplies the rate by Factor when the score has not improved for more
// than Patience observations, as PyTorch's ReduceLROnPlateau does. train.Fit lets
// it observe the score of each validation. Lower scores are better unless Maximise,
// which train.Fit sets as its own option has it.
type Plateau struct {
	Factor   float64 // default 0.1
	Patience int     // default 10; negative for none
	Floor    float64 // smallest factor, default 0
	Maximise bool

	State PlateauState // its memory, which a checkpoint keeps
}

// PlateauState is the memory of a Plateau.
type PlateauState struct {
	Reductions int
	Waited     int
	Best       float64
	Seen       bool
}

// At is Factor to the power of the reductions so far.
func (s *Plateau) At(int) float64 {
	return max(math.Pow(or(s.Factor, 0.1), float64(s.State.Reductions)), s.Floor)
}

// Observe takes the score of a validation. PyTorch's relative threshold of 1e-4
// is what counts as better; NaN never does.
func (s *Plateau) Observe(score float64) {
	st := &s.State
	better := score < st.Best-1e-4*math.Abs(st.Best)
	if s.Maximise {
		better = score > st.Best+1e-4*math.Abs(st.Best)
	}
	if better || !st.Seen && !math.IsNaN(score) {
		st.Seen, st.Best, st.Waited = true, score, 0
		return
	}
	if st.Waited++; st.Waited > or(s.Patience, 10) {
		st.Reductions++
		st.Waited = 0
	}
}
