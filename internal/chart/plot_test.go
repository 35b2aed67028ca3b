package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/internal/chart"
)

// A drawing is an SVG file: its texts and paths with their styles, as they come.
type drawing struct {
	texts []mark
	paths []mark
}

// A mark is a text or a path; of a path the places are its corners.
type mark struct {
	text, style string
	at          [][2]float64
}

// drawn is what a chart draws.
func drawn(t *testing.T, c *chart.Chart) (d drawing) {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	in := xml.NewDecoder(&b)
	for {
		token, err := in.Token()
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatal(err)
		}
		begin, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attr := map[string]string{}
		for _, a := range begin.Attr {
			attr[a.Name.Local] = a.Value
		}
		switch begin.Name.Local {
		case "text":
			var text string
			if err := in.DecodeElement(&text, &begin); err != nil {
				t.Fatal(err)
			}
			d.texts = append(d.texts, mark{text, attr["style"], [][2]float64{{number(t, attr["x"]), -number(t, attr["y"])}}})
		case "path":
			m := mark{style: attr["style"]}
			for _, p := range regexp.MustCompile(`[ML]([-\d.]+),([-\d.]+)`).FindAllStringSubmatch(attr["d"], -1) {
				m.at = append(m.at, [2]float64{number(t, p[1]), number(t, p[2])})
			}
			d.paths = append(d.paths, m)
		}
	}
}

func number(t *testing.T, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// of are the paths whose style has a text.
func (d drawing) of(style string) (some []mark) {
	for _, p := range d.paths {
		if strings.Contains(p.style, style) {
			some = append(some, p)
		}
	}
	return some
}

func (d drawing) words() (all []string) {
	for _, m := range d.texts {
		all = append(all, m.text)
	}
	return all
}

// ticks are the labels of an axis, 0 for x and 1 for y, in their order: texts of 10 points
// that are in one line.
func (d drawing) ticks(axis int) (labels []string, at []float64) {
	count := map[float64]int{}
	var small []mark
	for _, m := range d.texts {
		if strings.Contains(m.style, "font-size:10px") {
			small = append(small, m)
		}
	}
	for _, m := range small {
		count[m.at[0][1]]++
	}
	for _, m := range small {
		if low := m.at[0][1] < 30; low == (axis == 0) {
			labels, at = append(labels, m.text), append(at, m.at[0][axis])
		}
	}
	return labels, at
}

// upTo are the numbers from 1 to n.
func upTo(n int) (x []float64) {
	for i := range n {
		x = append(x, float64(i+1))
	}
	return x
}

func TestWords(t *testing.T) {
	d := drawn(t, &chart.Chart{
		Title: "Loss & <score>", XLabel: "epoch", YLabel: "nats",
		Areas: []chart.Area{{Name: "95 %", X: upTo(2), Lo: []float64{1, 2}, Hi: []float64{3, 4}}},
		Lines: []chart.Line{{Name: "training", X: upTo(2), Y: upTo(2)}, {X: upTo(2), Y: upTo(2)}},
	})
	for _, want := range []string{"Loss & <score>", "epoch", "nats", "95 %", "training"} {
		if !slices.Contains(d.words(), want) {
			t.Errorf("%q is not among %q", want, d.words())
		}
	}
	if slices.Contains(d.words(), "") {
		t.Errorf("a line without a name stands in the legend: %q", d.words())
	}
}

// Ticks are at round numbers the same distance apart, few of them, and where x counts
// something at whole numbers.
func TestTicks(t *testing.T) {
	for n, want := range map[int]string{
		1: "0 1 2", 2: "1 2", 3: "1 2 3", 7: "1 2 3 4 5 6 7", 8: "2 4 6 8", 13: "2 4 6 8 10 12", 22: "5 10 15 20", 30: "5 10 15 20 25 30",
		31: "5 10 15 20 25 30", 40: "10 20 30 40", 150: "20 40 60 80 100 120 140", 60000: "10k 20k 30k 40k 50k 60k",
	} {
		labels, _ := drawn(t, &chart.Chart{Lines: []chart.Line{{X: upTo(n), Y: make([]float64, n)}}}).ticks(0)
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("%d epochs: ticks at %s, want %s", n, got, want)
		}
	}
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 1, "0 0.2 0.4 0.6 0.8 1"}, {-1, 1, "-1.0 -0.5 0 0.5 1.0"}, {0.0001, 0.0009, "2e-4 4e-4 6e-4 8e-4"}, {0, 5e9, "0 1G 2G 3G 4G 5G"},
		{1e6, 1.5e6, "1.0M 1.1M 1.2M 1.3M 1.4M 1.5M"},
		// Numbers that are the same in short have more digits.
		{10, 10.05, "10.00 10.01 10.02 10.03 10.04 10.05"}, {45000, 45004, "45000 45001 45002 45003 45004"}, {-0.0002, 0.0002, "-2e-4 -1e-4 0 1e-4 2e-4"},
		// Of no width, or of none that numbers have.
		{3, 3, "2.0 2.5 3.0 3.5 4.0"}, {0, 5e-324, "0 4.94e-324"}, {-8e307, 8e307, "-5e307 0 5e307"},
		{1e300, 1e300 + 1e285, "1e300"},
		// Of one unit and as many decimals, whatever the size.
		{0, 12000, "0 2k 4k 6k 8k 10k 12k"}, {9e11, 1.3e12, "0.9T 1.0T 1.1T 1.2T 1.3T"}, {1e-9, 1.4e-9, "1.1e-9 1.2e-9 1.3e-9 1.4e-9"},
		{998, 1002, "998 999 1000 1001 1002"}, {-1.5e12, 0, "-1.5T -1.0T -0.5T 0"}, {999.5, 1000.5, "999.6 999.8 1000.0 1000.2 1000.4"}, {1e12, 1e12 + 4, "1000000000000 1000000000001"},
	} {
		labels, at := drawn(t, &chart.Chart{Lines: []chart.Line{{X: []float64{0, 0.5}, Y: []float64{c.lo, c.hi}}}}).ticks(1)
		if got := strings.Join(labels, " "); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v to %v: ticks at %s, want %s", c.lo, c.hi, got, c.want)
		}
		for i := 2; i < len(at); i++ {
			if math.Abs(at[i]-2*at[i-1]+at[i-2]) > 0.1 {
				t.Errorf("%v to %v: ticks at %v are not even", c.lo, c.hi, at)
			}
		}
	}
}

