package translate

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/task"
)

// codecs turn the texts of both sides into ids and back.
type codecs struct {
	Source *text.Codec `json:"source"`
	Target *text.Codec `json:"target,omitempty"` // nil if it is the source's
}

func (c *codecs) target() *text.Codec {
	if c.Target == nil {
		return c.Source
	}
	return c.Target
}

// A coded pair is a pair as ids.
type coded struct{ src, dst []int32 }

func (c *codecs) encode(p Pair) coded {
	return coded{short(c.Source.Encode(p.Source)), short(c.target().Encode(p.Target))}
}

func short(ids []int) []int32 {
	s := make([]int32, len(ids))
	for i, id := range ids {
		s[i] = int32(id)
	}
	return s
}

func long(ids []int32) []int {
	s := make([]int, len(ids))
	for i, id := range ids {
		s[i] = int(id)
	}
	return s
}

func makeBatch(pairs []coded) (b batch) {
	for _, p := range pairs {
		b.src, b.dst = append(b.src, long(p.src)), append(b.dst, long(p.dst))
	}
	return b
}

// learn learns the vocabularies of pairs.
func (c *Config) learn(pairs []Pair) (*codecs, error) {
	side := func(source, target bool) iter.Seq[string] {
		return func(yield func(string) bool) {
			for _, p := range pairs {
				if source && !yield(p.Source) || target && !yield(p.Target) {
					return
				}
			}
		}
	}
	o := text.Options{Kind: c.Tokens, Max: c.Vocab, Lower: c.Lower}
	src, err := text.Learn(side(true, c.Shared), o)
	if err != nil || c.Shared {
		return &codecs{Source: src}, err
	}
	o.Kind = cmp.Or(c.TargetTokens, c.Tokens)
	dst, err := text.Learn(side(false, true), o)
	return &codecs{src, dst}, err
}

// A corpus is what a model is trained and validated on.
type corpus struct {
	codecs   *codecs
	training []coded
	valid    []Pair
}

// tryFiles reads files as Evaluate does.
func (c *Config) tryFiles(files []string) error {
	_, err := c.pairs(files, nil)
	return err
}

func (c *Config) read(d task.Data, o task.Options) (training, valid []Pair, err error) {
	if len(d.Train) == 0 {
		return nil, nil, errors.New("translate: there are no pairs to train on")
	}
	if training, err = c.pairs(d.Train, o.OnNote); err != nil || len(d.Valid) == 0 {
		return training, nil, err
	}
	valid, err = c.pairs(d.Valid, o.OnNote)
	return training, valid, err
}

// corpus learns the vocabularies of the pairs to train on, and fills in the sizes that the
// config leaves to the data. Without pairs to validate on, some of them are held out.
func (c *Config) corpus(name string, pairs, valid []Pair, o task.Options) (*corpus, error) {
	note := func(format string, args ...any) {
		if o.OnNote != nil {
			o.OnNote(fmt.Sprintf(format, args...))
		}
	}
	k := &corpus{valid: valid}
	if len(valid) == 0 {
		pairs, k.valid, _ = data.Split(data.Shuffled(pairs, c.Seed, 0), c.HeldOut, 0)
	}
	if len(pairs) == 0 || len(k.valid) == 0 {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("there are %d pairs to train on and %d to validate on", len(pairs), len(k.valid)), Hint: "give more pairs, another --set held_out, or files to validate on (--valid)"}
	}
	var err error
	if k.codecs, err = c.learn(pairs); err != nil {
		return nil, err
	}
	c.SourceSize, c.TargetSize = k.codecs.Source.Size(), k.codecs.target().Size()
	longest, sources, targets := 0, 0, 0
	for _, p := range pairs {
		e := k.codecs.encode(p)
		if c.MaxLength > 0 && max(len(e.src), len(e.dst)) > c.MaxLength {
			continue
		}
		k.training = append(k.training, e)
		sources, targets, longest = sources+len(e.src), targets+len(e.dst), max(longest, len(e.dst))
	}
	if n := len(pairs) - len(k.training); n > 0 {
		note("%d pairs of more than %d tokens are left out", n, c.MaxLength)
	}
	if len(k.training) == 0 {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("every pair has more than %d tokens on a side", c.MaxLength), Hint: "change max_length"}
	}
	if c.Limit == 0 {
		c.Limit = longest + longest/4 + 5
	}
	n := float64(len(k.training))
	note("%d pairs to train on, %d to validate on; vocabularies of %d and %d, %.1f and %.1f tokens (%s) a sentence", len(k.training), len(k.valid),
		c.SourceSize, c.TargetSize, float64(sources)/n, float64(targets)/n, c.Tokens)
	return k, nil
}

// batches are the pairs of an epoch, those of like length together.
func (c *Config) batches(pairs []coded, epoch int) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		for some := range data.Buckets(pairs, func(p coded) int { return len(p.dst)<<12 + min(len(p.src), 1<<12-1) }, c.Batch, c.Seed, epoch) {
			if !yield(makeBatch(some)) {
				return
			}
		}
	}
}

// inOrder are pairs in batches of like length, for scoring.
func (c *Config) inOrder(pairs []coded) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		sorted := slices.Clone(pairs)
		slices.SortStableFunc(sorted, func(a, b coded) int { return cmp.Compare(len(b.dst), len(a.dst)) })
		for some := range slices.Chunk(sorted, c.Batch) {
			if !yield(makeBatch(some)) {
				return
			}
		}
	}
}
