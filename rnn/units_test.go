package rnn

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/par"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// Cores that share the units of each step give the bits of one core: outputs, final
// states, and all gradients, with gradients and without, frozen or not.
func TestUnitsOnSeveralCores(t *testing.T) {
	const in, H, T = 3, 128, 300
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := rand.New(rand.NewPCG(4, 1))
	for name, c := range map[string]Cell{"Basic": NewBasic(r, in, H), "LSTM": NewLSTM(r, in, H), "GRU": NewGRU(r, in, H)} {
		for _, B := range []int{1, 5, 12} {
			x := nn.Normal(r, 1, T, B, in)
			lengths := make([]int, B)
			for i := range lengths {
				lengths[i] = T - 70*(i%3) - i
			}
			var first State
			for _, w := range c.StateSize() {
				first = append(first, nn.Normal(r, 1, B, w))
			}
			run := func(procs int) (all [][]tensor.Float) {
				runtime.GOMAXPROCS(procs)
				e := grad.Eval()
				for _, c := range []Cell{c, mustFreeze(t, c, Single)} {
					y, last := Dynamic(e, c, Seq{X: x, Len: lengths}, first)
					all = append(all, y.X.Value.Data)
					for _, v := range last {
						all = append(all, v.Value.Data)
					}
				}
				g := grad.New()
				y, last := Dynamic(g, c, Seq{X: x, Len: lengths}, first)
				loss := g.Sum(g.Mul(y.X, y.X))
				for _, v := range last {
					loss = g.Add(loss, g.Sum(v))
				}
				g.Backward(loss)
				all = append(all, y.X.Value.Data, g.Grad(x).Data)
				for _, v := range first {
					all = append(all, g.Grad(v).Data)
				}
				for _, p := range nn.Params(c) {
					all = append(all, g.Grad(p.Var).Data)
				}
				return all
			}
			want := run(1)
			for _, procs := range []int{2, 3, 4} {
				got := run(procs) // on one core if the machine is crowded
				for i := range want {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("%s, batch %d, %d cores: result %d differs", name, B, procs, i)
					}
				}
			}
		}
	}
}

func TestCutUnits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	steps := func(n, rows int) []int { return slices.Repeat([]int{rows}, n) }
	for what, u := range map[string]unitPlan{
		"a few steps":             cutUnits(steps(7, 1), 512, 4),
		"many rows":               cutUnits(steps(50, 16), 512, 4),
		"little work":             cutUnits(steps(50, 1), 64, 4),
		"units that do not share": cutUnits(steps(50, 1), 500, 4),
		"no steps":                cutUnits(nil, 512, 4),
	} {
		if u.cuts != nil {
			t.Errorf("%s: cut at %v", what, u.cuts)
		}
	}
	if u := cutUnits(steps(50, 1), 512, 4); !par.Crowded() && fmt.Sprint(u.cuts) != "[0 128 256 384 512]" {
		t.Errorf("512 units are cut at %v", u.cuts)
	}
}
