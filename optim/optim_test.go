package optim_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
)

// param is a parameter with a gradient that set fills before each step.
type param struct {
	g  *grad.Tape
	ps []nn.Param
}

func newParam(values ...tensor.Float) param {
	v := grad.Leaf(tensor.FromSlice(slices.Clone(values), len(values)))
	return param{grad.New(), []nn.Param{{Name: "w", Var: v}}}
}

func (p param) set(d ...tensor.Float) {
	p.g.Reset()
	copy(p.g.Grad(p.ps[0].Var).Data, d)
}

func (p param) value(i int) float64 { return float64(p.ps[0].Value.Data[i]) }

// The equations, step by step, in float64.
func TestFormulae(t *testing.T) {
	gradients := []float64{0.5, -1.2, 0.3, 0.9, -0.1}
	const lr, wd = 0.1, 0.05
	for _, c := range []struct {
		name string
		o    optim.Optimizer
		next func(t int, p, d float64, s *[3]float64) float64
	}{
		{"SGD", &optim.SGD{LR: lr, WeightDecay: wd}, func(_ int, p, d float64, s *[3]float64) float64 { return p - lr*(d+wd*p) }},
		{"momentum", &optim.SGD{LR: lr, Momentum: 0.9}, func(_ int, p, d float64, s *[3]float64) float64 {
			s[0] = 0.9*s[0] + d
			return p - lr*s[0]
		}},
		{"Nesterov", &optim.SGD{LR: lr, Momentum: 0.9, Nesterov: true}, func(_ int, p, d float64, s *[3]float64) float64 {
			s[0] = 0.9*s[0] + d
			return p - lr*(d+0.9*s[0])
		}},
		{"Adam", &optim.Adam{LR: lr, WeightDecay: wd}, func(t int, p, d float64, s *[3]float64) float64 {
			d += wd * p
			s[0], s[1] = 0.9*s[0]+0.1*d, 0.999*s[1]+0.001*d*d
			m, v := s[0]/(1-math.Pow(0.9, float64(t))), s[1]/(1-math.Pow(0.999, float64(t)))
			return p - lr*m/(math.Sqrt(v)+1e-8)
		}},
		{"AdamW", &optim.AdamW{LR: lr}, func(t int, p, d float64, s *[3]float64) float64 {
			p -= lr * 0.01 * p
			s[0], s[1] = 0.9*s[0]+0.1*d, 0.999*s[1]+0.001*d*d
			m, v := s[0]/(1-math.Pow(0.9, float64(t))), s[1]/(1-math.Pow(0.999, float64(t)))
			return p - lr*m/(math.Sqrt(v)+1e-8)
		}},
		{"RMSProp", &optim.RMSProp{LR: lr, Momentum: 0.5, Centered: true}, func(_ int, p, d float64, s *[3]float64) float64 {
			s[0], s[1] = 0.99*s[0]+0.01*d*d, 0.99*s[1]+0.01*d
			s[2] = 0.5*s[2] + d/(math.Sqrt(s[0]-s[1]*s[1])+1e-8)
			return p - lr*s[2]
		}},
		{"RMSPropTF1", &optim.RMSProp{LR: lr, Alpha: 0.9, Eps: 1e-10, Momentum: 0.5, TF1: true}, func(t int, p, d float64, s *[3]float64) float64 {
			if t == 1 {
				s[0] = 1
			}
			s[0] = 0.9*s[0] + 0.1*d*d
			s[2] = 0.5*s[2] + lr*d/math.Sqrt(s[0]+1e-10)
			return p - s[2]
		}},
		{"Adagrad", &optim.Adagrad{LR: lr, Initial: 0.1}, func(t int, p, d float64, s *[3]float64) float64 {
			if t == 1 {
				s[0] = 0.1
			}
			s[0] += d * d
			return p - lr*d/(math.Sqrt(s[0])+1e-10)
		}},
	} {
		p, want := newParam(0.7), 0.7
		var s [3]float64
		for i, d := range gradients {
			p.set(tensor.Float(d))
			c.o.Step(p.g, p.ps)
			want = c.next(i+1, want, d, &s)
			if math.Abs(p.value(0)-want) > 2e-6 {
				t.Errorf("%s: step %d gives %v, want %v", c.name, i+1, p.value(0), want)
			}
		}
	}
}

