//go:build linux || darwin || freebsd || netbsd || openbsd

package host

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Reloading is the state for Notify while a configuration is read again.
func Reloading() string {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return "RELOADING=1"
	}
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", time.Duration(now.Nano()).Microseconds())
}
