package watch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/fault"
)

// A candidate is a model that is there: in versions, the highest first, or as a plain file.
type candidate struct {
	name   string
	named  bool
	source Source
	files  []file
}

// A file is a model in one version; "" is a plain one, whose versions are counted.
type file struct{ path, version string }

// find lists what is there. Of two models of a name the first is taken.
func (r *Repository) find() (all []candidate, err error) {
	var errs []error
	add := func(c candidate) {
		if i := slices.IndexFunc(all, func(a candidate) bool { return a.name == c.name }); i >= 0 {
			if all[i].files[0].path != c.files[0].path {
				errs = append(errs, fmt.Errorf("two models have the name %s: %s and %s; name one of them, as in other=%s", c.name, all[i].files[0].path, c.files[0].path, c.files[0].path))
			}
			return
		}
		all = append(all, c)
	}
	for _, s := range r.sources {
		if s.Path == "" {
			add(candidate{s.Name, true, s, []file{{"", ""}}})
			continue
		}
		info, err := os.Stat(s.Path)
		known := func(md *model) bool { return md != nil && md.named && md.source == s && md.current != nil }
		switch {
		case err != nil:
			if !known(r.models[s.nameOr(nameOf(s.Path))]) {
				errs = append(errs, err)
			}
			continue
		case !info.IsDir() && !info.Mode().IsRegular():
			errs = append(errs, fault.Errorf(fault.Usage, "%s is neither a file nor a folder", s.Path))
			continue
		case !info.IsDir() || r.o.IsModel(s.Path, true):
			add(candidate{s.nameOr(nameOf(s.Path)), true, s, []file{{s.Path, ""}}})
			continue
		}
		if files := r.inFolder(s.Path); files != nil {
			add(candidate{s.nameOr(filepath.Base(absolute(s.Path))), true, s, files})
			continue
		}
		if s.Name != "" {
			errs = append(errs, fmt.Errorf("%s is a folder of models, which have names of their own: leave out %s=", s.Path, s.Name))
			continue
		}
		entries, err := os.ReadDir(s.Path)
		if err != nil {
			errs = append(errs, err)
		}
		for _, e := range entries {
			path := filepath.Join(s.Path, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			info, err := os.Stat(path)
			switch {
			case err != nil: // it has just gone
			case info.IsDir() && r.o.IsModel(path, true), info.Mode().IsRegular() && r.o.IsModel(path, false):
				add(candidate{nameOf(path), false, s, []file{{path, ""}}})
			case info.IsDir():
				if files := r.inFolder(path); files != nil {
					add(candidate{e.Name(), false, s, files})
				}
			}
		}
	}
	return all, errors.Join(errs...)
}

func (s Source) nameOr(other string) string {
	if s.Name != "" {
		return s.Name
	}
	return other
}

func absolute(path string) string {
	if p, err := filepath.Abs(path); err == nil {
		return p
	}
	return path
}

// runModel is the file of the model in the folder of a run.
const runModel = "model.safetensors"

// nameOf is the name of the model of a path: that of the file, or of its folder where the file
// is called model.
func nameOf(path string) string {
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if name == "model" {
		if dir := filepath.Base(filepath.Dir(absolute(path))); dir != "." && dir != string(filepath.Separator) {
			return dir
		}
	}
	return name
}

// inFolder lists the versions in the folder of one model, nil if it is no such folder.
func (r *Repository) inFolder(dir string) (files []file) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.Name() == runModel {
			return []file{{filepath.Join(dir, runModel), ""}}
		}
		if n, err := strconv.ParseUint(e.Name(), 10, 63); err != nil || n == 0 || strconv.FormatUint(n, 10) != e.Name() {
			continue
		}
		if path := r.inVersion(filepath.Join(dir, e.Name())); path != "" {
			files = append(files, file{path, e.Name()})
		}
	}
	slices.SortFunc(files, func(a, b file) int {
		x, _ := strconv.ParseUint(a.version, 10, 63)
		y, _ := strconv.ParseUint(b.version, 10, 63)
		if x > y {
			return -1
		}
		return 1
	})
	return files
}

// inVersion finds the model in the folder of a version: what is called model.…, or the only one.
func (r *Repository) inVersion(dir string) string {
	if r.o.IsModel(dir, true) {
		return dir
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !r.o.IsModel(path, e.IsDir()) {
			continue
		}
		if strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())) == "model" {
			return path
		}
		found = append(found, path)
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

// stampOf changes when a file or a folder does: by sizes and times.
func stampOf(path string) string {
	if path == "" {
		return "built in"
	}
	var b strings.Builder
	n := 0
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if n++; err != nil || n > 10_000 {
			return filepath.SkipAll
		}
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			fmt.Fprintf(&b, "%s %d %d\n", p, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}

// sumOf is the checksum of a file, "" of a folder.
func sumOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return string(h.Sum(nil))
}
