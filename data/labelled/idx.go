package labelled

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
)

// images are those of a file that waits for its labels, or the other way round.
type images struct {
	name   string
	pixels *data.IDX // [n, rows, columns]
	labels *data.IDX // [n]
}

func (r *reader) idx(s *source, f *data.File) error {
	x, err := data.ReadIDX(f, 0)
	if err != nil {
		return err
	}
	if len(x.Dims) != 1 && len(x.Dims) != 3 {
		return s.wrong(0, fmt.Sprintf("has the dimensions %v, which fit neither images nor labels", x.Dims), "images have 3 dimensions, labels 1")
	}
	if len(x.Dims) == 1 {
		if r.image.labels != nil {
			return s.wrong(0, "has labels, like the file before it", "alternate files of images and of labels")
		}
		r.image.labels = x
	} else {
		if r.image.pixels != nil { // whose labels are elsewhere
			if err := r.endImages(); err != nil {
				return err
			}
		}
		r.image.name, r.image.pixels = s.name, x
	}
	if r.image.pixels == nil || r.image.labels == nil {
		return nil
	}
	return r.emitImages()
}

// endImages emits images whose labels were not named.
func (r *reader) endImages() error {
	switch {
	case r.image.pixels == nil && r.image.labels == nil:
		return nil
	case r.image.pixels == nil:
		return &data.Error{Reason: "these labels have no images", Hint: "name the file of images before it"}
	}
	beside := strings.Replace(r.image.name, "images-idx3", "labels-idx1", 1)
	if beside != r.image.name {
		f, err := data.Open(beside)
		if err == nil {
			defer f.Close()
			if r.image.labels, err = data.ReadIDX(f, 0); err != nil {
				return err
			}
			return r.emitImages()
		}
	}
	if !r.Unlabelled {
		return &data.Error{File: r.image.name, Reason: "has images without labels", Hint: "name the file of labels after it"}
	}
	return r.emitImages()
}

func (r *reader) emitImages() error {
	im := r.image
	r.image = images{}
	n := im.pixels.Dims[0]
	if im.labels != nil && im.labels.Dims[0] != n {
		return &data.Error{File: im.name, Reason: fmt.Sprintf("has %d images, but there are %d labels", n, im.labels.Dims[0]), Hint: "name the labels of these images"}
	}
	size := im.pixels.Dims[1] * im.pixels.Dims[2]
	for i := range n {
		e := Example{File: im.name, Row: i + 1, Pixels: im.pixels.Data[i*size : (i+1)*size : (i+1)*size], Width: im.pixels.Dims[2]}
		if im.labels != nil {
			e.Labels = []string{strconv.Itoa(int(im.labels.Data[i]))}
		}
		if err := r.add(e); err != nil {
			return err
		}
	}
	return nil
}
