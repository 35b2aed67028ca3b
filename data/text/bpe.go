package text

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Byte-pair encoding (Sennrich, Haddow & Birch 2016) over bytes: text is cut into
// words, each with the space before it, and a word's bytes are joined pair by pair, in
// the order in which the pairs were learnt. All bytes are tokens, so that nothing is
// unknown.

// longest is the most bytes of a word; a longer one is cut.
const longest = 64

// pieces cuts s into words with the space before them, numbers, runs of marks and of
// white space. Together they are s.
func pieces(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s != "" {
			n := 0
			if s[0] == ' ' && len(s) > 1 {
				n = 1
			}
			r, w := utf8.DecodeRuneInString(s[n:])
			class := classOf(r)
			for n += w; n < len(s) && n < longest; n += w {
				r, w = utf8.DecodeRuneInString(s[n:])
				if classOf(r) != class || class == space && n+w < len(s) && s[n] == ' ' {
					break // the last space goes with the word after it
				}
			}
			if !yield(s[:n]) {
				return
			}
			s = s[n:]
		}
	}
}

const (
	letter = iota
	digit
	space
	mark
)

func classOf(r rune) int {
	switch {
	case isLetter(r):
		return letter
	case unicode.IsDigit(r):
		return digit
	case unicode.IsSpace(r):
		return space
	}
	return mark
}

// printable writes each byte as a character that can be seen, so that tokens are
// valid in JSON and plain to read: ASCII and Latin-1 as they are where they print,
// others from U+0100 on.
var printable, bytesOf = func() (to [256]string, from map[rune]byte) {
	from = map[rune]byte{}
	next := rune(0x100)
	for b := range 256 {
		r := rune(b)
		if b <= ' ' || b >= 0x7F && b <= 0xA0 || b == 0xAD {
			r, next = next, next+1
		}
		to[b], from[r] = string(r), byte(b)
	}
	return to, from
}()

// unprintable is the bytes that t stands for.
func unprintable(t string) string {
	var b []byte
	for _, r := range t {
		b = append(b, bytesOf[r])
	}
	return string(b)
}

// A pair is two tokens that are joined.
type pair struct{ left, right string }

// setMerges makes the vocabulary that follows from merges, each "left right".
func (c *Codec) setMerges(merges []string) error {
	c.tokens = slices.Concat(special[:], printable[:])
	c.merges, c.ranks = nil, make(map[pair]int, len(merges))
	c.index()
	for i, m := range merges {
		left, right, _ := strings.Cut(m, " ")
		if c.ids[left] == 0 || c.ids[right] == 0 {
			return fmt.Errorf("merge %d, %q, joins parts that are not tokens before it", i+1, m)
		}
		if c.ids[left+right] != 0 {
			return fmt.Errorf("merge %d, %q, makes a token that already exists", i+1, m)
		}
		c.join(pair{left, right})
	}
	return nil
}

// join adds a merge and its token.
func (c *Codec) join(p pair) {
	c.ranks[p] = len(c.merges)
	c.merges = append(c.merges, p)
	c.ids[p.left+p.right] = len(c.tokens)
	c.tokens = append(c.tokens, p.left+p.right)
}

func (c *Codec) encodePairs(s string) (ids []int) {
	if c.Lower {
		s = strings.ToLower(s)
	}
	var word []string
	for piece := range pieces(s) {
		word = word[:0]
		for i := range len(piece) {
			word = append(word, printable[piece[i]])
		}
		for _, t := range c.joined(word) {
			ids = append(ids, c.ids[t])
		}
	}
	return ids
}

// joined joins the pairs of a word in place, the one learnt first before others.
func (c *Codec) joined(word []string) []string {
	for len(word) > 1 {
		at, best := -1, len(c.merges)
		for i := range len(word) - 1 {
			if rank, ok := c.ranks[pair{word[i], word[i+1]}]; ok && rank < best {
				at, best = i, rank
			}
		}
		if at < 0 {
			break
		}
		word[at] += word[at+1]
		word = slices.Delete(word, at+1, at+2)
	}
	return word
}

