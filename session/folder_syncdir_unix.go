//go:build unix

package session

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes what was created or removed in a folder last. File systems that cannot do
// so answer EINVAL or ENOTSUP.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
