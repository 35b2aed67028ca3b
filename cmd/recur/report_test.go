package main

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/task"
)

// The report in a real browser: the charts are drawn, and nothing is asked of the
// network.
func TestReportInBrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium to open the report in")
	}
	dir := t.TempDir()
	var stderr bytes.Buffer
	if code := run([]string{"forecast", "--steps", "5", "--origins", "2", "--out", dir}, strings.NewReader(""), io.Discard, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-quic", "--user-data-dir="+filepath.Join(dir, "profile"), "--dump-dom",
		"file://"+filepath.Join(dir, "report.html")).Output()
	if err != nil {
		t.Skipf("Chromium does not start here: %v", err)
	}
	page := string(out)
	if n := strings.Count(page, "<canvas"); n != 3 {
		t.Errorf("%d charts are drawn, want 3: forecast, back-test and losses", n)
	}
	for _, want := range []string{"u-legend", "80 % low", "seasonal_naive", "Box &amp; Jenkins", "Back-test"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"src=\"http", "href=\"http", "@import", "url(http"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page asks for something by %q", bad)
		}
	}
}

// The chart and the heat map of a part are drawn as SVG and as PNG.
func TestDrawPart(t *testing.T) {
	for _, p := range []task.Part{
		{Title: "A chart", Chart: &task.Chart{Title: "A chart", Lines: []task.Line{{Name: "a line", X: []float64{0, 1}, Y: []float64{1, 2}}}}},
		{Title: "A map", Heat: &task.Heat{Rows: []string{"a"}, Cols: []string{"b"}, Values: [][]float64{{1}}}},
	} {
		var svg, png strings.Builder
		if err := drawPart(&svg, p, "svg"); err != nil || !strings.Contains(svg.String(), p.Title) {
			t.Errorf("%s: %v\n%s", p.Title, err, &svg)
		}
		if err := drawPart(&png, p, "png"); err != nil || !strings.HasPrefix(png.String(), "\x89PNG") {
			t.Errorf("%s: %v", p.Title, err)
		}
	}
}
