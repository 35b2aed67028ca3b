package nn

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

// golden are values by scipy: see testdata/likelihood/make_likelihood.py.
func golden(t *testing.T) map[string][]float64 {
	b, err := os.ReadFile(filepath.Join("testdata", "likelihood", "likelihood.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g map[string][]float64
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func column(v []float64) *tensor.Tensor {
	x := tensor.New(len(v))
	for i := range v {
		x.Data[i] = tensor.Float(v[i])
	}
	return x
}

func TestLikelihoodsAreScipys(t *testing.T) {
	g := golden(t)
	leaf := func(name string, i int) *grad.Var { return grad.Leaf(column(g[name][i : i+1])) }
	for i := range g["y"] {
		y, counts := column(g["y"][i:i+1]), column(g["counts"][i:i+1])
		for name, got := range map[string]*grad.Var{
			"normal":            NormalNLL(grad.New(), leaf("mu", i), leaf("sigma", i), y),
			"student":           StudentTNLL(grad.New(), leaf("mu", i), leaf("sigma", i), leaf("nu", i), y),
			"negative_binomial": NegativeBinomialNLL(grad.New(), leaf("mean", i), leaf("alpha", i), counts),
		} {
			want := g[name][i]
			if v := float64(got.Value.Data[0]); math.Abs(v-want) > 2e-5*(1+math.Abs(want)) {
				t.Errorf("%s %d: %v, scipy says %v", name, i, v, want)
			}
		}
	}
	for i, x := range g["x"] {
		if v, want := digamma(x), g["digamma"][i]; math.Abs(v-want) > 1e-11*(1+math.Abs(want)) {
			t.Errorf("digamma(%v) = %v, want %v", x, v, want)
		}
	}
}

func TestLikelihoodGradients(t *testing.T) {
	g := golden(t)
	y, counts := column(g["y"]), column(g["counts"])
	y.Data[4], counts.Data[4] = tensor.Float(math.NaN()), tensor.Float(math.NaN())
	v := map[string]*grad.Var{}
	for _, name := range []string{"mu", "sigma", "nu", "mean", "alpha"} {
		v[name] = grad.Leaf(column(g[name]))
	}
	for i := range g["sigma"] { // far from 0, where differences are rough
		v["sigma"].Value.Data[i] += 1
		v["nu"].Value.Data[i] += 1
		v["mean"].Value.Data[i] += 1
		v["alpha"].Value.Data[i] += 0.3
	}
	for name, c := range map[string]struct {
		loss func(g *grad.Tape) *grad.Var
		vars []*grad.Var
	}{
		"normal":            {func(g *grad.Tape) *grad.Var { return NormalNLL(g, v["mu"], v["sigma"], y) }, []*grad.Var{v["mu"], v["sigma"]}},
		"student":           {func(g *grad.Tape) *grad.Var { return StudentTNLL(g, v["mu"], v["sigma"], v["nu"], y) }, []*grad.Var{v["mu"], v["sigma"], v["nu"]}},
		"negative_binomial": {func(g *grad.Tape) *grad.Var { return NegativeBinomialNLL(g, v["mean"], v["alpha"], counts) }, []*grad.Var{v["mean"], v["alpha"]}},
	} {
		if err := grad.Check(c.loss, c.vars...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Targets that are missing do not count, and a loss of none is 0.
func TestLikelihoodOfMissing(t *testing.T) {
	nan := math.NaN()
	one, two := grad.Leaf(column([]float64{1, 2})), grad.Leaf(column([]float64{3, 4}))
	some := NormalNLL(grad.New(), one, two, column([]float64{5, nan})).Value.Data[0]
	alone := NormalNLL(grad.New(), grad.Leaf(column([]float64{1})), grad.Leaf(column([]float64{3})), column([]float64{5})).Value.Data[0]
	if some != alone {
		t.Errorf("%v with a missing target, %v without", some, alone)
	}
	g := grad.New()
	none := NormalNLL(g, one, two, column([]float64{nan, nan}))
	g.Backward(none)
	if none.Value.Data[0] != 0 || g.Grad(one).Data[0] != 0 {
		t.Error("a loss of no targets")
	}
}
