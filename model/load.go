package model

import (
	"fmt"
	"io"
	"strings"

	"github.com/recur-go/recur/model/checkpoint"
)

// Load reads the model at path, whose kind must be registered. The file may be a
// checkpoint of one.
func Load(path string) (*Model, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// LoadAs is Load for models of one kind. It returns their config and network too; if the
// file holds others, the error says that it does not hold what is asked for.
func LoadAs[C Config, N any](path, what string) (m *Model, c C, net N, err error) {
	if m, err = Load(path); err != nil {
		return nil, c, net, err
	}
	c, ok := m.Config.(C)
	if ok {
		net, ok = m.Net.(N)
	}
	if !ok {
		return nil, c, net, fmt.Errorf("%s: %w: it holds a model of kind %s, not %s", path, ErrKind, m.Kind(), what)
	}
	return m, c, net, nil
}

// Read reads a model from a file of size bytes.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	f, err := checkpoint.NewFile(r, size)
	if err != nil {
		return nil, err
	}
	return load(f)
}

func load(f *checkpoint.File) (*Model, error) {
	var h header
	if err := h.read(f.Doc); err != nil {
		return nil, err
	}
	if h.Kind == "" {
		return nil, fmt.Errorf("%w: the file has weights only; load them with LoadParams into a network of their shape", ErrKind)
	}
	c, err := configOf(h.Kind, h.Config)
	if err != nil {
		return nil, err
	}
	if counter, ok := c.(Counter); ok {
		n := 0
		for _, t := range f.Tensors {
			if !strings.HasPrefix(t.Name, OptimPrefix) {
				n += t.Len()
			}
		}
		if want := counter.CountParams(); n != want {
			return nil, fmt.Errorf("%w: its config asks for %d values of parameters, the file has %d", ErrCorrupt, want, n)
		}
	}
	net, err := build(c, nil) // what it would draw is about to be overwritten
	if err != nil {
		return nil, fmt.Errorf("model: config of kind %q: %w", h.Kind, err)
	}
	if err := fill(f, net); err != nil {
		return nil, err
	}
	return &Model{Config: c, Net: net, Extras: h.Extras, Training: h.Training}, nil
}

func fill(f *checkpoint.File, net any) error {
	params, err := tensors(net)
	if err != nil {
		return err
	}
	return f.Fill(params, OptimPrefix)
}

// SaveParams replaces the file at path by the parameters of net alone, without
// kind or config.
func SaveParams(path string, net any) error {
	params, err := tensors(net)
	if err != nil {
		return err
	}
	return checkpoint.Save(path, nil, params)
}

// LoadParams fills the parameters of net from the file at path: a model, a
// checkpoint, or any safetensors file with the names and shapes that nn.Params
// lists. Values are converted to the precision of net. On a *MismatchError net
// is unchanged; on another error its values may be those of neither.
func LoadParams(path string, net any) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fill(f, net); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
