package classify

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/tensor"
)

// An item is an example as the net takes it, in little memory: ids of a text, or values
// of a series as they were read.
type item struct {
	ids    []int32
	cases  []uint8 // cases of the words, if the net reads them
	x      []tensor.Float
	pixels []byte
	steps  int

	want  []int32 // the label; the labels that hold; or the label of each step
	group int32   // examples of a row of a file are not parted
	part  bool    // a part of another example, to train on only
	show  string  // text for people
}

// What want has in place of a label.
const (
	noLabel = -1
	foreign = -2 // one that the model does not know: no answer is right
)

// item makes an example ready. Labels that it knows nothing of are foreign.
func (m *Model) item(e *labelled.Example) (it item, err error) {
	wrong := func(reason, hint string) error {
		return &data.Error{File: e.File, Row: e.Row, Reason: reason, Hint: hint}
	}
	it.part = e.Part
	switch {
	case m.Input == Text && e.Width > 0:
		return it, wrong("has numbers, but the model reads texts", "give it texts")
	case m.Input == Text:
		s := e.Text
		if e.Tokens != nil {
			s = strings.Join(e.Tokens, " ")
		}
		it.ids = m.encode(s, e.Tokens)
		if m.cased() {
			it.cases = casesOf(s, m.Tokens, len(it.ids))
		}
		it.steps, it.show = len(it.ids), strings.Clone(cut(s, showChars))
	case e.Width == 0:
		return it, wrong("has text, but the model reads series", "give it numbers")
	case e.Width != m.Width:
		return it, wrong(fmt.Sprintf("has steps of %d values, but the model reads %d", e.Width, m.Width), "give all series the same channels")
	default:
		it.x, it.pixels, it.steps = e.X, e.Pixels, e.Steps()
		it.show = sketch(e)
		if !m.Gaps {
			for i, v := range e.X {
				if v != v {
					return it, wrong(fmt.Sprintf("a value of step %d is missing, but none was missing in training", i/e.Width+1), "fill it in, or train on series that have such gaps")
				}
			}
		}
	}
	if e.Labels != nil {
		if it.want, err = m.want(e, it.steps); err != nil {
			return it, err
		}
	}
	if most := m.MaxLength; most > 0 && it.steps > most && m.Target != Steps {
		it.shorten(most, e.Width)
	}
	return it, nil
}

// encode gives the ids of a text. Tokens that were cut already stay whole.
func (m *Model) encode(s string, tokens []string) (ids []int32) {
	if tokens != nil && m.Tokens == text.Space {
		for _, t := range tokens {
			id := text.Unknown
			if one := m.codec.Encode(t); len(one) == 1 {
				id = one[0]
			}
			ids = append(ids, int32(id))
		}
		return ids
	}
	for _, id := range m.codec.Encode(s) {
		ids = append(ids, int32(id))
	}
	return ids
}

func (m *Model) want(e *labelled.Example, steps int) (want []int32, err error) {
	if m.Target == Steps && len(e.Labels) != steps {
		return nil, &data.Error{File: e.File, Row: e.Row, Reason: fmt.Sprintf("has %d labels for %d steps", len(e.Labels), steps), Hint: "give every step one label"}
	}
	want = []int32{}
	for _, l := range e.Labels {
		id, ok := m.ids[l]
		switch {
		case !ok && l == "":
			id = noLabel
		case !ok:
			id = foreign
		}
		want = append(want, int32(id))
	}
	return want, nil
}

// shorten takes the middle out, so that most steps are left.
func (it *item) shorten(most, width int) {
	head, tail := (most+1)/2, it.steps-most/2
	switch {
	case it.ids != nil:
		it.ids = append(it.ids[:head:head], it.ids[tail:]...)
		if it.cases != nil {
			it.cases = append(it.cases[:head:head], it.cases[tail:]...)
		}
	case it.x != nil:
		it.x = append(it.x[:head*width:head*width], it.x[tail*width:]...)
	default:
		it.pixels = append(it.pixels[:head*width:head*width], it.pixels[tail*width:]...)
	}
	it.steps = most
}
