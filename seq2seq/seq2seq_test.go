package seq2seq_test

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

func rng() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestPadShift(t *testing.T) {
	ids, lengths := seq2seq.Pad([][]int{{1, 2, 3}, {}, {4}})
	if !slices.Equal(ids, []int{1, -1, 4, 2, -1, -1, 3, -1, -1}) || !slices.Equal(lengths, []int{3, 0, 1}) {
		t.Error(ids, lengths)
	}
	in, want := seq2seq.Shift([][]int{{5, 6}, {}}, 8, 9)
	if !slices.Equal(in[0], []int{8, 5, 6}) || !slices.Equal(want[0], []int{5, 6, 9}) || !slices.Equal(in[1], []int{8}) || !slices.Equal(want[1], []int{9}) {
		t.Error(in, want)
	}
}

func TestGradients(t *testing.T) {
	r := rng()
	q, mem := nn.Uniform(r, 1, 2, 4), nn.Uniform(r, 1, 3, 2, 4)
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		return nn.MSE(g, seq2seq.Attend(g, q, rnn.Seq{X: mem, Len: []int{3, 1}}), tensor.New(2, 4))
	}, q, mem); err != nil {
		t.Error("Attend:", err)
	}
	m := seq2seq.NewEncoderDecoder(r, 5, 6, 3)
	var vars []*grad.Var
	for _, p := range nn.Params(m) {
		vars = append(vars, p.Var)
	}
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		return m.Loss(g, [][]int{{0, 3, 1}, {4}, {}}, [][]int{{2, 1}, {}, {0, 1, 2}})
	}, vars...); err != nil {
		t.Error("EncoderDecoder:", err)
	}
}

// scripted says token said[row][t] at step t, whatever it reads.
type scripted struct {
	said  [][]int
	rows  []int
	width int
	steps *int // rows that took a step, over the whole run
}

func (c scripted) StateSize() []int { return []int{1} } // the step number

func (c scripted) SelectRows(_ *grad.Tape, rows []int) rnn.Cell {
	d := c
	d.rows = nil
	for _, r := range rows {
		d.rows = append(d.rows, c.rows[r])
	}
	return d
}

func (c scripted) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y := tensor.New(len(c.rows), c.width)
	for i, r := range c.rows {
		at := int(s[0].Value.Data[i])
		y.Data[i*c.width+c.said[r][at]] = 1
		*c.steps++
	}
	return g.Const(y), rnn.State{g.ScaleShift(s[0], 1, 1)}
}

func TestGreedyStopsEachRowAtItsOwnEnd(t *testing.T) {
	const end, width = 3, 4
	steps := 0
	c := scripted{said: [][]int{{1, 2, end, 1, 1, 1}, {end, 2, 2, 2, 2, 2}, {2, 2, 2, 2, 2, 2}}, rows: []int{0, 1, 2}, width: width, steps: &steps}
	g := grad.Eval()
	// Start and end are the same token here, which must not end a row at once.
	d := &seq2seq.Decoder{Cell: c, Input: nn.NewEmbedding(rng(), width, 2).Forward, Score: same, Start: end, End: end}
	got := d.Greedy(g, rnn.State{g.Zeros(3, 1)}, 5)
	want := [][]int{{1, 2}, nil, {2, 2, 2, 2, 2}}
	for i, h := range got {
		if !slices.Equal(h.Tokens, want[i]) || h.Ended != (i < 2) {
			t.Errorf("row %d: %+v, want %v", i, h, want[i])
		}
	}
	if steps != 3+1+5 {
		t.Errorf("the cell took %d row steps, want 9: none after a row's end", steps)
	}
}

func same(_ *grad.Tape, y *grad.Var) *grad.Var { return y }

type pair struct{ src, dst [][]int }

func reversals(r *rand.Rand, n, batch int) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		for range n {
			var p pair
			for range batch {
				s := make([]int, 2+r.IntN(3))
				for i := range s {
					s[i] = r.IntN(10)
				}
				d := slices.Clone(s)
				slices.Reverse(d)
				p.src, p.dst = append(p.src, s), append(p.dst, d)
			}
			if !yield(p) {
				return
			}
		}
	}
}

// attentive is an encoder-decoder with attention, as a user would build one.
type attentive struct {
	Src, Dst *nn.Embedding
	Enc      rnn.Cell
	Dec      *seq2seq.Attention
	Out      *nn.Linear
}

func (m *attentive) encode(g *grad.Tape, src [][]int) (rnn.Cell, rnn.State) {
	memory, last := rnn.Dynamic(g, m.Enc, seq2seq.Embed(g, m.Src, src), nil)
	cell := m.Dec.Bind(g, memory)
	return cell, cell.From(g, last)
}

