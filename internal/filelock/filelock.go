// Package filelock locks a folder for one process, by a file in it. The lock goes with the
// process, however that ends.
package filelock

import (
	"errors"
	"os"
	"path/filepath"
)

// ErrHeld is the error of Take while another holder has the lock.
var ErrHeld = errors.New("the folder is in use by another process")

// name is that of the file.
const name = ".lock"

// A Lock is held until Release, or the end of the process.
type Lock struct{ f *os.File }

// Take locks a folder, which must exist. It does not wait.
func Take(dir string) (*Lock, error) {
	path := filepath.Join(dir, name)
	for {
		f, err := open(path)
		if err != nil {
			return nil, err
		}
		// Who had the lock before may have removed the file since it was opened.
		mine, err := f.Stat()
		if err == nil {
			var now os.FileInfo
			if now, err = os.Stat(path); err == nil && os.SameFile(mine, now) {
				return &Lock{f}, nil
			}
		}
		f.Close()
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
}

// Release gives the lock back, and leaves no file.
func (l *Lock) Release() error {
	return errors.Join(remove(l.f.Name()), l.f.Close())
}
