package onnx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/format"
)

// Values of large models lie in files beside them. Such a file is named by the
// model, so it is opened only inside the model's folder, and only if it is a
// regular file, with one name, that is reached without a link.

// An externals opens the files of one model.
type externals struct {
	dir   string
	files map[string]*wire
	close []func() error
}

func (e *externals) Close() (err error) {
	for _, c := range e.close {
		err = errors.Join(err, c())
	}
	return err
}

// load reads the values of t, if they are in another file.
func (e *externals) load(t *tensorProto) {
	if t.external == nil {
		return
	}
	bad := func(reason string, args ...any) {
		format.Throw(badAt(t.at, reason, args...).In(t.name))
	}
	if e == nil {
		bad("its values lie in the file %q, and a model that is not opened from a folder has no such files", t.external["location"])
	}
	w, err := e.open(t.external["location"])
	if err != nil {
		bad("external data: %v", err)
	}
	number := func(key string, def int64) int64 {
		text, ok := t.external[key]
		if !ok {
			return def
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < 0 {
			bad("external data: %s %q is not a size", key, text)
		}
		return v
	}
	n, _ := volume(t.Shape)
	want := int64(n) * int64(t.DType.Size())
	offset, length := number("offset", 0), number("length", want)
	if length != want {
		bad("external data of %d bytes do not fill %v %v", length, t.DType, t.Shape)
	}
	if offset > w.size || length > w.size-offset {
		bad("external data from %d on with %d bytes are beyond the %d of %q", offset, length, w.size, t.external["location"])
	}
	t.data = rawData(w, offset, t.DType, n)
	t.external = nil
}

func (e *externals) open(location string) (*wire, error) {
	if w := e.files[location]; w != nil {
		return w, nil
	}
	if location == "" || strings.ContainsAny(location, "\\\x00") || !filepath.IsLocal(location) || path.Clean(location) != location {
		return nil, fmt.Errorf("%q is not a plain name of a file in the folder of the model", location)
	}
	root, err := os.OpenRoot(e.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var info fs.FileInfo
	for i := 0; i <= len(location); i++ { // every folder on the way, then the file
		if i < len(location) && location[i] != '/' {
			continue
		}
		if info, err = root.Lstat(location[:i]); err != nil {
			return nil, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, fmt.Errorf("%q is a link", location[:i])
		}
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file", location)
	}
	if names(info) > 1 {
		return nil, fmt.Errorf("%q is a hard link", location)
	}
	f, err := root.Open(location)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		f.Close()
		return nil, fmt.Errorf("%q changed while it was opened", location)
	}
	if e.files == nil {
		e.files = map[string]*wire{}
	}
	w := newWire(f, info.Size())
	e.files[location], e.close = w, append(e.close, f.Close)
	return w, nil
}
