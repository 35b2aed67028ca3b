//go:build !windows && (!unix || solaris || illumos || aix)

package filelock

import "os"

// open opens the file. The system has no lock that goes with a process, so that there is none.
func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666) }

func remove(path string) error { return os.Remove(path) }
