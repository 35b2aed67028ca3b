package caption

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

// blocks are digits that anyone can read, as IDX files.
func blocks(t testing.TB, n int) []string {
	r := rand.New(rand.NewPCG(7, 7))
	const side = 10
	var images, labels []byte
	for i := range n {
		d := i % 10
		labels = append(labels, byte(d))
		for y := range side {
			for x := range side {
				v := byte(r.IntN(30))
				if x > 1 && x < 8 && (y == d || x-1 == d%5+1) {
					v = 200 + byte(r.IntN(50))
				}
				images = append(images, v)
			}
		}
	}
	idx := func(dims []int, data []byte) []byte {
		b := []byte{0, 0, 8, byte(len(dims))}
		for _, d := range dims {
			b = binary.BigEndian.AppendUint32(b, uint32(d))
		}
		return append(b, data...)
	}
	return []string{write(t, "images.idx", idx([]int{n, side, side}, images)), write(t, "labels.idx", idx([]int{n}, labels))}
}

func stripConfig(t testing.TB) Config {
	c := small(t, "strips")
	c.StripMin, c.StripMax, c.Columns, c.Stride, c.DenseWidth, c.Augment, c.WeightAverage, c.HeldOut = 1, 3, 6, 3, 16, false, 0, 0.1
	c.Stripes, c.StripeHidden = 5, 8
	c.Batch, c.Epochs, c.Hidden, c.Dropout = 16, 40, 32, 0
	return c
}

// Strips of simple digits are read out in both languages, and the attention goes from
// left to right.
func TestStrips(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	files := blocks(t, 600)
	m := fit(t, stripConfig(t), files...)
	r, err := m.Evaluate(context.Background(), files...)
	if err != nil || r.Scores["exact"] < 0.95 {
		t.Fatalf("%v, %v", r, err)
	}
	if len(r.Files) == 0 || r.Parts[0].Picture == nil || !strings.Contains(r.Text, "right: strip") {
		t.Errorf("the report has no pictures: %d files, %s", len(r.Files), r.Text)
	}
	if f := nn.Untagged(m.net); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	if n := nn.Count(nn.Params(m.net)); n != m.CountParams() {
		t.Errorf("%d parameters are counted, there are %d", m.CountParams(), n)
	}
	p, err := readPool(files)
	if err != nil {
		t.Fatal(err)
	}
	st := p.strip([]int{3, 1, 4}, m.strips(false), rand.New(rand.NewPCG(1, 1)))
	picture, err := encode(m.picture(st, nil))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := m.ReadFiles(write(t, "strip.png", picture))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := m.In("", seen)
	if err != nil || len(examples) != 2 {
		t.Fatal(examples, err)
	}
	found, err := m.Caption(context.Background(), examples, seq2seq.Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	if en, ko := found[0][0].Text, found[1][0].Text; en != "three one four" || ko != "삼 일 사" {
		t.Errorf("a picture is read as %q and %q", en, ko)
	}
	if _, err := m.In("fr", seen); err == nil || !strings.Contains(err.Error(), "only en, ko") {
		t.Error(err)
	}
	if all, err := m.ReadFiles(files[0]); err != nil || len(all) != 600 {
		t.Errorf("%d images, %v", len(all), err)
	}
}

func grey(width, height int) []byte {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = byte(i / width * 7)
	}
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// What a picture takes is in proportion to its file.
func TestPictureOfManyPixels(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string
	}{{40, 10, ""}, {3000, 100, ""}, {16384, 4096, "is a picture of 16384 by 4096 in "}, {1, 5000, "is a picture of 1 by 5000"}} {
		if _, err := parsePNG(grey(c.width, c.height), "a.png", 10); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d by %d: %v, want %q", c.width, c.height, err, c.want)
		}
	}
}

// Whatever a file holds, it is refused, or becomes a strip of the height that is asked for.
func FuzzParsePNG(f *testing.F) {
	f.Add(grey(40, 10), 10)
	f.Add(grey(7, 31), 28)
	f.Add(grey(1, 1), 1)
	f.Fuzz(func(t *testing.T, b []byte, h int) {
		h = 1 + int(uint(h)%64)
		st, err := parsePNG(b, "a.png", h)
		var bad *data.Error
		switch {
		case err != nil && !errors.As(err, &bad):
			t.Fatalf("%T: %v", err, err)
		case err == nil && (st.height != h || st.width < 1 || len(st.pixels) != st.height*st.width):
			t.Fatalf("a strip of %d by %d with %d pixels", st.width, st.height, len(st.pixels))
		}
	})
}

// The bits depend neither on the number of cores nor on a stop in between.
func TestSameBits(t *testing.T) {
	c := stripConfig(t)
	c.Epochs, c.Augment, c.Dropout, c.WeightAverage = 2, true, 0.1, 0.9
	d := task.Data{Train: blocks(t, 300)}
	whole, err := Fit(context.Background(), c, d, task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	old := runtime.GOMAXPROCS(4)
	many, err := Fit(context.Background(), c, d, task.Options{})
	runtime.GOMAXPROCS(old)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole.net, many.net)
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	o := task.Options{Checkpoint: path, Resume: true, OnStep: func(s task.Step) {
		if s.Progress.Step == s.Of/2+2 {
			cancel()
		}
	}}
	if _, err := Fit(ctx, c, d, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the checkpoint is not a model: %v", err)
	}
	o.OnStep = nil
	resumed, err := Fit(context.Background(), c, d, o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole.net, resumed.net)
}

// A height that the stripes do not divide is an error of the file.
func TestStripes(t *testing.T) {
	c := stripConfig(t)
	c.Stripes = 3
	_, err := Fit(context.Background(), c, task.Data{Train: blocks(t, 100)}, task.Options{})
	var bad *data.Error
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), "10 pixels high, which do not divide into 3 stripes") {
		t.Error(err)
	}
}
