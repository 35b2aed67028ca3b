// Package text turns text into ids and back: by words, characters, Korean jamo or
// byte pairs, with a vocabulary learnt from a corpus.
//
// A Codec goes to JSON and back without loss, so that a model keeps its own.
package text

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// Ids that every vocabulary begins with. There is none for padding: batches of
// recur know the length of each row.
const (
	Unknown = iota // what is not in the vocabulary
	Start          // begins a text that a model writes
	End            // ends it
	first          // of the vocabulary's own tokens
)

var special = [first]string{"<unk>", "<s>", "</s>"}

// A Kind is a way to cut text into tokens.
type Kind string

const (
	Words Kind = "word"  // words, numbers and marks; see Split
	Space Kind = "space" // what stands between white space, for text that is cut already
	Chars Kind = "char"  // characters
	Jamo  Kind = "jamo"  // characters, Hangul syllables cut into their letters
	BPE   Kind = "bpe"   // pairs of bytes that often stand together, joined; nothing is unknown
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Words, Space, Chars, Jamo, BPE} }

// Options are how to learn a vocabulary.
type Options struct {
	Kind  Kind
	Max   int  // greatest size, the special ids included; default 32,000, for BPE 8,000
	Min   int  // least count of a token; default 1
	Lower bool // make everything lower case first
}

// A Codec turns text into ids and back.
type Codec struct {
	Kind   Kind
	Lower  bool
	tokens []string       // tokens by id
	ids    map[string]int // ids of tokens
	merges []pair         // merges of BPE, in the order in which they were learnt
	ranks  map[pair]int   // ranks of merges
}

// Learn learns a vocabulary from a corpus of lines, sentences or documents: the most
// frequent tokens, those of the same count in order of the text.
func Learn(corpus iter.Seq[string], o Options) (*Codec, error) {
	if !slices.Contains(Kinds(), o.Kind) {
		return nil, setting.Unknown("kind of token", o.Kind, Kinds())
	}
	if o.Max == 0 {
		o.Max = 32000
		if o.Kind == BPE {
			o.Max = 8000
		}
	}
	if o.Max <= first || o.Kind == BPE && o.Max < first+256 {
		return nil, fmt.Errorf("a vocabulary of %d is too small for any token", o.Max)
	}
	c := &Codec{Kind: o.Kind, Lower: o.Lower}
	if o.Kind == BPE {
		c.learnPairs(corpus, o.Max, o.Min)
		return c, nil
	}
	counts := map[string]int{}
	for s := range corpus {
		for t := range c.cut(s) {
			counts[t]++
		}
	}
	tokens := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	n, _ := slices.BinarySearchFunc(tokens, o.Min, func(t string, least int) int {
		if counts[t] >= least {
			return -1
		}
		return 1
	})
	c.tokens = append(special[:], tokens[:min(n, o.Max-first)]...)
	c.index()
	return c, nil
}

func (c *Codec) index() {
	c.ids = make(map[string]int, len(c.tokens))
	for id, t := range c.tokens[first:] {
		c.ids[t] = first + id
	}
}

// cut cuts text into tokens, for all kinds but BPE.
func (c *Codec) cut(s string) iter.Seq[string] {
	if c.Lower {
		s = strings.ToLower(s)
	}
	switch c.Kind {
	case Words:
		return Split(s)
	case Space:
		return strings.FieldsSeq(s)
	case Jamo:
		s = decompose(s)
	}
	return characters(s)
}

func characters(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range s {
			if !yield(string(r)) {
				return
			}
		}
	}
}

// Size is the number of ids, the special ones included.
func (c *Codec) Size() int { return len(c.tokens) }

// Token is the text of an id. It panics if there is no such id.
func (c *Codec) Token(id int) string { return c.tokens[id] }

// Tokens cuts s as Encode does. What is unknown stands as it is.
func (c *Codec) Tokens(s string) []string {
	if c.Kind != BPE {
		return slices.Collect(c.cut(s))
	}
	var tokens []string
	for _, id := range c.Encode(s) {
		tokens = append(tokens, c.tokens[id])
	}
	return tokens
}

// Encode gives the ids of s, without Start and End.
func (c *Codec) Encode(s string) (ids []int) {
	if c.Kind == BPE {
		return c.encodePairs(s)
	}
	for t := range c.cut(s) {
		ids = append(ids, c.ids[t]) // 0, Unknown, for what is not there
	}
	return ids
}

// Decode is the text of ids. Start is left out, and so is End with all that follows;
// an unknown token reads <unk>, or U+FFFD among characters. But for that, for case
// and for the width of white space between words, Decode(Encode(s)) is s.
func (c *Codec) Decode(ids []int) string {
	if i := slices.Index(ids, End); i >= 0 {
		ids = ids[:i]
	}
	var b strings.Builder
	for _, id := range ids {
		if id == Start {
			continue
		}
		c.write(&b, id)
	}
	switch c.Kind {
	case Jamo:
		return compose(b.String())
	case BPE:
		return strings.ToValidUTF8(b.String(), "\uFFFD")
	}
	return b.String()
}

// write adds the text of a token to b.
func (c *Codec) write(b *strings.Builder, id int) {
	t := c.tokens[id]
	switch c.Kind {
	case Words:
		rest, joined := strings.CutPrefix(t, Joiner)
		if b.Len() > 0 && !joined {
			b.WriteByte(' ')
		}
		b.WriteString(rest)
	case Space:
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t)
	case BPE:
		b.WriteString(unprintable(t))
	default:
		if id == Unknown {
			t = "\uFFFD"
		}
		b.WriteString(t)
	}
}

// codecJSON is a Codec in a file. Of BPE, tokens follow from merges.
type codecJSON struct {
	Kind   Kind     `json:"kind"`
	Lower  bool     `json:"lower,omitempty"`
	Tokens []string `json:"tokens,omitempty"` // tokens from the id 3 on
	Merges []string `json:"merges,omitempty"` // "left right"
}

// MarshalJSON implements json.Marshaler.
func (c *Codec) MarshalJSON() ([]byte, error) {
	j := codecJSON{Kind: c.Kind, Lower: c.Lower}
	if c.Kind != BPE && len(c.tokens) > first {
		j.Tokens = c.tokens[first:]
	}
	for _, m := range c.merges {
		j.Merges = append(j.Merges, m.left+" "+m.right)
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Codec) UnmarshalJSON(b []byte) error {
	var j codecJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if !slices.Contains(Kinds(), j.Kind) {
		return setting.Unknown("kind of token", j.Kind, Kinds())
	}
	*c = Codec{Kind: j.Kind, Lower: j.Lower}
	if j.Kind == BPE {
		return c.setMerges(j.Merges)
	}
	c.tokens = append(special[:], j.Tokens...)
	c.index()
	if len(c.ids) != len(j.Tokens) {
		return fmt.Errorf("the vocabulary has %d tokens, of which %d differ", len(j.Tokens), len(c.ids))
	}
	return nil
}
