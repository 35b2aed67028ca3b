package model

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/model/checkpoint"
)

// Load reads the model at path, whose kind must be registered. The file may be a
// checkpoint of one.
func Load(path string) (*Model, error) { return LoadFile(path, Read) }

// Read reads a model, of a kind that is registered, from the size bytes of r.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	f, err := checkpoint.NewFile(r, size)
	if err != nil {
		return nil, err
	}
	return load(f)
}

// ReadAs is Read for models of one kind. It returns their config and network too; if the
// file holds others, the error has the kind of it and what was asked for.
func ReadAs[C Config, N any](r io.ReaderAt, size int64, what string) (m *Model, c C, net N, err error) {
	if m, err = Read(r, size); err != nil {
		return nil, c, net, err
	}
	c, ok := m.Config.(C)
	if ok {
		net, ok = m.Net.(N)
	}
	if !ok {
		return nil, c, net, fmt.Errorf("%w: it is a model of kind %s, not %s", ErrKind, m.Kind(), what)
	}
	return m, c, net, nil
}

// LoadFile opens the file at path and reads it by read: Read, or that of a task, such as
// classify.Read.
func LoadFile[M any](path string, read func(r io.ReaderAt, size int64) (M, error)) (m M, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	return readFile(f, path, read)
}

// LoadFS is LoadFile for a file of fsys, such as an embed.FS. Where files are no
// io.ReaderAt, the whole file is read into memory first.
func LoadFS[M any](fsys fs.FS, name string, read func(r io.ReaderAt, size int64) (M, error)) (m M, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return m, err
	}
	return readFile(f, name, read)
}

// readFile reads f and closes it.
func readFile[M any](f fs.File, name string, read func(r io.ReaderAt, size int64) (M, error)) (m M, err error) {
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	var size int64
	r, ok := f.(io.ReaderAt)
	switch {
	case err != nil:
	case ok:
		size = info.Size()
	default:
		var b []byte
		b, err = io.ReadAll(f)
		r, size = bytes.NewReader(b), int64(len(b))
	}
	if err == nil {
		m, err = read(r, size)
	}
	if err != nil {
		var none M
		return none, format.At(name, err)
	}
	return m, nil
}

// Clone is a deep copy of m: its config, network, extras and training. It is what Read
// gives of what Write wrote, so that the kind of m must be registered.
func (m *Model) Clone() (*Model, error) {
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		return nil, err
	}
	return Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
}

func load(f *checkpoint.File) (*Model, error) {
	var h header
	if err := h.read(f.Doc); err != nil {
		return nil, err
	}
	if h.Kind == "" {
		return nil, fmt.Errorf("%w: the file has only weights, no model; load them into a network with LoadParams", ErrKind)
	}
	c, err := configOf(h.Kind, h.Config)
	if err != nil {
		return nil, err
	}
	if counter, ok := c.(Counter); ok {
		n := 0
		for _, t := range f.Tensors {
			if !strings.HasPrefix(t.Name, optimPrefix) {
				n += t.Len()
			}
		}
		if want := counter.CountParams(); n != want {
			return nil, fmt.Errorf("%w: its config has %d parameters, but the file has %d", ErrCorrupt, want, n)
		}
	}
	net, err := build(c, nil) // what it would draw is about to be overwritten
	if err != nil {
		return nil, fault.Errorf(fault.Model, "model: config of kind %q: %w", h.Kind, err)
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
	return f.Fill(params, optimPrefix)
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
