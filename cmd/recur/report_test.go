package main

import (
	"strings"
	"testing"

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
