package chart

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/font"
)

// drawable reports whether the font of a PNG, which has the letters of Latin, Greek and
// Cyrillic, has those of a text. The letters of an SVG are its reader's.
func drawable(s string) bool {
	f := sans(10).Font
	face := font.DefaultCache.Lookup(f, f.Size)
	for _, r := range s {
		if i, err := face.Face.GlyphIndex(nil, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// spelt is the chart as a PNG can have it: without the letters that its font lacks. The note
// tells of that; it is before if nothing is left out.
func (c *Chart) spelt(before string) (*Chart, string) {
	q, note := *c, before
	keep := func(s, instead string) string {
		if drawable(s) {
			return s
		}
		note = "A PNG lacks the letters of some names here; the SVG and HTML files have them."
		return instead
	}
	q.Title, q.XLabel, q.YLabel = keep(c.Title, ""), keep(c.XLabel, "x"), keep(c.YLabel, "y")
	q.Areas, q.Lines = slices.Clone(c.Areas), slices.Clone(c.Lines)
	for i, a := range q.Areas {
		q.Areas[i].Name = keep(a.Name, fmt.Sprintf("area %d", i+1))
	}
	for i, l := range q.Lines {
		q.Lines[i].Name = keep(l.Name, fmt.Sprintf("line %d", i+1))
	}
	return &q, note
}
