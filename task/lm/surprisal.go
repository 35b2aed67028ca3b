package lm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
)

// A report looks at so many tokens, and shows some with what stands before them.
const (
	looked = 1000
	shown  = 6
	reach  = 50 // characters before a token
)

// A guess is what the model expects of a token, given those before it.
type guess struct {
	at, best int     // the token's place, and the likeliest token there
	p, pBest float64 // their probabilities
}

// guesses are those of the first tokens of a text.
func (m *Model) guesses(ctx context.Context, ids []int32) (all []guess, err error) {
	ids = ids[:min(len(ids), looked)]
	var carry rnn.Carry
	g := grad.Eval()
	at := 0
	for w := range windows(ids, 1, m.Window) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.Reset()
		scores, last := m.net.scores(g, w.in, 1, carry.Load(g))
		carry.Store(last)
		logs := g.LogSoftmax(scores).Value.Data
		n := len(logs) / len(w.want)
		for t, id := range w.want {
			at++
			row := logs[t*n : (t+1)*n]
			best := kernel.ArgMax(row)
			all = append(all, guess{at, best, math.Exp(float64(row[id])), math.Exp(float64(row[best]))})
		}
	}
	return all, nil
}

// surprisals is a part of the report: of the beginning of a text, the tokens that the model
// had expected least, and those that it got right but was least sure of.
func (m *Model) surprisals(ctx context.Context, ids []int32) (task.Part, error) {
	part := task.Part{
		Title: "Wrong and right", Head: []string{"after", "came", "probability", "likeliest", "probability"},
		Note: fmt.Sprintf("Of the first %d tokens: those that surprised it most, then those that it got right but was least sure of.", min(len(ids), looked)),
	}
	all, err := m.guesses(ctx, ids)
	if err != nil {
		return part, err
	}
	slices.SortStableFunc(all, func(a, b guess) int { return cmp.Compare(a.p, b.p) })
	picked := slices.Clone(all[:min(len(all), shown)])
	right := 0
	for _, g := range all {
		if g.best == int(ids[g.at]) && right < shown {
			picked = append(picked, g)
			right++
		}
	}
	for _, g := range picked {
		part.Rows = append(part.Rows, []string{m.before(ids, g.at), m.visible(int(ids[g.at])), fmt.Sprintf("%.2g", g.p), m.visible(g.best), fmt.Sprintf("%.2g", g.pBest)})
	}
	return part, nil
}

// before is the text that stands before a place, cut to a line.
func (m *Model) before(ids []int32, at int) string {
	var some []int
	for _, id := range ids[max(0, at-reach):at] {
		some = append(some, int(id))
	}
	r := []rune(strings.ReplaceAll(m.Codec.Decode(some), "\n", "↵"))
	if len(r) > reach {
		r = append([]rune("…"), r[len(r)-reach:]...)
	}
	return string(r)
}

// visible is a token for people.
func (m *Model) visible(id int) string {
	return strings.NewReplacer("\n", "↵", " ", "␣", "\t", "⇥").Replace(m.Codec.Token(id))
}
