package chart_test

import (
	"bytes"
	"image/png"
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
