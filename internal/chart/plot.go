// Package chart draws: line charts and forecasts with bands as SVG and PNG (by
// gonum.org/v1/plot), as text in a terminal, and as an interactive HTML page (by
// the embedded uPlot).
package chart

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Line is a curve of a chart. NaN breaks it.
type Line struct {
	Name   string
	X, Y   []float64
	Dashed bool
	Dots   bool // points instead of a line
}

// An Area is the space between two curves over the same X.
type Area struct {
	Name      string
	X, Lo, Hi []float64
	Shade     float64 // 0 lightest to 1 darkest
}

// A Chart is lines over areas.
type Chart struct {
	Title, XLabel, YLabel string
	Areas                 []Area
	Lines                 []Line
	LogX, LogY            bool
	TickAt                []float64              // places to label on the x axis; default round numbers
	TickLabel             func(x float64) string // label of a place on the x axis; default a number
	Falling               bool                   // lines fall: the legend is on the right
	Note                  string                 // more for the description of an SVG
	Words                 func(string) string    // puts the sentences of that description into another language; default English
	Width, Height         int                    // size in points, default 720 by 400
}

// palette can be distinguished with any colour vision (after Okabe & Ito 2008), and from paper.
var palette = []color.RGBA{
	{0x33, 0x3f, 0x50, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff}, {0xb0, 0x78, 0x00, 0xff},
}

// Write draws the chart in the given format, "svg" or "png".
func (c *Chart) Write(w io.Writer, format string) error { return Panels{c}.Write(w, format) }

// Panels are charts one below the other, in one picture of the first one's title.
type Panels []*Chart

// edge is the space around a picture, in points.
const edge = 12

// Write draws the charts in the given format, "svg" or "png".
func (all Panels) Write(w io.Writer, format string) error {
	var wide, high, foot vg.Length
	var charts []*Chart
	note := ""
	for _, c := range all {
		c = c.composed()
		if format == "png" {
			c, note = c.spelt(note)
		}
		charts = append(charts, c)
		width, height := c.size()
		wide, high = max(wide, width), high+height
	}
	if note != "" {
		foot = 16
	}
	canvas, err := draw.NewFormattedCanvas(wide, high+foot, format)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	page := draw.New(canvas)
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path())
	top := high + foot
	for _, c := range charts {
		p, err := c.plot()
		if err != nil {
			return fmt.Errorf("chart: %w", err)
		}
		_, height := c.size()
		p.Draw(draw.Crop(page, edge, -edge, top-height+edge, top-high-foot-edge))
		top -= height
	}
	style := sans(9)
	page.FillText(style, vg.Point{X: edge, Y: edge}, note)
	if err := finish(w, canvas, format, charts[0].Title, Panels(charts).text(), Panels(charts).darkness()); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	return nil
}

// size is that of the chart in points.
func (c *Chart) size() (width, height vg.Length) {
	if c.Width > 0 && c.Height > 0 {
		return vg.Points(float64(c.Width)), vg.Points(float64(c.Height))
	}
	return vg.Points(720), vg.Points(400)
}

// sans is the style of text of a size.
func sans(size vg.Length) text.Style {
	s := text.Style{Color: color.Black, Font: font.From(plot.DefaultFont, size), Handler: plot.DefaultTextHandler}
	s.Font.Variant = "Sans"
	return s
}

// plot is the chart with its axes, legend and lines.
func (c *Chart) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.XLabel, c.YLabel
	p.Title.TextStyle.Font.Size = vg.Points(14)
	p.Title.Padding = vg.Points(8)
	p.Legend.Top, p.Legend.Left = true, !c.Falling
	p.Legend.Padding = vg.Points(3)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), vg.Points(-4)
	if c.Falling {
		p.Legend.XOffs = vg.Points(-8)
	}
	for _, s := range []*font.Font{&p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font, &p.Title.TextStyle.Font} {
		s.Variant = "Sans"
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, gridColour
	p.Add(grid)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{log: c.LogX, whole: c.whole(), at: c.TickAt, label: c.TickLabel}, ticks{log: c.LogY}
	if c.LogX {
		p.X.Scale = plot.LogScale{}
	}
	if c.LogY {
		p.Y.Scale = plot.LogScale{}
	}
	for _, a := range c.Areas {
		if err := addArea(p, a); err != nil {
			return nil, err
		}
	}
	for i, l := range c.Lines {
		if err := addLine(p, l, palette[i%len(palette)]); err != nil {
			return nil, err
		}
	}
	c.makeRoom(p)
	return p, nil
}

// whole reports whether all x are whole numbers, such as epochs, which an axis should
// not label between.
func (c *Chart) whole() bool {
	for _, l := range c.Lines {
		for _, x := range l.X {
			if x != math.Trunc(x) {
				return false
			}
		}
	}
	return true
}

// makeRoom raises the top of the y axis, so that the names do not lie over the lines.
func (c *Chart) makeRoom(p *plot.Plot) {
	if n := len(c.Areas) + len(c.Lines); !c.LogY {
		p.Y.Max += 0.055 * float64(n) * (p.Y.Max - p.Y.Min)
	}
}

