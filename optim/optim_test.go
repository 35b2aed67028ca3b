package optim_test

import (
	"math"
	"slices"
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
	v := grad.Leaf(tensor.FromSlice(values, len(values)))
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

func TestSlots(t *testing.T) {
	run := func(o optim.Stater, p param, n int) {
		for i := range n {
			p.set(tensor.Float(i+1), -1)
			o.Step(p.g, p.ps)
		}
	}
	a, pa := &optim.Adam{}, newParam(1, 2)
	run(a, pa, 3)
	steps, slots := a.Slots(pa.ps)
	if steps != 3 || len(slots) != 2 || len(slots["m.w"]) != 2 {
		t.Fatalf("%d steps, slots %v", steps, slots)
	}
	b, pb := &optim.Adam{}, newParam(pa.ps[0].Value.Data...)
	if err := b.SetSlots(pb.ps, steps, slots); err != nil {
		t.Fatal(err)
	}
	run(a, pa, 2)
	run(b, pb, 2)
	if !slices.Equal(pa.ps[0].Value.Data, pb.ps[0].Value.Data) {
		t.Error("an optimizer with restored slots goes another way")
	}
	for name, bad := range map[string]map[string][]optim.Float{
		"size":    {"m.w": {1}, "v.w": {1, 2}},
		"half":    {"m.w": {1, 2}},
		"foreign": {"m.w": {1, 2}, "v.w": {1, 2}, "m.other": {1}},
		"SGD's":   {"momentum.w": {1, 2}},
	} {
		if err := b.SetSlots(pb.ps, 1, bad); err == nil {
			t.Errorf("%s: wrong slots were taken", name)
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
	if want := []float64{1, 1, 1, .5, .5, .5, .25, .25, .2, .2, .2}; !slices.Equal(got, want) {
		t.Errorf("plateau: %v, want %v", got, want)
	}
}
