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

func allComposed(texts []string) []string {
	texts = slices.Clone(texts)
	for i, s := range texts {
		texts[i] = composed(s)
	}
	return texts
}

// composed is the page with composed letters.
func (p *Page) composed() *Page {
	q := *p
	q.Title, q.Subtitle, q.Footer, q.Notes = composed(p.Title), composed(p.Subtitle), composed(p.Footer), allComposed(p.Notes)
	q.Sections = slices.Clone(p.Sections)
	for i := range q.Sections {
		s := &q.Sections[i]
		s.Title, s.Note = composed(s.Title), composed(s.Note)
		s.Terms = slices.Clone(s.Terms)
		for j, t := range s.Terms {
			s.Terms[j] = Term{composed(t.Name), composed(t.Meaning)}
		}
		if s.Figure != nil {
			s.Figure = s.Figure.composed()
		}
		if s.Heat != nil {
			s.Heat = s.Heat.composed()
		}
		if s.Table != nil {
			t := *s.Table
			t.Head, t.Rows = allComposed(t.Head), slices.Clone(t.Rows)
			for j, row := range t.Rows {
				t.Rows[j] = allComposed(row)
			}
			s.Table = &t
		}
	}
	return &q
}

func (f *Figure) composed() *Figure {
	q := *f
	q.XLabel, q.YLabel, q.Text, q.Labels = composed(f.XLabel), composed(f.YLabel), composed(f.Text), allComposed(f.Labels)
	q.Lines = slices.Clone(f.Lines)
	for i := range q.Lines {
		q.Lines[i].Name = composed(q.Lines[i].Name)
	}
	return &q
}

func (h *Heat) composed() *Heat {
	return &Heat{Rows: visible(allComposed(h.Rows)), Cols: visible(allComposed(h.Cols)), Values: h.Values, Corner: composed(h.Corner)}
}

// visible has signs in place of names of blanks alone.
func visible(names []string) []string {
	for i, s := range names {
		if strings.TrimSpace(s) == "" {
			names[i] = cmp.Or(strings.NewReplacer("\n", "↵", " ", "␣", "\t", "⇥").Replace(s), "∅")
		}
	}
	return names
}

func (c *Chart) composed() *Chart {
	q := *c
	q.Title, q.XLabel, q.YLabel, q.Note = composed(c.Title), composed(c.XLabel), composed(c.YLabel), composed(c.Note)
	q.Areas, q.Lines = slices.Clone(c.Areas), slices.Clone(c.Lines)
	for i := range q.Areas {
		q.Areas[i].Name = composed(q.Areas[i].Name)
	}
	for i := range q.Lines {
		q.Lines[i].Name = composed(q.Lines[i].Name)
	}
	return &q
}