// A parameter that no gradient reached stays, though weights decay.
func TestUnreachedStays(t *testing.T) {
	p := newParam(3)
	for _, o := range []optim.Optimizer{&optim.AdamW{}, &optim.SGD{WeightDecay: 1}, &optim.RMSProp{}, &optim.Adagrad{}, &optim.Adam{}} {
		o.Step(p.g, p.ps)
	}
	if p.value(0) != 3 {
		t.Errorf("moved to %v", p.value(0))
	}
}

// A schedule that comes to 0 stops the optimizer; it does not bring back the
// default rate.
func TestRateZero(t *testing.T) {
	for name, o := range staters() {
		p := newParam(3)
		r := o.(optim.HasRate)
		r.SetRate(0.25)
		if r.Rate() != 0.25 {
			t.Errorf("%s: rate %v after SetRate(0.25)", name, r.Rate())
		}
		r.SetRate(0)
		p.set(1)
		o.Step(p.g, p.ps)
		if r.Rate() != 0 || p.value(0) != 3 {
			t.Errorf("%s: with rate %v the parameter moves to %v", name, r.Rate(), p.value(0))
		}
	}
}

// A negative field is 0, not the default: with Beta1 and Beta2 of 0 Adam goes by
// signs.
func TestNegativeIsZero(t *testing.T) {
	p := newParam(3, 3)
	adam := &optim.Adam{LR: 0.5, Beta1: -1, Beta2: -1}
	for _, d := range []tensor.Float{7, -0.01, 2} {
		p.set(d, -d)
		adam.Step(p.g, p.ps)
	}
	if math.Abs(p.value(0)-2.5) > 1e-5 || math.Abs(p.value(1)-3.5) > 1e-5 {
		t.Errorf("three steps of signs lead to %v", p.ps[0].Value.Data)
	}
	p = newParam(3)
	p.set(0)
	(&optim.AdamW{WeightDecay: -1}).Step(p.g, p.ps)
	if p.value(0) != 3 {
		t.Errorf("AdamW without decay moves to %v", p.value(0))
	}
}

// Each parameter of a scaled step moves as in a step of its own with those rates.
func TestScale(t *testing.T) {
	leaf := func(name string, dims ...int) nn.Param {
		x := nn.Constant(2, dims...)
		return nn.Param{Name: name, Var: x}
	}
	step := func(o optim.Optimizer, ps ...nn.Param) {
		g := grad.New()
		for _, p := range ps {
			for i, d := 0, g.Grad(p.Var).Data; i < len(d); i++ {
				d[i] = tensor.Float(i) - 0.5
			}
		}
		o.Step(g, ps)
	}
	scale := func(p nn.Param) (lr, decay float64) {
		if strings.HasPrefix(p.Name, "frozen.") {
			return 0, 1
		}
		lr, decay = optim.DecayMatrices(p)
		return lr / 2, decay
	}
	for name, make := range map[string]func(lr, decay float64, s optim.Scale) optim.Optimizer{
		"SGD": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.SGD{LR: lr, WeightDecay: d, Scale: s}
		},
		"momentum": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.SGD{LR: lr, Momentum: 0.9, WeightDecay: d, Scale: s}
		},
		"Adam": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.Adam{LR: lr, WeightDecay: d, Scale: s}
		},
		"AdamW": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.AdamW{LR: lr, WeightDecay: d, Scale: s}
		},
		"RMSProp": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.RMSProp{LR: lr, WeightDecay: d, Scale: s}
		},
		"Adagrad": func(lr, d float64, s optim.Scale) optim.Optimizer {
			return &optim.Adagrad{LR: lr, WeightDecay: d, Scale: s}
		},
	} {
		w, b, frozen := leaf("w", 2, 2), leaf("b", 3), leaf("frozen.w", 2, 2)
		step(make(0.2, 0.5, scale), w, b, frozen)
		for _, c := range []struct {
			got       nn.Param
			lr, decay float64
		}{{w, 0.1, 0.5}, {b, 0.1, -1}, {frozen, -1, 0.5}} {
			want := leaf(c.got.Name, c.got.Shape().Dims()...)
			if c.decay < 0 && name != "AdamW" {
				c.decay = 0
			}
			step(make(c.lr, c.decay, nil), want)
			if !slices.Equal(c.got.Value.Data, want.Value.Data) {
				t.Errorf("%s: %s moves to %v, want %v", name, c.got.Name, c.got.Value.Data, want.Value.Data)
			}
		}
	}
}

