package translate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/metrics"
	"github.com/recur-go/recur/tensor"
)

// decoding is how, with what it leaves to the config.
func (c *Config) decoding(how seq2seq.Decoding) (seq2seq.Decoding, error) {
	b := &how.Beam
	if b.Width == 0 {
		b.Width = max(c.Beam, b.N)
		b.LengthPenalty, b.CoveragePenalty = cmp.Or(b.LengthPenalty, c.LengthPenalty), cmp.Or(b.CoveragePenalty, c.CoveragePenalty)
	}
	if err := how.Check(); err != nil {
		return how, err
	}
	switch {
	case b.N > b.Width:
		return how, fmt.Errorf("translate: the n best (%d) cannot exceed the beam (%d)", b.N, b.Width)
	case how.Sampling != nil && b.N > 1:
		return how, errors.New("translate: sampling gives one translation; the n best need a beam")
	}
	return how, nil
}

// A Translation is what a model wrote.
type Translation struct {
	Text    string
	Score   float64 // score by which the best come first; see seq2seq.Beam
	LogProb float64 // natural logarithm of its probability
	Ended   bool    // whether the model ended it; else the limit did

	Source, Tokens []string         // the source and the text as tokens, with </s> at the end if Ended
	Weights        [][]tensor.Float // [token][source token] what the model looked at; nil without attention
}

// longestSource is the most tokens of a source.
const longestSource = 2000

// Translate writes the best translations of each source, best first, by how. A source has at most
// 2,000 tokens: cut longer texts into sentences, which is what models know. Those of a
// call are read in batches, which changes no result.
func (m *Model) Translate(ctx context.Context, sources []string, how seq2seq.Decoding) ([][]Translation, error) {
	how, err := m.decoding(how)
	if err != nil {
		return nil, err
	}
	ids, order := make([][]int, len(sources)), make([]int, len(sources))
	for i, s := range sources {
		ids[i], order[i] = m.codecs.Source.Encode(s), i
		if n := len(ids[i]); n > longestSource {
			return nil, fmt.Errorf("translate: source %d has %d tokens, more than %d; cut it into sentences", i+1, n, longestSource)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(ids[j]), len(ids[i])) })
	all := make([][]Translation, len(sources))
	g := grad.Eval()
	for len(order) > 0 {
		const rows, steps = 256, 1 << 16 // of a batch with its beam; of the memory for all rows
		n := min(rows, steps/max(1, len(ids[order[0]]))) / how.Beam.Width
		some := order[:min(max(1, n), len(order))]
		order = order[len(some):]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.Reset()
		var src [][]int
		for _, i := range some {
			src = append(src, ids[i])
		}
		for k, best := range m.write(g, src, how) {
			for _, h := range best {
				all[some[k]] = append(all[some[k]], m.translation(src[k], h))
			}
		}
	}
	return all, nil
}

// write writes for a batch of sources. What is drawn for one depends on itself and the
// seed alone.
func (m *Model) write(g *grad.Tape, src [][]int, how seq2seq.Decoding) (all [][]seq2seq.Hypothesis) {
	d, s := m.net.encode(g, src)
	var one []seq2seq.Hypothesis
	switch {
	case how.Sampling != nil:
		var places []int
		for _, ids := range src {
			h := fnv.New32a()
			for _, id := range ids {
				h.Write([]byte{byte(id), byte(id >> 8), byte(id >> 16)})
			}
			places = append(places, int(h.Sum32()>>1))
		}
		one = d.Sample(g, s, m.Limit, *how.Sampling, places...)
	case how.Beam.Width == 1:
		one = d.Greedy(g, s, m.Limit)
	default:
		return d.Beam(g, s, m.Limit, how.Beam)
	}
	for _, h := range one {
		all = append(all, []seq2seq.Hypothesis{h})
	}
	return all
}

func (m *Model) translation(src []int, h seq2seq.Hypothesis) Translation {
	t := Translation{Text: m.codecs.target().Decode(h.Tokens), Score: h.Score, LogProb: h.LogProb, Ended: h.Ended, Weights: h.Weights}
	for _, id := range src {
		t.Source = append(t.Source, shown(m.codecs.Source, id))
	}
	for _, id := range h.Tokens {
		t.Tokens = append(t.Tokens, shown(m.codecs.target(), id))
	}
	if h.Ended {
		t.Tokens = append(t.Tokens, m.codecs.target().Token(text.End))
	}
	return t
}

// shown is a token for people to read, with ▁ for a space.
func shown(c *text.Codec, id int) string {
	if c.Kind == text.BPE && id > text.End {
		return strings.ReplaceAll(c.Decode([]int{id}), " ", "▁")
	}
	if t := strings.TrimPrefix(c.Token(id), text.Joiner); t != " " {
		return t
	}
	return "▁"
}

func sources(pairs []Pair) (all []string) {
	for _, p := range pairs {
		all = append(all, p.Source)
	}
	return all
}

// rate scores translations of pairs as sacreBLEU does, on text as it is and in
// lower case.
func (m *Model) rate(pairs []Pair, written [][]Translation) task.Scores {
	var hyps, refs, hypsLower, refsLower []string
	right := 0
	for i, p := range pairs {
		hyp, ref := written[i][0].Text, p.Target
		lowHyp, lowRef := strings.ToLower(hyp), strings.ToLower(ref)
		hyps, refs = append(hyps, hyp), append(refs, ref)
		hypsLower, refsLower = append(hypsLower, lowHyp), append(refsLower, lowRef)
		if hyp == ref || m.Lower && lowHyp == lowRef {
			right++
		}
	}
	s := task.Scores{
		"bleu_lower": metrics.BLEU(hypsLower, metrics.Tok13a, refsLower).Score,
		"exact":      float64(right) / float64(max(len(pairs), 1)),
	}
	if m.Lower { // it cannot know better
		refs = refsLower
	}
	s["bleu"], s["chrf"] = metrics.BLEU(hyps, metrics.Tok13a, refs).Score, metrics.ChrF(hyps, refs)
	for name, v := range s {
		if math.IsNaN(v) {
			s[name] = 0
		}
	}
	return s
}
