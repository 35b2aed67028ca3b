package chart

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"image/color"
	"io"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// darkness is what colours become on dark paper.
type darkness map[color.RGBA]color.RGBA

var gridColour = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}

// dark are the colours of all pictures on dark paper.
var dark = darkness{
	{0xff, 0xff, 0xff, 0xff}: {0x14, 0x18, 0x1d, 0xff}, // paper
	{0x00, 0x00, 0x00, 0xff}: {0xe6, 0xea, 0xee, 0xff}, // ink
	gridColour:               {0x2b, 0x32, 0x3a, 0xff},
	palette[0]:               {0xcf, 0xd6, 0xde, 0xff},
	palette[1]:               {0xff, 0x8a, 0x4c, 0xff},
	palette[2]:               {0x56, 0xb4, 0xe9, 0xff},
	palette[3]:               {0x2f, 0xd0, 0xa0, 0xff},
	palette[4]:               {0xe6, 0xa0, 0xc4, 0xff},
	palette[5]:               {0xff, 0xc0, 0x4d, 0xff},
}

// finish writes a picture. An SVG gets a title, a description, and a style for dark paper,
// whose colours beside those of all pictures are more.
func finish(w io.Writer, canvas vg.CanvasWriterTo, format, title, text string, more darkness) error {
	if format != "svg" {
		_, err := canvas.WriteTo(w)
		return err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	start, rest, found := strings.Cut(b.String(), "<svg ")
	head, body, ended := strings.Cut(rest, ">\n")
	if !found || !ended {
		return errors.New("the SVG has no head")
	}
	_, err := fmt.Fprintf(w, "%s<svg role=\"img\" aria-labelledby=\"title\" aria-describedby=\"desc\" %s>\n<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n%s%s",
		start, head, html.EscapeString(cmp.Or(title, "Chart")), html.EscapeString(text), more.style(), body)
	return err
}

// style is that of an SVG for dark paper. Colours stand in the style of each element, where
// readers without style sheets find them too.
func (d darkness) style() string {
	all := maps.Clone(dark)
	maps.Copy(all, d)
	order := slices.SortedFunc(maps.Keys(all), func(a, b color.RGBA) int { return strings.Compare(hex(a), hex(b)) })
	var b strings.Builder
	b.WriteString("<style>\n@media (prefers-color-scheme: dark) {\ntext { fill: " + hex(dark[color.RGBA{A: 0xff}]) + " !important }\n")
	for _, light := range order {
		for _, what := range []string{"fill", "stroke"} {
			fmt.Fprintf(&b, "path[style*=\"%s:%s\"] { %s: %s !important }\n", what, hex(light), what, hex(all[light]))
		}
	}
	return b.String() + "}\n</style>\n"
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// darkness are the colours of the areas.
func (all Panels) darkness() darkness {
	d := darkness{}
	for _, c := range all {
		for _, a := range c.Areas {
			d[a.colour()] = blend(color.RGBA{0x35, 0x29, 0x1f, 0xff}, color.RGBA{0x73, 0x48, 0x28, 0xff}, a.Shade)
		}
	}
	return d
}

// text is what the charts show, in words: of each its axes, and where its lines begin and end.
func (all Panels) text() string {
	var parts []string
	for i, c := range all {
		words := c.Words
		if words == nil {
			words = func(english string) string { return english }
		}
		if i > 0 && c.Title != "" {
			parts = append(parts, c.Title)
		}
		if c.XLabel != "" || c.YLabel != "" {
			parts = append(parts, words(fmt.Sprintf("y axis: %s, x axis: %s", cmp.Or(c.YLabel, "values"), cmp.Or(c.XLabel, "x"))))
		}
		for _, l := range c.Lines {
			if line := c.lineText(l); line != "" {
				parts = append(parts, words(line))
			}
		}
		for _, a := range c.Areas {
			if n := len(a.X) - 1; n >= 0 {
				parts = append(parts, words(fmt.Sprintf("%s, at the end from %s to %s", a.Name, short(a.Lo[n]), short(a.Hi[n]))))
			}
		}
		if c.Note != "" {
			parts = append(parts, c.Note)
		}
	}
	return strings.Join(parts, ". ")
}

func (c *Chart) lineText(l Line) string {
	label := short
	if c.TickLabel != nil {
		label = c.TickLabel
	}
	first, last := -1, -1
	for i, y := range l.Y {
		if isFinite(y) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return ""
	}
	return fmt.Sprintf("%s: from %s at %s to %s at %s", cmp.Or(l.Name, "line"), short(l.Y[first]), label(l.X[first]), short(l.Y[last]), label(l.X[last]))
}
