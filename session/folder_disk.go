package session

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// A disk is the folder as the store uses it. What is written is safe after Sync of its file,
// a file that was created or removed after SyncDir.
type disk interface {
	List() ([]string, error)
	Create(name string) (diskFile, error) // which there must not be
	Open(name string) (diskFile, error)   // to read and write
	Remove(name string) error
	SyncDir() error
}

type diskFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
}

// An osDisk is a folder of the system.
type osDisk struct{ dir string }

func (d osDisk) List() ([]string, error) {
	entries, err := os.ReadDir(d.dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (d osDisk) Create(name string) (diskFile, error) {
	return openFile(filepath.Join(d.dir, name), os.O_CREATE|os.O_EXCL)
}

func (d osDisk) Open(name string) (diskFile, error) {
	return openFile(filepath.Join(d.dir, name), 0)
}

func (d osDisk) Remove(name string) error { return os.Remove(filepath.Join(d.dir, name)) }

func (d osDisk) SyncDir() error { return syncDir(d.dir) }

func openFile(path string, flags int) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error {
	if err := syncData(f.File); err != nil {
		return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}

// makeFolder makes the folder and those above it that there are not, for good.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(dir))
	if err := makeFolder(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(above)
}
