// Package metrics scores what models predict: labels (accuracy, F1, confusion,
// calibration) and text (BLEU and chrF, as sacreBLEU computes them).
package metrics

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// A Tokenizer cuts text into words for BLEU.
type Tokenizer string

const (
	Tok13a  Tokenizer = "13a"  // as mteval-v13a, the usual one; the zero value means it too
	TokNone Tokenizer = "none" // what stands between white space
	TokChar Tokenizer = "char" // characters, for languages without spaces
)

// A BLEUScore is BLEU (Papineni et al. 2002) with what it is made of.
type BLEUScore struct {
	Score      float64    // 0 to 100
	Precisions [4]float64 // precisions of n-grams of 1 to 4 words, 0 to 100, smoothed
	Brevity    float64    // penalty for what is shorter than the reference, 1 for none
	Words      int        // words of the hypotheses
	References int        // words of the references that are nearest in length
}

// String is the score as sacreBLEU prints it.
func (b BLEUScore) String() string {
	p := b.Precisions
	return fmt.Sprintf("BLEU = %.2f %.1f/%.1f/%.1f/%.1f (BP = %.3f ratio = %.3f hyp_len = %d ref_len = %d)",
		b.Score, p[0], p[1], p[2], p[3], b.Brevity, float64(b.Words)/float64(b.References), b.Words, b.References)
}

// BLEU scores a corpus. Each of refs has one reference for every hypothesis. Counts
// of 0 are smoothed as mteval does: the n-th of them becomes 2⁻ⁿ.
func BLEU(hyps []string, tok Tokenizer, refs ...[]string) BLEUScore {
	return score(count(hyps, tok, refs), false)
}

// SentenceBLEU scores one sentence, for which only lengths of n-grams that it has
// are averaged over.
func SentenceBLEU(hyp string, tok Tokenizer, refs ...string) BLEUScore {
	all := make([][]string, len(refs))
	for i, r := range refs {
		all[i] = []string{r}
	}
	return score(count([]string{hyp}, tok, all), true)
}

// bleuCounts are of n-grams for n = 1 to 4.
type bleuCounts struct {
	right, total [4]int
	hyp, ref     int // words
}

func count(hyps []string, tok Tokenizer, refs [][]string) (c bleuCounts) {
	if len(refs) == 0 {
		panic("metrics.BLEU: no references")
	}
	for _, r := range refs {
		if len(r) != len(hyps) {
			panic(fmt.Sprintf("metrics.BLEU: %d hypotheses and %d references", len(hyps), len(r)))
		}
	}
	for i, h := range hyps {
		hyp := tok.cut(h)
		nearest := -1
		most := map[string]int{} // of each n-gram in any reference
		for _, r := range refs {
			ref := tok.cut(r[i])
			for g, n := range grams(ref) {
				most[g] = max(most[g], n)
			}
			d, best := abs(len(ref)-len(hyp)), abs(nearest-len(hyp))
			if nearest < 0 || d < best || d == best && len(ref) < nearest {
				nearest = len(ref)
			}
		}
		for g, n := range grams(hyp) {
			order := strings.Count(g, " ")
			c.right[order] += min(n, most[g])
		}
		for n := range 4 {
			c.total[n] += max(0, len(hyp)-n)
		}
		c.hyp += len(hyp)
		c.ref += nearest
	}
	return c
}

// grams counts the n-grams of words for n = 1 to 4, joined by spaces.
func grams(words []string) map[string]int {
	counts := map[string]int{}
	for i := range words {
		for n := 1; n <= 4 && i+n <= len(words); n++ {
			counts[strings.Join(words[i:i+n], " ")]++
		}
	}
	return counts
}

func score(c bleuCounts, sentence bool) BLEUScore {
	b := BLEUScore{Brevity: 1, Words: c.hyp, References: c.ref}
	if c.hyp < c.ref {
		b.Brevity = 0
		if c.hyp > 0 {
			b.Brevity = math.Exp(1 - float64(c.ref)/float64(c.hyp))
		}
	}
	if c.right == [4]int{} {
		return b
	}
	orders, logs, smooth := 4, 0.0, 1.0
	for n := range 4 {
		if c.total[n] == 0 {
			if sentence {
				orders = n
			}
			break
		}
		b.Precisions[n] = 100 * float64(c.right[n]) / float64(c.total[n])
		if c.right[n] == 0 {
			smooth *= 2
			b.Precisions[n] = 100 / (smooth * float64(c.total[n]))
		}
	}
	for _, p := range b.Precisions[:orders] {
		if p == 0 {
			return b
		}
		logs += math.Log(p)
	}
	b.Score = b.Brevity * math.Exp(logs/float64(orders))
	return b
}

func (t Tokenizer) cut(s string) []string {
	switch t {
	case Tok13a, "":
		s = cut13a(s)
	case TokNone:
	case TokChar:
		var words []string
		for _, r := range s {
			words = append(words, strings.Fields(string(r))...)
		}
		return words
	default:
		panic(fmt.Sprintf("metrics.BLEU: there is no tokenizer %q", t))
	}
	return strings.Fields(s)
}

var (
	entities = strings.NewReplacer("&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">")
	marks    = regexp.MustCompile("[\\{-~\\[-` -&\\(-\\+:-@/]")
	before   = regexp.MustCompile(`([^0-9])([.,])`)
	after    = regexp.MustCompile(`([.,])([^0-9])`)
	dash     = regexp.MustCompile(`([0-9])(-)`)
)

// cut13a is the tokenisation of NIST's mteval-v13a script.
func cut13a(s string) string {
	s = strings.ReplaceAll(s, "<skipped>", "")
	s = strings.ReplaceAll(s, "-\n", "")
	s = strings.ReplaceAll(s, "\n", " ")
	s = " " + entities.Replace(s) + " "
	s = marks.ReplaceAllString(s, " $0 ")
	s = before.ReplaceAllString(s, "$1 $2 ")
	s = after.ReplaceAllString(s, " $1 $2")
	return dash.ReplaceAllString(s, "$1 $2 ")
}

func abs(n int) int { return max(n, -n) }
