package caption

import (
	"context"
	"slices"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/metrics"
	"github.com/recur-go/recur/train"
)

// metric is what to select models by.
func (c *Config) metric() task.Metric {
	if c.StripMax > 0 {
		return task.Metric{Name: "exact", Maximise: true}
	}
	return task.Metric{Name: "loss"}
}

// A judged example is one with the captions of the model and the references.
type judged struct {
	*Example
	captions   []Caption
	references []string
	exact      bool // whether the best caption is one of the references
}

// score scores the model on examples with their sentences:
//
//	loss        nats for each word, of the sentences
//	bleu        BLEU-4 of the captions against all sentences, 0 to 100
//	exact       share of the captions that are word for word one of the sentences
//	slot_error  slots that are missing or too much, of all slots; of meanings only
//
// each, unless nil, is called with every example.
func (m *Model) score(ctx context.Context, examples []Example, how seq2seq.Decoding, each func(judged)) (task.Scores, error) {
	items, err := m.items(examples)
	if err != nil {
		return nil, err
	}
	scores := task.Scores{}
	if scores["loss"], err = m.lossOf(ctx, items); err != nil {
		return nil, err
	}
	judged := m.references(examples)
	asked := make([]Example, len(judged))
	for i, j := range judged {
		asked[i] = *j.Example
	}
	if how.Beam.Width != 1 {
		how.Beam.N = max(1, m.Top)
	}
	captions, err := m.Caption(ctx, asked, how)
	if err != nil {
		return nil, err
	}
	exact, wrong, slots := 0, 0, 0
	var hyps []string
	var refs [][]string // for each of hyps
	for i, j := range judged {
		j.captions = captions[i]
		j.exact = slices.Contains(j.references, j.captions[0].Text)
		if j.exact {
			exact++
		}
		for _, c := range j.captions {
			hyps, refs = append(hyps, c.Text), append(refs, j.references)
			if j.Meaning != nil {
				_, _, n := m.slotErrors(nil, j.Meaning)
				slots += n
				wrong += c.Missing + c.Redundant
			}
		}
		if each != nil {
			each(j)
		}
	}
	scores["exact"] = float64(exact) / float64(len(judged))
	scores["bleu"] = bleu(hyps, refs, m.wording.Tokens)
	if m.Width == 0 {
		scores["slot_error"] = float64(wrong) / float64(max(slots, 1))
	}
	return scores, nil
}

// lossOf is the mean loss of a word.
func (m *Model) lossOf(ctx context.Context, items batch) (float64, error) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b item) int { return m.length(a) - m.length(b) })
	return train.Evaluate(ctx, slices.Chunk(items, chunk), m.loss)
}

// references gathers the sentences that a caption of an example is held against: those
// of the example; with meanings those of all examples of the same, which is then asked
// for once; and with PoolReferences those of all examples whose meanings differ by values only,
// with the values put right, every example being asked for.
func (m *Model) references(examples []Example) (all []judged) {
	key := func(e *Example) string {
		if m.PoolReferences {
			return m.wording.key(e.Meaning)
		}
		return e.Meaning.String()
	}
	words := map[string][][]string{} // by key, with placeholders
	texts := map[string][]string{}
	for i := range examples {
		e := &examples[i]
		if e.Meaning == nil {
			continue
		}
		k := key(e)
		for _, t := range e.Texts {
			words[k] = append(words[k], m.words(e, t))
			texts[k] = append(texts[k], m.wording.join(m.wording.cut(t)))
		}
	}
	asked := map[string]bool{}
	for i := range examples {
		e := &examples[i]
		j := judged{Example: e}
		switch {
		case e.Meaning == nil:
			for _, t := range e.Texts {
				j.references = append(j.references, m.wording.join(m.wording.cut(t)))
			}
		case m.PoolReferences:
			for _, w := range words[key(e)] {
				j.references = append(j.references, m.wording.join(m.wording.lexicalise(w, e.Meaning)))
			}
		case asked[key(e)]:
			continue
		default:
			asked[key(e)] = true
			j.references = texts[key(e)]
		}
		all = append(all, j)
	}
	return all
}

// bleu scores sentences, each against references of its own.
func bleu(hyps []string, refs [][]string, tokens text.Kind) float64 {
	most := 0
	for _, r := range refs {
		most = max(most, len(r))
	}
	columns := make([][]string, most)
	for k := range columns {
		for _, r := range refs {
			columns[k] = append(columns[k], r[min(k, len(r)-1)]) // a reference twice is one
		}
	}
	tok := metrics.Tok13a
	if tokens == text.Space {
		tok = metrics.TokNone
	}
	return metrics.BLEU(hyps, tok, columns...).Score
}