// staters are optimizers with all that each can remember.
func staters() map[string]optim.HasState {
	return map[string]optim.HasState{
		"SGD":             &optim.SGD{LR: 0.1},
		"momentum":        &optim.SGD{LR: 0.1, Momentum: 0.9},
		"Adam":            &optim.Adam{LR: 0.1, WeightDecay: 0.1},
		"AdamW":           &optim.AdamW{LR: 0.1},
		"RMSProp":         &optim.RMSProp{LR: 0.1},
		"RMSPropCentered": &optim.RMSProp{LR: 0.1, Centered: true, Momentum: 0.5},
		"RMSPropTF1":      &optim.RMSProp{LR: 0.1, TF1: true, Momentum: 0.5},
		"Adagrad":         &optim.Adagrad{LR: 0.1, Initial: 0.1},
		"Average":         &optim.Average{Of: &optim.Adam{LR: 0.1}, Decay: 0.9, Start: 2},
		"AverageOfSGD":    &optim.Average{Of: &optim.SGD{LR: 0.1, Momentum: 0.9}},
	}
}

func TestSlots(t *testing.T) {
	run := func(o optim.HasState, p param, n int) {
		for i := range n {
			p.set(tensor.Float(i+1), -1)
			o.Step(p.g, p.ps)
		}
	}
	fresh := staters()
	for name, a := range staters() {
		pa := newParam(1, 2)
		run(a, pa, 3)
		steps, slots := a.Slots(pa.ps)
		b, pb := fresh[name], newParam(pa.ps[0].Value.Data...)
		if err := b.SetSlots(pb.ps, steps, slots); err != nil || steps != 3 {
			t.Fatalf("%s: %d steps, %v", name, steps, err)
		}
		run(a, pa, 2)
		run(b, pb, 2)
		if !slices.Equal(pa.ps[0].Value.Data, pb.ps[0].Value.Data) {
			t.Errorf("%s: with restored slots it goes another way", name)
		}
		_, slots = a.Slots(pa.ps)
		_, again := b.Slots(pb.ps)
		if !maps.EqualFunc(slots, again, slices.Equal) {
			t.Errorf("%s: slots %v, want %v", name, again, slots)
		}
		slots["m.other"] = []optim.Float{1}
		if err := b.SetSlots(pb.ps, 9, slots); err == nil {
			t.Errorf("%s: a slot of an unknown parameter was taken", name)
		}
		if steps, now := b.Slots(pb.ps); steps != 5 || !maps.EqualFunc(now, again, slices.Equal) {
			t.Errorf("%s: a failed SetSlots changed it", name)
		}
	}
	p := newParam(1, 2)
	for name, bad := range map[string]map[string][]optim.Float{
		"size":  {"m.w": {1}, "v.w": {1, 2}},
		"half":  {"m.w": {1, 2}},
		"SGD's": {"momentum.w": {1, 2}},
	} {
		if err := (&optim.Adam{}).SetSlots(p.ps, 1, bad); err == nil {
			t.Errorf("%s: wrong slots were taken", name)
		}
	}
}

func TestAverage(t *testing.T) {
	// SGD with rate 1 and gradients -1, -1, -2 has the parameter at 1, 2, 4.
	for _, c := range []struct {
		o    *optim.Average
		want []float64
	}{
		{&optim.Average{}, []float64{1, 1.5, 7. / 3}},
		{&optim.Average{Decay: 0.5}, []float64{1, 1.5, 2.75}},
		{&optim.Average{Decay: 0.9}, []float64{1, 1.5, 7. / 3}},
		{&optim.Average{Start: 1}, []float64{1, 2, 3}},
	} {
		c.o.Of = &optim.SGD{LR: 1}
		p := newParam(0)
		for i, d := range []tensor.Float{-1, -1, -2} {
			p.set(d)
			c.o.Step(p.g, p.ps)
			last := p.value(0)
			c.o.Swap(p.ps)
			if got := p.value(0); math.Abs(got-c.want[i]) > 1e-6 {
				t.Errorf("decay %v, start %v: step %d averages %v, want %v", c.o.Decay, c.o.Start, i+1, got, c.want[i])
			}
			if c.o.Swap(p.ps); p.value(0) != last {
				t.Errorf("swapped twice, %v became %v", last, p.value(0))
			}
		}
	}
}