// Places that are given are labelled in the words that are given.
func TestTickLabels(t *testing.T) {
	c := &chart.Chart{Lines: []chart.Line{{X: upTo(24), Y: upTo(24)}}, TickAt: []float64{1, 13}, TickLabel: func(x float64) string { return fmt.Sprint("year ", x) }}
	if labels, _ := drawn(t, c).ticks(0); !slices.Equal(labels, []string{"year 1", "year 13"}) {
		t.Errorf("%q", labels)
	}
	c.TickLabel = nil
	if labels, _ := drawn(t, c).ticks(0); !slices.Equal(labels, []string{"1", "13"}) {
		t.Errorf("%q", labels)
	}
}

// The corners of a line are where its values are on the axes.
func TestPlaces(t *testing.T) {
	for _, log := range []bool{false, true} {
		y := []float64{0, 2, 1, 4}
		if log {
			y = []float64{1, 100, 10, 10000}
		}
		d := drawn(t, &chart.Chart{Lines: []chart.Line{{X: []float64{0, 1, 2, 4}, Y: y}}, LogY: log})
		at := d.of("stroke:#333F50")[0].at
		for i, want := range [][2]float64{{0, 0}, {0.25, 0.5}, {0.5, 0.25}, {1, 1}} {
			x, y := (at[i][0]-at[0][0])/(at[3][0]-at[0][0]), (at[i][1]-at[0][1])/(at[3][1]-at[0][1])
			if math.Abs(x-want[0]) > 1e-3 || math.Abs(y-want[1]) > 1e-3 {
				t.Errorf("logarithm %v: corner %d at %.3f, %.3f, want %v", log, i, x, y, want)
			}
		}
		// The label of a value is at its height.
		labels, heights := d.ticks(1)
		top := slices.Index(labels, map[bool]string{false: "4", true: "10k"}[log])
		if top < 0 || math.Abs(heights[top]-at[3][1]) > 5 {
			t.Errorf("logarithm %v: labels %q at %v, the line ends at %v", log, labels, heights, at[3])
		}
	}
	d := drawn(t, &chart.Chart{Lines: []chart.Line{{X: []float64{1, 10, 100}, Y: upTo(3)}}, LogX: true})
	if at := d.of("stroke:#333F50")[0].at; math.Abs(at[0][0]-2*at[1][0]+at[2][0]) > 0.1 {
		t.Errorf("powers of ten at %v", at)
	}
}

