package chart_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/internal/chart"
)

// fan is 30 months that rise by 1, and six to come, with two bands.
func fan() *chart.Fan {
	f := &chart.Fan{Label: func(i int) string { return fmt.Sprintf("m%02d", i) }}
	f.History = upTo(30)
	for i := range 6 {
		f.Point = append(f.Point, float64(31+i))
	}
	for _, level := range []float64{0.5, 0.95} {
		b := chart.Band{Level: level}
		for i, p := range f.Point {
			wide := 4 * level * float64(i+1)
			b.Lo, b.Hi = append(b.Lo, p-wide), append(b.Hi, p+wide)
		}
		f.Bands = append(f.Bands, b)
	}
	return f
}

func TestFanChart(t *testing.T) {
	c := fan().Chart("Sales", "pieces", 12)
	if c.Title != "Sales" || c.XLabel != "time" || c.YLabel != "pieces" || len(c.Areas) != 2 || len(c.Lines) != 2 {
		t.Fatalf("%+v", c)
	}
	// The wide band lies under the narrow one; all begin where the history ends.
	wide, narrow := c.Areas[0], c.Areas[1]
	if wide.Name != "95 % interval" || narrow.Name != "50 % interval" || wide.Shade != 0 || narrow.Shade != 1 {
		t.Errorf("%+v", c.Areas)
	}
	history, ahead := c.Lines[0], c.Lines[1]
	if history.Name != "history" || ahead.Name != "forecast" || len(history.X) != 30 || history.X[29] != 29 || history.Y[29] != 30 {
		t.Errorf("%+v", history)
	}
	if !slices.Equal(ahead.X, []float64{29, 30, 31, 32, 33, 34, 35}) || !slices.Equal(ahead.Y, []float64{30, 31, 32, 33, 34, 35, 36}) {
		t.Errorf("%+v", ahead)
	}
	if !slices.Equal(wide.X, ahead.X) || wide.Lo[0] != 30 || wide.Hi[0] != 30 || wide.Hi[6] <= narrow.Hi[6] {
		t.Errorf("%+v", wide)
	}
	// A label each year from where the forecast begins, by the fan's own names.
	if !slices.Equal(c.TickAt, []float64{6, 18, 30}) || c.TickLabel(18) != "m18" {
		t.Errorf("labels at %v, %q", c.TickAt, c.TickLabel(18))
	}
	labels, _ := drawn(t, c).ticks(0)
	if !slices.Equal(labels, []string{"m06", "m18", "m30"}) {
		t.Errorf("%q", labels)
	}
}

// Of a long history the last part is drawn; one that ends with a value that is missing is not
// joined to the forecast; there may be none.
func TestFanHistories(t *testing.T) {
	long := fan()
	long.History = upTo(500)
	c := long.Chart("", "", 1)
	if h := c.Lines[0]; len(h.X) != 60 || h.X[0] != 440 || len(c.TickAt) > 9 || c.TickAt[0] < 440 {
		t.Errorf("%d steps from %v, labels at %v", len(h.X), h.X[0], c.TickAt)
	}
	missing := fan()
	missing.History[29] = math.NaN()
	if c := missing.Chart("", "", 12); len(c.Lines[1].X) != 6 || c.Lines[1].X[0] != 30 || c.Areas[0].Lo[0] != missing.Bands[1].Lo[0] {
		t.Errorf("%+v", c.Lines[1])
	}
	none := fan()
	none.History, none.Bands = nil, none.Bands[:1]
	c = none.Chart("", "", 0)
	if len(c.Lines[0].X) != 0 || len(c.Lines[1].X) != 6 || c.Areas[0].Shade != 0 {
		t.Errorf("%+v", c)
	}
	drawn(t, c)
}

// Hours that are labelled at midnight alone are so by their dates.
func TestFanHours(t *testing.T) {
	f := fan()
	begin := time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)
	f.Label = func(i int) string { return begin.Add(time.Duration(i-6) * time.Hour).Format("2006-01-02T15:04") }
	for season, want := range map[int][]string{24: {"2024-02-28", "2024-02-29"}, 6: {"2024-02-27T18:00", "2024-02-28T00:00"}} {
		if labels, _ := drawn(t, f.Chart("", "", season)).ticks(0); len(labels) < 2 || !slices.Equal(labels[:2], want) {
			t.Errorf("season of %d: %q, want %q", season, labels, want)
		}
	}
}

