package classify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/recur-go/recur/data/text"
)

// ngrams gives ids to frequent n-grams of two or three tokens. With embeddings of their own
// they know what "not good" means, and parts of words if tokens are
// characters (as in Joulin et al. 2017).
type ngrams struct {
	keys []uint64
	ids  map[uint64]int32
}

// tokenBits is how many bits of a key a token takes.
const tokenBits = 21

// key packs an n-gram; false if a token is unknown.
func key(gram []int32) (k uint64, ok bool) {
	for _, id := range gram {
		if id == text.Unknown {
			return 0, false
		}
		k = k<<tokenBits | uint64(id)
	}
	return k, true
}

// id is that of an n-gram, -1 if it has none.
func (r *ngrams) id(gram []int32) int {
	if k, ok := key(gram); ok {
		if id, ok := r.ids[k]; ok {
			return int(id)
		}
	}
	return -1
}

// learnNGrams finds the n-grams of 2 to n tokens that occur least times or more, but not
// more than limit, the most frequent ones.
func learnNGrams(items []item, n, least, limit int) *ngrams {
	counts := map[uint64]int{}
	for i := range items {
		if items[i].part {
			continue
		}
		ids := items[i].ids
		for width := 2; width <= n; width++ {
			for t := width; t <= len(ids); t++ {
				if k, ok := key(ids[t-width : t]); ok {
					counts[k]++
				}
			}
		}
	}
	maps.DeleteFunc(counts, func(_ uint64, n int) bool { return n < max(least, 2) })
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return newNGrams(keys[:min(limit, len(keys)):min(limit, len(keys))])
}

func newNGrams(keys []uint64) *ngrams {
	r := &ngrams{keys: keys, ids: make(map[uint64]int32, len(keys))}
	for i, k := range keys {
		r.ids[k] = int32(i)
	}
	return r
}

// check returns an error unless the n-grams of a file fit its net.
func (r *ngrams) check(n int) error {
	if len(r.keys) != n || len(r.ids) != n {
		return fmt.Errorf("it has %d n-grams, %d of them different, and a net for %d", len(r.keys), len(r.ids), n)
	}
	return nil
}
