package classify

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/text"
)

// An item is an example as the net takes it, in little memory: ids of a text, or values
// of a series as they were read.
type item struct {
	ids    []int32
	cases  []uint8 // of the words, if the net reads them
	x      []tensor.Float
	pixels []byte
	steps  int

	want  []int32 // the label; the labels that hold; or the label of each step
	group int32   // examples of a row of a file are not parted
	part  bool    // a part of another example, to train on only
	show  string  // for people
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
		return it, wrong("has numbers, and the model reads texts", "give it texts")
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
		return it, wrong("has text, and the model reads series", "give it numbers")
	case e.Width != m.Width:
		return it, wrong(fmt.Sprintf("has steps of %d values, and the model reads %d", e.Width, m.Width), "give all series the same channels")
	default:
		it.x, it.pixels, it.steps = e.X, e.Pixels, e.Steps()
		it.show = sketch(e)
		if !m.Gaps {
			for i, v := range e.X {
				if v != v {
					return it, wrong(fmt.Sprintf("a value of step %d is missing, and none was in training", i/e.Width+1), "fill it in, or train on series that have such gaps")
				}
			}
		}
	}
	if e.Labels != nil {
		if it.want, err = m.want(e, it.steps); err != nil {
			return it, err
		}
	}
	if most := m.MaxSteps; most > 0 && it.steps > most && m.Target != Steps {
		it.shorten(most, e.Width)
	}
	return it, nil
}

// encode gives the ids of a text. Tokens that were cut already stay whole.
func (m *Model) encode(s string, tokens []string) (ids []int32) {
	if tokens != nil && m.Tokens == text.Space {
		for _, t := range tokens {
			id := text.Unknown
			if one := m.Codec.Encode(t); len(one) == 1 {
				id = one[0]
			}
			ids = append(ids, int32(id))
		}
		return ids
	}
	for _, id := range m.Codec.Encode(s) {
		ids = append(ids, int32(id))
	}
	return ids
}

func (m *Model) want(e *labelled.Example, steps int) (want []int32, err error) {
	if m.Target == Steps && len(e.Labels) != steps {
		return nil, &data.Error{File: e.File, Row: e.Row, Reason: fmt.Sprintf("has %d labels for %d steps", len(e.Labels), steps), Hint: "give each step one label"}
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

const showChars = 200 // of a text in reports

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// sketch draws the first channel of a series, or the darkness of an image's rows, in
// characters.
func sketch(e *labelled.Example) string {
	const most = 60
	n := e.Steps()
	if n == 0 {
		return "(no steps)"
	}
	at := func(t int) float64 {
		if e.Pixels == nil {
			return float64(e.X[t*e.Width])
		}
		sum := 0
		for _, p := range e.Pixels[t*e.Width : (t+1)*e.Width] {
			sum += int(p)
		}
		return float64(sum)
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for t := range n {
		if v := at(t); v == v {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	width := min(n, most)
	for i := range width {
		v := at(i * n / width)
		switch {
		case v != v:
			b.WriteByte(' ')
		case hi > lo:
			b.WriteRune(bars[int((v-lo)/(hi-lo)*7.999)])
		default:
			b.WriteRune(bars[3])
		}
	}
	return fmt.Sprintf("row %d, %d steps %s", e.Row, n, b.String())
}

// A batch is some items, time-major, padded to the longest.
type batch struct {
	ids     []int          // [steps*batch], -1 past the end
	cases   []int          // as ids
	runs    [][]int        // as ids, for runs of 2, 3… tokens; -1 where there is none
	x       *tensor.Tensor // [steps, batch, width]
	lengths []int
	want    []int          // [batch] or, with a label a step, [steps*batch]; negative for none
	holds   *tensor.Tensor // [batch, classes] of 0 and 1, with many labels
}

func (m *Model) batch(items []*item) batch {
	B, T := len(items), 1
	b := batch{lengths: make([]int, B)}
	for i, it := range items {
		b.lengths[i] = it.steps
		T = max(T, it.steps)
	}
	if m.Input == Text {
		m.batchText(&b, items, T)
	} else {
		b.x = tensor.New(T, B, m.input())
		for i, it := range items {
			m.Scale.put(b.x, i, it, m.Gaps)
		}
	}
	switch m.Target {
	case One:
		b.want = make([]int, B)
		for i, it := range items {
			b.want[i] = noLabel
			if len(it.want) > 0 {
				b.want[i] = int(it.want[0])
			}
		}
	case Steps:
		b.want = filled(T * B)
		for i, it := range items {
			for t, id := range it.want {
				b.want[t*B+i] = int(id)
			}
		}
	case Many:
		b.holds = tensor.New(B, len(m.Classes))
		for i, it := range items {
			for _, id := range it.want {
				if id >= 0 {
					b.holds.Data[i*len(m.Classes)+int(id)] = 1
				}
			}
		}
	}
	return b
}

func (m *Model) batchText(b *batch, items []*item, T int) {
	B := len(items)
	b.ids = filled(T * B)
	for n := 2; n <= m.Grams && m.Runs > 0; n++ {
		b.runs = append(b.runs, filled(T*B))
	}
	if m.cased() {
		b.cases = filled(T * B)
	}
	for i, it := range items {
		for t, c := range it.cases {
			b.cases[t*B+i] = int(c)
		}
		for t, id := range it.ids {
			b.ids[t*B+i] = int(id)
			for k := range b.runs {
				if n := k + 2; t+1 >= n {
					b.runs[k][t*B+i] = m.runs.id(it.ids[t+1-n : t+1])
				}
			}
		}
	}
}

// filled is n times -1.
func filled(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

// A Scale brings the channels of series to mean 0 and deviation 1: (x - Mean)/Std.
// Those of images, of 0 to 255, have mean 0 and deviation 255.
type Scale struct {
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"`
}

// put writes an item into row i of x [steps, batch, width]. Missing values are 0, and
// with gaps a flag for each, 1 where it is missing, stands after the values.
func (s *Scale) put(x *tensor.Tensor, i int, it *item, gaps bool) {
	B, W, n := x.Dim(1), x.Dim(2), len(s.Mean)
	for t := range it.steps {
		to := x.Data[(t*B+i)*W : (t*B+i+1)*W]
		if it.pixels != nil {
			for j, p := range it.pixels[t*n : (t+1)*n] {
				to[j] = tensor.Float((float64(p) - s.Mean[j]) / s.Std[j])
			}
			continue
		}
		for j, v := range it.x[t*n : (t+1)*n] {
			switch {
			case v == v:
				to[j] = tensor.Float((float64(v) - s.Mean[j]) / s.Std[j])
			case gaps:
				to[n+j] = 1
			}
		}
	}
}
