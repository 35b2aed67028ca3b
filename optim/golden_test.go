package optim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
)

// golden is what PyTorch, TensorFlow 1 and Keras 3 computed: see
// testdata/golden/make.py.
type golden struct {
	Start     []float64
	Gradients [][]float64
	Cases     []struct {
		System, Kind string
		Options      options
		After        []float64
	}
	Clip struct {
		Gradients [][]float64
		Cases     []struct {
			Limit, Norm        float64
			Joint, Each, Value [][]float64
		}
	}
	Schedules map[string][]float64
	Scores    []float64
}

type options struct {
	LR, Momentum, Rho, Eps, Initial float64
	Beta1, Beta2                    float64
	WeightDecay                     float64 `json:"weight_decay"`
	Nesterov, Centered              bool
}

func readGolden(t *testing.T) (g golden) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden", "optim.json"))
	if err == nil {
		err = json.Unmarshal(b, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func floats(v []float64) (f []tensor.Float) {
	for _, x := range v {
		f = append(f, tensor.Float(x))
	}
	return f
}

// differ is the largest difference relative to 1 + |want|.
func differ(got []tensor.Float, want []float64) (worst float64) {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	for i, v := range want {
		worst = max(worst, math.Abs(float64(got[i])-v)/(1+math.Abs(v)))
	}
	return worst
}

// PyTorch's are recur's. TensorFlow 1 and Keras have Adam's Eps elsewhere, so that it
// is kept small in their cases, and RMSProp in another form, in which v begins at 1
// in TensorFlow 1 and at 0 in Keras.
func goldenOptimizer(system, kind string, o options) optim.HasState {
	switch kind {
	case "SGD":
		return &optim.SGD{LR: o.LR, Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: o.WeightDecay}
	case "Adam":
		return &optim.Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}
	case "AdamW":
		return &optim.AdamW{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}
	case "Adagrad":
		return &optim.Adagrad{LR: o.LR, Initial: o.Initial, Eps: o.Eps, WeightDecay: o.WeightDecay}
	case "RMSprop":
		return &optim.RMSProp{LR: o.LR, Alpha: o.Rho, Eps: o.Eps, Momentum: o.Momentum, Centered: o.Centered, WeightDecay: o.WeightDecay, TF1: system != "torch"}
	}
	return nil
}

// trajectory gives the parameters after all gradients.
func (g golden) trajectory(t *testing.T, o optim.HasState, fromZero bool) []tensor.Float {
	p := newParam(floats(g.Start)...)
	if fromZero { // a step makes the slots, which then go back to zero
		p.set(make([]tensor.Float, len(g.Start))...)
		o.Step(p.g, p.ps)
		_, slots := o.Slots(p.ps)
		for _, s := range slots {
			clear(s)
		}
		if err := o.SetSlots(p.ps, 0, slots); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range g.Gradients {
		p.set(floats(d)...)
		o.Step(p.g, p.ps)
	}
	return p.ps[0].Value.Data
}

func TestGoldenOptimizers(t *testing.T) {
	g := readGolden(t)
	var worst float64
	for i, c := range g.Cases {
		t.Run(fmt.Sprintf("%s/%s_%d", c.System, c.Kind, i), func(t *testing.T) {
			o := goldenOptimizer(c.System, c.Kind, c.Options)
			d := differ(g.trajectory(t, o, c.System == "keras" && c.Kind == "RMSprop"), c.After)
			if !(d <= 1e-5) {
				t.Errorf("%+v differs by %.2g", c.Options, d)
			}
			worst = max(worst, d)
		})
	}
	t.Logf("%d cases, largest difference %.2g", len(g.Cases), worst)
}

// The comparison must see a wrong option.
func TestGoldenOptimizersNoticeMistakes(t *testing.T) {
	g := readGolden(t)
	for name, broken := range map[string]func(kind string, o *options) bool{
		"momentum": func(_ string, o *options) bool { o.Momentum /= 2; return o.Momentum != 0 },
		"nesterov": func(kind string, o *options) bool {
			o.Nesterov = !o.Nesterov
			return kind == "SGD" && o.Momentum != 0
		},
		"centered":     func(kind string, o *options) bool { o.Centered = !o.Centered; return kind == "RMSprop" },
		"weight decay": func(_ string, o *options) bool { o.WeightDecay *= 0.5; return o.WeightDecay != 0 },
		"initial":      func(_ string, o *options) bool { o.Initial *= 0.5; return o.Initial != 0 },
		"rate":         func(_ string, o *options) bool { o.LR *= 0.99; return o.LR != 0 },
	} {
		noticed := 0
		for i, c := range g.Cases {
			o := c.Options
			if !broken(c.Kind, &o) {
				continue
			}
			if d := differ(g.trajectory(t, goldenOptimizer(c.System, c.Kind, o), c.System == "keras" && c.Kind == "RMSprop"), c.After); d <= 1e-5 {
				t.Errorf("%s: case %d, %s %s %+v, does not notice", name, i, c.System, c.Kind, c.Options)
			}
			noticed++
		}
		if noticed == 0 {
			t.Errorf("%s: no case is concerned", name)
		}
	}
}

func TestGoldenClips(t *testing.T) {
	all := readGolden(t).Clip
	for _, c := range all.Cases {
		for name, clip := range map[string]struct {
			f    func(g *grad.Tape, params []nn.Param)
			want [][]float64
		}{
			"Clip": {func(g *grad.Tape, params []nn.Param) {
				if norm := optim.Clip(g, params, c.Limit); math.Abs(norm-c.Norm) > 1e-5*c.Norm {
					t.Errorf("norm %v, want %v", norm, c.Norm)
				}
			}, c.Joint},
			"ClipEach":  {func(g *grad.Tape, params []nn.Param) { optim.ClipEach(g, params, c.Limit) }, c.Each},
			"ClipValue": {func(g *grad.Tape, params []nn.Param) { optim.ClipValue(g, params, c.Limit) }, c.Value},
		} {
			g := grad.New()
			var params []nn.Param
			for _, d := range all.Gradients {
				v := grad.Leaf(tensor.New(len(d)))
				copy(g.Grad(v).Data, floats(d))
				params = append(params, nn.Param{Var: v})
			}
			clip.f(g, params)
			for i, p := range params {
				if d := differ(g.Grad(p.Var).Data, clip.want[i]); !(d <= 1e-5) {
					t.Errorf("%s to %v: parameter %d differs by %.2g", name, c.Limit, i, d)
				}
			}
		}
	}
}

func TestGoldenSchedules(t *testing.T) {
	g := readGolden(t)
	plateau := &optim.Plateau{Factor: 0.5, Patience: 1}
	most := &optim.Plateau{Factor: 0.5, Patience: 1, Floor: 0.2, Maximise: true}
	schedules := map[string]optim.Schedule{
		"onecycle":         optim.OneCycle{Steps: 20},
		"onecycle_options": optim.OneCycle{Steps: 13, Rise: 0.4, Div: 10, FinalDiv: 100},
		"step":             optim.StepDecay{Every: 4, Factor: 0.3},
		"cosine":           optim.Cosine{Steps: 12, Floor: 0.05},
		"plateau":          plateau,
		"plateau_max":      most,
	}
	for name, want := range g.Schedules {
		for step, rate := range want {
			if got := schedules[name].At(step); !(math.Abs(got-rate) <= 1e-9) {
				t.Errorf("%s at step %d is %v, want %v", name, step, got, rate)
			}
			switch name {
			case "plateau":
				plateau.Observe(g.Scores[step])
			case "plateau_max":
				most.Observe(4 - g.Scores[step])
			}
		}
	}
}
