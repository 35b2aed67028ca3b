package music

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"github.com/recur-go/recur/task"
)

// Sizes of a piano roll in pixels.
const (
	stepWide = 14
	keyHigh  = 9
)

// A roll is how strongly each key sounds at each step, from 0 to 1 [step][key].
type roll [][]float64

// roll is that of a piece.
func (p Piece) roll() roll {
	all := make(roll, len(p))
	for t, keys := range p {
		all[t] = make([]float64, Keys)
		for _, k := range keys {
			all[t][k] = 1
		}
	}
	return all
}

// part draws the keys from low to high, the highest above.
func (r roll) part(title, note string, low, high int) (task.Part, error) {
	m := image.NewRGBA(image.Rect(0, 0, len(r)*stepWide, (high-low+1)*keyHigh))
	fill := func(x0, y0, x1, y1 int, c color.Color) {
		draw.Draw(m, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
	}
	for k := low; k <= high; k++ {
		top := (high - k) * keyHigh
		paper := color.RGBA{255, 255, 255, 255}
		if strings.HasSuffix(names[k%12], "♯") {
			paper = color.RGBA{243, 244, 246, 255}
		}
		fill(0, top, m.Rect.Dx(), top+keyHigh, paper)
		for t := range r {
			v := r[t][k]
			ink := func(paper, ink uint8) uint8 { return uint8(float64(paper)*(1-v) + float64(ink)*v) }
			fill(t*stepWide, top, (t+1)*stepWide-1, top+keyHigh-1, color.RGBA{ink(paper.R, 30), ink(paper.G, 64), ink(paper.B, 124), 255})
		}
		if names[k%12] == "C" {
			fill(0, top+keyHigh-1, m.Rect.Dx(), top+keyHigh, color.RGBA{190, 195, 205, 255})
		}
	}
	for t := 8; t < len(r); t += 8 {
		fill(t*stepWide-1, 0, t*stepWide, m.Rect.Dy(), color.RGBA{190, 195, 205, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return task.Part{}, err
	}
	note = strings.TrimSpace(fmt.Sprintf("%s\n%d steps from left to right, a line after every eighth; keys from %s below to %s above, a line under every C.", note, len(r), KeyName(low), KeyName(high)))
	return task.Part{Title: title, Note: note, Picture: b.Bytes()}, nil
}
