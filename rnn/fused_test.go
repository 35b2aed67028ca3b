package rnn

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// Every packed row is visited once, by the range of its row of the batch, in the
// order of the steps or against it.
func TestWalks(t *testing.T) {
	for _, active := range [][]int{nil, {0}, {1}, {5}, {5, 5, 5}, {5, 3, 3, 1}, {9, 8, 2, 2, 1, 1}} {
		total := 0
		for _, n := range active {
			total += n
		}
		for split := 0; split <= batch(active); split++ {
			seen := make([]int, total)
			for _, ends := range [][2]int{{0, split}, {split, batch(active)}} {
				var there, back []int
				for at, n := range forwards(active, ends[0], ends[1]) {
					there = append(there, at, n)
					for r := at; r < at+n; r++ {
						seen[r]++
					}
				}
				for at, n := range backwards(active, ends[0], ends[1]) {
					back = append(back, n, at)
				}
				slices.Reverse(back)
				if !slices.Equal(there, back) {
					t.Errorf("%v, rows %v: forwards %v, backwards %v", active, ends, there, back)
				}
			}
			if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
				t.Errorf("%v cut at %d: rows are seen %v times", active, split, seen)
			}
		}
	}
}

// Parts follow each other, keep to the size, and are no more than needed.
func TestChunks(t *testing.T) {
	for _, active := range [][]int{nil, {0}, {3}, {5, 5, 5, 5}, {5, 3, 3, 1, 1, 1}} {
		for rows := batch(active); rows < 20; rows++ {
			at, before := 0, rows+1
			var all []int
			for part, steps := range chunks(active, rows) {
				n := 0
				for _, a := range steps {
					n += a
				}
				if part != (span{at, n}) || n > rows || len(steps) == 0 || before+steps[0] <= rows {
					t.Errorf("%v by %d rows: part %v with %v", active, rows, part, steps)
				}
				at, before, all = at+n, n, append(all, steps...)
			}
			if !slices.Equal(all, active) {
				t.Errorf("%v by %d rows: parts have %v", active, rows, all)
			}
		}
	}
}

// Without gradients, inputs are projected by parts, and give the bits of the whole.
func TestPartsAreTheWhole(t *testing.T) {
	const T, B, in, H = 400, 6, 3, 80
	r := rand.New(rand.NewPCG(3, 1))
	x := tensor.New(T, B, in)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	lengths := []int{400, 400, 20, 0, 333, 1}
	for name, c := range map[string]Cell{
		"LSTM": LSTMOptions{Projection: 40, Peepholes: true}.New(r, in, H), "GRU": NewGRU(r, in, H), "GRUResetBefore": GRUOptions{ResetBefore: true}.New(r, in, H),
	} {
		g := grad.New()
		var one input
		if part, _, _ := one.rows([]int{B}, T*B, 3*H, false); part >= T*B {
			t.Fatal("there is one part")
		}
		want, wantLast := Dynamic(g, c, Input(g, x, lengths), nil)
		e := grad.Eval()
		y, last := Dynamic(e, c, Input(e, x, lengths), nil)
		if !slices.Equal(y.X.Value.Data, want.X.Value.Data) {
			t.Errorf("%s: outputs differ from those of a tape that records", name)
		}
		for i := range last {
			if !slices.Equal(last[i].Value.Data, wantLast[i].Value.Data) {
				t.Errorf("%s: final state %d differs from that of a tape that records", name, i)
			}
		}
	}
}

