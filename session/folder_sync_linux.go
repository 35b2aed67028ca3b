package session

import (
	"os"
	"syscall"
)

// syncData writes the bytes of a file to the disk, and its size if that changed.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
