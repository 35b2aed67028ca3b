package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

var values = strings.Fields("112 118 132 129 121 135 148 148 136 119 104 118 115 126 141")

// serveAirline serves what recur serve does without a model. Its first connection breaks after
// it has sent so many bytes, if there is a limit.
func serveAirline(t *testing.T, o serve.Options, limit int) (*serve.Model, *httptest.Server) {
	t.Helper()
	m, err := tasks.Open(filepath.Join("..", "..", "cmd", "recur", "airline.safetensors"), tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Sessions.Close(context.Background()) })
	s := serve.New(o)
	if err := s.Add(m); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s)
	if limit > 0 {
		web.Listener = &brittle{web.Listener, limit}
	}
	web.Start()
	t.Cleanup(web.Close)
	return m, web
}

// A brittle listener has a first connection that breaks.
type brittle struct {
	net.Listener
	limit int
}

func (b *brittle) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if limit := b.limit; err == nil && limit > 0 {
		b.limit = 0
		return &breaking{c, limit}, nil
	}
	return c, err
}

type breaking struct {
	net.Conn
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		b.Close()
	}
	return b.Conn.Write(p)
}

// want is what each client prints.
func want(t *testing.T, m *serve.Model) string {
	t.Helper()
	var b strings.Builder
	var y []serve.Float
	for _, text := range values {
		var v serve.Float
		fmt.Sscan(text, &v)
		var err error
		if y, err = m.Sessions.Step(t.Context(), "want", 0, y, []serve.Float{v}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\t%.1f\n", text, y[0])
	}
	return b.String()
}

// The client in Go goes on in its session.
func TestGo(t *testing.T) {
	m, web := serveAirline(t, serve.Options{}, 0)
	var out bytes.Buffer
	for _, part := range [][]string{values[:5], values[5:]} {
		if err := run(t.Context(), web.URL, "go", strings.NewReader(strings.Join(part, " ")), &out); err != nil {
			t.Fatal(err)
		}
	}
	if want := want(t, m); out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
	if err := run(t.Context(), web.URL, "go", strings.NewReader("many"), &out); err == nil {
		t.Error("many is taken for a number")
	}
}

func TestCurl(t *testing.T) {
	for _, name := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("steps.sh is not run: there is no %s", name)
		}
	}
	m, web := serveAirline(t, serve.Options{}, 0)
	t.Setenv("SERVER", web.URL)
	check(t, m, exec.Command("sh", append([]string{"steps.sh"}, values...)...))
}

func TestPython(t *testing.T) {
	for _, c := range []struct{ file, module string }{{"steps.py", "requests"}, {"sequence.py", "tritonclient.http"}} {
		t.Run(c.file, func(t *testing.T) {
			python := findPython(t, c.module)
			m, web := serveAirline(t, serve.Options{}, 0)
			server := web.URL
			if c.file == "sequence.py" {
				server = strings.TrimPrefix(server, "http://")
			}
			check(t, m, exec.Command(python, append([]string{"-B", c.file, "--server", server}, values...)...))
		})
	}
}

// findPython is a Python that has a module.
func findPython(t *testing.T, module string) string {
	for _, python := range []string{os.Getenv("RECUR_PYTHON"), "python3"} {
		if python != "" && exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	t.Skipf("not run: neither RECUR_PYTHON nor python3 is a Python with %s", module)
	return ""
}

func check(t *testing.T, m *serve.Model, cmd *exec.Cmd) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if want := want(t, m); err != nil || string(out) != want {
		t.Errorf("%v: printed\n%swant\n%s%s", err, out, want, stderr.String())
	}
}

// The page steps a session of a server of another origin, connects again when that breaks, and
// shows the last forecast.
func TestPage(t *testing.T) {
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	if chromium == "" || testing.Short() {
		t.Skip("page.html is not opened: there is no Chromium, or -short")
	}
	page, err := os.ReadFile("page.html")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{}) // the page has closed its second stream, after it has shown the last answer
	var streams atomic.Int32
	m, web := serveAirline(t, serve.Options{
		Origins: []string{"http://" + l.Addr().String()},
		OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
			return ctx, func(serve.Result) {
				if streams.Add(1) == 2 {
					close(ended)
				}
			}
		},
	}, 5000)
	// Chromium writes the page out once it is loaded, which the last picture delays.
	files := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ended" {
			select {
			case <-ended:
			case <-r.Context().Done():
			}
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `%s<img src="/ended" alt="" hidden><script>
at("server").value = "ws://%s";
at("series").value = "%s";
at("start").click();
</script>`, page, web.Listener.Addr(), strings.Join(values, " "))
	})}
	go files.Serve(l)
	defer files.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--dump-dom", "http://"+l.Addr().String())
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", chromium, err)
	}
	lines := strings.Fields(want(t, m))
	last := lines[len(lines)-1]
	if text := fmt.Sprintf("Value %d of %d: %s. Next month's forecast: %s.", len(values), len(values), values[len(values)-1], last); !strings.Contains(string(out), text) {
		t.Errorf("the page does not show %q:\n%s", text, out)
	}
	if n := strings.Count(string(out), ` d="M`); n != 5 {
		t.Errorf("the page has drawn %d lines, not 5", n)
	}
}
