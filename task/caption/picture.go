package caption

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
)

// zoom is how many pixels of a picture a pixel of a strip has on each side.
const zoom = 2

var (
	night = color.RGBA{24, 28, 34, 255}
	gap   = color.RGBA{120, 128, 138, 255}
)

// picture draws a strip, and below it the strip again for each row of attention, with
// light where the model looked.
func (m *Model) picture(st *strip, attention [][]float64) *image.RGBA {
	w, h := st.width*zoom, st.height*zoom
	lines := 1 + len(attention)
	img := image.NewRGBA(image.Rect(0, 0, w, lines*(h+zoom)-zoom))
	draw.Draw(img, img.Bounds(), image.NewUniform(gap), image.Point{}, draw.Src)
	for k := range lines {
		light := make([]float64, st.width) // of each column
		if k > 0 {
			light = m.light(st, attention[k-1])
		}
		for y := range h {
			for x := range w {
				ink := float64(st.pixels[y/zoom*st.width+x/zoom]) / 255
				img.SetRGBA(x, k*(h+zoom)+y, shade(ink, light[x/zoom], k == 0))
			}
		}
	}
	return img
}

// light spreads the attention to regions over their columns, the most being 1.
func (m *Model) light(st *strip, weights []float64) []float64 {
	light := make([]float64, st.width)
	most := 0.0
	for k, a := range weights {
		for x := k * m.Stride; x < min(k*m.Stride+m.Columns, st.width); x++ {
			light[x] += a
			most = max(most, light[x])
		}
	}
	for x := range light {
		if most > 0 {
			light[x] /= most
		}
	}
	return light
}

// shade is the colour of ink from 0 to 1 under light from 0 to 1; plain ink is white.
func shade(ink, light float64, plain bool) color.RGBA {
	bright := ink
	if !plain {
		bright = ink * (0.3 + 0.7*light)
	}
	mix := func(dark, full uint8, lit float64) uint8 {
		return uint8(min(255, float64(dark)+bright*(float64(full)-float64(dark))+lit*light*(1-ink)))
	}
	return color.RGBA{mix(night.R, 255, 150), mix(night.G, 255, 75), mix(night.B, 255, 10), 255}
}

func encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// stripParts shows strips with where the model looked, and keeps the pictures.
func (m *Model) stripParts(r *task.Result, lists ...[]judged) error {
	for _, list := range lists {
		n := 0
		for _, j := range list {
			if j.strip == nil || n == shownStrip {
				break
			}
			n++
			best, verdict := j.captions[0], "Right"
			note := "Below the strip, a line for each word and for the end: the weights of the attention at it."
			if !j.exact {
				verdict = "Wrong"
				note = fmt.Sprintf("Reference: %s.\n", j.references[0]) + note
			}
			b, err := encode(m.picture(j.strip, best.Attention))
			if err != nil {
				return err
			}
			r.Parts = append(r.Parts, task.Part{Title: verdict + ": " + best.Text, Note: note, Picture: b})
			r.Files = append(r.Files, task.Named{Name: fmt.Sprintf("strip-%s-%d.png", strings.ToLower(verdict), n), Data: b})
		}
	}
	return nil
}

// text draws a strip for a terminal, two pixels on each side a character.
func (st *strip) text() string {
	const greys = " .:-=+*#%@"
	var b strings.Builder
	for y := 2; y+3 < st.height; y += 2 {
		line := "  "
		for x := 0; x+1 < st.width; x += 2 {
			sum := 0
			for dy := range 2 {
				for dx := range 2 {
					sum += int(st.pixels[(y+dy)*st.width+x+dx])
				}
			}
			line += string(greys[sum*(len(greys)-1)/(4*255)])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// readPNG reads a picture of light digits on dark ground, or the other way round, and
// makes it as high as the model's strips.
func (m *Model) readPNG(path string) (*strip, error) {
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := f.All()
	if err != nil {
		return nil, err
	}
	return parsePNG(b, path, m.Width/m.Columns)
}

// parsePNG reads a picture as readPNG does, and makes it h pixels high. path is what errors
// call it.
func parsePNG(b []byte, path string, h int) (*strip, error) {
	size, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, &data.Error{File: path, Reason: "is not a PNG: " + err.Error()}
	}
	if size.Width < 1 || size.Height < 1 || size.Width > 1<<14 || size.Height > 1<<12 {
		return nil, &data.Error{File: path, Reason: fmt.Sprintf("is a picture of %d by %d", size.Width, size.Height), Hint: "a strip is up to 16,384 pixels wide and 4,096 high"}
	}
	if size.Width*size.Height > 4<<20+64*len(b) {
		return nil, &data.Error{File: path, Reason: fmt.Sprintf("is a picture of %d by %d in %d bytes", size.Width, size.Height, len(b)), Hint: "make it smaller"}
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, &data.Error{File: path, Reason: "is not a PNG: " + err.Error()}
	}
	from := image.NewGray(img.Bounds())
	draw.Draw(from, from.Bounds(), img, img.Bounds().Min, draw.Src)
	sum := 0
	for _, v := range from.Pix {
		sum += int(v)
	}
	if sum > len(from.Pix)*128 {
		for i, v := range from.Pix {
			from.Pix[i] = 255 - v
		}
	}
	st := &strip{height: h, width: max(1, (size.Width*h+size.Height/2)/size.Height)}
	st.pixels = make([]byte, st.height*st.width)
	for y := range st.height {
		for x := range st.width {
			st.pixels[y*st.width+x] = mean(from, x*size.Width/st.width, (x+1)*size.Width/st.width, y*size.Height/h, (y+1)*size.Height/h)
		}
	}
	return st, nil
}

// mean is the mean grey of a part of a picture, at least a pixel of it.
func mean(img *image.Gray, x0, x1, y0, y1 int) byte {
	sum, n := 0, 0
	for y := y0; y < max(y1, y0+1); y++ {
		for x := x0; x < max(x1, x0+1); x++ {
			sum += int(img.Pix[y*img.Stride+x])
			n++
		}
	}
	return byte(sum / n)
}

// readImages reads an IDX file of images, each a strip.
func (m *Model) readImages(path string) ([]Example, error) {
	x, err := readIDX(path)
	if err != nil {
		return nil, err
	}
	h := m.Width / m.Columns
	if len(x.Dims) != 3 || x.Dims[1] != h || x.Dims[2] < 1 {
		return nil, &data.Error{File: path, Reason: fmt.Sprintf("is an array of shape %v", x.Dims), Hint: fmt.Sprintf("strips are images [n, %d, width]", h)}
	}
	var all []Example
	for i := range x.Dims[0] {
		st := &strip{height: h, width: x.Dims[2], pixels: x.Data[i*h*x.Dims[2] : (i+1)*h*x.Dims[2]]}
		all = append(all, m.seen(st, path, i+1))
	}
	return all, nil
}

// seen makes an example of a strip.
func (m *Model) seen(st *strip, path string, row int) Example {
	return Example{Width: m.Width, File: path, Row: row, strip: st}
}
