//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/serve/frame"
)

// A server that may open no more files goes on with the connections that it has, saves their
// sessions, and takes others when files are free again.
func TestServeWithFewFiles(t *testing.T) {
	const most = 40
	dir := t.TempDir()
	p := startBy(t, dir, nil, []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec recur "$@"`, most), "sh"},
		"--sessions", filepath.Join(dir, "states"), "--save", "each", "--log-level", "warn")
	step := func(id string, want int) {
		t.Helper()
		if steps, _, err := p.steps(id, `{"x": [112]}`); steps != want || err != nil {
			t.Errorf("%s has done %d steps, want %d (%v)", id, steps, want, err)
		}
	}
	step("a", 1)
	var crowd []net.Conn
	for range 3 * most {
		c, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") // it may stay for a minute then
		crowd = append(crowd, c)
	}
	if runtime.GOOS == "linux" {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
			if err == nil && len(files) >= most {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the server has %d files open, may have %d (%v)", len(files), most, err)
			}
		}
	}
	for i := range 20 {
		step("a", i+2)
		step(fmt.Sprint(i), 1)
	}
	for _, c := range crowd {
		c.Close()
	}
	p.client.CloseIdleConnections()
	step("a", 22)
	p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	p = startServer(t, dir, "--sessions", filepath.Join(dir, "states"))
	step("a", 23)
	step("19", 2)
}

// With less memory than it would like a server is slow, and answers all the same.
func TestServeWithLittleMemory(t *testing.T) {
	dir := t.TempDir()
	p := startBy(t, dir, nil, []string{"env", "GOMEMLIMIT=16MiB", "recur"}, "--sessions", filepath.Join(dir, "states"), "--max-sessions", "20")
	const each = 16
	body := `{"x": [` + strings.Repeat("112, ", each-1) + "118]}"
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 10 {
				id := fmt.Sprint(w, "-", i%5)
				if steps, _, err := p.steps(id, body); steps != (i/5+1)*each || err != nil {
					t.Errorf("%s has done %d steps in request %d: %v", id, steps, i/5+1, err)
				}
			}
		})
	}
	all.Wait()
}

// A state that the disk has damaged is told by its name, by HTTP and by frames; the other
// sessions are as they were, and the damaged one can be begun anew.
func TestServeTellsDamage(t *testing.T) {
	dir := t.TempDir()
	states := filepath.Join(dir, "states")
	p := startServer(t, dir, "--sessions", states, "--save", "each")
	ids := []string{"session-before", "session-damaged", "session-behind"}
	for _, id := range ids {
		if _, _, err := p.steps(id, `{"x": [112]}`); err != nil {
			t.Fatal(err)
		}
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	damage(t, states, ids[1])
	p = startServer(t, dir, "--sessions", states, "--save", "each", "--log-level", "error")
	for range 2 {
		if _, _, err := p.steps(ids[1], `{"x": [118]}`); err == nil || !strings.Contains(err.Error(), "status 410") || !strings.Contains(err.Error(), `"code":"state_lost"`) {
			t.Errorf("a damaged session: %v", err)
		}
	}
	c, err := client.Dial(t.Context(), "unix:"+filepath.Join(dir, "s"), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var e *frame.ErrorText
	if _, err := c.Session(t.Context(), "airline", ids[1]); !errors.As(err, &e) || e.Code != "state_lost" {
		t.Errorf("a damaged session by frames: %v", err)
	}
	for _, id := range []string{ids[0], ids[2]} {
		if steps, _, err := p.steps(id, `{"x": [118]}`); steps != 2 || err != nil {
			t.Errorf("%s: %d steps, %v", id, steps, err)
		}
	}
	r, err := http.NewRequest("DELETE", "http://localhost/v2/models/airline/sessions/"+ids[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if steps, _, err := p.steps(ids[1], `{"x": [118]}`); steps != 1 || err != nil {
		t.Errorf("begun anew it has done %d steps (%v)", steps, err)
	}
}

// damage changes one byte of the saved state of a session.
func damage(t *testing.T, dir, id string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if i := bytes.Index(b, []byte(id)); i >= 0 {
			b[i+len(id)+50] ^= 1
			n++
			return os.WriteFile(path, b, 0o666)
		}
		return err
	})
	if err != nil || n != 1 {
		t.Fatalf("%d files have %s (%v)", n, id, err)
	}
}
