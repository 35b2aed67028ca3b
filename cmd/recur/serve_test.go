package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/recur-go/recur/serve/client"
)

// A serverProcess is recur serve on a socket, with a fake systemd that it tells of its state.
type serverProcess struct {
	t      *testing.T
	cmd    *exec.Cmd
	client *http.Client
	notes  *net.UnixConn
	log    readyLog
}

// A readyLog finds what the server logs in JSON when it is ready: its addresses.
type readyLog struct {
	text  []byte
	told  map[string]any
	ready chan struct{} // closed when that is known
}

func (l *readyLog) Write(b []byte) (int, error) {
	if l.told != nil {
		return len(b), nil
	}
	l.text = append(l.text, b...)
	for line := range bytes.Lines(l.text) {
		var told map[string]any
		if json.Unmarshal(line, &told) == nil && told["msg"] == "ready" {
			l.told = told
			close(l.ready)
			break
		}
	}
	return len(b), nil
}

// at is the address of a name: address, grpc or admin.
func (p *serverProcess) at(name string) string {
	p.t.Helper()
	select {
	case <-p.log.ready:
	case <-time.After(time.Minute):
		p.t.Fatal("the server does not log that it is ready")
	}
	address, _ := p.log.told[name].(string)
	return address
}

func startServer(t *testing.T, dir string, args ...string) *serverProcess {
	t.Helper()
	return startCommand(t, dir, nil, append([]string{"--log", "json"}, args...)...)
}

// startCommand has the server print to out.
func startCommand(t *testing.T, dir string, out io.Writer, args ...string) *serverProcess {
	t.Helper()
	return startBy(t, dir, out, []string{"recur"}, args...)
}

// startBy starts it by a command that runs recur.
func startBy(t *testing.T, dir string, out io.Writer, by []string, args ...string) *serverProcess {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	notify := filepath.Join(dir, "n")
	os.Remove(notify)
	notes, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	socket := filepath.Join(dir, "s")
	p := &serverProcess{t: t, notes: notes, log: readyLog{ready: make(chan struct{})}}
	p.cmd = exec.Command(by[0], slices.Concat(by[1:], []string{"serve"}, args, []string{"--listen", "unix:" + socket})...)
	p.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify)
	p.cmd.Stdout, p.cmd.Stderr = out, io.MultiWriter(t.Output(), &p.log)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		notes.Close()
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	p.told("READY=1")
	return p
}

// told waits for a note to systemd.
func (p *serverProcess) told(want string) {
	p.t.Helper()
	p.notes.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 256)
	for {
		n, err := p.notes.Read(b)
		if err != nil {
			p.t.Fatalf("%s does not come: %v", want, err)
		}
		if strings.HasPrefix(string(b[:n]), want) {
			return
		}
	}
}

// steps steps a session and returns how many steps it has done, and the answer.
func (p *serverProcess) steps(id, body string) (steps int, text string, err error) {
	r, err := p.client.Post("http://localhost/v2/models/airline/sessions/"+id+"/steps", "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != 200 {
		err = fmt.Errorf("status %d: %s", r.StatusCode, b)
	}
	var a struct{ Steps int }
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	return a.Steps, string(b), err
}

// SIGTERM ends a server with 10,000 sessions with code 0, and the next one goes on in all of them.
func TestServeEnds(t *testing.T) {
	dir := t.TempDir()
	states := filepath.Join(dir, "states")
	n := 10_000
	if testing.Short() {
		n = 500
	}
	// stepAll does one step of each session and checks that it is the last of so many.
	stepAll := func(want uint64) {
		c, err := client.Dial(t.Context(), "unix:"+filepath.Join(dir, "s"), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all := make([]*client.Session, n)
		var opening sync.WaitGroup
		for w := range 16 {
			opening.Go(func() {
				for i := w; i < n; i += 16 {
					s, err := c.Session(t.Context(), "airline", fmt.Sprint(i))
					if err != nil {
						t.Error(err)
						return
					}
					all[i] = s
				}
			})
		}
		if opening.Wait(); t.Failed() {
			t.FailNow()
		}
		var stepping sync.WaitGroup
		stepping.Add(n)
		for _, s := range all {
			s.Go(&client.Call{X: []float32{112}, Done: func(c *client.Call) {
				if c.Err != nil {
					t.Error(c.Err)
				}
				stepping.Done()
			}})
		}
		stepping.Wait()
		for i, s := range all {
			if got := s.Steps(); got != want {
				t.Fatalf("session %d has done %d steps, want %d", i, got, want)
			}
		}
	}
	p := startServer(t, dir, "--sessions", states, "--save", "none")
	stepAll(1)
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.told("STOPPING=1")
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	startServer(t, dir, "--sessions", states)
	stepAll(2)
}

// With --save each, what was answered survives kill -9.
func TestServeIsKilled(t *testing.T) {
	dir := t.TempDir()
	states := filepath.Join(dir, "states")
	done := 0
	for range 3 {
		p := startServer(t, dir, "--sessions", states, "--save", "each")
		for range 5 {
			steps, _, err := p.steps("a", `{"x": [112]}`)
			if err != nil || steps != done+1 {
				t.Fatalf("%d steps after %d, %v", steps, done, err)
			}
			done = steps
		}
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// SIGHUP takes up another token, and what is wrong leaves the one that was.
func TestServeReloads(t *testing.T) {
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens")
	write := func(text string) {
		if err := os.WriteFile(tokens, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	config := filepath.Join(dir, "serve.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "token = [\"@%s\"]\nttl = \"1h\"\nmax-sessions = 10\n", tokens), 0o666); err != nil {
		t.Fatal(err)
	}
	p := startServer(t, dir, "--config", config)
	status := func(token string) int {
		r, _ := http.NewRequest("GET", "http://localhost/v2", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		a, err := p.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		return a.StatusCode
	}
	for _, c := range []struct {
		file          string
		first, second int
	}{{"", 200, 401}, {"second\n", 401, 200}, {"\n", 401, 200}} {
		if c.file != "" {
			write(c.file)
			p.cmd.Process.Signal(syscall.SIGHUP)
			p.told("RELOADING=1")
			p.told("READY=1")
		}
		if a, b, none := status("first"), status("second"), status(""); a != c.first || b != c.second || none != 401 {
			t.Errorf("%q: %d, %d, %d", c.file, a, b, none)
		}
	}
}
