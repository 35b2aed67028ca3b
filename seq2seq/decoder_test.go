package seq2seq

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A tree is a cell that scores tokens by all that was said before: any distribution
// over sequences of few tokens. Its memory has as many steps as attended has columns.
type tree struct {
	tokens   int
	rows     []uint64    // a seed each
	attended [][]float64 // by the last token, weights of the memory; nil for none
}

func (c tree) StateSize() []int { return []int{1, 1} } // a number for what was said, the last token

func (c tree) SelectRows(_ *grad.Tape, rows []int) rnn.Cell {
	p := c
	p.rows = nil
	for _, r := range rows {
		p.rows = append(p.rows, c.rows[r])
	}
	return p
}

func (c tree) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y := tensor.New(len(c.rows), c.tokens)
	said, last := tensor.New(len(c.rows), 1), tensor.New(len(c.rows), 1)
	for i, seed := range c.rows {
		token := x.Value.Data[i]
		said.Data[i] = s[0].Value.Data[i]*tensor.Float(c.tokens) + token + 1
		last.Data[i] = token
		copy(y.Data[i*c.tokens:], c.scores(seed, said.Data[i]))
	}
	return g.Const(y), rnn.State{g.Const(said), g.Const(last)}
}

func (c tree) scores(seed uint64, said tensor.Float) (scores []tensor.Float) {
	r := rand.New(rand.NewPCG(seed, uint64(said)))
	for range c.tokens {
		scores = append(scores, tensor.Float(2*r.NormFloat64()))
	}
	return scores
}

// attentive is a tree with attention.
type attentive struct{ tree }

func (c attentive) SelectRows(g *grad.Tape, rows []int) rnn.Cell {
	return attentive{c.tree.SelectRows(g, rows).(tree)}
}

func (c attentive) Weights(s rnn.State) (weights [][]grad.Float) {
	for _, token := range s[1].Value.Data {
		var row []grad.Float
		for _, a := range c.attended[int(token)] {
			row = append(row, grad.Float(a))
		}
		weights = append(weights, row)
	}
	return weights
}

const treeStart, treeEnd = 3, 2

func treeDecoder(c rnn.Cell) *Decoder {
	return &Decoder{
		Cell: c, Start: treeStart, End: treeEnd, Never: []int{treeStart},
		Input: func(g *grad.Tape, ids []int) *grad.Var {
			x := g.NewTensor(tensor.ShapeOf(len(ids), 1))
			for i, id := range ids {
				x.Data[i] = tensor.Float(id)
			}
			return g.Const(x)
		},
		Score: func(_ *grad.Tape, y *grad.Var) *grad.Var { return y },
	}
}

// enumerate lists every hypothesis of at most limit tokens with the score of b, best
// first.
func enumerate(c tree, seed uint64, limit int, b Beam) (all []Hypothesis) {
	var grow func(said tensor.Float, last int, h Hypothesis, covered []float64)
	grow = func(said tensor.Float, last int, h Hypothesis, covered []float64) {
		if len(h.Tokens) == limit {
			all = append(all, h)
			return
		}
		said = said*tensor.Float(c.tokens) + tensor.Float(last) + 1
		scores := c.scores(seed, said)
		sum := 0.0
		for _, v := range scores {
			sum += math.Exp(float64(v))
		}
		covered = slices.Clone(covered)
		if c.attended != nil {
			for i, a := range c.attended[last] {
				covered[i] += a
			}
		}
		for id, v := range scores[:treeEnd+1] {
			n := Hypothesis{Tokens: slices.Clone(h.Tokens), LogProb: h.LogProb + float64(v) - math.Log(sum)}
			length := float64(len(h.Tokens) + 1)
			n.Score = n.LogProb / math.Pow((5+length)/6, b.LengthPenalty)
			for _, a := range covered {
				n.Score += b.CoveragePenalty * math.Log(math.Min(math.Max(a, 1e-6), 1))
			}
			if id != treeEnd {
				n.Tokens = append(n.Tokens, id)
				grow(said, id, n, covered)
				continue
			}
			n.Ended = true
			all = append(all, n)
		}
	}
	grow(0, treeStart, Hypothesis{}, make([]float64, 3))
	slices.SortStableFunc(all, func(a, b Hypothesis) int {
		if a.Score > b.Score {
			return -1
		}
		return 1
	})
	return all
}

