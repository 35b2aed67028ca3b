package seq2seq

import (
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// LossOptions are the options of Loss. The zero value is teacher forcing: the decoder reads
// the true tokens, whatever it would have written itself.
type LossOptions struct {
	SampleProb     float64 // probability that it reads a token drawn from its own scores instead (scheduled sampling, Bengio et al. 2015)
	LabelSmoothing float64 // label smoothing; see nn.CrossEntropySmooth
}

// Loss is the mean over the tokens of rows, and over an End for each row, of their
// cross-entropy, and the state after them. s is the state to begin with. Only steps that
// exist are scored.
func (d *Decoder) Loss(g *grad.Tape, s rnn.State, rows [][]int, l LossOptions) (loss *grad.Var, last rnn.State) {
	in, out := Shift(rows, d.Start, d.End)
	var y rnn.Seq
	if l.SampleProb > 0 {
		y, last = d.scheduled(g, s, in, l.SampleProb)
	} else {
		y, last = rnn.Dynamic(g, d.Cell, read(g, d.Input, in), s)
	}
	want, _ := Pad(out)
	at, valid := g.Ints(len(want))[:0], g.Ints(len(want))[:0]
	for i, id := range want {
		if id >= 0 {
			at, valid = append(at, i), append(valid, id)
		}
	}
	flat := g.GatherRows(g.Reshape(y.X, len(want), y.Width()), at)
	return nn.CrossEntropySmooth(g, d.Score(g, flat), valid, l.LabelSmoothing), last
}

// scheduled reads in, but with probability own what was drawn from the scores of the
// step before, which gets no gradient.
func (d *Decoder) scheduled(g *grad.Tape, s rnn.State, in [][]int, own float64) (rnn.Seq, rnn.State) {
	aside := g.EvalChild()
	y, last, _ := rnn.Raw(g, d.Cell, len(in), func(t int, y *grad.Var, _ rnn.State, _ struct{}) (rnn.LoopStep, struct{}) {
		ids, finished := g.Ints(len(in)), make([]bool, len(in))
		var drawn []int // rows that read what they said
		for i, row := range in {
			if finished[i] = t >= len(row); finished[i] {
				ids[i] = -1
				continue
			}
			ids[i] = row[t]
			if t > 0 && g.Rand.Float64() < own {
				drawn = append(drawn, i)
			}
		}
		if len(drawn) > 0 {
			aside.Reset()
			scores := d.Score(aside, aside.GatherRows(aside.Const(y.Value), drawn)).Value
			for k, i := range drawn {
				ids[i] = draw(g.Rand, scores.At(k).Data)
			}
		}
		turn := rnn.LoopStep{Finished: finished, Input: d.Input(g, ids)}
		if t == 0 {
			turn.State = s
		}
		return turn, struct{}{}
	}, struct{}{})
	return y, last
}

// draw draws from softmax(scores), which it overwrites.
func draw(r *rand.Rand, scores []grad.Float) int {
	_, sum := kernel.ExpsBelowMax(scores, scores)
	at := r.Float64() * sum
	for id, p := range scores {
		if at -= float64(p); at < 0 && !math.IsNaN(at) {
			return id
		}
	}
	return len(scores) - 1
}
