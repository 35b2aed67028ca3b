package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/model/safetensors"
)

// A File is the tensors of a file by dotted name, in its order. The values stay in the
// file until they are read. Close it when they have been.
type File struct {
	Tensors []*Tensor
	Format  string // "PyTorch zip", "PyTorch legacy" or "safetensors"

	size   int64
	close  func() error
	object any // object of the pickle
}

// Open opens a .pt or .pth file of torch.save or a .safetensors file. A file that
// holds more than tensors and plain containers is refused with a *ClassError.
func Open(path string) (*File, error) {
	r, size, err := format.Open("torch", path)
	if err != nil {
		return nil, err
	}
	f, err := Read(r, size)
	if err != nil {
		r.Close()
		return nil, at(path, err)
	}
	f.close = r.Close
	return f, nil
}

// at adds the path of a file to an error about it.
func at(path string, err error) error {
	var class *ClassError
	var mapping *MapError
	switch {
	case errors.As(err, &class):
		class.Path = path
	case errors.As(err, &mapping):
		mapping.Path = path
	default:
		return format.At(path, err)
	}
	return err
}

// Close closes a file that Open opened.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Size is the bytes of the file.
func (f *File) Size() int64 { return f.size }

// maxPickle is the longest pickle that is read; the values of tensors lie beside it.
const maxPickle = 64 << 20