// screen is what a fan looks like in a terminal, line by line.
func screen(t *testing.T, f *chart.Fan, width, height int, colour bool) []string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Terminal(&b, width, height, colour); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestTerminal(t *testing.T) {
	lines := screen(t, fan(), 60, 14, false)
	if len(lines) != 13 {
		t.Fatalf("%d lines", len(lines))
	}
	all := strings.Join(lines, "\n")
	for mark, least := range map[string]int{"•": 24, "●": 6, "▓": 6, "▒": 6} {
		if n := strings.Count(all, mark); n < least {
			t.Errorf("%d times %s, want %d\n%s", n, mark, least, all)
		}
	}
	if strings.Contains(all, "\x1b") {
		t.Error("there are colours")
	}
	for _, l := range lines {
		if n := len([]rune(l)); n > 60 {
			t.Errorf("%d columns: %s", n, l)
		}
	}
	// Values from 58.8 down to 8.2, the top of the wide band and the first of the history.
	if !strings.HasPrefix(lines[0], "  58.8 ┤") && !strings.HasPrefix(strings.TrimSpace(lines[0]), "58.8 ┤") || !strings.HasPrefix(strings.TrimSpace(lines[11]), "7.0 ┤") {
		t.Errorf("%s", all)
	}
	// The axis names the first step, the first of the forecast and the last.
	axis := lines[12]
	if got := strings.Fields(axis); !slices.Equal(got, []string{"m06", "m30", "m35"}) {
		t.Errorf("%q", got)
	}
	column := func(line, mark string) int { return len([]rune(line[:strings.Index(line, mark)])) }
	for _, l := range lines[:12] {
		if strings.Contains(l, "●") && column(l, "●") < column(axis, "m30") {
			t.Errorf("the forecast begins before its label\n%s", all)
		}
	}
}

// Labels of values have a unit and decimals in common, and the room that they take.
func TestTerminalLabels(t *testing.T) {
	for size, want := range map[float64][]string{1e-9: {"5.88e-8", "0.70e-8"}, 1e12: {"58.8T", "7.0T"}, -1: {"-7.0", "-58.8"}} {
		f := fan()
		for _, y := range append([][]float64{f.History, f.Point}, f.Bands[0].Lo, f.Bands[0].Hi, f.Bands[1].Lo, f.Bands[1].Hi) {
			for i := range y {
				y[i] *= size
			}
		}
		lines := screen(t, f, 60, 14, false)
		for i, line := range []string{lines[0], lines[11]} {
			if label, _, ok := strings.Cut(strings.TrimSpace(line), " ┤"); !ok || label != want[i] || len([]rune(line)) > 60 {
				t.Errorf("%g: %q, want %s", size, line, want[i])
			}
		}
	}
}

func TestTerminalColours(t *testing.T) {
	plain, coloured := screen(t, fan(), 60, 14, false), screen(t, fan(), 60, 14, true)
	all := strings.Join(coloured, "\n")
	if !strings.Contains(all, "\x1b[1;38;5;202m●\x1b[0m") {
		t.Error("the forecast has no colour")
	}
	for {
		begin := strings.Index(all, "\x1b[")
		if begin < 0 {
			break
		}
		end := begin + strings.Index(all[begin:], "m")
		all = all[:begin] + all[end+1:]
	}
	if all != strings.Join(plain, "\n") {
		t.Errorf("with colours it is another picture\n%s", all)
	}
}

// A screen may be small, a series constant, missing or of one value.
func TestTerminalEdges(t *testing.T) {
	one := &chart.Fan{Point: []float64{5}, Label: func(i int) string { return fmt.Sprint(i) }}
	flat := &chart.Fan{History: []float64{7, 7, math.NaN(), 7}, Point: []float64{7, 7}, Bands: []chart.Band{{Level: 0.8, Lo: []float64{7, 7}, Hi: []float64{7, 7}}}, Label: one.Label}
	gone := &chart.Fan{History: []float64{math.NaN()}, Point: []float64{1, 2, 3}, Label: one.Label}
	for name, f := range map[string]*chart.Fan{"one value": one, "constant": flat, "missing": gone, "usual": fan()} {
		for _, size := range [][2]int{{0, 0}, {29, 8}, {200, 50}} {
			lines := screen(t, f, size[0], size[1], false)
			if all := strings.Join(lines, ""); len(lines) != max(size[1]-2, 6)+1 || !strings.Contains(all, "●") {
				t.Errorf("%s in %v:\n%s", name, size, strings.Join(lines, "\n"))
			}
		}
	}
	// All of a constant series is in one line, the middle one.
	lines := screen(t, flat, 60, 15, false)
	for i, l := range lines[:13] {
		if strings.ContainsAny(l, "•●") != (i == 6) {
			t.Errorf("line %d: %s", i, l)
		}
	}
}

func TestTerminalLegend(t *testing.T) {
	if got := fan().Legend(); got != "• history  ● forecast  ▓ 50 %  ▒ 95 %" {
		t.Errorf("%q", got)
	}
}
