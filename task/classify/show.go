package classify

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data/labelled"
)

const showChars = 200 // of a text in reports

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// sketch draws the first channel of a series, or the darkness of an image's rows, in
// characters.
func sketch(e *labelled.Example) string {
	const most = 60
	n := e.Steps()
	if n == 0 {
		return "(no steps)"
	}
	at := func(t int) float64 {
		if e.Pixels == nil {
			return float64(e.X[t*e.Width])
		}
		sum := 0
		for _, p := range e.Pixels[t*e.Width : (t+1)*e.Width] {
			sum += int(p)
		}
		return float64(sum)
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for t := range n {
		if v := at(t); v == v {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	width := min(n, most)
	for i := range width {
		v := at(i * n / width)
		switch {
		case v != v:
			b.WriteByte(' ')
		case hi > lo:
			b.WriteRune(bars[int((v-lo)/(hi-lo)*7.999)])
		default:
			b.WriteRune(bars[3])
		}
	}
	return fmt.Sprintf("row %d, %d steps %s", e.Row, n, b.String())
}
