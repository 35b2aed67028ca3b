package caption

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/tensor"
)

// A strip is a picture of several handwritten digits side by side.
type strip struct {
	digits        []byte // digits that it shows
	height, width int
	pixels        []byte // [height, width]
}

// numerals are the names of the digits by language.
var numerals = map[string][10]string{
	"en": {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"},
	"ko": {"영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"},
}

// stripLanguages are those that strips can be put into.
func stripLanguages() []string { return []string{"en", "ko"} }

// transcribe gives the digits of a strip in words of a language.
func transcribe(digits []byte, language string) string {
	var words []string
	for _, d := range digits {
		words = append(words, numerals[language][d])
	}
	return strings.Join(words, " ")
}

// A pool is digits to make strips of.
type pool struct {
	height, width int
	images        [][]byte // [height*width]
	labels        []byte
}

// Names that stand for the digits of sets.Digits where files are named.
const (
	SampleTrain = "mnist-sample.train"
	SampleTest  = "mnist-sample.test"
)

func isSample(name string) bool { return name == SampleTrain || name == SampleTest }

// isDigits reports whether files are images with labels.
func isDigits(files []string) bool {
	return len(files) > 0 && isSample(files[0]) || len(files) > 1 && isIDX(files[0]) && isIDX(files[1])
}

func isIDX(path string) bool {
	f, err := data.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, _ := f.Peek(len(data.IDXMagic))
	return string(head) == data.IDXMagic
}

// readPool reads IDX files, images and labels in turn.
func readPool(files []string) (*pool, error) {
	if len(files) == 1 && isSample(files[0]) {
		images, labels, err := sets.Digits(files[0] == SampleTest)
		if err != nil {
			return nil, err
		}
		p := &pool{}
		return p, p.add(images, labels, files[0], files[0])
	}
	if len(files)%2 != 0 {
		return nil, &data.Error{File: files[len(files)-1], Reason: "has no labels", Hint: "name a file of labels after each file of images"}
	}
	p := &pool{}
	for i := 0; i < len(files); i += 2 {
		images, err := readIDX(files[i])
		if err != nil {
			return nil, err
		}
		labels, err := readIDX(files[i+1])
		if err != nil {
			return nil, err
		}
		if err := p.add(images, labels, files[i], files[i+1]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add adds images with their labels.
func (p *pool) add(images, labels *data.IDX, path, labelsPath string) error {
	switch {
	case len(images.Dims) != 3 || len(images.Data) == 0:
		return &data.Error{File: path, Reason: fmt.Sprintf("is an array of shape %v, not of images", images.Dims)}
	case len(labels.Dims) != 1 || labels.Dims[0] != images.Dims[0]:
		return &data.Error{File: labelsPath, Reason: fmt.Sprintf("has labels of shape %v, but there are %d images", labels.Dims, images.Dims[0])}
	case p.images != nil && (p.height != images.Dims[1] || p.width != images.Dims[2]):
		return &data.Error{File: path, Reason: fmt.Sprintf("has images of %d by %d, but those before are %d by %d", images.Dims[1], images.Dims[2], p.height, p.width)}
	}
	if i := slices.IndexFunc(labels.Data, func(d byte) bool { return d > 9 }); i >= 0 {
		return &data.Error{File: labelsPath, Row: i + 1, Value: fmt.Sprint(labels.Data[i]), Reason: "is not a digit"}
	}
	p.height, p.width = images.Dims[1], images.Dims[2]
	p.images = slices.AppendSeq(p.images, slices.Chunk(images.Data, p.height*p.width))
	p.labels = append(p.labels, labels.Data...)
	return nil
}

// cut parts the last n digits from a pool.
func (p *pool) cut(n int) (head, tail *pool) {
	a, b := *p, *p
	at := len(p.images) - n
	a.images, a.labels = p.images[:at:at], p.labels[:at:at]
	b.images, b.labels = p.images[at:], p.labels[at:]
	return &a, &b
}

// stripOptions are the settings by which strips are made.
type stripOptions struct {
	Min, Max  int      // digits of a strip
	Languages []string // languages of the sentences
	Columns   int      // columns of the picture that are a region
	Stride    int      // columns between the beginnings of two regions
	Augment   bool     // turn, shear, stretch and shift each digit a little
}

// examples makes strips of all digits, each used once, in an order that r draws. Each
// is an example in every language, or with Augment in one that is drawn.
func (p *pool) examples(s stripOptions, r *rand.Rand) (all []Example) {
	order := r.Perm(len(p.images))
	for len(order) >= s.Min {
		n := min(s.Min+r.IntN(s.Max-s.Min+1), len(order))
		st := p.strip(order[:n], s, r)
		order = order[n:]
		languages := s.Languages
		if s.Augment {
			at := r.IntN(len(languages))
			languages = languages[at : at+1]
		}
		for _, l := range languages {
			all = append(all, Example{
				Width: s.Columns * p.height, Language: l,
				Texts: []string{transcribe(st.digits, l)}, strip: st, Row: len(all) + 1,
			})
		}
	}
	return all
}

// strip puts digits side by side.
func (p *pool) strip(which []int, s stripOptions, r *rand.Rand) *strip {
	st := &strip{height: p.height, width: p.width * len(which)}
	spread := p.width / 6
	at := make([]int, len(which)) // left edges
	x := 0
	for i := range which {
		if i > 0 {
			x += p.width - spread + r.IntN(2*spread+1)
		}
		at[i] = x
	}
	st.width = x + p.width
	st.pixels = make([]byte, st.height*st.width)
	for i, k := range which {
		image := p.images[k]
		if s.Augment {
			image = warp(image, p.height, p.width, r)
		}
		st.digits = append(st.digits, p.labels[k])
		for y := range p.height {
			to := st.pixels[y*st.width+at[i]:][:p.width]
			for x, v := range image[y*p.width : (y+1)*p.width] {
				to[x] = max(to[x], v)
			}
		}
	}
	return st
}

// regions are windows of columns, a row after the other, from 0 to 1. The last may reach
// past the edge.
func (st *strip) regions(window, stride int) []tensor.Float {
	n := max(1, (st.width-window+stride-1)/stride+1)
	f := make([]tensor.Float, 0, n*window*st.height)
	for k := range n {
		for y := range st.height {
			for x := k * stride; x < k*stride+window; x++ {
				v := byte(0)
				if x < st.width {
					v = st.pixels[y*st.width+x]
				}
				f = append(f, tensor.Float(v)/255)
			}
		}
	}
	return f
}

// warp turns an image by up to 10°, shears it by up to 0.15, stretches each side by up to
// a tenth, and shifts it by up to 2 pixels.
func warp(image []byte, height, width int, r *rand.Rand) []byte {
	u := func(limit float64) float64 { return (2*r.Float64() - 1) * limit }
	sin, cos := math.Sincos(u(10 * math.Pi / 180))
	shear, sx, sy := u(0.15), 1+u(0.1), 1+u(0.1)
	dx, dy := u(2), u(2)
	// where a pixel comes from: [x y]·[a b; c d], about the middle
	a, b := cos/sx, (sin+shear*cos)/sx
	c, d := -sin/sy, (cos-shear*sin)/sy
	cx, cy := float64(width-1)/2, float64(height-1)/2
	out := make([]byte, len(image))
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= width || y >= height {
			return 0
		}
		return float64(image[y*width+x])
	}
	for y := range height {
		for x := range width {
			px, py := float64(x)-cx-dx, float64(y)-cy-dy
			fx, fy := a*px+b*py+cx, c*px+d*py+cy
			x0, y0 := int(math.Floor(fx)), int(math.Floor(fy))
			wx, wy := fx-float64(x0), fy-float64(y0)
			v := (at(x0, y0)*(1-wx)+at(x0+1, y0)*wx)*(1-wy) + (at(x0, y0+1)*(1-wx)+at(x0+1, y0+1)*wx)*wy
			out[y*width+x] = byte(v + 0.5)
		}
	}
	return out
}
