package host_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/serve/host"
)

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8000": true, "[::1]:1": true, "localhost:8000": true, "unix:/run/x": true,
		"0.0.0.0:8000": false, ":8000": false, "10.0.0.1:8000": false, "[::]:8000": false, "example.com:80": false, "x": false,
	} {
		if got := host.Loopback(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestListenRefuses(t *testing.T) {
	l, err := host.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	for address, want := range map[string]string{
		"unix:" + filepath.Join(dir, "none", "s"):              "there is no folder " + filepath.Join(dir, "none"),
		"unix:" + filepath.Join(dir, strings.Repeat("x", 200)): "the path of a socket is short",
		"nowhere":         "is no address: it has the form host:port",
		"unix:":           "names no path",
		l.Addr().String(): "is taken: another process listens there",
	} {
		if l, err := host.Listen(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", address, l, err)
		}
	}
}

// A socket that a process has left is replaced.
func TestListenReplacesASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Skip(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	again, err := host.Listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestNotify(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("systemd is for Linux")
	}
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := host.Notify("READY=1"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	n, err := c.Read(b)
	if string(b[:n]) != "READY=1" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	t.Setenv("WATCHDOG_USEC", "3000000")
	if d := host.Watchdog(); d != 3*time.Second {
		t.Error(d)
	}
	t.Setenv("WATCHDOG_PID", "1")
	if d := host.Watchdog(); d != 0 {
		t.Error(d)
	}
}

// Shutdown waits for the answer to a request that has begun, and not for a connection without one.
func TestShutdown(t *testing.T) {
	begun, release := make(chan bool), make(chan bool)
	h := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-release
		io.WriteString(w, "done")
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var g host.Group
	g.Serve(h, l, nil)
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	answer := make(chan string)
	go func() {
		r, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		answer <- string(b)
	}()
	<-begun
	ended := make(chan error)
	go func() { ended <- g.Shutdown(context.Background()) }()
	if _, err := idle.Read(make([]byte, 1)); err == nil {
		t.Error("the idle connection is not closed")
	}
	close(release)
	if got := <-answer; got != "done" {
		t.Error(got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
