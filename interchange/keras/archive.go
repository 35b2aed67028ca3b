package keras

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/recur-go/recur/interchange/internal/crc"
)

// maxJSON is the largest JSON that is read.
const maxJSON = 64 << 20

// unpack reads a file of the zip, of at most limit bytes.
func unpack(files map[string]*zip.File, name string, limit uint64) ([]byte, error) {
	f := files[name]
	if f == nil {
		return nil, bad("there is no %s in its zip; is it a .keras file of Keras 3?", name)
	}
	const most, free = 200, 1 << 20 // a zip that unpacks to so many times its size is a trap
	size := f.UncompressedSize64
	if size > limit || size > free && size/most > f.CompressedSize64 {
		return nil, bad("%s in its zip has %d bytes, from %d", name, size, f.CompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return nil, bad("%s in its zip cannot be read: %v", name, err)
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, min(size, 1100*f.CompressedSize64+512)))
	if _, err := io.Copy(b, io.LimitReader(r, int64(size)+1)); err != nil {
		return nil, bad("%s in its zip cannot be read: %v", name, err)
	}
	return b.Bytes(), nil
}

const weightsName = "model.weights.h5"

// section is the weights in the zip: where they lie in the file if they are stored as
// they are, which is how Keras does it, else unpacked.
func section(r io.ReaderAt, size int64, files map[string]*zip.File) (*io.SectionReader, error) {
	f := files[weightsName]
	if f == nil && files["model.weights.json"] != nil {
		return nil, bad("its weights are cut into several files").WithHint("in Keras, save the model again without max_shard_size")
	}
	if f != nil && f.Method == zip.Store {
		at, err := f.DataOffset()
		if err != nil || at > size || f.UncompressedSize64 > uint64(size-at) {
			return nil, bad("%s does not lie in its zip; was the file cut short?", weightsName)
		}
		weights := io.NewSectionReader(r, at, int64(f.UncompressedSize64))
		switch sum, err := crc.Of(weights, weights.Size()); {
		case err != nil:
			return nil, err
		case sum != f.CRC32:
			return nil, bad("%s in its zip has the checksum %08x, not %08x as written", weightsName, sum, f.CRC32).WithHint("it is damaged; copy the file again")
		}
		return weights, nil
	}
	b, err := unpack(files, weightsName, 1<<40)
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), nil
}

// versionOf is the major version of Keras in metadata.json.
func versionOf(metadata []byte) int {
	var m struct {
		Version string `json:"keras_version"`
	}
	json.Unmarshal(metadata, &m) // what has no version is of Keras 3, which made the format
	if m.Version == "" {
		return 3
	}
	return major(m.Version)
}

func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 3
	}
	return n
}
