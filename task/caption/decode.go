package caption

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
)

// A Caption is a sentence that a model found.
type Caption struct {
	Text      string      `json:"text"`
	LogProb   float64     `json:"log_prob"`
	Score     float64     `json:"score"`               // score by which they are ranked: with the penalties for length and slots
	Missing   int         `json:"missing,omitempty"`   // slots of a meaning that it does not mention
	Redundant int         `json:"redundant,omitempty"` // slots that it mentions and the meaning has not
	Words     []string    `json:"-"`                   // words and placeholders of the model
	Attention [][]float64 `json:"attention,omitempty"` // weights of regions or slots at each word and the end
}

// chunk is how many examples are put into words side by side.
const chunk = 64

// Caption puts examples into words: for each the best sentences, best first, as many as
// N of the beam, which is as wide as that at least.
func (m *Model) Caption(ctx context.Context, examples []Example, how seq2seq.Decoding) (all [][]Caption, err error) {
	defer tensor.Catch(&err)
	if err := how.Check(); err != nil {
		return nil, err
	}
	how.Beam = m.beam(how.Beam)
	bare := make([]Example, len(examples)) // so that each is one item
	for i, e := range examples {
		bare[i] = e
		bare[i].Texts = nil
	}
	items, err := m.items(bare)
	if err != nil {
		return nil, err
	}
	g := grad.Eval()
	at := 0
	for part := range slices.Chunk(items, chunk) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.Reset()
		d, first := m.net.decoder(g, m.what(part))
		for i, found := range m.find(g, d, first, len(part), how, at) {
			captions := make([]Caption, len(found))
			for k, h := range found {
				captions[k] = m.caption(part[i].Example, h)
			}
			slices.SortStableFunc(captions, func(a, b Caption) int { return cmp.Compare(b.Score, a.Score) })
			all = append(all, captions[:min(how.Beam.N, len(captions))])
		}
		at += len(part)
	}
	return all, nil
}

// beam is b with what it leaves to the config.
func (c *Config) beam(b seq2seq.Beam) seq2seq.Beam {
	b.N = max(b.N, 1)
	if b.Width == 0 {
		b.Width, b.LengthPenalty = c.Beam, cmp.Or(b.LengthPenalty, c.LengthPenalty)
	}
	b.Width = max(b.Width, b.N)
	return b
}

// find looks for sentences of a batch that begins at item at.
func (m *Model) find(g *grad.Tape, d *seq2seq.Decoder, s rnn.State, batch int, how seq2seq.Decoding, at int) [][]seq2seq.Hypothesis {
	all := make([][]seq2seq.Hypothesis, batch)
	switch {
	case how.Sampling != nil:
		for k := range how.Beam.N {
			draw := *how.Sampling
			draw.Seed += uint64(at)<<20 + uint64(k)<<44
			for i, h := range d.Sample(g, s, m.Limit, draw) {
				all[i] = append(all[i], h)
			}
		}
	case how.Beam.Width == 1:
		for i, h := range d.Greedy(g, s, m.Limit) {
			all[i] = []seq2seq.Hypothesis{h}
		}
	default:
		b := how.Beam
		b.N = b.Width // of which the slots decide
		return d.Beam(g, s, m.Limit, b)
	}
	return all
}

// caption makes a sentence of a hypothesis.
func (m *Model) caption(e *Example, h seq2seq.Hypothesis) Caption {
	c := Caption{LogProb: h.LogProb, Score: h.Score}
	for _, id := range h.Tokens {
		c.Words = append(c.Words, m.codec.Token(id))
	}
	words := c.Words
	if e.Meaning != nil {
		c.Missing, c.Redundant, _ = m.slotErrors(words, e.Meaning)
		c.Score -= m.Rerank * float64(c.Missing+c.Redundant)
		words = m.wording.lexicalise(words, e.Meaning)
	}
	c.Text = m.wording.join(words)
	for _, row := range h.Weights {
		var wide []float64
		for _, v := range row {
			wide = append(wide, float64(v))
		}
		c.Attention = append(c.Attention, wide)
	}
	return c
}

// slotErrors compares the slots of a meaning with the words of a sentence with
// placeholders: those of open slots by their placeholders, others by keywords. Slots that
// never vary do not count, nor do those of an act that offers a choice.
func (m *Model) slotErrors(words []string, of *Meaning) (missing, redundant, slots int) {
	if slices.Contains(m.Choices, of.Act) {
		return 0, 0, 0
	}
	balance := map[string]int{} // by slot, lower case
	for _, s := range of.Slots {
		name := strings.ToLower(s.Name)
		_, constant := m.wording.Constant[s.Name]
		_, byWord := m.Keywords[name]
		if !constant && m.wording.open(s) || byWord && !m.wording.open(s) && special(s.Value) != "?" {
			balance[name]++
			slots++
		}
	}
	constant := map[string]bool{}
	for slot := range m.wording.Constant {
		constant[strings.ToLower(slot)] = true
	}
	for _, w := range words {
		w = strings.TrimPrefix(w, text.Joiner)
		if len(w) > 2 && w[0] == '<' && w[len(w)-1] == '>' {
			if name := w[1 : len(w)-1]; !constant[name] {
				balance[name]--
			}
			continue
		}
		for slot, keys := range m.Keywords {
			if slices.Contains(keys, w) {
				balance[slot]--
			}
		}
	}
	for _, n := range balance {
		missing += max(n, 0)
		redundant += max(-n, 0)
	}
	return missing, redundant, slots
}
