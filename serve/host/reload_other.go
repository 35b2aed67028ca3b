//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package host

// Reloading is the state for Notify while a configuration is read again.
func Reloading() string { return "RELOADING=1" }
