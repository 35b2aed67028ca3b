package chart_test

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/internal/chart"
)

// page is the HTML of a page.
func page(t *testing.T, p *chart.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A page asks nothing of the network, and text of the data is text in it.
func TestPage(t *testing.T) {
	html := page(t, &chart.Page{
		Title: "Sales <b>& more", Subtitle: []string{"36 months"}, Notes: []string{"one note", "<script>alert(1)</script>"}, Footer: "recur",
		Sections: []chart.Section{
			{Title: "Forecast", Note: "with bands", Figure: &chart.Figure{X: []float64{1, 2}, Text: []string{"It rises.", "It ends."}}},
			{Title: "Scores", Note: "lower is better", Table: &chart.Table{Head: []string{"method", "MASE"}, Rows: [][]string{{"naive", "1.2"}, {"small", "0.8"}}, Best: 1}, Terms: []chart.Term{{"MASE", "mean & more"}}},
			{Title: "Confusion", Heat: &chart.Heat{Rows: []string{"cat", "dog"}, Cols: []string{"as cat", "as dog"}, Values: [][]float64{{8, 2}, {0, 4}}}},
			{Title: "Strip", Note: "two digits", Picture: []byte("\x89PNG")},
		},
	})
	for _, want := range []string{
		"<title>Sales &lt;b&gt;&amp; more</title>", `<p class="subtitle">36 months</p>`, "<li>one note</li>", "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li>", "<footer>recur</footer>",
		`<h2 id="title-0">Forecast</h2>`, `<p class="note" id="note-0">with bands</p>`, `id="figure-0" role="img" aria-labelledby="title-0" aria-describedby="text-0"`, `<figcaption id="text-0">It rises. It ends.</figcaption>`,
		`<h2 id="title-1">Scores</h2>`, `<th scope="col" class="words">method</th><th scope="col">MASE</th>`, `<tr><td class="words">naive</td><td>1.2</td></tr>`, `<tr class="best"><td class="words">small</td><td>0.8</td></tr>`,
		"<dt>MASE</dt><dd>mean &amp; more</dd>", `role="region" aria-label="Confusion (2)" tabindex="0"`,
		`<th scope="row">cat</th>`, `<th scope="col"><span>as dog</span></th>`, `<td style="--strength: 1">8</td><td style="--strength: 0.25">2</td>`, `<td style="--strength: 0">0</td><td style="--strength: 0.5">4</td>`,
		`<img src="data:image/png;base64,iVBORw==" alt="Strip" aria-describedby="note-3">`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if from := regexp.MustCompile(`(src|href)="(https?:)?//|@import|url\(\s*['"]?http`).FindString(html); from != "" {
		t.Errorf("it loads from the network: %s", from)
	}
	empty := page(t, &chart.Page{Title: "t"})
	for _, not := range []string{"<h2", "<footer>", "var uPlot", `class="subtitle"`} {
		if strings.Contains(empty, not) {
			t.Errorf("a page of a title has %s", not)
		}
	}
}

// The script of the page has the values of the figures; what is no number breaks a line.
func TestPageFigures(t *testing.T) {
	html := page(t, &chart.Page{Sections: []chart.Section{{}, {Figure: &chart.Figure{
		YLabel: "</script><script>alert(1)</script>", Time: true, XLabel: "epoch", X: []float64{0, 86400, 172800}, Labels: []string{"1970-01-01", "1970-01-02", "1970-01-03"}, From: 1,
		Lines: []chart.FigureLine{
			{Name: "history", Role: "history", Y: []float64{1.5, math.NaN(), 3}},
			{Name: "95 %", Band: "lo", Y: []float64{math.Inf(-1), 0, 1}},
			{Name: "95 %", Band: "hi", Y: []float64{1, 2, 3.14159}},
			{Name: "naive", Off: true, Y: []float64{1, 1, 1}},
			{Name: "drift", Y: []float64{math.NaN(), math.NaN(), math.NaN()}},
		},
	}}}})
	d := drawnOf(t, html)
	f, axis := d.Figures[0].Items[0], d.Axes[0]
	if len(d.Figures) != 1 || d.Figures[0].At != 1 || f.YLabel != "</script><script>alert(1)</script>" || !axis.Time || f.XLabel != "epoch" || axis.Count != 3 || axis.By != 86400 || axis.Date != 10 || axis.Labels != nil || len(f.Lines) != 4 {
		t.Fatalf("%+v", d) // drift, which has no value, is not drawn
	}
	history, band, naive := f.Lines[0], f.Lines[1], f.Lines[3]
	if history.Role != "history" || *history.Y[0] != 1.5 || history.Y[1] != nil || *history.Y[2] != 3 || history.Off {
		t.Errorf("%+v", history)
	}
	if band.Band != "lo" || band.Y[0] != nil || *band.Y[2] != 1 || !naive.Off {
		t.Errorf("%+v, %+v", band, naive)
	}
	// Beside the chart its values stand as a table, without what has none.
	for _, want := range []string{
		`<th scope="col">history</th><th scope="col">naive</th><th scope="col">95 %</th></tr>`,
		`<td class="words">1970-01-02</td><td></td><td>1.000</td><td>0 … 2.000</td></tr>`, `<td class="words">1970-01-03</td><td>3.000</td><td>1.000</td><td>1.000 … 3.142</td></tr>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(html, ">1970-01-01</td>") {
		t.Error("the table begins too early")
	}
}

// Bars are drawn as such, and counts are whole in the table; charts with the same link are told.
func TestPageBars(t *testing.T) {
	bars := &chart.Figure{XLabel: "error", X: []float64{-1, 0, 1}, Labels: []string{"-1.5 … -0.5", "-0.5 … 0.5", "0.5 … 1.5"}, Lines: []chart.FigureLine{{Name: "errors", Y: []float64{2, 0, 0.5}, Bars: true, Role: "actual"}}}
	html := page(t, &chart.Page{Sections: []chart.Section{{Figure: bars, Link: "both"}, {Figure: bars, Link: "both"}, {Figure: bars}}})
	d := drawnOf(t, html)
	if d.Figures[0].Link != "both" || d.Figures[1].Link != "both" || d.Figures[2].Link != "" || !d.Figures[0].Items[0].Lines[0].Bars {
		t.Errorf("%+v", d)
	}
	for _, want := range []string{`<td>-1.5 … -0.5</td><td>2</td>`, `<td>0.5000</td>`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// Values that differ by little beside their size have the figures that tell them apart.
func TestFiguresOfSmallChanges(t *testing.T) {
	y := []float64{1e12, 1e12 + 0.125, 1e12 + 0.25}
	d := drawnOf(t, page(t, &chart.Page{Sections: []chart.Section{{Figure: &chart.Figure{X: []float64{0, 1, 2}, Origins: []int{1}, Lines: []chart.FigureLine{
		{Name: "history", Y: y}, {Name: "recur", Steps: [][]float64{y[1:]}}}}}}}))
	lines := d.Figures[0].Items[0].Lines
	if a, b := *lines[0].Y[1]-*lines[0].Y[0], *lines[1].Steps[0][1]-*lines[1].Steps[0][0]; a < 0.11 || b < 0.11 {
		t.Errorf("changes of 0.125 are drawn as %g and %g", a, b)
	}
}

// drawnJSON is what the script of a page takes.
type drawnJSON struct {
	Figures []struct {
		At    int
		Link  string
		Items []*struct {
			Axis, From, View int
			XLabel, YLabel   string
			Text             string
			Origins          []int
			Lines            []struct {
				Name, Band, Role string
				Off, Bars        bool
				Y                []*float64
				Steps            [][]*float64
			}
		}
	}
	Axes []struct {
		Time      bool
		First, By float64
		Count     int
		X         []float64
		Date      int
		Labels    []string
	}
	Items []struct {
		Name, Text string
		Score      []*float64
	}
}

func drawnOf(t *testing.T, html string) (d drawnJSON) {
	t.Helper()
	text := regexp.MustCompile(`const drawn = (.*), words = `).FindStringSubmatch(html)
	if text == nil {
		t.Fatal("nothing is drawn")
	}
	if err := json.Unmarshal([]byte(text[1]), &d); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text[1], "</script>") {
		t.Error("a title ends the script")
	}
	return d
}

// Figures of several items are in the page once each, with their axes but once; the first is
// shown, and its steps that do not overlap are in its table.
func TestPagePicker(t *testing.T) {
	nan := math.NaN()
	figure := func(unit string, v float64, labels ...string) *chart.Figure {
		return &chart.Figure{XLabel: "step", YLabel: unit, X: []float64{1, 2, 3, 4}, Labels: labels, Text: []string{unit + " one.", "Two."}, Origins: []int{1, 2, 3},
			Lines: []chart.FigureLine{
				{Name: "actual", Role: "history", Y: []float64{1, 2, nan, 4}}, {Name: "net", Role: "forecast", Steps: [][]float64{{v, v + 1}, {7, nan}, {8}}},
				{Name: "80 %", Band: "lo", Steps: [][]float64{{0, 0}, {0, 0}, {0}}}, {Name: "80 %", Band: "hi", Steps: [][]float64{{9, 9}, {9, 9}, {9}}},
			}}
	}
	html := page(t, &chart.Page{
		Picker:   &chart.Picker{Title: "Pick <one>", Note: "3 of 4.", Items: []chart.Item{{"a</script>", "MASE 0.5", 0.5}, {"b", "", nan}, {"c", "", 0}}},
		Sections: []chart.Section{{Title: "Scores"}, {Title: "Forecast", Figures: []*chart.Figure{figure("EUR", 5), figure("EUR", 6), figure("EUR", 7, "i", "ii", "iii", "iv")}}, {Title: "Test", Figures: []*chart.Figure{nil, figure("", 6), nil}}},
	})
	d := drawnOf(t, html)
	if len(d.Figures) != 2 || d.Figures[0].At != 1 || len(d.Figures[0].Items) != 3 || d.Figures[1].Items[0] != nil || len(d.Axes) != 2 || d.Figures[1].Items[1].Axis != 0 {
		t.Fatalf("%+v", d)
	}
	if a := d.Axes[1]; strings.Join(a.Labels, " ") != "i ii iii iv" || d.Axes[0].By != 1 || d.Axes[0].First != 1 || d.Axes[0].Count != 4 {
		t.Errorf("%+v", d.Axes)
	}
	net := d.Figures[0].Items[1].Lines[1]
	if len(net.Steps) != 3 || *net.Steps[0][1] != 7 || net.Steps[1][1] != nil || net.Y != nil || len(d.Figures[0].Items[0].Origins) != 3 {
		t.Errorf("%+v", net)
	}
	if len(d.Items) != 3 || d.Items[0].Name != "a</script>" || d.Items[0].Text != "MASE 0.5" || *d.Items[0].Score[0] != 0.5 || d.Items[1].Score[0] != nil {
		t.Errorf("%+v", d.Items)
	}
	for _, want := range []string{
		`<h2 id="title-picker">Pick &lt;one&gt;</h2>`, `<p class="note">3 of 4.</p>`, `<h2 id="title-1">Forecast<span class="of">: a&lt;/script&gt;</span></h2>`, `<figcaption id="text-1">EUR one. Two.</figcaption>`,
		`<figcaption id="text-2">There is none of this series.</figcaption>`, `<td>2</td><td>2.000</td><td>5.000</td><td>0 … 9.000</td>`, `<td>4</td><td>4.000</td><td>8.000</td><td>0 … 9.000</td>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Index(html, `id="picker"`); n < strings.Index(html, "title-0") || n > strings.Index(html, "title-1") {
		t.Error("the picker is not before what it picks")
	}
	one := page(t, &chart.Page{Picker: &chart.Picker{Title: "Pick", Items: []chart.Item{{Name: ""}}}, Sections: []chart.Section{{Title: "Forecast", Figures: []*chart.Figure{figure("", 1)}}}})
	if strings.Contains(one, `id="picker"`) || !strings.Contains(one, `>Forecast</h2>`) {
		t.Error("there is nothing to pick, but a picker")
	}
}

// Of many items the worst, the best and the first are picked.
func TestPick(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		scores []float64
		most   int
		want   []int
	}{
		{[]float64{3, 1, 2}, 3, []int{0, 1, 2}},
		{[]float64{5, nan, 5, 5, 5, 5, 9, 8, 1, 5, 7, 2}, 5, []int{0, 1, 6, 7, 8}},
		{[]float64{9, nan, nan, nan}, 2, []int{0, 1}},
		{[]float64{nan, nan, 1, 2}, 1, []int{0}},
	} {
		if got := chart.Pick(c.scores, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%v, %d: %v, want %v", c.scores, c.most, got, c.want)
		}
	}
}

// Letters that come in parts, as Hangul in names of files of macOS, are composed.
func TestPageComposed(t *testing.T) {
	parts := norm.NFD.String("주가é")
	html := page(t, &chart.Page{Title: parts, Subtitle: []string{parts}, Notes: []string{parts}, Footer: parts, Sections: []chart.Section{{
		Title: parts, Note: parts, Terms: []chart.Term{{parts, parts}}, Heat: &chart.Heat{Rows: []string{parts}, Cols: []string{parts}, Values: [][]float64{{1}}, Corner: parts},
		Table:  &chart.Table{Head: []string{parts}, Rows: [][]string{{parts}}},
		Figure: &chart.Figure{XLabel: parts, YLabel: parts, Text: []string{parts}, X: []float64{1}, Labels: []string{parts}, Lines: []chart.FigureLine{{Name: parts, Y: []float64{1}}}},
	}}})
	if strings.Contains(html, parts[:3]) || strings.Count(html, "주가é") < 18 {
		t.Errorf("%d of 주가é: %s", strings.Count(html, "주가é"), html)
	}
}

// Cells of a wide table are named one by one, for a narrow screen; a row may be longer than
// the head.
func TestPageWideTables(t *testing.T) {
	const long = "a sentence that takes more than a line of a narrow screen"
	html := page(t, &chart.Page{Sections: []chart.Section{{Table: &chart.Table{Head: []string{"text"}, Rows: [][]string{{long, "3"}}, Best: -1}}}})
	for _, want := range []string{`<table class="wide" role="table">`, `<td role="cell" data-name="text" class="words long">` + long + "</td>", `<td role="cell" data-name="">3</td>`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, c := range []struct {
		head, row string
		wide      bool
	}{
		{"label examples precision recall F1", "DESC 116 0.800 0.552 0.653", false},
		{"model MASE sMAPE RMSSE WAPE MSIS covers covers", "recur 1.859 34.951 1.550 0.307 7.726 43 85", true},
		{"setting value", "classes " + strings.Repeat("x", 80), false},
		{"글 답", strings.Repeat("가", 12) + " 나", false},
		{"글 답 까닭", strings.Repeat("가", 12) + " " + strings.Repeat("나", 8) + " 다", true},
	} {
		table := chart.Table{Head: strings.Fields(c.head), Rows: [][]string{strings.Fields(c.row)}}
		if table.Wide() != c.wide {
			t.Errorf("%s: wide is %v", c.head, !c.wide)
		}
	}
	if words := (&chart.Table{Head: []string{"a", "b"}, Rows: [][]string{{"1"}}}).Words(); len(words) != 2 || words[0] || words[1] {
		t.Errorf("%v", words)
	}
}

// The time of a page grows as its rows do: ten thousand are written at once, not in a minute.
func TestPageOfManyRows(t *testing.T) {
	x, y := make([]float64, 10_000), make([]float64, 10_000)
	for i := range x {
		x[i], y[i] = float64(i), 1.1*float64(i)
	}
	p := &chart.Page{Sections: []chart.Section{{Figure: &chart.Figure{X: x, Lines: []chart.FigureLine{{Name: "a", Y: y}, {Name: "b", Y: y}}}}}}
	start := time.Now()
	page(t, p)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
