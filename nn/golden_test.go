package nn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// golden is what PyTorch computed: see testdata/golden/make.py.
type golden struct {
	Cases []struct {
		Name    string
		Options struct {
			Delta, Smoothing float64
			Quantiles        []float64
		}
		Shape           []int
		X, Target, Grad []float64
		Loss            float64
	}
	LayerNorm map[string][]float64 `json:"layer_norm"`
}

func readGolden(t *testing.T) (g golden) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden", "losses.json"))
	if err == nil {
		err = json.Unmarshal(b, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func filled(v []float64, dims ...int) *tensor.Tensor {
	x := tensor.New(dims...)
	for i := range x.Data {
		x.Data[i] = tensor.Float(v[i])
	}
	return x
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

func TestGoldenLosses(t *testing.T) {
	var worst float64
	cases := readGolden(t).Cases
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s_%d", c.Name, i), func(t *testing.T) {
			g := grad.New()
			x := grad.Leaf(filled(c.X, c.Shape...))
			var loss *grad.Var
			want := func() *tensor.Tensor { return filled(c.Target, c.Shape...) }
			switch c.Name {
			case "mse":
				loss = nn.MSE(g, x, want())
			case "l1":
				loss = nn.MAE(g, x, want())
			case "huber":
				loss = nn.Huber(g, x, want(), c.Options.Delta)
			case "bce":
				loss = nn.BCE(g, x, want())
			case "cross_entropy":
				var ids []int // PyTorch ignores -100, recur all that are negative
				for _, v := range c.Target {
					ids = append(ids, int(v))
				}
				if loss = nn.CrossEntropySmooth(g, x, ids, c.Options.Smoothing); c.Options.Smoothing == 0 {
					loss = nn.CrossEntropy(g, x, ids)
				}
			case "pinball":
				loss = nn.Pinball(g, x, filled(c.Target, c.Shape[:len(c.Shape)-1]...), c.Options.Quantiles)
			default:
				t.Fatalf("loss %q is not known", c.Name)
			}
			g.Backward(loss)
			d := differ(loss.Value.Data, []float64{c.Loss})
			if !(d <= 1e-6) {
				t.Errorf("loss %v, want %v", loss.Value.Data[0], c.Loss)
			}
			dx := differ(g.Grad(x).Data, c.Grad)
			if !(dx <= 1e-6) {
				t.Errorf("gradient differs by %.2g", dx)
			}
			worst = max(worst, d, dx)
		})
	}
	t.Logf("%d cases, largest difference %.2g", len(cases), worst)
}

func TestGoldenLayerNorm(t *testing.T) {
	a := readGolden(t).LayerNorm
	n := len(a["gain"])
	g := grad.New()
	x := grad.Leaf(filled(a["x"], len(a["x"])/n, n))
	l := &nn.LayerNorm{Gain: grad.Leaf(filled(a["gain"], n)), Shift: grad.Leaf(filled(a["shift"], n))}
	y := l.Forward(g, x)
	g.Backward(g.Sum(g.Mul(y, g.Const(filled(a["weigh"], len(a["x"])/n, n)))))
	for name, got := range map[string]*tensor.Tensor{"y": y.Value, "dx": g.Grad(x), "dgain": g.Grad(l.Gain), "dshift": g.Grad(l.Shift)} {
		if d := differ(got.Data, a[name]); !(d <= 1e-6) {
			t.Errorf("%s differs by %.2g", name, d)
		}
	}
}
