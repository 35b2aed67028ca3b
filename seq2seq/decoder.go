package seq2seq

import (
	"math"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/rnn"
)

// A Decoder writes sequences of tokens with a cell: it reads Start, then the
// token that it wrote last, until it writes End. Greedy, Sample and Beam are ways to choose:
//
//	token = Start
//	for token != End {
//		y, s = Cell.Step(g, Input(g, token), s)
//		token = choose(softmax(Score(g, y)))
//	}
//
// The rows of a batch are written side by side, and each stops at its own End. What
// a cell holds for each row, such as the memory that it attends to, it must pick as
// an rnn.RowSelector; everything else goes by the state.
type Decoder struct {
	Cell       rnn.Cell
	Input      func(g *grad.Tape, ids []int) *grad.Var   // input of the cell, [len(ids), in], such as nn.Embedding's Forward
	Score      func(g *grad.Tape, y *grad.Var) *grad.Var // scores of every token, [rows, tokens], such as nn.Linear's Forward
	Start, End int
	Never      []int // tokens that are not written, such as that for unknown words
}

// An Attender is a Cell that attends to a memory. Weights are those of the step that
// gave s: for each row of the batch one for each step of its memory. An rnn.Wrapper has
// those of the cell inside, unless its state is another.
type Attender interface {
	rnn.Cell
	Weights(s rnn.State) [][]grad.Float
}

// A Hypothesis is a sequence that a Decoder wrote.
type Hypothesis struct {
	Tokens  []int
	Ended   bool           // whether End, which is not among Tokens, ended it; else the limit did
	LogProb float64        // natural logarithm of the probability of Tokens and, if Ended, of End
	Score   float64        // LogProb with the penalties of Beam
	Weights [][]grad.Float // weights of an Attender, as it chose each token and End
}

// Greedy chooses the likeliest token at each step, of those equal the first, and at
// most limit of them. s is the first state, with a row for each sequence, and g the
// tape on which it was made.
func (d *Decoder) Greedy(g *grad.Tape, s rnn.State, limit int) []Hypothesis {
	return d.choose(g, s, limit, func(_ int, scores []grad.Float) int {
		best := -1
		for id, v := range scores {
			if best < 0 || v > scores[best] {
				if !slices.Contains(d.Never, id) {
					best = id
				}
			}
		}
		return best
	})
}

// choose decodes by a rule: the row of the batch and the scores of all tokens give one
// of them.
func (d *Decoder) choose(g *grad.Tape, s rnn.State, limit int, rule func(row int, scores []grad.Float) int) []Hypothesis {
	w := newWalk(d, g, s)
	all := make([]Hypothesis, s[0].Dim(0))
	rows, ids := make([]int, len(all)), slices.Repeat([]int{d.Start}, len(all))
	for i := range rows {
		rows[i] = i
	}
	from := slices.Clone(rows) // where the state of each row lies
	for range limit {
		if len(rows) == 0 {
			break
		}
		scores, weights := w.step(from, rows, ids)
		live := 0
		for i, row := range rows {
			h := &all[row]
			id := rule(row, scores[i])
			h.LogProb += float64(scores[i][id]) - logSumExp(scores[i])
			if weights != nil {
				h.Weights = append(h.Weights, weights[i])
			}
			if id == d.End {
				h.Ended = true
				continue
			}
			h.Tokens = append(h.Tokens, id)
			rows[live], from[live], ids[live] = row, i, id
			live++
		}
		rows, from, ids = rows[:live], from[:live], ids[:live]
	}
	for i := range all {
		all[i].Score = all[i].LogProb
	}
	return all
}

// A walk is a decoder on its way. Two tapes take turns, so that the state of a step
// outlives the tape of the step before, and memory does not grow with the length.
type walk struct {
	d     *Decoder
	tapes [2]*grad.Tape
	s     rnn.State
}

func newWalk(d *Decoder, g *grad.Tape, s rnn.State) *walk {
	return &walk{d: d, tapes: [2]*grad.Tape{g.EvalChild(), g.EvalChild()}, s: s}
}

// step reads ids: the i-th goes on from row from[i] of the state that the last step
// left, and belongs to row of[i] of the batch. It gives the scores of all tokens, which
// live until the next step, and the weights of an Attender.
func (w *walk) step(from, of, ids []int) (scores, weights [][]grad.Float) {
	g := w.tapes[0]
	w.tapes[0], w.tapes[1] = w.tapes[1], g
	g.Reset()
	s := make(rnn.State, len(w.s))
	for i, v := range w.s {
		s[i] = g.GatherRows(g.Const(v.Value), from)
	}
	cell := rnn.SelectRows(g, w.d.Cell, of)
	y, next := cell.Step(g, w.d.Input(g, ids), s)
	w.s = next
	all := w.d.Score(g, y).Value
	for i := range ids {
		scores = append(scores, all.At(i).Data)
	}
	if a, ok := rnn.As[Attender](cell); ok {
		for _, row := range a.Weights(next) {
			weights = append(weights, slices.Clone(row))
		}
	}
	return scores, weights
}

func logSumExp(x []grad.Float) float64 {
	m, z := kernel.ExpsBelowMax(make([]grad.Float, len(x)), x)
	return float64(m) + math.Log(z)
}
