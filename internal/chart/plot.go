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
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
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
	Width, Height         int                    // size in points, default 720 by 400
}

// palette can be distinguished with any colour vision (Okabe & Ito 2008).
var palette = []color.RGBA{
	{0x33, 0x3f, 0x50, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff},
}

// Write draws the chart in the given format, "svg" or "png".
func (c *Chart) Write(w io.Writer, format string) error {
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
	grid.Vertical.Color, grid.Horizontal.Color = nil, color.Gray{0xe4}
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
			return fmt.Errorf("chart: %w", err)
		}
	}
	for i, l := range c.Lines {
		if err := addLine(p, l, palette[i%len(palette)]); err != nil {
			return fmt.Errorf("chart: %w", err)
		}
	}
	c.makeRoom(p)
	width, height := vg.Points(720), vg.Points(400)
	if c.Width > 0 && c.Height > 0 {
		width, height = vg.Points(float64(c.Width)), vg.Points(float64(c.Height))
	}
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	const edge = 12
	p.Draw(draw.Crop(all, edge, -edge, edge, -edge))
	if _, err := canvas.WriteTo(w); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	return nil
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
	blend := func(light, dark uint8) uint8 { return uint8(float64(light) + a.Shade*(float64(dark)-float64(light))) }
	poly.Color = color.RGBA{blend(0xfb, 0xf0), blend(0xe6, 0xa8), blend(0xd6, 0x6a), 0xff}
	poly.LineStyle.Width = 0
	p.Add(poly)
	p.Legend.Add(a.Name, poly)
	return nil
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
			m := plot.Tick{Value: k / parts * step}
			if math.Mod(k, parts) == 0 {
				m.Label = short(m.Value)
			}
			marks = append(marks, m)
		}
		return distinct(marks, step)
	}
	return []plot.Tick{{Value: lo, Label: short(lo)}, {Value: hi, Label: short(hi)}} // of no or endless width
}

// distinct writes labels a step apart with as many digits as that takes, if two are the same
// in short.
func distinct(marks []plot.Tick, step float64) []plot.Tick {
	before := ""
	for _, m := range marks {
		if m.Label != "" && m.Label == before {
			digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
			for i, m := range marks {
				if m.Label != "" {
					marks[i].Label = strconv.FormatFloat(m.Value, 'f', digits, 64)
				}
			}
			return marks
		}
		if m.Label != "" {
			before = m.Label
		}
	}
	return marks
}

// short writes a number in few characters: 1200 as 1200, 45000 as 45k.
func short(v float64) string {
	a := math.Abs(v)
	if a >= 1e12 {
		return fmt.Sprintf("%.3g", v)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if a >= u.size {
			size := u.size
			if u.name == "k" {
				size = 1e3
			}
			return trim(fmt.Sprintf("%.2f", v/size)) + u.name
		}
	}
	switch {
	case a == 0:
		return "0"
	case a < 0.001:
		return fmt.Sprintf("%.0e", v)
	case a < 10:
		return trim(fmt.Sprintf("%.3f", v))
	}
	return trim(fmt.Sprintf("%.1f", v))
}

func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
