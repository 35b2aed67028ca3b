package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/task"
)

// The chart and the heat map of a part are drawn as SVG and as PNG.
func TestDrawPart(t *testing.T) {
	for _, p := range []task.Part{
		{Title: "A chart", Chart: &task.Chart{Title: "A chart", Lines: []task.Line{{Name: "a line", X: []float64{0, 1}, Y: []float64{1, 2}}}}},
		{Title: "A map", Heat: &task.Heat{Rows: []string{"a"}, Cols: []string{"b"}, Values: [][]float64{{1}}}},
	} {
		var svg, png strings.Builder
		if err := drawPart(&svg, p, "svg", lang.English); err != nil || !strings.Contains(svg.String(), p.Title) {
			t.Errorf("%s: %v\n%s", p.Title, err, &svg)
		}
		if err := drawPart(&png, p, "png", lang.English); err != nil || !strings.HasPrefix(png.String(), "\x89PNG") {
			t.Errorf("%s: %v", p.Title, err)
		}
	}
}

// An SVG has its title and its description in a language.
func TestDrawPartInKorean(t *testing.T) {
	chart := task.Part{Title: "Reliability", Chart: &task.Chart{Title: "Reliability", XLabel: "time", YLabel: "loss", Lines: []task.Line{{Name: "actual", X: []float64{0, 1}, Y: []float64{1, 2}}}}}
	heat := task.Part{Title: "Confusion", Heat: &task.Heat{Rows: []string{"a"}, Cols: []string{"b"}, Values: [][]float64{{1}}}}
	for want, p := range map[string]task.Part{"실제 값: 0의 1에서 1의 2까지": chart, lang.Korean.Text("Confusion") + "</title>": heat} {
		var svg strings.Builder
		if err := drawPart(&svg, p, "svg", lang.Korean); err != nil || !strings.Contains(svg.String(), want) {
			t.Errorf("%s: %v, no %q\n%s", p.Title, err, want, &svg)
		}
	}
}

// Names in decomposed letters, as macOS has them, are composed in what people see, and are as
// they were in what programs read; hours have a time of day at midnight too.
func TestForecastComposed(t *testing.T) {
	dir := t.TempDir()
	series, hours := filepath.Join(dir, norm.NFD.String("판매.csv")), filepath.Join(dir, "hours.csv")
	writeFile(t, series, manySeries())
	writeFile(t, hours, hourly())
	var out, errs strings.Builder
	if code := run([]string{"forecast", series, "--steps", "1", "--origins", "1", "--out", filepath.Join(dir, "a")}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	shop := norm.NFD.String("가게")
	if text := out.String(); !strings.Contains(text, "판매.csv: 가게 1\n\n  y axis: value, x axis: time\n") || !strings.Contains(text, "Forecast: 가게 2") || strings.Contains(text, shop) {
		t.Error(text)
	}
	csv, err := os.ReadFile(filepath.Join(dir, "a", "forecast.csv"))
	if err != nil || !strings.Contains(string(csv), shop+" 1,2023-04-01,") {
		t.Errorf("%v: %s", err, csv)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "a", "forecast.svg"))
	if err != nil || !strings.Contains(string(svg), ">판매.csv: 가게 1</text>") {
		t.Errorf("%v: the SVG has no composed title", err)
	}
	out.Reset()
	if code := run([]string{"forecast", hours, "--horizon", "25", "--steps", "1", "--origins", "1", "--out", filepath.Join(dir, "b")}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	if text := out.String(); !strings.Contains(text, " 2024-03-06T00:00 ") {
		t.Error(text)
	}
}

// Curves of scores of different units are in panels of their own.
func TestCurves(t *testing.T) {
	named := func(name string) task.Task {
		found, err := task.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	h := history{{Epoch: 1, Loss: 3, Scores: task.Scores{"loss": 2.5, "accuracy": 0.5}}, {Epoch: 2, Loss: 2, Scores: task.Scores{"loss": 2.25, "accuracy": 0.75}}}
	for name, want := range map[string][]string{"generate": {"loss"}, "classify": {"loss", "accuracy"}} {
		found := named(name)
		cfg, err := found.Config(found.Presets()[0])
		if err != nil {
			t.Fatal(err)
		}
		r := &training{task: found, cfg: cfg, history: h}
		var got []string
		for _, c := range r.curves() {
			got = append(got, c.YLabel)
			if c.XLabel != "epoch" {
				t.Errorf("%s: x is %q", name, c.XLabel)
			}
		}
		if !slices.Equal(got, want) || len(r.curves()[0].Lines) != 2 {
			t.Errorf("%s: panels %q, want %q", name, got, want)
		}
		if sections := r.learning(); len(sections) != len(want) || !strings.Contains(strings.Join(sections[0].Figure.Text, " "), "lowest in epoch 2: 2.25") {
			t.Errorf("%s: %d sections", name, len(sections))
		}
	}
}

// Scores have their meanings, of those of any level or baseline too.
func TestScoreMeaning(t *testing.T) {
	for name, want := range map[string]string{"coverage_97_5": "within the 97.5 % interval", "theta_mase": "MASE of theta", "bleu": "BLEU", "unheard": ""} {
		if got := scoreMeaning(name); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
