package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/unicode/norm"
)

// browserTools are Chromium, Node and the folder of what the check needs, which
// npm ci --prefix .ci/browser installs.
func browserTools(t *testing.T) (chromium, node, check string) {
	if testing.Short() {
		t.Skip("reports are not opened in a browser: -short")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	if chromium == "" {
		t.Skip("reports are not opened in a browser: there is no Chromium")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("reports are not opened in a browser: there is no Node")
	}
	check, err = filepath.Abs(filepath.Join("..", "..", ".ci", "browser", "check.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"axe-core", "puppeteer-core"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(check), "node_modules", pkg)); err != nil {
			t.Skipf("reports are not opened in a browser: there is no %s; npm ci --prefix .ci/browser installs it", pkg)
		}
	}
	return chromium, node, check
}

// opened is what a browser found in a report, in a theme and at a width.
type opened struct {
	File, Theme   string
	Width         int
	Errors        []string // of scripts
	Requests      []string // to the network
	Sideways      int      // pixels that the page is wider than the window
	Cut           []string // tables that are
	Controls      int
	Missed        []string // controls that the keyboard does not reach or work
	Charts, Drawn int
	Text          string
	Violations    []string // of axe-core's rules
}

// Reports of every kind in a real browser, in both themes, on a telephone and on a desk: charts
// are drawn, axe-core has nothing to object to, all is to be seen without scrolling sideways,
// the keyboard reaches and works every control, and nothing is asked of the network.
func TestReportsInBrowser(t *testing.T) {
	chromium, node, check := browserTools(t)
	dir := t.TempDir()
	reports := map[string]string{} // by file
	train := func(name string, args ...string) {
		t.Helper()
		var stderr bytes.Buffer
		out := filepath.Join(dir, name)
		if code := run(append(args, "--out", out), strings.NewReader(""), io.Discard, &stderr); code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, stderr.String())
		}
		reports[filepath.Join(out, reportFile)] = name
	}
	data := func(name string) string { return filepath.Join(dir, "data", name) }
	for _, of := range []string{"classify", "generate", "translate", "caption", "music"} {
		script, err := txtar.ParseFile(filepath.Join("testdata", of+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range script.Files {
			writeFile(t, data(f.Name), string(f.Data))
		}
	}
	writeFile(t, data(norm.NFD.String("판매.csv")), manySeries())
	writeFile(t, data("hours.csv"), hourly())

	train("forecast", "forecast", "--steps", "5", "--origins", "12")
	train("forecast-many", "forecast", data(norm.NFD.String("판매.csv")), "--steps", "2", "--origins", "2")
	train("forecast-hours", "forecast", data("hours.csv"), "--known", "price", "--set", "hidden=4", "--epochs", "2", "--origins", "2", "--horizon", "6")
	train("forecast-step", "forecast", data("hours.csv"), "--horizon", "1", "--steps", "2", "--origins", "1", "--lang", "ko")
	train("classify", "classify", data("reviews.csv"), "--set", "embed=8", "--set", "hidden=8", "--set", "batch=4", "--set", "held_out=0.25", "--epochs", "2")
	train("classify-tags", "classify", data("tags.conll"), "--preset", "tags", "--set", "embed=8", "--set", "hidden=8", "--set", "held_out=0.25", "--epochs", "2")
	train("generate", "generate", data("rhyme.txt"), "--preset", "char-small", "--set", "hidden=8", "--set", "batch=4", "--set", "window=16", "--epochs", "2")
	train("translate", "translate", data("de.txt"), data("en.txt"), "--preset", "small", "--set", "vocab=300", "--set", "embed=16", "--set", "hidden=16", "--set", "encoder=8", "--set", "held_out=0.2", "--set", "batch=4", "--epochs", "2")
	train("caption", "caption", data("table.csv"), "--set", "hidden=24", "--set", "embed=12", "--set", "batch=8", "--epochs", "2")
	train("caption-strips", "caption", "--set", "hidden=8", "--set", "dense_width=8", "--epochs", "1", "--set", "batch=256")
	train("music", "music", data("scales.json"), "--set", "hidden=16", "--set", "batch=2", "--epochs", "2", "--test", data("scales.json"))
	look := filepath.Join(dir, "look.html")
	if code := run([]string{"translate", "--model", filepath.Join(dir, "translate", modelFile), "--attention", look, data("de.txt")}, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatalf("--attention: exit code %d", code)
	}
	reports[look] = "attention"

	args := []string{check, chromium}
	for file := range reports {
		args = append(args, file)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, node, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Buffer(nil, 1<<24); lines.Scan(); n++ {
		var o opened
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		o.check(t, reports[o.File])
	}
	if n != 4*len(reports) {
		t.Errorf("%d pages were opened, want %d", n, 4*len(reports))
	}
}

// check reports what is wrong with a report.
func (o opened) check(t *testing.T, name string) {
	at := fmt.Sprintf("%s, %s, %d pixels", name, o.Theme, o.Width)
	for what, list := range map[string][]string{"violations": o.Violations, "errors": o.Errors, "requests": o.Requests, "tables cut": o.Cut, "controls": o.Missed} {
		if len(list) > 0 {
			t.Errorf("%s: %s:\n%s", at, what, strings.Join(list, "\n"))
		}
	}
	if o.Sideways > 0 {
		t.Errorf("%s: the page scrolls sideways by %d pixels", at, o.Sideways)
	}
	charts := map[string]int{"forecast": 10, "forecast-many": 8, "forecast-hours": 8, "forecast-step": 6, "classify": 2, "classify-tags": 2, "generate": 1, "translate": 2, "caption": 1, "music": 2}[name]
	if o.Charts != charts || o.Drawn != charts || charts > 0 && o.Theme == "light" && o.Width == 390 && o.Controls < 6*charts {
		t.Errorf("%s: %d of %d charts are drawn, want %d; %d controls", at, o.Drawn, o.Charts, charts, o.Controls)
	}
	if strings.Contains(o.Text, "--") {
		t.Errorf("%s: there is a value that is none:\n%s", at, o.Text)
	}
	for _, want := range map[string][]string{
		"forecast":       {"Box & Jenkins", "seasonal_naive", "95 % interval", "1961-12"},
		"forecast-many":  {"판매.csv", "Forecast: 가게 1", "2023-04"},
		"forecast-hours": {"2024-03-05T06:00"},
	}[name] {
		if !strings.Contains(o.Text, want) {
			t.Errorf("%s: the page lacks %q:\n%s", at, want, o.Text)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// manySeries are 13 series of 39 months, with decomposed names.
func manySeries() string {
	var b strings.Builder
	b.WriteString("unique_id,ds,y\n")
	for s := range 13 {
		for m := range 39 {
			fmt.Fprintf(&b, "%s %d,%d-%02d,%d\n", norm.NFD.String("가게"), s+1, 2020+m/12, 1+m%12, 1000*s+100+10*(m%12)+m)
		}
	}
	return b.String()
}

// hourly is a series of four days and six hours to come, with prices known in advance.
func hourly() string {
	var b strings.Builder
	b.WriteString("ds,y,price\n")
	begin := time.Date(2024, 3, 1, 1, 0, 0, 0, time.UTC)
	for h := range 102 {
		y := fmt.Sprint(10 + h%24 + h%5)
		if h >= 96 {
			y = ""
		}
		fmt.Fprintf(&b, "%s,%s,%d\n", begin.Add(time.Duration(h)*time.Hour).Format("2006-01-02T15:04"), y, h%24)
	}
	return b.String()
}