// A beam wide enough finds the best hypotheses of all, in order, with and without
// penalties, in rows of their own.
func TestBeamIsExact(t *testing.T) {
	const limit = 4
	c := tree{tokens: 4, rows: []uint64{1, 2, 3, 4, 5}}
	look := c
	look.attended = [][]float64{{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}, nil, {0, 0.5, 0.5}}
	for name, of := range map[string]struct {
		cell tree
		b    Beam
	}{
		"plain":    {c, Beam{}},
		"length":   {c, Beam{LengthPenalty: 1}},
		"coverage": {look, Beam{LengthPenalty: 0.6, CoveragePenalty: 0.4}},
	} {
		for _, n := range []int{1, 4, 31} {
			of.b.Width, of.b.N = 200, n
			cell := rnn.Cell(of.cell)
			if of.cell.attended != nil {
				cell = attentive{of.cell}
			}
			g := grad.Eval()
			got := treeDecoder(cell).Beam(g, rnn.Start(g, cell, len(c.rows)), limit, of.b)
			for i, seed := range c.rows {
				want := enumerate(of.cell, seed, limit, of.b)[:n]
				for k, h := range got[i] {
					if !slices.Equal(h.Tokens, want[k].Tokens) || h.Ended != want[k].Ended ||
						math.Abs(h.Score-want[k].Score) > 1e-5 || math.Abs(h.LogProb-want[k].LogProb) > 1e-5 {
						t.Fatalf("%s, row %d, the %d best: number %d is %+v, want %+v", name, i, n, k, h, want[k])
					}
					if said := len(h.Tokens); of.cell.attended != nil && len(h.Weights) != min(said+1, limit) {
						t.Errorf("%d tokens and the weights of %d", said, len(h.Weights))
					}
				}
			}
		}
	}
}

// Coverage puts another first, as one reckons by hand.
func TestCoveragePenalty(t *testing.T) {
	b := Beam{CoveragePenalty: 0.5}
	if got, want := b.coveragePenalty([]float64{2, 0.5}), 0.5*math.Log(0.5); math.Abs(got-want) > 1e-9 {
		t.Errorf("penalty %v, want %v", got, want)
	}
	if got := b.coveragePenalty([]float64{0}); math.Abs(got-0.5*math.Log(1e-6)) > 1e-9 {
		t.Errorf("nothing covered: %v", got)
	}
	likely, thorough := &node{score: -1, covered: []float64{1, 0.1}}, &node{score: -1.5, covered: []float64{1, 1}}
	nodes := []*node{likely, thorough}
	b.rank(nodes) // -1 + 0.5·ln 0.1 = -2.15
	if nodes[0] != thorough || math.Abs(likely.score+2.1513) > 1e-4 {
		t.Errorf("scores %v and %v", thorough.score, likely.score)
	}
}

// A beam of 1 is Greedy, whatever the penalty for length, and n best come in order.
func TestBeamOfOneIsGreedy(t *testing.T) {
	c := tree{tokens: 4, rows: []uint64{1, 2, 3, 4, 5, 6, 7, 8}}
	d := treeDecoder(c)
	g := grad.Eval()
	s := rnn.Start(g, c, len(c.rows))
	for _, length := range []float64{0, 0.6, 2} {
		greedy := d.Greedy(g, s, 6)
		for i, h := range d.Beam(g, s, 6, Beam{Width: 1, LengthPenalty: length}) {
			if !slices.Equal(h[0].Tokens, greedy[i].Tokens) || math.Abs(h[0].LogProb-greedy[i].LogProb) > 1e-6 {
				t.Errorf("row %d: beam %+v, greedy %+v", i, h[0], greedy[i])
			}
		}
		for i, best := range d.Beam(g, s, 6, Beam{Width: 4, N: 4, LengthPenalty: length}) {
			for k := range best[1:] {
				if best[k].Score < best[k+1].Score {
					t.Errorf("row %d: %v before %v", i, best[k].Score, best[k+1].Score)
				}
			}
		}
	}
}

