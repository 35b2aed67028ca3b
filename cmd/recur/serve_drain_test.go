package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"github.com/recur-go/recur/serve/frame"
)

// SIGTERM ends connections that stay open, each by what tells its client so, and the request that
// has begun is answered.
func TestServeDrains(t *testing.T) {
	dir := t.TempDir()
	p := startServer(t, dir, "--sessions", filepath.Join(dir, "states"))
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}

	body, lines := io.Pipe()
	defer lines.Close()
	go fmt.Fprintln(lines, `{"x":[112]}`)
	streamed, err := p.client.Post("http://localhost/v2/models/airline/sessions/lines/stream", "application/x-ndjson", body)
	if err != nil {
		t.Fatal(err)
	}
	defer streamed.Body.Close()
	answers := bufio.NewReader(streamed.Body)
	if line, err := answers.ReadString('\n'); !strings.HasPrefix(line, `{"steps":1,`) {
		t.Fatal(line, err)
	}

	ws, _, err := websocket.Dial(t.Context(), "ws://localhost/v2/models/airline/sessions/web/stream", &websocket.DialOptions{HTTPClient: p.client, Subprotocols: []string{"recur.lines.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"x":[112]}`)); err != nil {
		t.Fatal(err)
	}
	if _, b, err := ws.Read(t.Context()); !strings.HasPrefix(string(b), `{"steps":1,`) {
		t.Fatal(string(b), err)
	}

	conn := dial()
	fmt.Fprintf(conn, "GET /v2/frames HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", frame.Protocol)
	in := bufio.NewReader(conn)
	if r, err := http.ReadResponse(in, nil); err != nil || r.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(r, err)
	}
	send := func(h frame.Header, payload []byte) {
		t.Helper()
		if _, err := conn.Write(append(frame.Append(nil, h, len(payload)), payload...)); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	next := func() frame.Header {
		t.Helper()
		for {
			h, _, n, err := frame.Parse(got, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				got = got[n:]
				return h
			}
			b := make([]byte, 4096)
			k, err := in.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b[:k]...)
		}
	}
	open, _ := json.Marshal(frame.OpenRequest{Model: "airline", Session: "frames"})
	send(frame.Header{Type: frame.Open}, open)
	h := next()
	if h.Type != frame.Opened {
		t.Fatalf("%+v", h)
	}
	send(frame.Header{Type: frame.Step, Handle: h.Handle}, []byte{0, 0, 0xe0, 0x42}) // 112
	if h = next(); h.Type != frame.Answer {
		t.Fatalf("%+v", h)
	}

	slow := dial()
	const step = `{"x":[112]}`
	fmt.Fprintf(slow, "POST /v2/models/airline/sessions/slow/steps HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(step))
	slowIn := bufio.NewReader(slow)
	if line, err := slowIn.ReadString('\n'); !strings.Contains(line, "100 Continue") { // the body is waited for
		t.Fatal(line, err)
	}
	slowIn.ReadString('\n')

	p.cmd.Process.Signal(syscall.SIGTERM)
	p.told("STOPPING=1")
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, `"code":"closed"`) {
		t.Errorf("lines end by %q, %v", line, err)
	}
	if rest, err := io.ReadAll(answers); len(rest) > 0 {
		t.Errorf("lines go on: %q, %v", rest, err)
	}
	if _, b, err := ws.Read(t.Context()); err != nil || !strings.Contains(string(b), `"code":"closed"`) {
		t.Errorf("the WebSocket ends by %q, %v", b, err)
	}
	if _, b, err := ws.Read(t.Context()); err == nil {
		t.Errorf("the WebSocket goes on: %q", b)
	}
	if h = next(); h.Type != frame.GoAway {
		t.Errorf("frames end by %+v", h)
	}
	if b, err := io.ReadAll(in); len(got)+len(b) > 0 || err != nil {
		t.Errorf("frames go on: %q %q, %v", got, b, err)
	}
	fmt.Fprint(slow, step)
	if r, err := http.ReadResponse(slowIn, nil); err != nil || r.StatusCode != 200 {
		t.Errorf("the request that had begun: %+v, %v", r, err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}

	p = startServer(t, dir, "--sessions", filepath.Join(dir, "states"))
	for _, id := range []string{"lines", "web", "frames", "slow"} {
		if n, text, err := p.steps(id, `{"x":[118]}`); n != 2 || err != nil {
			t.Errorf("session %s: %s, %v", id, text, err)
		}
	}
}

// SIGHUP removes models that the file of flags does not name any more, and adds others.
func TestServeReloadsModels(t *testing.T) {
	dir := t.TempDir()
	file := put(t, dir, "airline.safetensors", string(airline))
	config := put(t, dir, "serve.toml", fmt.Sprintf("models = [%q, %q]\n", "a="+file, "b="+file))
	p := startServer(t, dir, "--config", config)
	p.wants(200, `"name":"a"`, "GET", "/v2/models/a", "")
	p.wants(200, `"name":"b"`, "GET", "/v2/models/b", "")
	p.wants(200, `"steps":1`, "POST", "/v2/models/b/sessions/s/steps", `{"x":[112]}`)
	put(t, dir, "serve.toml", fmt.Sprintf("models = [%q, %q]\n", "b="+file, "c="+file))
	p.cmd.Process.Signal(syscall.SIGHUP)
	p.told("RELOADING=1")
	p.told("READY=1")
	p.wants(404, "unknown model", "GET", "/v2/models/a", "")
	p.wants(200, `"steps":2`, "POST", "/v2/models/b/sessions/s/steps", `{"x":[112]}`)
	p.wants(200, `"name":"c"`, "GET", "/v2/models/c", "")
}