// Read reads a file of size bytes from r.
func Read(r io.ReaderAt, size int64) (*File, error) {
	var head [9]byte
	if size < int64(len(head)) {
		return nil, bad("%d bytes are too few for any file of weights", size).WithHint("was the file cut short? copy it again")
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	f := &File{size: size}
	switch {
	case head[8] == '{' && string(head[4:8]) == "\x00\x00\x00\x00": // the length of a header, which may begin with any byte
		return f, f.readSafetensors(r)
	case string(head[:4]) == "PK\x03\x04":
		return f, f.readZip(r)
	case head[0] == 0x80 && head[1] <= 5:
		return f, f.readLegacy(r)
	}
	return f, f.readSafetensors(r)
}

func (f *File) readSafetensors(r io.ReaderAt) error {
	f.Format = "safetensors"
	s, err := safetensors.NewFile(r, f.size)
	if err != nil {
		return err
	}
	for _, t := range s.Tensors {
		shape := append([]int{}, t.Shape...)
		stride, n := make([]int, len(shape)), 1
		for i := len(shape) - 1; i >= 0; i-- {
			stride[i] = n
			n *= shape[i]
		}
		f.Tensors = append(f.Tensors, &Tensor{Name: t.Name, DType: t.DType, Shape: shape, stride: stride, from: &storage{dtype: t.DType, bytes: t.Size(), r: t.Reader()}})
	}
	return nil
}

// readZip reads the archive that torch.save has written since version 1.6: within one
// folder, data.pkl is the pickle, and each file data/N a storage, not compressed.
func (f *File) readZip(r io.ReaderAt) error {
	f.Format = "PyTorch zip"
	z, err := zip.NewReader(r, f.size)
	if err != nil {
		return bad("not a whole zip: %v", err).WithHint("was the file cut short? copy it again")
	}
	files := map[string]*zip.File{}
	root := ""
	for _, e := range z.File {
		if files[e.Name] != nil {
			return bad("the archive has two files %.60q", e.Name)
		}
		files[e.Name] = e
		if path.Base(e.Name) == "data.pkl" && root == "" {
			root = strings.TrimSuffix(e.Name, "data.pkl")
		}
	}
	pickle := files[root+"data.pkl"]
	switch {
	case pickle == nil && files["constants.pkl"] == nil && hasSuffix(files, "config.json"):
		return bad("the archive holds no data.pkl but a config.json; is it a Keras model?")
	case pickle == nil:
		return bad("the archive holds no data.pkl, so torch.save did not make it")
	case files[root+"constants.pkl"] != nil:
		return &ClassError{Class: "torch.jit.ScriptModule"}
	}
	if order := files[root+"byteorder"]; order != nil {
		b, err := f.entry(r, order, 16)
		if err != nil {
			return err
		}
		if s := strings.TrimSpace(string(b)); s != "little" {
			return bad("its byte order is %.10q, not little", s).WithHint("save it again on another machine")
		}
	}
	text, err := f.entry(r, pickle, maxPickle)
	if err != nil {
		return err
	}
	made := map[string]*storage{}
	f.object, _, err = unpickle(text, 0, func(id any) (any, error) {
		s, key, numel, err := storageOf(id)
		if err != nil {
			return nil, err
		}
		if old := made[key]; old != nil {
			if old.dtype != s.dtype && old.dtype != "" && s.dtype != "" {
				s.bytes, s.r, s.sum = old.bytes, old.r, old.sum
				return s, nil
			}
			return old, nil
		}
		e := files[root+"data/"+key]
		if e == nil {
			return nil, bad("the archive lacks the storage data/%.40s", key).WithHint("was the file cut short? copy it again")
		}
		section, err := f.section(e)
		if err != nil {
			return nil, err
		}
		s.bytes, s.r, s.sum = section.Size(), io.NewSectionReader(r, section.begin, section.Size()), sumOf(e)
		if size := int64(max(1, s.dtype.Size())); numel < 0 || numel > s.bytes/size {
			return nil, badAt(section.begin, "storage %.40s has %d bytes, too few for %d elements of %s", key, s.bytes, numel, s.dtype)
		}
		made[key] = s
		return s, nil
	})
	if err != nil {
		return err
	}
	return f.flatten()
}

func hasSuffix(files map[string]*zip.File, name string) bool {
	for n := range files {
		if path.Base(n) == name {
			return true
		}
	}
	return false
}

// extent is where an entry of the archive lies.
type extent struct{ begin, end int64 }

func (e extent) Size() int64 { return e.end - e.begin }

// section is where the bytes of a stored entry lie.
func (f *File) section(e *zip.File) (extent, error) {
	fail := func(reason string, args ...any) error {
		return bad("entry %.60q of the archive %s", e.Name, fmt.Sprintf(reason, args...))
	}
	if e.Method != zip.Store {
		return extent{}, fail("is compressed, which torch.save never does")
	}
	begin, err := e.DataOffset()
	if err != nil {
		return extent{}, fail("has a damaged header")
	}
	if e.UncompressedSize64 != e.CompressedSize64 || begin > f.size || e.UncompressedSize64 > uint64(f.size-begin) {
		return extent{}, fail("has %d bytes, more than the file", e.UncompressedSize64)
	}
	return extent{begin, begin + int64(e.UncompressedSize64)}, nil
}

// sumOf is the CRC-32 of an entry; nil if it has none, as after
// torch.serialization.set_crc32_options(False).
func sumOf(e *zip.File) *uint32 {
	if e.CRC32 == 0 {
		return nil
	}
	return &e.CRC32
}

// entry reads a small entry and checks its sum.
func (f *File) entry(r io.ReaderAt, e *zip.File, limit int64) ([]byte, error) {
	s, err := f.section(e)
	if err != nil {
		return nil, err
	}
	if s.Size() > limit {
		return nil, badAt(s.begin, "entry %.60q has %d bytes, more than %d", e.Name, s.Size(), limit)
	}
	b := make([]byte, s.Size())
	if _, err := r.ReadAt(b, s.begin); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	st := &storage{bytes: s.Size(), r: bytes.NewReader(b), sum: sumOf(e)}
	return b, st.check()
}

// storageOf reads a persistent id ("storage", type, key, device, number of elements).
func storageOf(id any) (s *storage, key string, numel int64, err error) {
	t, _ := id.(tuple)
	if len(t) >= 5 && t[0] == "storage" {
		class, ok1 := t[1].(global)
		key, ok2 := t[2].(string)
		numel, ok3 := t[4].(int64)
		name := strings.TrimPrefix(strings.TrimPrefix(string(class), "torch.storage "), "torch ")
		if ok1 && ok2 && ok3 && (storages[name] != "" || name == "UntypedStorage") {
			return &storage{dtype: storages[name]}, key, numel, nil
		}
	}
	return nil, "", 0, bad("the pickle refers to a storage in a way that torch.save does not")
}

// The old format is a row of pickles (a magic number, a version, the sizes of types,
// the object, the keys of the storages), and then each storage, the number of its
// elements before it.
const legacyMagic = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

func (f *File) readLegacy(r io.ReaderAt) error {
	f.Format = "PyTorch legacy"
	// The pickles come first, and their length is not known: what is wrong with a part
	// of them may only be that it ends.
	for n := int64(1 << 20); ; n *= 8 {
		b := make([]byte, min(f.size, maxPickle, n))
		if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := f.legacy(r, b); err == nil || n >= min(f.size, maxPickle) {
			return err
		}
	}
}

// legacy reads a file that begins with b, in which the pickles should lie.
func (f *File) legacy(r io.ReaderAt, b []byte) error {
	all := b
	pos := func() int64 { return int64(len(all) - len(b)) }
	if !bytes.HasPrefix(b, []byte(legacyMagic)) {
		// A pickle by itself: say which class it asks for, if it does.
		if _, _, err := unpickle(b, 0, func(any) (any, error) { return nil, errors.New("no storage") }); err != nil {
			var class *ClassError
			if errors.As(err, &class) {
				return err
			}
		}
		return badAt(0, "a pickle not made by torch.save").WithHint("save the weights with torch.save(model.state_dict(), path)")
	}
	b = b[len(legacyMagic):]
	version, b, err := unpickle(b, pos(), none)
	if err != nil {
		return err
	}
	if version != int64(1001) {
		return badAt(pos(), "a version of the old format that is not known")
	}
	system, b, err := unpickle(b, pos(), none)
	if err != nil {
		return err
	}
	if d, ok := system.(*dict); ok {
		if little, ok := d.get("little_endian"); ok && little != true {
			return badAt(pos(), "its byte order is not little").WithHint("save it again on another machine")
		}
	}
	made, numels := map[string]*storage{}, map[string]int64{}
	f.object, b, err = unpickle(b, pos(), func(id any) (any, error) {
		s, key, numel, err := storageOf(id)
		if err != nil {
			return nil, err
		}
		if made[key] == nil {
			// Where it lies is known when all pickles are read; that it cannot be
			// longer than the file is known now.
			if s.dtype == "" || numel < 0 || numel > f.size/int64(s.dtype.Size()) {
				return nil, bad("a storage of %d elements in a file of %d bytes", numel, f.size)
			}
			s.bytes = numel * int64(s.dtype.Size())
			made[key], numels[key] = s, numel
		}
		return made[key], nil
	})
	if err != nil {
		return err
	}
	keys, b, err := unpickle(b, pos(), none)
	if err != nil {
		return err
	}
	order, ok := keys.(*list)
	if !ok {
		return badAt(pos(), "the keys of the storages are no list")
	}
	at := pos()
	for _, k := range order.items {
		key, _ := k.(string)
		s := made[key]
		var count [8]byte
		if s == nil || s.r != nil {
			return badAt(at, "the storage %.40s is listed twice or used by no tensor", strconv.Quote(key))
		}
		if _, err := r.ReadAt(count[:], at); err != nil {
			return badAt(at, "the file ends before its storages do").WithHint("was it cut short? copy the file again")
		}
		if n := int64(binary.LittleEndian.Uint64(count[:])); n != numels[key] || s.bytes > f.size-at-8 {
			return badAt(at, "a storage of %d elements where %d fit or were declared", n, numels[key]).WithHint("was it cut short? copy the file again")
		}
		s.r = io.NewSectionReader(r, at+8, s.bytes)
		at += 8 + s.bytes
	}
	for _, s := range made {
		if s.r == nil {
			return bad("the file lacks a storage that a tensor looks into")
		}
	}
	return f.flatten()
}

func none(any) (any, error) {
	return nil, bad("a storage where there can be none")
}
