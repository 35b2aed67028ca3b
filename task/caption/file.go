package caption

import (
	"fmt"
	"io"
	"slices"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	f := &model.Model{Config: &m.Config, Net: m.net, Training: about}
	for name, v := range map[string]any{codecExtra: m.codec, wordingExtra: m.wording, featuresExtra: m.features, scaleExtra: m.scale} {
		if err := f.SetExtra(name, v); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error { return task.Save(path, about, m.file) }

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, caption.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	f, c, n, err := model.ReadAs[*Config, *net](r, size, "one for captions")
	if err != nil {
		return nil, err
	}
	m := &Model{Config: *c, codec: new(text.Codec), wording: new(wording), features: new(features), net: n}
	for name, v := range map[string]any{codecExtra: m.codec, wordingExtra: m.wording, featuresExtra: m.features, scaleExtra: &m.scale} {
		if err := f.Extra(name, v); err != nil {
			return nil, err
		}
	}
	s := m.scale
	if m.codec.Size() != c.Size || len(m.features.Acts) != c.Acts || len(m.features.Slots) != c.Slots || s != nil && (len(s.Mean) != c.Width || len(s.Inverse) != c.Width) {
		return nil, fmt.Errorf("%w: its vocabulary or features do not fit its net", model.ErrCorrupt)
	}
	if !slices.IsSorted(m.features.Acts) || !slices.IsSorted(m.features.Slots) {
		return nil, fmt.Errorf("%w: its features are out of order", model.ErrCorrupt)
	}
	if m.ofStrips() && (m.checkStrips() != nil || m.Width%m.Columns != 0) {
		return nil, fmt.Errorf("%w: its strips are invalid", model.ErrCorrupt)
	}
	return m, nil
}
