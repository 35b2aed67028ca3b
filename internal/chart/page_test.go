package chart_test

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

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
		Title: "Sales <b>& more", Subtitle: "36 months", Notes: []string{"one note", "<script>alert(1)</script>"}, Footer: "recur",
		Figures: []chart.Figure{{Title: "Forecast", Note: "with bands", X: []float64{1, 2}}},
		Tables: []chart.Table{
			{Title: "Scores", Note: "lower is better", Head: []string{"method", "MASE"}, Rows: [][]string{{"naive", "1.2"}, {"small", "0.8"}}, Best: 1},
			{Title: "Confusion", Best: -1, Heat: &chart.Heat{Rows: []string{"cat", "dog"}, Cols: []string{"as cat", "as dog"}, Values: [][]float64{{8, 2}, {0, 4}}}},
			{Title: "Strip", Best: -1, Picture: []byte("\x89PNG")},
		},
	})
	for _, want := range []string{
		"<title>Sales &lt;b&gt;&amp; more</title>", `<p class="subtitle">36 months</p>`, "<li>one note</li>", "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li>", "<footer>recur</footer>",
		"<h2>Forecast</h2>", `<p class="note">with bands</p>`, `id="figure-0"`,
		"<h2>Scores</h2>", `<th class="words">method</th><th>MASE</th>`, `<tr><td class="words">naive</td><td>1.2</td></tr>`, `<tr class="best"><td class="words">small</td><td>0.8</td></tr>`,
		"<th>cat</th>", "<th>as dog</th>", `<td style="--strength: 1">8</td><td style="--strength: 0.25">2</td>`, `<td style="--strength: 0">0</td><td style="--strength: 0.5">4</td>`,
		`<img src="data:image/png;base64,iVBORw==" alt="Strip">`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if from := regexp.MustCompile(`(src|href)="(https?:)?//|@import|url\(\s*['"]?http`).FindString(html); from != "" {
		t.Errorf("it loads from the network: %s", from)
	}
	empty := page(t, &chart.Page{Title: "t"})
	for _, not := range []string{"<h2>", "<footer>", `class="subtitle"`} {
		if strings.Contains(empty, not) {
			t.Errorf("a page of a title has %s", not)
		}
	}
}

// The script of the page has the values of the figures; what is no number breaks a line.
func TestPageFigures(t *testing.T) {
	html := page(t, &chart.Page{Figures: []chart.Figure{{
		Title: "</script><script>alert(1)</script>", Time: true, Of: "epoch", X: []float64{0, 86400, 172800},
		Lines: []chart.FigureLine{
			{Name: "history", Role: "history", Y: []float64{1.5, math.NaN(), 3}},
			{Name: "95 %", Band: "lo", Role: "forecast", Y: []float64{math.Inf(-1), 0, 1}},
			{Name: "naive", Off: true, Y: []float64{1, 1, 1}},
		},
	}}})
	text := regexp.MustCompile(`const figures = (.*);</script>`).FindStringSubmatch(html)
	if text == nil {
		t.Fatal("there are no figures")
	}
	var figures []struct {
		Title string
		Time  bool
		Of    string
		X     []float64
		Lines []struct {
			Name, Band, Role string
			Off              bool
			Y                []*float64
		}
	}
	if err := json.Unmarshal([]byte(text[1]), &figures); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text[1], "</script>") {
		t.Error("a title ends the script")
	}
	f := figures[0]
	if len(figures) != 1 || f.Title != "</script><script>alert(1)</script>" || !f.Time || f.Of != "epoch" || len(f.X) != 3 || f.X[2] != 172800 || len(f.Lines) != 3 {
		t.Fatalf("%+v", f)
	}
	history, band, naive := f.Lines[0], f.Lines[1], f.Lines[2]
	if history.Role != "history" || *history.Y[0] != 1.5 || history.Y[1] != nil || *history.Y[2] != 3 || history.Off {
		t.Errorf("%+v", history)
	}
	if band.Band != "lo" || band.Y[0] != nil || *band.Y[2] != 1 || !naive.Off {
		t.Errorf("%+v, %+v", band, naive)
	}
}

// Cells of long text are named one by one, for a narrow screen; a row may be longer than the
// head.
func TestPageLongCells(t *testing.T) {
	const long = "a sentence that takes more than a line"
	html := page(t, &chart.Page{Tables: []chart.Table{{Head: []string{"text"}, Rows: [][]string{{long, "3"}}, Best: -1}}})
	for _, want := range []string{`<table class="text">`, `<td class="words" data-name="text">` + long + "</td>", `<td data-name="">3</td>`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if (chart.Table{Rows: [][]string{{"스물네 글자까지는 짧은 글입니다"}}}).Long() {
		t.Error("letters are counted as bytes")
	}
	if words := (chart.Table{Head: []string{"a", "b"}, Rows: [][]string{{"1"}}}).Words(); len(words) != 2 || words[0] || words[1] {
		t.Errorf("%v", words)
	}
}
