package esrnn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/tensor"
)

func TestSmoothByHand(t *testing.T) {
	// level by 1/2, a season of 2 steps by 1/4; the third value is missing
	z := &scaled{x: []tensor.Float{2, 4, 0, 8}, known: []bool{true, true, false, true}}
	o := smooth(grad.Eval(), batch{{z, 0, 4}}, grad.Leaf(tensor.FromSlice([]tensor.Float{0.5, 0.25}, 1, 2)),
		grad.Leaf(tensor.FromSlice([]tensor.Float{1, -1}, 1, 2)), []int{2})
	level := []tensor.Float{1, 3, 3, 6}
	season := []tensor.Float{1, -1, 1, -0.5, 1, 0.125}
	// step 1: 4-(-1) = 5, level 1+(5-1)/2 = 3, season -1+(5-3)/4 = -0.5
	// step 3: 8-(-0.5) = 8.5, level 3+5.5/2 = 5.75, season -0.5+(8.5-5.75)/4 = 0.1875
	level[3], season[5] = 5.75, 0.1875
	for i, want := range level {
		if got := o.level.Value.Data[i]; got != want {
			t.Errorf("level %d is %v, want %v", i, got, want)
		}
	}
	for i, want := range season {
		if got := o.seasons[0].Value.Data[i]; got != want {
			t.Errorf("season %d is %v, want %v", i, got, want)
		}
	}
}

func TestGradients(t *testing.T) {
	c := &Config{Job: forecast.Job{Horizon: 5, Season: 3, Levels: []float64{0.8}}, Seasonalities: []int{3, 4}, Window: 4, Hidden: 3, Dilations: [][]int{{1, 2}, {2}}, Series: 3, History: 99}
	r := rand.New(rand.NewPCG(1, 2))
	var b batch
	for i := range 3 {
		var s data.Series
		for k := range 12 + 2*i {
			s.Y = append(s.Y, math.Exp(1+0.1*float64(k)+r.NormFloat64()/3))
		}
		s.Y[4+i] = math.NaN()
		z, err := c.prepare(s, i)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, piece{z, []int{0, 2, 3}[i], []int{12, 11, 16}[i]}) // whole, and pieces
	}
	n := newNet(r, c)
	for _, p := range nn.Params(n) {
		for i := range p.Value.Data {
			p.Value.Data[i] += tensor.Float(r.NormFloat64() / 5)
		}
	}
	at := []origin{{0, 3}, {1, 7}, {2, 9}, {0, 8}, {1, 2}}
	var vars []*grad.Var
	for _, p := range nn.Params(n) {
		vars = append(vars, p.Var)
	}
	err := grad.Check(func(g *grad.Tape) *grad.Var {
		o, mid, out := n.forward(g, c, b, at)
		return o.loss(g, at, mid, out, c.quantiles())
	}, vars...)
	if err != nil {
		t.Error(err)
	}
}
