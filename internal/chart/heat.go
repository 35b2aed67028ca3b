package chart

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Write draws the heat map as "svg" or "png": a cell for each value, the greatest the
// darkest, with the names of the rows on the left and those of the columns, upright,
// above. An SVG leaves the letters to its reader; the font of a PNG has those of Latin,
// Greek and Cyrillic, and names in others are numbered there, with a line that explains it.
func (h *Heat) Write(w io.Writer, title, format string) error {
	const size, head, foot = 16.0, 22.0, 20.0 // of a cell, of the title, of a note
	h, title = h.mapped(composed, composed), composed(title)
	style := sans(9)
	style.YAlign = draw.YCenter
	note := ""
	if format == "png" {
		h, title, note = h.spelt(title)
	}
	widest := func(names []string) (most vg.Length) {
		for _, n := range names {
			most = max(most, style.Width(n))
		}
		return most + 6
	}
	left, above := widest(h.Rows), widest(h.Cols)
	wide := 2*edge + left + vg.Length(size*float64(len(h.Cols)))
	high := 2*edge + head + above + vg.Length(size*float64(len(h.Rows)))
	titleStyle := style
	titleStyle.Font.Size, titleStyle.YAlign = 11, draw.YTop
	wide = max(wide, titleStyle.Width(title)+2*edge, style.Width(note)+2*edge)
	if note != "" {
		high += foot
	}
	canvas, err := draw.NewFormattedCanvas(wide, high, format)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c.FillText(titleStyle, vg.Point{X: edge, Y: high - edge}, title)
	c.FillText(style, vg.Point{X: edge, Y: edge + style.Font.Size/2}, note)
	most := h.most()
	x0, y0 := edge+left, high-edge-head-above
	dark := darkness{}
	right, upright := style, style
	right.XAlign = draw.XRight
	upright.Rotation = math.Pi / 2
	for j, name := range h.Cols {
		c.FillText(upright, vg.Point{X: x0 + vg.Length(size*(float64(j)+0.5)), Y: y0 + 4}, name)
	}
	for i, name := range h.Rows {
		y := y0 - vg.Length(size*float64(i+1))
		c.FillText(right, vg.Point{X: x0 - 4, Y: y + size/2}, name)
		for j, v := range h.Values[i] {
			light := shade(v, most)
			dark[light] = darkShade(v, most)
			c.SetColor(light)
			x := x0 + vg.Length(size*float64(j))
			r := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + size - 1, Y: y + size - 1}}
			c.Fill(r.Path())
		}
	}
	if err := finish(w, canvas, format, title, h.text(), dark); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	return nil
}

// spelt is h with numbers for names that the font lacks letters of, its title without them,
// and a note of that, "" if it has all.
func (h *Heat) spelt(title string) (*Heat, string, string) {
	all := true
	names := func(from []string) (to []string) {
		for i, n := range from {
			n = strings.ReplaceAll(n, "▁", "_") // as subwords begin
			if !drawable(n) {
				n, all = strconv.Itoa(i+1), false
			}
			to = append(to, n)
		}
		return to
	}
	spelt := &Heat{Rows: names(h.Rows), Cols: names(h.Cols), Values: h.Values}
	if !drawable(title) {
		title, all = "", false
	}
	if all {
		return spelt, title, ""
	}
	return spelt, title, "Numbers stand for words whose letters a PNG lacks here; the SVG or HTML file has them."
}

// text is what the map shows, in words: where each row is greatest.
func (h *Heat) text() string {
	var b strings.Builder
	for i, row := range h.Values {
		if len(row) == 0 {
			continue
		}
		at := 0
		for j, v := range row {
			if v > row[at] {
				at = j
			}
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s %s", h.Rows[i], h.Cols[at], short(row[at]))
	}
	return b.String()
}

// share is v as a part of most.
func share(v, most float64) float64 {
	if most > 0 && v > 0 {
		return v / most
	}
	return 0
}

// shade is a colour from nearly white for 0 to dark blue for most.
func shade(v, most float64) color.RGBA {
	return blend(color.RGBA{0xf2, 0xf5, 0xf8, 0xff}, color.RGBA{0x00, 0x4a, 0x87, 0xff}, share(v, most))
}

// darkShade is shade on dark paper: from nearly black to light blue.
func darkShade(v, most float64) color.RGBA {
	return blend(color.RGBA{0x20, 0x27, 0x2f, 0xff}, color.RGBA{0x7c, 0xc4, 0xff, 0xff}, share(v, most))
}