// colour is that of the area on white paper.
func (a Area) colour() color.RGBA {
	return blend(color.RGBA{0xfb, 0xe6, 0xd6, 0xff}, color.RGBA{0xf0, 0xa8, 0x6a, 0xff}, a.Shade)
}

func addArea(p *plot.Plot, a Area) error {
	var ring plotter.XYs
	for i := range a.X {
		ring = append(ring, plotter.XY{X: a.X[i], Y: a.Hi[i]})
	}
	for i := range slices.Backward(a.X) {
		ring = append(ring, plotter.XY{X: a.X[i], Y: a.Lo[i]})
	}
	if len(ring) == 0 {
		return nil
	}
	poly, err := plotter.NewPolygon(ring)
	if err != nil {
		return err
	}
	poly.Color = a.colour()
	poly.LineStyle.Width = 0
	p.Add(poly)
	p.Legend.Add(a.Name, poly)
	return nil
}

// blend is the colour a part of the way from one to another.
func blend(from, to color.RGBA, part float64) color.RGBA {
	mix := func(from, to uint8) uint8 { return uint8(float64(from) + part*(float64(to)-float64(from))) }
	return color.RGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 0xff}
}

func addLine(p *plot.Plot, l Line, c color.Color) error {
	first := true
	for _, run := range runs(l) {
		var thumb plot.Thumbnailer
		if l.Dots || len(run) == 1 { // a line of one point is nothing
			s, err := plotter.NewScatter(run)
			if err != nil {
				return err
			}
			s.Color, s.Radius, s.Shape = c, vg.Points(2), draw.CircleGlyph{}
			p.Add(s)
			thumb = s
		} else {
			s, err := plotter.NewLine(run)
			if err != nil {
				return err
			}
			s.Color, s.Width = c, vg.Points(1.6)
			if l.Dashed {
				s.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
			}
			p.Add(s)
			thumb = s
		}
		if first && l.Name != "" {
			p.Legend.Add(l.Name, thumb)
		}
		first = false
	}
	return nil
}

// runs cuts a line where it is NaN.
func runs(l Line) (all []plotter.XYs) {
	var run plotter.XYs
	for i, y := range l.Y {
		if math.IsNaN(y) {
			if run != nil {
				all = append(all, run)
			}
			run = nil
			continue
		}
		run = append(run, plotter.XY{X: l.X[i], Y: y})
	}
	if run != nil {
		all = append(all, run)
	}
	return all
}

// ticks labels an axis at round numbers or at given places.
type ticks struct {
	log   bool
	whole bool // no labels at fractions
	at    []float64
	label func(float64) string
}

func (t ticks) Ticks(lo, hi float64) (marks []plot.Tick) {
	switch {
	case t.at != nil:
		for _, x := range t.at {
			marks = append(marks, plot.Tick{Value: x, Label: short(x)})
		}
	case t.log:
		marks = plot.LogTicks{Prec: -1}.Ticks(lo, hi)
		for i, m := range marks {
			if m.Label != "" {
				marks[i].Label = short(m.Value)
			}
		}
	default:
		marks = roundTicks(lo, hi, t.whole)
	}
	for i, m := range marks {
		if m.Label != "" && t.label != nil {
			marks[i].Label = t.label(m.Value)
		}
	}
	return marks
}

// mostLabels is the number of round numbers on an axis.
const mostLabels = 7

// roundTicks are marks from lo to hi at the multiples of 1, 2 or 5 times a power of ten, as
// close as leaves no more labels than mostLabels, with marks without one between them.
func roundTicks(lo, hi float64, whole bool) []plot.Tick {
	power := math.Pow(10, math.Floor(math.Log10((hi-lo)/mostLabels)))
	for _, by := range []struct{ step, parts float64 }{{1, 5}, {2, 4}, {5, 5}, {10, 5}, {20, 4}} {
		step, parts := by.step*power, by.parts
		if whole && step < 1 {
			continue
		}
		if whole && step/parts < 1 {
			parts = step
		}
		first, last := math.Ceil(lo/step), math.Floor(hi/step)
		if last-first >= mostLabels || !(power > 0) || math.Abs(lo)+math.Abs(hi) > 1e15*step {
			continue
		}
		var marks []plot.Tick
		for k := math.Ceil(lo/step*parts) + 0; k <= math.Floor(hi/step*parts); k++ {
			marks = append(marks, plot.Tick{Value: k / parts * step})
		}
		return labelled(marks, parts, step)
	}
	return []plot.Tick{{Value: lo, Label: short(lo)}, {Value: hi, Label: short(hi)}} // of no or endless width
}

// labelled has marks labelled that are multiples of step, of which there are so many parts.
func labelled(marks []plot.Tick, parts, step float64) []plot.Tick {
	var at []int
	var places []float64
	for i, m := range marks {
		if k := math.Round(m.Value / step * parts); math.Mod(k, parts) == 0 {
			at, places = append(at, i), append(places, m.Value)
		}
	}
	for i, label := range axisLabels(places, step) {
		marks[at[i]].Label = label
	}
	return marks
}
