package graph

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func TestFromCell(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []rnn.Cell{
		rnn.NewLSTM(r, 3, 4),
		rnn.LSTMOptions{Peepholes: true, Projection: 2, LayerNorm: true, CellClip: 1}.New(r, 3, 4),
		rnn.Stack{rnn.NewGRU(r, 3, 4), &rnn.Dropout{Cell: rnn.GRUOptions{ResetBefore: true}.New(r, 4, 2), In: 0.5}, rnn.NewBasic(r, 2, 3)},
		rnn.Stack{rnn.NewBasic(r, 3, 3)},
		rnn.Stack{rnn.IndRNNOptions{}.New(r, 3, 4), rnn.SRUOptions{Peepholes: true, Scale: 1.5}.New(r, 4, 4), rnn.SRUOptions{}.New(r, 4, 3), rnn.MinGRUOptions{}.New(r, 3, 2), rnn.MinLSTMOptions{}.New(r, 2, 3)},
	} {
		net, err := FromCell(c, 3)
		if err != nil {
			t.Fatal(err)
		}
		x := random(r, 5, 2, 3)
		g := grad.Eval()
		want, _ := rnn.Dynamic(g, c, rnn.Input(g, x, []int{5, 3}), nil)
		out, _, err := net.Predict(map[string]*tensor.Tensor{"x": x}, []int{5, 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want.X.Value.Data {
			if d := v - out["rnn"].Data[i]; d > 1e-6 || d < -1e-6 {
				t.Fatalf("%T: value %d is %v, want %v", c, i, out["rnn"].Data[i], v)
			}
		}
	}
	if _, err := FromCell(&rnn.Residual{Cell: rnn.SRUOptions{}.New(r, 3, 3)}, 3); err == nil || !strings.Contains(err.Error(), "*rnn.Residual") {
		t.Errorf("got %v, want an error that names the cell", err)
	}
}
