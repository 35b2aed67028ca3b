package rnn

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/race"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

func mustFreeze(t testing.TB, c Cell, p Precision) Cell {
	f, err := Freeze(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func freezable(r *rand.Rand, in, H int) map[string]Cell {
	return map[string]Cell{
		"Basic":          NewBasic(r, in, H),
		"LSTM":           LSTMOptions{}.New(r, in, H),
		"LSTMProjected":  LSTMOptions{Projection: 7, Peepholes: true, CellClip: 1}.New(r, in, H),
		"GRU":            NewGRU(r, in, H),
		"GRUResetBefore": GRUOptions{ResetBefore: true}.New(r, in, H),
		"LSTMNorm":       LSTMOptions{LayerNorm: true}.New(r, in, H),
		"LSTMCoupled":    LSTMOptions{Coupled: true, Projection: 7, Clip: 2}.New(r, in, H),
		"BasicSoftsign":  BasicOptions{Activation: Softsign}.New(r, in, H),
		"GRUClip":        GRUOptions{Clip: 2}.New(r, in, H),
		"GRUBeforeClip":  GRUOptions{ResetBefore: true, Clip: 2}.New(r, in, H),
		"MinGRU":         MinGRUOptions{}.New(r, in, H),
		"MinLSTM":        MinLSTMOptions{}.New(r, in, H),
		"IndRNN":         IndRNNOptions{}.New(r, in, H),
		"SRU":            SRUOptions{}.New(r, in, H),
		"SRUPeepholes":   SRUOptions{Peepholes: true}.New(r, in, H),
		"ConvLSTM":       NewConvLSTM(r, []int{in}, []int{3}, 1, 8),
		"SCLSTM":         NewSCLSTM(r, in, H, 9),
		"Projections":    &InputProjection{In: nn.NewLinear(r, in, 8), Cell: &OutputProjection{Cell: &Dilated{NewGRU(r, 8, H), 2}, Out: nn.NewLinear(r, H, 9)}},
		"Stack":          Stack{NewLSTM(r, in, H), &Residual{NewGRU(r, H, H)}, NewHighway(r, NewBasic(r, H, H), H)},
		"Learned":        NewLearned(&Dropout{Cell: &Zoneout{Cell: NewLSTM(r, in, H), H: 0.1}, In: 0.5}),
	}
}

// unknown is a cell of a user.
type unknown struct{ Cell }

// What stays as it is, is named.
func TestNotFrozen(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 6))
	k := Stack{NewLSTM(r, 3, 16), &Residual{unknown{NewGRU(r, 16, 16)}}, NewGRU(r, 16, 8)}
	c, err := Freeze(k, Int8)
	if want := "cell 1 of 3: rnn: rnn.unknown has no form for inference alone, and stays as it is"; !errors.Is(err, ErrNotFrozen) || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
	s := c.(Stack)
	if s[0].(*LSTM).packed == nil || s[2].(*GRU).packed == nil || s[1].(*Residual).Cell != k[1].(*Residual).Cell {
		t.Error("the other cells are not frozen, or that one is another")
	}
}

// A frozen cell gives the bits of the cell, in every loop and for any batch.
func TestFreeze(t *testing.T) {
	const in, H, T = 5, 33, 7
	r := rand.New(rand.NewPCG(8, 1))
	for name, c := range freezable(r, in, H) {
		f := mustFreeze(t, c, Single)
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
	f, x := mustFreeze(t, c, Single), []tensor.Float{1, -1}
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
	st, x := NewStream(mustFreeze(t, NewLSTM(rand.New(rand.NewPCG(8, 3)), 64, 128), Single)), make([]tensor.Float, 64)
	if a := testing.AllocsPerRun(100, func() { st.Push(x) }); a > 0 && !race.Enabled {
		t.Errorf("%v allocations a step", a)
	}
}

// Smaller weights give nearly the outputs of the cell, and the same ones in every
// loop: a row does not depend on its batch, nor a step on its sequence.
func TestFreezeSmall(t *testing.T) {
	const in, H, T, B = 20, 64, 12, 24
	r := rand.New(rand.NewPCG(8, 4))
	for name, c := range freezable(r, in, H) {
		for p, most := range map[Precision]float64{Half: 2e-3, Int8: 0.05} {
			f, g := mustFreeze(t, c, p), grad.Eval()
			x := nn.Normal(r, 1, T, B, in).Value
			want, _ := Dynamic(g, c, Input(g, x, nil), nil)
			got, last := Dynamic(g, f, Input(g, x, nil), nil)
			var num, den float64
			for i, v := range want.X.Value.Data {
				d := float64(got.X.Value.Data[i] - v)
				num, den = num+d*d, den+float64(v*v)
			}
			if e := math.Sqrt(num / den); e > most || e == 0 {
				t.Errorf("%s, %v: the error is %.3g of the outputs", name, p, e)
			}
			row := got.X.Dim(2)
			for b := range B {
				st := NewStream(f)
				for s := range T {
					y := st.Push(x.Data[(s*B+b)*in:][:in])
					if !slices.Equal(y, got.X.Value.Data[(s*B+b)*row:][:row]) {
						t.Fatalf("%s, %v: row %d, step %d of a stream differs from Dynamic", name, p, b, s)
					}
				}
				for i, v := range st.State() {
					if w := v.Dim(1); !slices.Equal(v.Value.Data, last[i].Value.Data[b*w:][:w]) {
						t.Fatalf("%s, %v: state %d of row %d differs", name, p, i, b)
					}
				}
			}
		}
	}
}

func TestSmallStreamDoesNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets what it holds under the race detector")
	}
	c := NewLSTM(rand.New(rand.NewPCG(8, 5)), 64, 128)
	for p := Half; p <= Int8; p++ {
		st, x := NewStream(mustFreeze(t, c, p)), make([]tensor.Float, 64)
		if a := testing.AllocsPerRun(100, func() { st.Push(x) }); a >= 1 {
			t.Errorf("%v: %v allocations a step", p, a)
		}
	}
}

func TestPrecisionText(t *testing.T) {
	for p := Single; p <= Int8; p++ {
		text, _ := p.MarshalText()
		var q Precision
		if err := q.UnmarshalText(text); err != nil || q != p {
			t.Errorf("%v is %q and %v, %v", p, text, q, err)
		}
	}
	if err := new(Precision).UnmarshalText([]byte("int4")); err == nil || Precision(9).String() != "Precision(9)" {
		t.Errorf("int4: %v", err)
	}
}

// A frozen linear layer gives the bits of the layer, or nearly.
func TestFreezeLinear(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	l := nn.NewLinear(r, 33, 70)
	for i := range l.B.Value.Data {
		l.B.Value.Data[i] = tensor.Float(i)
	}
	for _, rows := range []int{1, 5, 33} {
		g := grad.Eval()
		x := g.Const(nn.Normal(r, 1, 1, rows, 33).Value)
		want := l.Forward(g, x).Value
		for p, most := range map[Precision]float64{Single: 0, Half: 1e-2, Int8: 0.1} {
			got := FreezeLinear(l, p).Forward(g, l, x).Value
			if got.Shape != want.Shape {
				t.Fatalf("%v: %v, want %v", p, got.Shape, want.Shape)
			}
			for i, v := range want.Data {
				if d := math.Abs(float64(v - got.Data[i])); d > most {
					t.Fatalf("%v, %d rows: value %d is off by %v", p, rows, i, d)
				}
			}
		}
	}
}