func TestLearnsToReverse(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	r := rng()
	const h, start, end = 32, 10, 11
	m := &attentive{
		Src: nn.NewEmbedding(r, 10, h), Dst: nn.NewEmbedding(r, 12, h), Enc: rnn.NewLSTM(r, h, h),
		Dec: seq2seq.NewAttention(r, rnn.NewLSTM(r, 2*h, h), h), Out: nn.NewLinear(r, h, 12),
	}
	decoder := func(cell rnn.Cell) *seq2seq.Decoder {
		return &seq2seq.Decoder{Cell: cell, Input: m.Dst.Forward, Score: m.Out.Forward, Start: start, End: end}
	}
	loss := func(g *grad.Tape, p pair) *grad.Var {
		cell, s := m.encode(g, p.src)
		loss, _ := decoder(cell).Loss(g, s, p.dst, seq2seq.LossOptions{SampleProb: 0.1})
		return loss
	}
	_, err := train.Fit(context.Background(), m, reversals(r, 100, 32), loss, train.Options{Epochs: 6, Optimizer: &optim.Adam{LR: 1e-2}})
	if err != nil {
		t.Fatal(err)
	}
	src := [][]int{{1, 2, 3}, {9, 8, 7, 6}, {4, 0}}
	g := grad.Eval()
	cell, s := m.encode(g, src)
	d := decoder(cell)
	want := [][]int{{3, 2, 1}, {6, 7, 8, 9}, {0, 4}}
	for i, h := range d.Greedy(g, s, 20) {
		if !slices.Equal(h.Tokens, want[i]) {
			t.Errorf("reversed %v to %v", src[i], h.Tokens)
		}
	}
	for i, best := range d.Beam(g, s, 20, seq2seq.Beam{Width: 3, N: 2, LengthPenalty: 1}) {
		if len(best) != 2 || !slices.Equal(best[0].Tokens, want[i]) || best[1].Score > best[0].Score {
			t.Errorf("reversed %v to %+v", src[i], best)
		}
	}
}

// The loss is what one reckons from each row alone, step by step; with tokens of its own
// now and then it still has its gradient, and with never the same loss.
func TestLoss(t *testing.T) {
	r := rng()
	cell, embed, out := rnn.NewGRU(r, 3, 4), nn.NewEmbedding(r, 7, 3), nn.NewLinear(r, 4, 7)
	d := &seq2seq.Decoder{Cell: cell, Input: embed.Forward, Score: out.Forward, Start: 5, End: 6}
	rows := [][]int{{1, 2}, {}, {0, 4, 3, 3}}
	first := nn.Uniform(r, 1, 3, 4)
	g := grad.Eval()
	var sum float64
	n := 0
	for i, row := range rows {
		s := rnn.State{g.GatherRows(first, []int{i})}
		for k, id := range append(slices.Clone(row), 6) {
			in := 5
			if k > 0 {
				in = row[k-1]
			}
			var y *grad.Var
			y, s = cell.Step(g, embed.Forward(g, []int{in}), s)
			sum += float64(nn.CrossEntropy(g, out.Forward(g, y), []int{id}).Value.Data[0])
			n++
		}
	}
	loss, last := d.Loss(g, rnn.State{first}, rows, seq2seq.LossOptions{})
	if got, want := float64(loss.Value.Data[0]), sum/float64(n); math.Abs(got-want) > 1e-5 {
		t.Errorf("loss %v, want %v", got, want)
	}
	same, lastOwn := d.Loss(g, rnn.State{first}, rows, seq2seq.LossOptions{SampleProb: 1e-12})
	if math.Abs(float64(same.Value.Data[0]-loss.Value.Data[0])) > 1e-6 {
		t.Errorf("loss %v step by step, %v at once", same.Value.Data[0], loss.Value.Data[0])
	}
	for i, v := range last[0].Value.Data {
		if math.Abs(float64(v-lastOwn[0].Value.Data[i])) > 1e-6 {
			t.Fatalf("states differ")
		}
	}
	var vars []*grad.Var
	for _, model := range []any{cell, embed, out} {
		for _, p := range nn.Params(model) {
			vars = append(vars, p.Var)
		}
	}
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		loss, _ := d.Loss(g, rnn.State{first}, rows, seq2seq.LossOptions{SampleProb: 0.5, LabelSmoothing: 0.1})
		return loss
	}, vars...); err != nil {
		t.Error(err)
	}
}
