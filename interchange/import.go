package interchange

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/atomicfile"
)

// ImportTo imports the file at path into a file of recur at out; if out is "", beside
// the working directory's other files, under the name of path with .recur before its
// new ending. A model of ONNX is checked and copied as it is, since it runs so; one
// whose values lie in other files is refused. It returns the name of the file.
func ImportTo(out, path string, spec []byte) (string, error) {
	what, _, err := identify(path)
	if err != nil {
		return "", err
	}
	ext := ".safetensors"
	if what == onnxModel {
		ext = ".onnx"
	}
	if out == "" {
		base := filepath.Base(path)
		out = strings.TrimSuffix(base, filepath.Ext(base)) + ".recur" + ext
	}
	if what == onnxModel {
		return out, copyONNX(out, path)
	}
	m, err := Import(path, spec)
	if err != nil {
		return "", err
	}
	return out, m.Save(out)
}

func copyONNX(out, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := onnx.Open(path); err != nil {
		return err
	}
	if _, err := onnx.Read(f, info.Size()); err != nil { // which refuses values in other files
		return err
	}
	return atomicfile.WriteFile(out, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(f, 0, info.Size()))
		return err
	})
}