// learnPairs learns merges until the vocabulary has size tokens or no pair stands
// together least times, and twice.
func (c *Codec) learnPairs(corpus iter.Seq[string], size, least int) {
	counts := map[string]int{}
	for s := range corpus {
		if c.Lower {
			s = strings.ToLower(s)
		}
		for p := range pieces(s) {
			counts[p]++
		}
	}
	if err := c.setMerges(nil); err != nil {
		panic(err) // no merges, no error
	}
	l := learner{counts: map[couple]int{}, words: map[couple][]int32{}}
	for _, w := range slices.Sorted(maps.Keys(counts)) {
		tokens := make([]int32, len(w))
		for i := range tokens {
			tokens[i] = first + int32(w[i])
		}
		l.corpus = append(l.corpus, counted{tokens, counts[w]})
		l.add(len(l.corpus)-1, 1)
	}
	for p, n := range l.counts {
		l.queue = append(l.queue, candidate{p, n})
	}
	heap.Init(&l.queue)
	for len(c.tokens) < size {
		p, n := l.best()
		if n < max(least, 2) {
			break
		}
		left, right := c.tokens[p[0]], c.tokens[p[1]]
		if c.ids[left+right] != 0 { // two ways to the same bytes: one token is enough
			l.drop(p)
			continue
		}
		c.join(pair{left, right})
		l.merge(p, int32(len(c.tokens)-1))
	}
}

// A couple is a pair by ids.
type couple [2]int32

// A learner counts the pairs of a corpus of words as they are joined.
type learner struct {
	corpus []counted
	counts map[couple]int
	words  map[couple][]int32 // words that have, or had, the couple
	queue  queue
}

type counted struct {
	tokens []int32
	n      int
}

// add counts the pairs of a word in (sign 1) or out (-1).
func (l *learner) add(word int, sign int) {
	w := l.corpus[word]
	for i := range len(w.tokens) - 1 {
		p := couple{w.tokens[i], w.tokens[i+1]}
		l.counts[p] += sign * w.n
		if at := l.words[p]; sign > 0 && (len(at) == 0 || at[len(at)-1] != int32(word)) {
			l.words[p] = append(at, int32(word))
		}
	}
}

// best takes the most frequent pair from the queue, which may hold old counts: those
// are too high, never too low.
func (l *learner) best() (couple, int) {
	for len(l.queue) > 0 {
		top := heap.Pop(&l.queue).(candidate)
		switch n := l.counts[top.couple]; {
		case n == top.n:
			return top.couple, n
		case n > 0:
			heap.Push(&l.queue, candidate{top.couple, n})
		}
	}
	return couple{}, 0
}

func (l *learner) drop(p couple) {
	delete(l.counts, p)
	delete(l.words, p)
}

// merge joins p to the token id in all words.
func (l *learner) merge(p couple, id int32) {
	made := map[couple]bool{}
	for _, at := range slices.Compact(slices.Sorted(slices.Values(l.words[p]))) {
		word := int(at)
		l.add(word, -1)
		from := l.corpus[word].tokens
		to := from[:0]
		for i := 0; i < len(from); i++ {
			if i+1 < len(from) && from[i] == p[0] && from[i+1] == p[1] {
				to = append(to, id)
				i++
				continue
			}
			to = append(to, from[i])
		}
		l.corpus[word].tokens = to
		l.add(word, 1)
		for i := range len(to) - 1 {
			if to[i] == id || to[i+1] == id {
				made[couple{to[i], to[i+1]}] = true
			}
		}
	}
	for q := range made {
		heap.Push(&l.queue, candidate{q, l.counts[q]})
	}
	l.drop(p)
}

// A candidate is a pair with the count it had when it was queued.
type candidate struct {
	couple
	n int
}

// A queue is a heap of candidates: the most frequent first, of the same count that
// of the older tokens.
type queue []candidate

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.couple[0], b.couple[0]), cmp.Compare(a.couple[1], b.couple[1])) < 0
}
func (q *queue) Push(x any) { *q = append(*q, x.(candidate)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
