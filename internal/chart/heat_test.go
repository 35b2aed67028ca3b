package chart_test

import (
	"bytes"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/chart"
)

func TestHeat(t *testing.T) {
	h := &chart.Heat{Rows: []string{"two", "dogs", "</s>"}, Cols: []string{"zwei", "Hunde"}, Values: [][]float64{{0.9, 0.1}, {0.2, 0.8}, {0, 0}}}
	var svg, picture bytes.Buffer
	if err := h.Write(&svg, "two dogs", "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Hunde", "dogs", "two dogs"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if err := h.Write(&picture, "", "png"); err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(&picture); err != nil {
		t.Error(err)
	}
	if err := h.Write(&picture, "", "gif"); err == nil {
		t.Error("a gif was drawn")
	}
}

// A PNG that has no letters for a name has a note of it; an SVG has all letters.
func TestHeatInHangul(t *testing.T) {
	h := &chart.Heat{Rows: []string{"one", "한국어"}, Cols: []string{"a", "b"}, Values: [][]float64{{1, 0}, {0, 1}}}
	size := func(h *chart.Heat) int {
		var b bytes.Buffer
		if err := h.Write(&b, "t", "png"); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Dy()
	}
	latin := &chart.Heat{Rows: []string{"one", "two"}, Cols: h.Cols, Values: h.Values}
	if size(h) <= size(latin) {
		t.Error("there is no note under the picture")
	}
	var b bytes.Buffer
	if err := h.Write(&b, "t", "svg"); err != nil || !strings.Contains(b.String(), "한국어") {
		t.Errorf("the SVG does not say 한국어: %v", err)
	}
	if h.Rows[1] != "한국어" {
		t.Error("the map was changed")
	}
}

// Text is read from the left, numbers from the right.
func TestTableWords(t *testing.T) {
	table := &chart.Table{Rows: [][]string{{"a", "1", "0.5 ± 0.1", "lstm"}, {"b", "-", "84 %", "3"}}}
	if got, want := table.Words(), []bool{true, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("words in columns: %v, want %v", got, want)
	}
}