// NaN breaks a line, and what is left of one point is a dot, as the only epoch of a run.
func TestBreaks(t *testing.T) {
	nan := math.NaN()
	d := drawn(t, &chart.Chart{Lines: []chart.Line{{Name: "a", X: upTo(6), Y: []float64{1, 2, nan, 3, nan, 4}}}})
	if lines := d.of("stroke:#333F50"); len(lines) != 2 || len(lines[0].at) != 2 { // the other is in the legend
		t.Errorf("%+v", lines)
	}
	if dots := d.of("fill:#333F50"); len(dots) != 2 {
		t.Errorf("%d dots", len(dots))
	}
	if d := drawn(t, &chart.Chart{Lines: []chart.Line{{Name: "loss", X: upTo(1), Y: upTo(1)}}}); len(d.of("fill:#333F50")) != 2 || !slices.Contains(d.words(), "loss") {
		t.Errorf("an epoch alone: %+v", d.of("#333F50"))
	}
	if d := drawn(t, &chart.Chart{Lines: []chart.Line{{Name: "a", X: upTo(2), Y: []float64{nan, nan}}}}); len(d.of("#333F50")) != 0 {
		t.Errorf("%+v", d.paths)
	}
}

func TestStyles(t *testing.T) {
	var lines []chart.Line
	for i := range 7 {
		lines = append(lines, chart.Line{Name: fmt.Sprint("line ", i), X: upTo(3), Y: upTo(3), Dashed: i == 1, Dots: i == 2})
	}
	d := drawn(t, &chart.Chart{Lines: lines, Areas: []chart.Area{
		{Name: "99 %", X: upTo(3), Lo: []float64{0, 0, 0}, Hi: []float64{4, 4, 4}}, {Name: "50 %", X: upTo(3), Lo: []float64{1, 1, 1}, Hi: []float64{3, 3, 3}, Shade: 1}, {Name: "none"},
	}})
	if dashed := d.of("stroke-dasharray"); len(dashed) != 2 || !strings.Contains(dashed[0].style, "#D55E00") {
		t.Errorf("dashed are %+v", dashed)
	}
	if dots := d.of("fill:#0072B2"); len(dots) != 4 { // and one in the legend
		t.Errorf("%d dots", len(dots))
	}
	if first := d.of("stroke:#333F50"); len(first) != 4 { // the palette begins again
		t.Errorf("%d paths have the first colour", len(first))
	}
	light, dark := d.of("fill:#FBE6D6"), d.of("fill:#F0A86A")
	if len(light) != 2 || len(dark) != 2 || light[0].at[0][1] <= dark[0].at[0][1] || slices.Contains(d.words(), "none") {
		t.Errorf("areas %+v, %+v", light, dark)
	}
}

