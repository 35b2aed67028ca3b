package classify

import (
	"fmt"
	"io"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// A Model is a trained classifier. It is only read, so goroutines may share it.
type Model struct {
	Config
	codec *text.Codec // codec of texts; nil for series
	scale *scale      // scale of series; nil for texts

	ngrams  *ngrams
	net     *net
	ids     map[string]int // ids of Classes
	weights []float64      // weights of Classes in training; nil if all are 1
	valid   []item         // after Fit: the items that it was validated on
}

const (
	codecExtra  = "codec"
	ngramsExtra = "ngrams"
	scaleExtra  = "scale"
)

// index gives the labels their ids.
func (m *Model) index() {
	m.ids = make(map[string]int, len(m.Classes))
	for i, l := range m.Classes {
		m.ids[l] = i
	}
}

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	f := &model.Model{Config: &m.Config, Net: m.net, Training: about}
	if m.Input == Series {
		return f, f.SetExtra(scaleExtra, m.scale)
	}
	if m.NGramCount > 0 {
		if err := f.SetExtra(ngramsExtra, m.ngrams.keys); err != nil {
			return nil, err
		}
	}
	return f, f.SetExtra(codecExtra, m.codec)
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error { return task.Save(path, about, m.file) }

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, classify.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	f, c, n, err := model.ReadAs[*Config, *net](r, size, "a classifier")
	if err != nil {
		return nil, err
	}
	m := &Model{Config: *c, net: n}
	if err := m.extras(f); err != nil {
		return nil, err
	}
	m.index()
	if len(m.ids) != len(m.Classes) {
		return nil, fmt.Errorf("%w: two labels are the same", model.ErrCorrupt)
	}
	return m, nil
}

// extras reads what a file has beside config and net, and sees that it fits them.
func (m *Model) extras(f *model.Model) error {
	if m.Input == Series {
		m.scale = new(scale)
		if err := f.Extra(scaleExtra, m.scale); err != nil {
			return err
		}
		if len(m.scale.Mean) != m.Width || len(m.scale.Std) != m.Width {
			return fmt.Errorf("%w: it has a scale for %d channels and a net for %d", model.ErrCorrupt, len(m.scale.Mean), m.Width)
		}
		return nil
	}
	m.codec = new(text.Codec)
	if err := f.Extra(codecExtra, m.codec); err != nil {
		return err
	}
	if m.codec.Size() != m.Size {
		return fmt.Errorf("%w: it has a vocabulary of %d and a net for %d", model.ErrCorrupt, m.codec.Size(), m.Size)
	}
	if m.NGramCount == 0 {
		return nil
	}
	var keys []uint64
	if err := f.Extra(ngramsExtra, &keys); err != nil {
		return err
	}
	m.ngrams = newNGrams(keys)
	if err := m.ngrams.check(m.NGramCount); err != nil {
		return fmt.Errorf("%w: %w", model.ErrCorrupt, err)
	}
	return nil
}
