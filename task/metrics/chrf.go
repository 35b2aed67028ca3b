package metrics

import (
	"fmt"
	"strings"
)

// ChrF scores a corpus by the F-score of n-grams of 1 to 6 characters, recall counting
// twice as precision (chrF2, Popović 2015), 0 to 100. Each of refs has one reference
// for every hypothesis; that of the highest score counts.
func ChrF(hyps []string, refs ...[]string) float64 { return chrF(hyps, refs, 0) }

// ChrFPlus is ChrF with n-grams of 1 and 2 words beside them (chrF++, Popović 2017).
func ChrFPlus(hyps []string, refs ...[]string) float64 { return chrF(hyps, refs, 2) }

const charOrder, betaSquared = 6, 4.0

// chrfCounts are, for each order, the n-grams of hypotheses and references and those
// that both have.
type chrfCounts [charOrder + 2]struct{ hyp, ref, both int }

func chrF(hyps []string, refs [][]string, words int) float64 {
	if len(refs) == 0 {
		panic("metrics.ChrF: no references")
	}
	var sum chrfCounts
	for i, h := range hyps {
		hyp := chrfGrams(h, words)
		var best chrfCounts
		highest := -1.0
		for _, r := range refs {
			if len(r) != len(hyps) {
				panic(fmt.Sprintf("metrics.ChrF: %d hypotheses and %d references", len(hyps), len(r)))
			}
			c := compare(hyp, chrfGrams(r[i], words))
			if f := c.score(); f > highest {
				best, highest = c, f
			}
		}
		for n, b := range best {
			sum[n].hyp += b.hyp
			sum[n].ref += b.ref
			sum[n].both += b.both
		}
	}
	return sum.score()
}

// chrfGrams counts the n-grams of each order: of characters without white space, then
// of words.
func chrfGrams(s string, words int) []map[string]int {
	chars := []rune(strings.Join(strings.Fields(s), ""))
	all := make([]map[string]int, charOrder+words)
	for n := range charOrder {
		all[n] = map[string]int{}
		for i := 0; i+n < len(chars); i++ {
			all[n][string(chars[i:i+n+1])]++
		}
	}
	var cut []string
	if words > 0 {
		for _, w := range strings.Fields(s) {
			cut = append(cut, partMark(w)...)
		}
	}
	for n := range words {
		grams := map[string]int{}
		for i := 0; i+n < len(cut); i++ {
			grams[strings.Join(cut[i:i+n+1], " ")]++
		}
		all[charOrder+n] = grams
	}
	return all
}

// partMark parts a mark at the end of a word, or else at its beginning, from it.
func partMark(w string) []string {
	const ascii = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	last := len(w) - 1
	switch {
	case last == 0 || len([]rune(w)) == 1:
	case strings.IndexByte(ascii, w[last]) >= 0:
		return []string{w[:last], w[last:]}
	case strings.IndexByte(ascii, w[0]) >= 0:
		return []string{w[:1], w[1:]}
	}
	return []string{w}
}

func compare(hyp, ref []map[string]int) (c chrfCounts) {
	for n := range hyp {
		for g, k := range ref[n] {
			c[n].ref += k
			c[n].both += min(k, hyp[n][g])
		}
		if len(ref[n]) == 0 {
			continue // what has nothing to be held against does not count
		}
		for _, k := range hyp[n] {
			c[n].hyp += k
		}
	}
	return c
}

// score is the F-score of the mean precision and the mean recall over the orders that
// both sides have.
func (c *chrfCounts) score() float64 {
	var precision, recall float64
	orders := 0
	for _, n := range c {
		if n.hyp > 0 && n.ref > 0 {
			precision += float64(n.both) / float64(n.hyp)
			recall += float64(n.both) / float64(n.ref)
			orders++
		}
	}
	if precision+recall == 0 {
		return 0
	}
	precision /= float64(orders)
	recall /= float64(orders)
	return 100 * (1 + betaSquared) * precision * recall / (betaSquared*precision + recall)
}