// The names stand at the side where the lines are not, above all of them.
func TestLegend(t *testing.T) {
	name := func(d drawing) [2]float64 {
		for _, m := range d.texts {
			if m.text == "loss in training" {
				return m.at[0]
			}
		}
		t.Fatal("there is no name")
		return [2]float64{}
	}
	falling := []chart.Line{{Name: "loss in training", X: upTo(3), Y: []float64{3, 2, 3}}, {Name: "loss, held out", X: upTo(3), Y: []float64{3, 2, 3}}}
	left, right := drawn(t, &chart.Chart{Lines: falling}), drawn(t, &chart.Chart{Lines: falling, Falling: true})
	if l, r := name(left)[0], name(right)[0]; l > 200 || r < 500 {
		t.Errorf("names at %v and %v", l, r)
	}
	if top, low := right.of("stroke:#333F50")[0].at[2][1], name(right)[1]-18; top > low { // the second name is a line below
		t.Errorf("the line ends at %v, its names at %v", top, low)
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct{ width, height, wide, high int }{{0, 0, 720, 400}, {420, 400, 420, 400}, {420, 0, 720, 400}} {
		var b bytes.Buffer
		if err := (&chart.Chart{Lines: []chart.Line{{X: upTo(2), Y: upTo(2)}}, Width: c.width, Height: c.height}).Write(&b, "png"); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		// A PNG has 96 dots an inch, a point is 1/72 of one.
		if size := img.Bounds().Size(); size.X*3/4 != c.wide || (size.Y*3+2)/4 != c.high {
			t.Errorf("%d by %d is drawn as %v", c.width, c.height, size)
		}
		colours := map[any]bool{}
		for x := range img.Bounds().Dx() {
			for y := range img.Bounds().Dy() {
				colours[img.At(x, y)] = true
			}
		}
		if !colours[color.RGBA{0x33, 0x3f, 0x50, 0xff}] || !colours[color.RGBA{0xff, 0xff, 0xff, 0xff}] {
			t.Errorf("there is no line on white among %d colours", len(colours))
		}
	}
}

func TestChartErrors(t *testing.T) {
	inf := []float64{1, math.Inf(1)}
	for want, c := range map[string]*chart.Chart{
		"gif":       {Lines: []chart.Line{{X: upTo(2), Y: upTo(2)}}},
		"infinite":  {Lines: []chart.Line{{X: upTo(2), Y: inf}}},
		"infinite ": {Lines: []chart.Line{{X: upTo(2), Y: inf, Dots: true}}},
		" infinite": {Areas: []chart.Area{{X: upTo(2), Lo: upTo(2), Hi: inf}}},
	} {
		format := "svg"
		if want == "gif" {
			format = want
		}
		if err := c.Write(io.Discard, format); err == nil || !strings.HasPrefix(err.Error(), "chart: ") || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	good := &chart.Chart{Lines: []chart.Line{{X: upTo(2), Y: upTo(2)}}}
	heat := &chart.Heat{Rows: []string{"a"}, Cols: []string{"b"}, Values: [][]float64{{1}}}
	for name, write := range map[string]func(io.Writer) error{
		"svg": func(w io.Writer) error { return good.Write(w, "svg") }, "png": func(w io.Writer) error { return good.Write(w, "png") },
		"heat": func(w io.Writer) error { return heat.Write(w, "", "png") }, "page": (&chart.Page{Title: "t"}).Write,
		"terminal": func(w io.Writer) error { return fan().Terminal(w, 60, 12, false) },
	} {
		if err := write(full{}); !errors.Is(err, errFull) {
			t.Errorf("%s on a full disk: %v", name, err)
		}
	}
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// written is a picture as a file.
func written(t *testing.T, p interface {
	Write(w io.Writer, format string) error
}, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An SVG follows the reader's light or dark style, with enough contrast in both, and has a
// title and a description for those who do not see it.
func TestSVGForAll(t *testing.T) {
	var lines []chart.Line
	for i := range 6 {
		lines = append(lines, chart.Line{Name: fmt.Sprint("line ", i), X: upTo(3), Y: upTo(3)})
	}
	svg := written(t, &chart.Chart{Title: "Loss & <score>", XLabel: "epoch", YLabel: "nats", Note: "A note.", Lines: lines, Areas: []chart.Area{{Name: "95 %", X: upTo(3), Lo: upTo(3), Hi: upTo(3), Shade: 0.3}}}, "svg")
	for _, want := range []string{
		`<svg role="img" aria-labelledby="title" aria-describedby="desc"`, `<title id="title">Loss &amp; &lt;score&gt;</title>`,
		"y axis: nats, x axis: epoch", "line 0: from 1 at 1 to 3 at 3", "95 %, at the end from 3 to 3", "A note.</desc>",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the SVG lacks %s", want)
		}
	}
	_, style, _ := strings.Cut(svg, "@media (prefers-color-scheme: dark) {")
	style, body, _ := strings.Cut(style, "</style>")
	becomes := map[string]string{}
	for _, m := range regexp.MustCompile(`:(#[0-9A-F]{6})"\] \{ \w+: (#[0-9A-F]{6}) !important`).FindAllStringSubmatch(style, -1) {
		becomes[m[1]] = m[2]
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:fill|stroke):(#[0-9A-F]{6})`).FindAllStringSubmatch(body, -1) {
		used[m[1]] = true
		if becomes[m[1]] == "" {
			t.Errorf("%s has no colour on dark paper", m[1])
		}
	}
	if len(used) < 9 || !strings.Contains(style, "text { fill: #E6EAEE !important }") {
		t.Errorf("colours %v, style %s", used, style)
	}
	for light := range used {
		if light == "#FFFFFF" || light == "#E4E4E4" || strings.HasPrefix(light, "#F") { // paper, grid and areas
			continue
		}
		if a, b := contrast(t, light, "#FFFFFF"), contrast(t, becomes[light], becomes["#FFFFFF"]); a < 3 || b < 3 {
			t.Errorf("%s has a contrast of %.1f, and as %s of %.1f in the dark", light, a, becomes[light], b)
		}
	}
}

// contrast is that of WCAG 2.
func contrast(t *testing.T, a, b string) float64 {
	light := func(c string) (sum float64) {
		for i, part := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.03928 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += part * v
		}
		return sum
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Scores of different units have panels of their own, one below the other.
func TestPanels(t *testing.T) {
	loss := &chart.Chart{Title: "Learning", XLabel: "epoch", YLabel: "loss", Lines: []chart.Line{{Name: "training", X: upTo(3), Y: []float64{3, 2, 1}}}}
	bleu := &chart.Chart{XLabel: "epoch", YLabel: "bleu", Width: 720, Height: 300, Lines: []chart.Line{{Name: "validation", X: upTo(3), Y: []float64{10, 20, 30}}}}
	svg := written(t, chart.Panels{loss, bleu}, "svg")
	if !strings.Contains(svg, `width="720pt" height="700pt"`) || !strings.Contains(svg, "y axis: bleu, x axis: epoch. validation: from 10 at 1 to 30 at 3") {
		t.Errorf("%s", svg[:800])
	}
	y := func(text string) float64 {
		m := regexp.MustCompile(`y="([-\d.]+)"[^>]*>` + text + `<`).FindStringSubmatch(svg)
		if m == nil {
			t.Fatalf("%q is not there", text)
		}
		return number(t, m[1])
	}
	if training, validation := y("training"), y("validation"); training > -600 || validation < -300 {
		t.Errorf("the names are at %v and %v", training, validation)
	}
}

// A PNG has no letters of Hangul: a name in them is left out, and a note tells; an SVG has all,
// composed.
func TestHangul(t *testing.T) {
	c := &chart.Chart{Title: norm.NFD.String("주가"), XLabel: "시간", YLabel: "원", Lines: []chart.Line{{Name: norm.NFD.String("구글"), X: upTo(2), Y: upTo(2)}}, Areas: []chart.Area{{Name: "구간", X: upTo(2), Lo: upTo(2), Hi: upTo(2)}}}
	svg := written(t, c, "svg")
	for _, want := range []string{">주가</text>", ">구글</text>", ">구간</text>", ">시간</text>", ">원</text>", `<title id="title">주가</title>`} {
		if !strings.Contains(svg, want) {
			t.Errorf("the SVG lacks %s", want)
		}
	}
	high := func(c *chart.Chart) int {
		img, err := png.Decode(strings.NewReader(written(t, c, "png")))
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Dy()
	}
	latin := &chart.Chart{Title: "Prices", XLabel: "time", YLabel: "won", Lines: []chart.Line{{Name: "Google", X: upTo(2), Y: upTo(2)}}}
	if high(c) <= high(latin) {
		t.Error("there is no note under the picture")
	}
}

// A number has four figures once it is rounded, and its power of ten no zeros before it.
func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 999.97: "1000", 1000: "1000", 99.996: "100.0", -99.994: "-99.99", 0.5: "0.5000", 1.718e-7: "1.718e-7", 9.99996e-5: "1.000e-4", -1e12: "-1000000000000", 2.5e15: "2.500e15",
		math.Inf(-1): "-Inf",
	} {
		if got := chart.Digits(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}
