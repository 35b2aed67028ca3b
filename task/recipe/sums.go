package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
)

// Sum sets SHA256 by the files as they are.
func (r *Recipe) Sum() error {
	r.SHA256 = nil
	for _, file := range r.Data.Files() {
		sum, err := sumOf(file)
		if err != nil {
			return err
		}
		r.SHA256 = append(r.SHA256, sum)
	}
	return nil
}

// sumOf is the checksum of what is in a file, unpacked; empty if there is no such file, as of
// data that ship with recur.
func sumOf(file string) (string, error) {
	if file != data.Stdin {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			return "", nil // a task knows better what is wrong
		}
	}
	f, err := data.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", f.Failed(0, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Changed lists the files of the recipe whose checksums are not those of old, a recipe of the
// same files.
func (r *Recipe) Changed(old *Recipe) (changed []string) {
	files := r.Data.Files()
	if len(r.SHA256) != len(files) || len(old.SHA256) != len(files) {
		return nil
	}
	for i, file := range files {
		if is, was := r.SHA256[i], old.SHA256[i]; is != "" && was != "" && is != was {
			changed = append(changed, file)
		}
	}
	return changed
}

// Differences lists what sets the run of r apart from that of old, a line each; none if they
// are the same run.
func (r *Recipe) Differences(old *Recipe) (all []string) {
	if r.Task != old.Task {
		return []string{fmt.Sprintf("the task was %s and is now %s", old.Task, r.Task)}
	}
	names := maps.Clone(old.Config)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, r.Config)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := plain(old.Config[name]), plain(r.Config[name])
		if !reflect.DeepEqual(was, is) {
			all = append(all, fmt.Sprintf("%s was %s and is now %s", name, text(was), text(is)))
		}
	}
	for _, part := range []struct {
		name     string
		was, are []string
	}{{"train", old.Data.Train, r.Data.Train}, {"validate", old.Data.Valid, r.Data.Valid}, {"test", old.Data.Test, r.Data.Test}} {
		if len(part.was) != len(part.are) {
			all = append(all, fmt.Sprintf("there were %d files to %s on and are now %d", len(part.was), part.name, len(part.are)))
		}
	}
	was, are := old.Data.Files(), r.Data.Files()
	if len(was) != len(are) {
		return all
	}
	for i := range are {
		switch {
		case i < len(old.SHA256) && i < len(r.SHA256) && old.SHA256[i] != "" && r.SHA256[i] != "":
			if old.SHA256[i] != r.SHA256[i] {
				all = append(all, fileName(are[i])+" has other data")
			}
		case filepath.Base(was[i]) != filepath.Base(are[i]):
			all = append(all, fmt.Sprintf("the file %s was %s", fileName(are[i]), fileName(was[i])))
		}
	}
	return all
}

// fileName is what messages call a file.
func fileName(path string) string {
	if path == data.Stdin {
		return "standard input"
	}
	return path
}

// plain is a value as JSON gives it.
func plain(v any) (p any) {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	if p, err = exactly(b); err != nil {
		return v
	}
	return p
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return setting.Cut(string(b))
}
