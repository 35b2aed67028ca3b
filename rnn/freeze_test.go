package rnn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

func freezable(r *rand.Rand, in, H int) map[string]Cell {
	return map[string]Cell{
		"Basic":          NewBasic(r, in, H),
		"LSTM":           LSTMOptions{}.New(r, in, H),
		"LSTMProjected":  LSTMOptions{Projection: 7, Peepholes: true, CellClip: 1}.New(r, in, H),
		"GRU":            NewGRU(r, in, H),
		"GRUResetBefore": GRUOptions{ResetBefore: true}.New(r, in, H),
		"LSTMNorm":       LSTMOptions{LayerNorm: true}.New(r, in, H), // as it is
		"Stack":          Stack{NewLSTM(r, in, H), &Residual{NewGRU(r, H, H)}, NewHighway(r, NewBasic(r, H, H), H)},
		"Learned":        NewLearned(&Dropout{Cell: &Zoneout{Cell: NewLSTM(r, in, H), H: 0.1}, In: 0.5}),
	}
}

// A frozen cell gives the bits of the cell, in every loop and for any batch.
func TestFreeze(t *testing.T) {
	const in, H, T = 5, 33, 7
	r := rand.New(rand.NewPCG(8, 1))
	for name, c := range freezable(r, in, H) {
		f := Freeze(c)
		for _, B := range []int{1, 3, 24} {
			g := grad.Eval()
			x := nn.Normal(r, 1, T, B, in).Value
			lengths := make([]int, B)
			for i := range lengths {
				lengths[i] = T - i%3
			}
			want, wantLast := Dynamic(g, c, Input(g, x, lengths), nil)
			got, gotLast := Dynamic(g, f, Input(g, x, lengths), nil)
			if !slices.Equal(got.X.Value.Data, want.X.Value.Data) {
				t.Errorf("%s, batch %d: outputs differ", name, B)
			}
			for i := range wantLast {
				if !slices.Equal(gotLast[i].Value.Data, wantLast[i].Value.Data) {
					t.Errorf("%s, batch %d: final state %d differs", name, B, i)
				}
			}
			if B == 1 {
				st, row := NewStream(f), got.X.Dim(2)
				for s := range T {
					if y := st.Push(x.Data[s*in : (s+1)*in]); !slices.Equal(y, want.X.Value.Data[s*row:(s+1)*row]) {
						t.Errorf("%s: step %d of a stream differs", name, s)
					}
				}
			}
		}
	}
}

func TestFrozenIsACopy(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	c := NewLSTM(r, 2, 16)
	f, x := Freeze(c), []tensor.Float{1, -1}
	before := slices.Clone(NewStream(f).Push(x))
	c.Wh.Value.Data[0]++
	c.Wx.Value.Data[0]++
	if !slices.Equal(NewStream(f).Push(x), before) {
		t.Error("a frozen cell saw a change of the weights")
	}
	if slices.Equal(NewStream(c).Push(x), before) {
		t.Error("the cell did not see it")
	}
	defer func() {
		if recover() == nil {
			t.Error("a frozen cell trained")
		}
	}()
	g := grad.New()
	Dynamic(g, f, Input(g, tensor.New(3, 1, 2), nil), nil)
}

func TestFrozenStreamDoesNotAllocate(t *testing.T) {
	st, x := NewStream(Freeze(NewLSTM(rand.New(rand.NewPCG(8, 3)), 64, 128))), make([]tensor.Float, 64)
	if a := testing.AllocsPerRun(100, func() { st.Push(x) }); a > 0 {
		t.Errorf("%v allocations a step", a)
	}
}
