// Package host has what a process that serves needs of the system it runs on: listeners, also
// those that systemd has opened, certificates that are read again, notes to systemd, and an end
// that waits for answers and for nothing else.
package host

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/recur-go/recur/internal/fault"
)

// Check reports whether an address has a form that Listen takes.
func Check(address string) error {
	path, unix := strings.CutPrefix(address, "unix:")
	if unix {
		if path == "" {
			return fault.Errorf(fault.Usage, "%q names no path for the socket", address)
		}
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fault.Errorf(fault.Usage, "%q is no address: it has the form host:port, as 127.0.0.1:8000, or unix:/path", address)
	}
	return nil
}

// Listen listens on an address: "host:port", or "unix:" and a path. A socket that a process has
// left there is replaced.
func Listen(address string) (net.Listener, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		l, err := net.Listen("tcp", address)
		return l, refused(address, err)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, refused(address, syscall.EADDRINUSE)
		} else if errors.Is(err, syscall.ECONNREFUSED) {
			os.Remove(path)
		}
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Errorf(fault.IO, "%s cannot be listened on: there is no folder %s; make it first", address, filepath.Dir(path))
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EINVAL) {
		return nil, fault.Errorf(fault.IO, "%s cannot be listened on: the path of a socket is short, of about 100 bytes; this one has %d", address, len(path))
	}
	return l, refused(address, err)
}

// refused tells why an address cannot be listened on.
func refused(address string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fault.Errorf(fault.IO, "%s is taken: another process listens there; end it, or choose another address", address)
	case errors.Is(err, fs.ErrPermission):
		return fault.Errorf(fault.IO, "%s may not be listened on by this user: choose a port from 1024 on, or a path that may be written", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fault.Errorf(fault.IO, "%s is no address of this machine", address)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fault.Errorf(fault.IO, "%s cannot be listened on: %w", address, err)
}

// Loopback reports whether only this machine can reach an address of Listen.
func Loopback(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// LocalListener reports whether only this machine can reach a listener.
func LocalListener(l net.Listener) bool {
	return l.Addr().Network() == "unix" || Loopback(l.Addr().String())
}

// firstInherited is the first descriptor that systemd hands over.
const firstInherited = 3

// Inherited returns the listeners that systemd has opened for this process, and has processes
// that this one starts not take them for theirs.
func Inherited() ([]net.Listener, error) {
	pid, n := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	count, err := strconv.Atoi(n)
	if pid != strconv.Itoa(os.Getpid()) || err != nil || count < 1 || count > 64 {
		return nil, nil
	}
	var all []net.Listener
	for fd := firstInherited; fd < firstInherited+count; fd++ {
		f := os.NewFile(uintptr(fd), fmt.Sprintf("LISTEN_FD_%d", fd))
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fault.Errorf(fault.IO, "descriptor %d of LISTEN_FDS is no socket that listens: %w", fd, err)
		}
		all = append(all, l)
	}
	return all, nil
}