func TestAveraged(t *testing.T) {
	of := &optim.SGD{LR: 1}
	if got := optim.Averaged(of, 0, 100); got != of {
		t.Errorf("without a decay it is %v", got)
	}
	for _, c := range []struct {
		decay float64
		steps int
		want  float64
	}{{0.99, 10000, 0.99}, {0.99, 100, 0.98}, {0.99, 3, 0.5}, {0.3, 3, 0.3}} {
		a, ok := optim.Averaged(of, c.decay, c.steps).(*optim.Average)
		if !ok || a.Of != of || math.Abs(a.Decay-c.want) > 1e-12 {
			t.Errorf("decay %v over %d steps: %+v, want %v", c.decay, c.steps, a, c.want)
		}
	}
}

func TestClip(t *testing.T) {
	p := newParam(0, 0)
	p.set(3, -4)
	d := p.g.Grad(p.ps[0].Var).Data
	if n := optim.Clip(p.g, p.ps, 10); n != 5 || d[0] != 3 {
		t.Errorf("norm %v, gradient %v: nothing to clip", n, d)
	}
	if n := optim.Clip(p.g, p.ps, 1); n != 5 || math.Abs(float64(d[0])-0.6) > 1e-6 || math.Abs(float64(d[1])+0.8) > 1e-6 {
		t.Errorf("norm %v, gradient %v", n, d)
	}
	p.set(3, -4)
	optim.ClipEach(p.g, p.ps, 2.5)
	if !slices.Equal(d, []tensor.Float{1.5, -2}) {
		t.Errorf("ClipEach gives %v", d)
	}
	p.set(3, -4)
	optim.ClipValue(p.g, p.ps, 3.5)
	if !slices.Equal(d, []tensor.Float{3, -3.5}) {
		t.Errorf("ClipValue gives %v", d)
	}
	p.set(tensor.Float(math.NaN()), 1)
	if n := optim.Clip(p.g, p.ps, 1); !math.IsNaN(n) {
		t.Errorf("a norm of NaN is %v", n)
	}
	p.set(tensor.Float(math.Inf(-1)), 1)
	if n := optim.Clip(p.g, p.ps, 1); !math.IsInf(n, 1) || d[1] != 1 {
		t.Errorf("an infinite norm is %v, gradient %v", n, d)
	}
	if optim.ClipEach(p.g, p.ps, 1); d[1] != 1 {
		t.Errorf("ClipEach makes %v of an infinite gradient", d)
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name string
		s    optim.Schedule
		at   map[int]float64
	}{
		{"constant", optim.Constant{}, map[int]float64{0: 1, 999: 1}},
		{"step", optim.StepDecay{Every: 10, Factor: 0.5}, map[int]float64{0: 1, 9: 1, 10: 0.5, 25: 0.25}},
		{"cosine", optim.Cosine{Steps: 100}, map[int]float64{0: 1, 50: 0.5, 100: 0, 200: 0}},
		{"warm-up", optim.Cosine{Steps: 110, Warmup: 10, Floor: 0.1}, map[int]float64{0: 0.1, 9: 1, 10: 1, 60: 0.55, 110: 0.1}},
		// torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=100)
		{"one cycle", optim.OneCycle{Steps: 100}, map[int]float64{0: 0.04, 10: 0.29516395, 29: 1, 50: 0.79389345, 99: 4e-6}},
	} {
		for step, want := range c.at {
			if got := c.s.At(step); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: step %d has the factor %.7f, want %.7f", c.name, step, got, want)
			}
		}
	}
	p := &optim.Plateau{Patience: 1, Factor: 0.5, Floor: 0.2}
	var got []float64
	for _, score := range []float64{3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1} {
		p.Observe(score)
		got = append(got, p.At(0))
	}
	p = &optim.Plateau{Patience: -1, Factor: 0.5, Maximise: true}
	for _, score := range []float64{math.NaN(), 1, 2, math.NaN(), 3} {
		p.Observe(score)
	}
	if p.At(0) != 0.25 || p.State.Best != 3 {
		t.Errorf("two NaN scores and no patience give the factor %v, best %v", p.At(0), p.State.Best)
	}
	if want := []float64{1, 1, 1, .5, .5, .5, .25, .25, .2, .2, .2}; !slices.Equal(got, want) {
		t.Errorf("plateau: %v, want %v", got, want)
	}
}
