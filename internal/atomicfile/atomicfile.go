// Package atomicfile replaces a file at one stroke: readers see the old content
// or the new, whole, whenever the writer is killed or the power fails.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile makes path hold what write writes. The bytes go to a hidden file
// beside path, ".name.tmp" and a number, are synced to the disk, and then take
// the place of path; the directory is synced last. A file that was there keeps
// its permissions; a symbolic link is replaced, not followed. Of writers at the
// same time the last to finish wins.
//
// On an error the old file is as it was and the hidden one is gone. A process
// that is killed may leave the hidden one behind.
func WriteFile(path string, write func(w io.Writer) error) (err error) {
	dir, name := filepath.Split(path)
	hidden := filepath.Join(dir, "."+name+".tmp")
	defer func() {
		var of *fs.PathError
		if errors.As(err, &of) && strings.HasPrefix(of.Path, hidden) {
			of.Path = path
		}
	}()
	f, err := create(hidden)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed { // write may have panicked
			f.Close()
			os.Remove(f.Name())
		}
	}()
	b := bufio.NewWriterSize(f, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if old, err := os.Lstat(path); err == nil && old.Mode().IsRegular() {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	renamed = true
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%s is written but may not survive a power cut: %w", path, err)
	}
	return nil
}

// create makes a new file whose name begins with prefix. Unlike os.CreateTemp it
// leaves permissions to the umask, as for any other file.
func create(prefix string) (*os.File, error) {
	for {
		f, err := os.OpenFile(fmt.Sprint(prefix, rand.Uint64()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) {
			return f, err
		}
	}
}
