package classify

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

const (
	attributedTokens = 100 // of a text that are looked at
	attributionMost  = 4   // that are named
	attributionLeast = 0.1 // fall of the score that is worth a word
)

// attribution names the tokens that an answer turned on: those without which its score falls most
// against that of the next label, the net not knowing the token (occlusion, Zeiler &
// Fergus 2014).
func (m *Model) attribution(ctx context.Context, it *item) (string, error) {
	all := []item{*it}
	for t := range min(len(it.ids), attributedTokens) {
		without := *it
		without.ids = slices.Clone(it.ids)
		without.ids[t] = text.Unknown
		all = append(all, without)
	}
	scores := make([][]tensor.Float, len(all))
	if err := m.each(ctx, all, func(i int, s []tensor.Float) { scores[i] = slices.Clone(s) }); err != nil {
		return "", err
	}
	got := kernel.ArgMax(scores[0])
	lead := func(s []tensor.Float) float64 {
		next := math.Inf(-1)
		for i, v := range s {
			if i != got {
				next = max(next, float64(v))
			}
		}
		return float64(s[got]) - next
	}
	fall := func(t int) float64 { return lead(scores[0]) - lead(scores[t+1]) }
	var at []int
	for t := range scores[1:] {
		if it.ids[t] != text.Unknown && fall(t) >= attributionLeast {
			at = append(at, t)
		}
	}
	slices.SortStableFunc(at, func(i, j int) int { return cmp.Compare(fall(j), fall(i)) })
	var words []string
	for _, t := range at {
		word := strings.TrimSpace(m.codec.Decode([]int{int(it.ids[t])}))
		if word == "" || slices.Contains(words, word) || len(words) > 0 && fall(t) < fall(at[0])/5 {
			continue
		}
		if words = append(words, word); len(words) == attributionMost {
			break
		}
	}
	return strings.Join(words, ", "), nil
}