// Inputs projected in each step give the bits of those projected before.
func TestProjectionInSteps(t *testing.T) {
	const T, B, in, H = 9, 40, 5, 17
	r := rand.New(rand.NewPCG(3, 2))
	x, lengths := tensor.New(T, B, in), make([]int, B)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	for i := range lengths {
		lengths[i] = T - i%4
	}
	g, e := grad.New(), grad.Eval()
	for name, c := range map[string]Cell{
		"Basic": NewBasic(r, in, H), "LSTM": LSTMOptions{Projection: 8, Peepholes: true}.New(r, in, H),
		"GRU": NewGRU(r, in, H), "GRUResetBefore": GRUOptions{ResetBefore: true}.New(r, in, H),
	} {
		g.Reset()
		e.Reset()
		all, last := Dynamic(g, c, Input(g, x, lengths), nil)
		kept, _ := Dynamic(e, c, Input(e, x, lengths), nil)
		if !slices.Equal(all.X.Value.Data, kept.X.Value.Data) {
			t.Errorf("%s: outputs differ with gradients and without", name)
		}
		row := all.X.Dim(2)
		for b := range B { // a row alone is projected before the steps
			xb := tensor.New(T, 1, in)
			for s := range T {
				copy(xb.Data[s*in:(s+1)*in], x.Data[(s*B+b)*in:])
			}
			y, alone := Dynamic(e, c, Input(e, xb, lengths[b:b+1]), nil)
			for s := range T {
				if want, got := y.X.Value.Data[s*row:(s+1)*row], all.X.Value.Data[(s*B+b)*row:][:row]; !slices.Equal(got, want) {
					t.Fatalf("%s: row %d, step %d: %v, alone %v", name, b, s, got, want)
				}
			}
			for i, v := range alone {
				w := v.Dim(1)
				if got := last[i].Value.Data[b*w:][:w]; !slices.Equal(got, v.Value.Data) {
					t.Fatalf("%s: row %d: final state %d is %v, alone %v", name, b, i, got, v.Value.Data)
				}
			}
		}
	}
	w := nn.Zeros(in, H)
	if i := newInput(nn.Zeros(T*B, in), w, nil, slices.Repeat([]int{B}, T), nil, false); !i.inStep {
		t.Error("many rows are not projected in the steps")
	}
	if i := newInput(nn.Zeros(T, in), w, nil, slices.Repeat([]int{1}, T), nil, false); i.inStep {
		t.Error("one row is projected in the steps")
	}
}

func TestShare(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	if cuts := splitRows([]int{64, 64}, 10); cuts != nil {
		t.Errorf("little work is cut at %v", cuts)
	}
	if cuts := splitRows(nil, 1<<30); cuts != nil {
		t.Errorf("no work is cut at %v", cuts)
	}
	for _, active := range [][]int{{64, 64, 64}, {64, 10, 10, 10}, {33, 32, 16, 1, 1, 1, 1, 1}, {40, 1}} {
		total := 0
		for _, n := range active {
			total += n
		}
		cuts := splitRows(active, 1<<20)
		if len(cuts) < 3 || cuts[0] != 0 || cuts[len(cuts)-1] != active[0] || !slices.IsSorted(cuts) {
			t.Fatalf("%v is cut at %v", active, cuts)
		}
		for i := range len(cuts) - 1 {
			rows := 0
			for _, n := range forwards(active, cuts[i], cuts[i+1]) {
				rows += n
			}
			if most := total/(len(cuts)-1) + len(active); rows > most {
				t.Errorf("%v is cut at %v: part %d has %d of %d", active, cuts, i, rows, total)
			}
		}
	}
}

// The bits of values and gradients do not depend on the number of cores.
func TestCoresDoNotCount(t *testing.T) {
	const T, B, in, H = 12, 64, 5, 48
	r := rand.New(rand.NewPCG(3, 1))
	x := tensor.New(T, B, in)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	lengths := make([]int, B)
	for b := range lengths {
		lengths[b] = r.IntN(T + 1)
	}
	for name, c := range map[string]Cell{
		"Basic": NewBasic(r, in, 4*H), "LSTM": NewLSTM(r, in, H), "GRU": NewGRU(r, in, H),
		"LSTMAll":        LSTMOptions{Projection: 40, Peepholes: true, CellClip: 1, ProjClip: 1}.New(r, in, H),
		"LSTMProjection": LSTMOptions{Projection: 40}.New(r, in, H),
		"GRUResetBefore": GRUOptions{ResetBefore: true}.New(r, in, H),
	} {
		run := func(cores int) (all [][]tensor.Float) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			g := grad.New()
			p := pack(g, lengths, T)
			if cores > 1 && splitRows(p.active, H*H*3) == nil {
				t.Fatal("the work is too little to be shared")
			}
			y, last := Dynamic(g, c, Seq{grad.Leaf(x), lengths}, nil)
			g.Backward(g.Sum(g.Square(y.X)))
			all = append(all, y.X.Value.Data)
			for _, v := range last {
				all = append(all, v.Value.Data)
			}
			for _, v := range nn.Params(c) {
				all = append(all, g.Grad(v.Var).Data)
			}
			return all
		}
		want := run(1)
		for i, got := range run(3) {
			if !slices.Equal(got, want[i]) {
				t.Errorf("%s: result %d differs between 1 core and 3", name, i)
			}
		}
	}
}
