package main

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
)

// Korean film reviews, good or bad, read character by character from both ends by
// LSTMs of 128, whose last states a dense layer judges. Batches of 64 reviews of
// like length, Adam at 1e-3.
const (
	reviewWidth = 128
	reviewBatch = 64
	reviewPool  = 50 * reviewBatch // reviews that are sorted together
	reviewChars = 100              // of a review that are read
	reviewHeld  = 10_000           // held-out reviews that are judged
	rareBelow   = 5                // characters seen less often share one id
)

type reviewModel struct {
	Embed *nn.Embedding
	Cells *rnn.Bidirectional
	Out   *nn.Linear
}

func newReviewModel(chars, width int) *reviewModel {
	m := &reviewModel{Embed: &nn.Embedding{W: nn.Zeros(chars, width)}}
	fwd, bwd := emptyLSTM(width, width), emptyLSTM(width, width)
	m.Cells = &rnn.Bidirectional{Fwd: fwd, Bwd: bwd}
	m.Out = &nn.Linear{W: nn.Zeros(2*width, 2), B: nn.Zeros(2)}
	var w weights
	w.fill(1/math.Sqrt(float64(width)), m.Embed.W, fwd.Wx, fwd.Wh, fwd.B, bwd.Wx, bwd.Wh, bwd.B, m.Out.W, m.Out.B)
	return m
}

type review struct {
	chars []int
	good  int
}

// reviewsOf are the characters of reviews, and whether each is good.
type reviewsOf struct {
	chars [][]int
	good  []int
}

func (m *reviewModel) scores(g *grad.Tape, b reviewsOf) *grad.Var {
	_, _, last := m.Cells.Both(g, seq2seq.Embed(g, m.Embed, b.chars), nil)
	return m.Out.Forward(g, g.Concat(last[0], last[2])) // h of both
}

// batches sorts pools of reviews by falling length, cuts them into batches, and
// shuffles these.
func batches(rs []review) iter.Seq[reviewsOf] {
	return func(yield func(reviewsOf) bool) {
		for at := range slices.Chunk(shuffled(len(rs)), reviewPool) {
			slices.SortStableFunc(at, func(i, j int) int { return cmp.Compare(len(rs[j].chars), len(rs[i].chars)) })
			parts := slices.Collect(slices.Chunk(at, reviewBatch))
			for _, k := range shuffled(len(parts)) {
				var b reviewsOf
				for _, i := range parts[k] {
					b.chars, b.good = append(b.chars, rs[i].chars), append(b.good, rs[i].good)
				}
				if !yield(b) {
					return
				}
			}
		}
	}
}

func (m *reviewModel) accuracy(rs []review) float64 {
	right := 0
	g := grad.Eval()
	for b := range batches(rs) {
		g.Reset()
		right += hits(m.scores(g, b).Value, b.good)
	}
	return float64(right) / float64(len(rs))
}

func nsmc(o options) (result, error) {
	folder := filepath.Join(o.data, "text", "nsmc")
	text, good, err := readReviews(filepath.Join(folder, "ratings_train.txt.gz"))
	if err != nil {
		return result{}, err
	}
	heldText, heldGood, err := readReviews(filepath.Join(folder, "ratings_test.txt.gz"))
	if err != nil {
		return result{}, err
	}
	ids := alphabet(text)
	training, held := encode(ids, text, good), encode(ids, heldText, heldGood)
	held = held[:min(len(held), reviewHeld)]
	m := newReviewModel(len(ids)+1, o.wide(reviewWidth))
	n := 0
	for rest := len(training); rest > 0; rest -= reviewPool {
		n += (min(rest, reviewPool) + reviewBatch - 1) / reviewBatch
	}
	return epoch(o, "nsmc", m, n, batches(training), func(g *grad.Tape, b reviewsOf) *grad.Var {
		return nn.CrossEntropy(g, m.scores(g, b), b.good)
	}, &optim.Adam{LR: 1e-3}, -1, func() float64 { return m.accuracy(held) })
}

// alphabet gives the characters ids from 1, the frequent first; 0 is for all that
// are rare.
func alphabet(texts []string) map[rune]int {
	count := map[rune]int{}
	for _, t := range texts {
		for _, c := range t {
			count[c]++
		}
	}
	chars := slices.SortedFunc(maps.Keys(count), func(a, b rune) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	ids := map[rune]int{}
	for _, c := range chars {
		if count[c] >= rareBelow {
			ids[c] = len(ids) + 1
		}
	}
	return ids
}

// encode leaves out reviews without text.
func encode(ids map[rune]int, texts []string, good []int) (rs []review) {
	for i, t := range texts {
		r := review{good: good[i]}
		for _, c := range t {
			if len(r.chars) == reviewChars {
				break
			}
			r.chars = append(r.chars, ids[c])
		}
		if len(r.chars) > 0 {
			rs = append(rs, r)
		}
	}
	return rs
}

// readReviews reads lines of id, text and label, separated by tabs.
func readReviews(path string) (text []string, good []int, err error) {
	first := true
	err = lines(path, func(line string) error {
		if first {
			first = false
			return nil
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || f[2] != "0" && f[2] != "1" {
			return fmt.Errorf("%q is not an id, a text and 0 or 1", line)
		}
		text, good = append(text, f[1]), append(good, int(f[2][0]-'0'))
		return nil
	})
	return text, good, err
}
