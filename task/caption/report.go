package caption

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

// How many examples a report shows of each kind.
const (
	shownRows  = 12
	shownMaps  = 3
	shownStrip = 4
)

// result scores the model and gathers examples for a report.
func (m *Model) result(ctx context.Context, examples []Example) (*task.Result, error) {
	if len(examples) == 0 {
		return nil, errors.New("caption: there are no examples to score")
	}
	known := m.known(examples)
	if len(known) == 0 {
		return nil, examples[0].fail("", "has an act or slots not seen in training, like every other example", "train on examples that have them")
	}
	var right, wrong []judged
	seen := map[string]bool{} // right captions, so that none is shown twice
	n := 0
	scores, err := m.score(ctx, known, seq2seq.Decoding{}, func(j judged) {
		n++
		if j.exact {
			if key := given(j.Example) + j.captions[0].Text; j.Meaning == nil || !seen[key] {
				right, seen[key] = append(right, j), true
			}
		} else {
			wrong = append(wrong, j)
		}
	})
	if err != nil {
		return nil, err
	}
	r := &task.Result{Scores: scores}
	var b strings.Builder
	fmt.Fprintf(&b, "%d examples: BLEU %.2f, %.2f %% word for word", n, scores["bleu"], 100*scores["exact"])
	if m.Width == 0 {
		fmt.Fprintf(&b, ", slot error %.2f %%", 100*scores["slot_error"])
	}
	b.WriteString("\n")
	if n := len(examples) - len(known); n > 0 {
		fmt.Fprintf(&b, "%d examples are left out: they have acts or slots not seen in training\n", n)
	}
	right, wrong = spread(right, shownRows), spread(wrong, shownRows)
	for _, j := range slices.Concat(right[:min(1, len(right))], wrong[:min(1, len(wrong))]) {
		m.describe(&b, j)
	}
	r.Text = b.String()
	if err := m.stripParts(r, wrong, right); err != nil {
		return nil, err
	}
	r.Parts = append(r.Parts, m.table("Wrong captions", "Not word for word one of the references, which may be right all the same.", wrong), m.table("Right captions", "", right))
	for _, j := range slices.Concat(wrong[:min(shownMaps, len(wrong))], right[:min(shownMaps, len(right))]) {
		if part, ok := m.heat(j); ok {
			r.Parts = append(r.Parts, part)
		}
	}
	return r, nil
}

// spread picks n examples from all over a list.
func spread(all []judged, n int) (some []judged) {
	if len(all) <= n {
		return all
	}
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// given is the meaning or the name of an example.
func given(e *Example) string {
	switch {
	case e.Meaning != nil:
		return e.Meaning.String()
	case e.strip != nil:
		return fmt.Sprintf("strip %d (%s)", e.Row, e.Language)
	}
	s := fmt.Sprintf("example %d", e.Row)
	if e.Language != "" {
		s += " (" + e.Language + ")"
	}
	return s
}

// describe writes an example for a terminal.
func (m *Model) describe(b *strings.Builder, j judged) {
	verdict := "right"
	if !j.exact {
		verdict = "wrong"
	}
	fmt.Fprintf(b, "\n%s: %s\n", verdict, given(j.Example))
	if j.strip != nil {
		b.WriteString(j.strip.text())
	}
	fmt.Fprintf(b, "  got   %s\n", j.captions[0].Text)
	if !j.exact {
		fmt.Fprintf(b, "  want  %s\n", j.references[0])
	}
}

// table shows examples with the captions of the model.
func (m *Model) table(title, note string, some []judged) task.Part {
	p := task.Part{Title: title, Note: note, Head: []string{"given", "caption", "references"}}
	if len(some) == 0 {
		p.Note = "None."
	}
	if m.Width == 0 {
		p.Head = append(p.Head, "slots missing", "too much")
	}
	for _, j := range some {
		best := j.captions[0]
		row := []string{given(j.Example), best.Text, strings.Join(distinct(j.references, 3), "\n")}
		if m.Width == 0 {
			row = append(row, fmt.Sprint(best.Missing), fmt.Sprint(best.Redundant))
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// distinct are the first n that differ.
func distinct(all []string, n int) (some []string) {
	for _, s := range all {
		if len(some) < n && !slices.Contains(some, s) {
			some = append(some, s)
		}
	}
	return some
}

// heat maps the attention of a model at each word to the regions or slots, or with a
// SCLSTM the slots that are left after it.
func (m *Model) heat(j judged) (p task.Part, ok bool) {
	best := j.captions[0]
	h := &task.Heat{Rows: append(slices.Clone(best.Words), "(end)")}
	p = task.Part{Title: "Attention: " + best.Text, Note: fmt.Sprintf("Given %s.\nEach line is a word, with the weights of the attention at it.", given(j.Example)), Heat: h}
	switch {
	case j.Meaning != nil:
		if h.Cols = m.wording.features(j.Meaning); len(h.Cols) == 0 {
			return p, false
		}
		h.Values = best.Attention
		if m.Decoder == SCLSTM {
			p.Title = "Slots left: " + best.Text
			p.Note = fmt.Sprintf("Given %s.\nEach line is a word, and what the reading gate has left of each slot after it.", given(j.Example))
			h.Values = m.pending(j.Example, best.Words)
		}
	case j.strip == nil && best.Attention != nil:
		h.Values = best.Attention
		for k := range best.Attention[0] {
			h.Cols = append(h.Cols, fmt.Sprint(k+1))
		}
	}
	if len(h.Values) == 0 || len(h.Cols) < 2 {
		return p, false
	}
	h.Rows = h.Rows[:min(len(h.Rows), len(h.Values))]
	for _, row := range h.Values {
		for k := range row {
			row[k] = math.Round(1000*row[k]) / 1000
		}
	}
	for i, r := range h.Rows {
		h.Rows[i] = strings.TrimPrefix(r, text.Joiner)
	}
	return p, true
}

// pending is what a SCLSTM has left of each slot after each word.
func (m *Model) pending(e *Example, words []string) (left [][]float64) {
	bare := *e
	bare.Texts = nil
	items, err := m.items([]Example{bare})
	if err != nil {
		return nil
	}
	g := grad.Eval()
	d, s := m.net.decoder(g, m.what(items))
	for t := range len(words) + 1 {
		id := d.Start
		if t > 0 {
			id = m.codec.Encode(words[t-1])[0]
		}
		_, s = d.Cell.Step(g, d.Input(g, []int{id}), s)
		var row []float64
		for _, slot := range items[0].slots {
			row = append(row, float64(s[2].Value.Data[slot]))
		}
		left = append(left, row)
	}
	return left
}