// Drawing follows the probabilities, within what top-k and top-p leave, and a row draws
// the same in any batch.
func TestSample(t *testing.T) {
	c := tree{tokens: 4, rows: make([]uint64, 4000)}
	d := treeDecoder(c)
	g := grad.Eval()
	s := rnn.Start(g, c, len(c.rows))
	scores := c.scores(0, treeStart+1)[:3]
	share := func(how Sampling) (n [3]float64) {
		for _, h := range d.Sample(g, s, 1, how) {
			id := treeEnd
			if !h.Ended {
				id = h.Tokens[0]
			}
			n[id] += 1 / float64(len(c.rows))
		}
		return n
	}
	for _, heat := range []float64{0.5, 1, 2} {
		sum, got := 0.0, share(Sampling{Temperature: heat, Seed: 3})
		for _, v := range scores {
			sum += math.Exp(float64(v) / heat)
		}
		for id, v := range scores {
			if p := math.Exp(float64(v)/heat) / sum; math.Abs(got[id]-p) > 0.04 {
				t.Errorf("at %v token %d comes with %v, want %v", heat, id, got[id], p)
			}
		}
	}
	order := []int{0, 1, 2}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, float64(scores[b]-scores[a]))) })
	if got := share(Sampling{TopK: 2}); got[order[2]] != 0 || got[order[1]] == 0 {
		t.Errorf("of the 2 likeliest: %v", got)
	}
	if got := share(Sampling{TopP: 1e-3}); got[order[0]] < 0.999 {
		t.Errorf("of a thousandth: %v", got)
	}
	coldest := d.Sample(g, s, 5, Sampling{Temperature: -1, Limit: 3, TopK: 2, Seed: 4})
	for i, h := range d.Greedy(g, s, 3) {
		if !slices.Equal(h.Tokens, coldest[i].Tokens) || h.Ended != coldest[i].Ended {
			t.Errorf("row %d says %v at a temperature below 0, want %v", i, coldest[i].Tokens, h.Tokens)
		}
	}
	all := d.Sample(g, s, 5, Sampling{Seed: 4})
	first := treeDecoder(tree{tokens: 4, rows: c.rows[:2]}).Sample(g, s.SelectRows(g, []int{0, 1}), 5, Sampling{Seed: 4})
	for i, h := range first {
		if !slices.Equal(h.Tokens, all[i].Tokens) {
			t.Errorf("row %d says %v alone and %v among others", i, h.Tokens, all[i].Tokens)
		}
	}
}

func TestSamplingNamesWhatIsWrong(t *testing.T) {
	for says, s := range map[string]Sampling{"top-k is -1": {TopK: -1}, "limit is -2": {Limit: -2}, "top-p is 1.5": {TopP: 1.5}, "temperature is NaN": {Temperature: math.NaN()}} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", s, err, says)
		}
	}
	if err := (Sampling{TopK: 3, TopP: 1, Limit: 5, Temperature: -1}).Check(); err != nil {
		t.Error(err)
	}
}

// Scores that are no numbers end the search.
func TestNaN(t *testing.T) {
	d := treeDecoder(tree{tokens: 4, rows: []uint64{1}})
	d.Score = func(g *grad.Tape, y *grad.Var) *grad.Var { return g.Scale(y, math.NaN()) }
	g := grad.Eval()
	s := rnn.Start(g, d.Cell, 1)
	d.Greedy(g, s, 3)
	d.Sample(g, s, 3, Sampling{TopK: 2, TopP: 0.5})
	if got := d.Beam(g, s, 3, Beam{})[0][0]; len(got.Tokens) > 0 {
		t.Errorf("%+v", got)
	}
}
