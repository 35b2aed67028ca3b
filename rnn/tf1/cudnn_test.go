package tf1_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
)

// Two layers, both ways: each cell's gates are those that lie in its place.
func TestCudnn(t *testing.T) {
	const in, H = 3, 2
	for kind, n := range map[rnn.Kind]int{rnn.KindLSTM: 4, rnn.KindGRU: 3, rnn.KindBasic: 1, rnn.KindReLU: 1} {
		t.Run(string(kind), func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			var weights, biases []float32
			draw := func(to *[]float32, count int) []float64 {
				var v []float64
				for range count {
					f := float32(2*r.Float64() - 1)
					*to, v = append(*to, f), append(v, float64(f))
				}
				return v
			}
			type part struct{ wx, wh, bx, bh []float64 }
			var parts []part
			for l := range 2 {
				for range 2 {
					width := in
					if l > 0 {
						width = 2 * H
					}
					parts = append(parts, part{draw(&weights, n*H*width), draw(&weights, n*H*H), draw(&biases, n*H), draw(&biases, n*H)})
				}
			}
			layers, err := tf1.Cudnn{Kind: kind, Layers: 2, In: in, Hidden: H, Bidirectional: true}.Cells(append(weights, biases...))
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range parts {
				cell := layers[i/2][i%2]
				width := len(p.wx) / (n * H)
				x, h, c := make([]float64, width), []float64{0.3, -0.8}, []float64{-0.5, 0.9}
				for j := range x {
					x[j] = float64(j+1) / 4
				}
				// dot is gate g's row u of [.., width] with v.
				dot := func(w, v []float64, g, u int) (sum float64) {
					for j, f := range v {
						sum += f * w[(g*H+u)*len(v)+j]
					}
					return sum
				}
				want := make([]float64, H)
				for u := range H {
					px := func(g int) float64 { return dot(p.wx, x, g, u) + p.bx[g*H+u] }
					ph := func(g int) float64 { return dot(p.wh, h, g, u) + p.bh[g*H+u] }
					switch kind {
					case rnn.KindLSTM:
						m := sigmoid(px(1)+ph(1))*c[u] + sigmoid(px(0)+ph(0))*math.Tanh(px(2)+ph(2))
						want[u] = sigmoid(px(3)+ph(3)) * math.Tanh(m)
					case rnn.KindGRU:
						z := sigmoid(px(1) + ph(1))
						want[u] = (1-z)*math.Tanh(px(2)+sigmoid(px(0)+ph(0))*ph(2)) + z*h[u]
					case rnn.KindBasic:
						want[u] = math.Tanh(px(0) + ph(0))
					case rnn.KindReLU:
						want[u] = max(px(0)+ph(0), 0)
					}
				}
				g := grad.Eval()
				s := rnn.State{g.Const(row(h)), g.Const(row(c))}[:len(cell.StateSize())]
				if y, _ := cell.Step(g, g.Const(row(x)), s); !(differ(y, want) < 1e-5) {
					t.Errorf("layer %d, direction %d: %v, want %v", i/2, i%2, y.Value.Data, want)
				}
			}
		})
	}
}

func TestCudnnErrors(t *testing.T) {
	for what, c := range map[string]struct {
		layout tf1.Cudnn
		n      int
		want   string
	}{
		"kind":  {tf1.Cudnn{Kind: "sru", Layers: 1, In: 1, Hidden: 1}, 8, "no cell"},
		"size":  {tf1.Cudnn{Kind: rnn.KindLSTM, Layers: 1, In: 1, Hidden: 1}, 15, "have 16"},
		"width": {tf1.Cudnn{Kind: rnn.KindLSTM, Layers: 1, In: 0, Hidden: 1}, 16, "from 1"},
	} {
		if _, err := c.layout.Cells(make([]float32, c.n)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The 16 numbers of CudnnLSTM's opaque kernel for one unit and one input.
func ExampleCudnn() {
	params := []float32{
		1, 2, 3, 4, // the input's weights: i, f, u, o
		5, 6, 7, 8, // the state's
		0, 1, 0, 0, // the two biases
		0, 0.5, 0, 0,
	}
	layers, err := tf1.Cudnn{Kind: rnn.KindLSTM, Layers: 1, In: 1, Hidden: 1}.Cells(params)
	l := layers[0][0].(*rnn.LSTM)
	fmt.Println(l.Wx.Value.Data, l.B.Value.Data, err)
	// Output: [1 2 3 4] [0 1.5 0 0] <nil>
}
