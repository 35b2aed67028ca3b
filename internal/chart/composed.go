package chart

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// composed is s with its letters composed (NFC), so that Hangul in jamo, as in the names of
// files of macOS, is drawn as syllables.
func composed(s string) string { return norm.NFC.String(s) }

// composed is the page with composed letters.
func (p *Page) composed() *Page { return p.Map(composed, composed) }

// Map is the page with words of each of its own texts, such as titles, and of each line of
// notes, and with data of each text that comes from the data, such as cells. It is how a page
// is put into another language.
func (p *Page) Map(words, data func(string) string) *Page {
	q := *p
	q.Title, q.Subtitle, q.Footer, q.Notes = words(p.Title), each(p.Subtitle, words), words(p.Footer), each(p.Notes, words)
	if p.Picker != nil {
		k := Picker{Title: words(p.Picker.Title), Note: words(p.Picker.Note), Items: slices.Clone(p.Picker.Items)}
		for i, item := range k.Items {
			k.Items[i] = Item{data(item.Name), words(item.Text), item.Score}
		}
		q.Picker = &k
	}
	q.Sections = slices.Clone(p.Sections)
	for i := range q.Sections {
		s := &q.Sections[i]
		s.Title, s.Note = words(s.Title), strings.Join(each(strings.Split(s.Note, "\n"), words), "\n")
		s.Terms = slices.Clone(s.Terms)
		for j, t := range s.Terms {
			s.Terms[j] = Term{data(t.Name), words(t.Meaning)}
		}
		if s.Figure != nil {
			s.Figure = s.Figure.mapped(words, data)
		}
		s.Figures = slices.Clone(s.Figures)
		for j, f := range s.Figures {
			if f != nil {
				s.Figures[j] = f.mapped(words, data)
			}
		}
		if s.Heat != nil {
			s.Heat = s.Heat.mapped(words, data)
		}
		if s.Table != nil {
			t := *s.Table
			t.Head, t.Rows = each(t.Head, words), slices.Clone(t.Rows)
			for j, row := range t.Rows {
				t.Rows[j] = each(row, data)
			}
			s.Table = &t
		}
	}
	return &q
}

func each(texts []string, f func(string) string) []string {
	texts = slices.Clone(texts)
	for i, s := range texts {
		texts[i] = f(s)
	}
	return texts
}

func (f *Figure) mapped(words, data func(string) string) *Figure {
	q := *f
	q.XLabel, q.YLabel, q.Text, q.Labels = words(f.XLabel), words(f.YLabel), each(f.Text, words), each(f.Labels, data)
	q.Lines = slices.Clone(f.Lines)
	for i := range q.Lines {
		q.Lines[i].Name = words(q.Lines[i].Name)
	}
	return &q
}

func (h *Heat) mapped(words, data func(string) string) *Heat {
	return &Heat{Rows: each(h.Rows, data), Cols: each(h.Cols, data), Values: h.Values, Corner: words(h.Corner)}
}

// visible has signs in place of names of blanks alone.
func visible(names []string) []string {
	names = slices.Clone(names)
	for i, s := range names {
		if strings.TrimSpace(s) == "" {
			names[i] = cmp.Or(strings.NewReplacer("\n", "↵", " ", "␣", "\t", "⇥").Replace(s), "∅")
		}
	}
	return names
}

func (c *Chart) composed() *Chart { return c.Map(composed) }

// Map is the chart with words of each of its texts but the labels of ticks.
func (c *Chart) Map(words func(string) string) *Chart {
	q := *c
	q.Title, q.XLabel, q.YLabel, q.Note = words(c.Title), words(c.XLabel), words(c.YLabel), words(c.Note)
	q.Areas, q.Lines = slices.Clone(c.Areas), slices.Clone(c.Lines)
	for i := range q.Areas {
		q.Areas[i].Name = words(q.Areas[i].Name)
	}
	for i := range q.Lines {
		q.Lines[i].Name = words(q.Lines[i].Name)
	}
	return &q
}
