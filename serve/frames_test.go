package serve_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/frame"
	"github.com/recur-go/recur/session"
)

// listen serves on a real listener until the test ends, and returns its address.
func listen(t testing.TB, s *serve.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := s.HTTP()
	go h.Serve(l)
	t.Cleanup(func() { h.Close() })
	return l.Addr().String()
}

// A wire is a connection of frames.
type wire struct {
	t testing.TB
	net.Conn
	in []byte
}

// upgraded makes a connection one of frames.
func upgraded(t testing.TB, addr string, head ...string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(c, "GET /v2/frames HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: %s\r\n%s\r\n", frame.Protocol, strings.Join(head, "\r\n"))
	w := &wire{t: t, Conn: c}
	for !bytes.Contains(w.in, []byte("\r\n\r\n")) {
		w.more()
	}
	if !bytes.HasPrefix(w.in, []byte("HTTP/1.1 101 ")) {
		t.Fatalf("%s", w.in)
	}
	_, w.in, _ = bytes.Cut(w.in, []byte("\r\n\r\n"))
	return w
}

func (w *wire) more() {
	w.t.Helper()
	b := make([]byte, 4096)
	n, err := w.Read(b)
	if err != nil {
		w.t.Fatal(err)
	}
	w.in = append(w.in, b[:n]...)
}

// next reads a frame.
func (w *wire) next() (frame.Header, []byte) {
	w.t.Helper()
	for {
		h, payload, n, err := frame.Parse(w.in, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		if n > 0 {
			w.in = w.in[n:]
			return h, payload
		}
		w.more()
	}
}

func (w *wire) send(h frame.Header, payload []byte) {
	w.t.Helper()
	if _, err := w.Write(append(frame.Append(nil, h, len(payload)), payload...)); err != nil {
		w.t.Fatal(err)
	}
}

// open opens a session of model acc.
func (w *wire) open(id string) (handle uint32) {
	w.t.Helper()
	return w.openOf("acc", id)
}

func (w *wire) openOf(model, id string) (handle uint32) {
	w.t.Helper()
	b, _ := json.Marshal(frame.OpenRequest{Model: model, Session: id})
	w.send(frame.Header{Type: frame.Open, Step: 5}, b)
	h, payload := w.next()
	if h.Type != frame.Opened || h.Step != 5 {
		w.t.Fatalf("%+v %s", h, payload)
	}
	return h.Handle
}

func le32(x ...float32) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// gets reads a frame and checks it: want is the payload of an Answer, or a part of an Error.
func (w *wire) gets(want frame.Header, payload []byte) {
	w.t.Helper()
	h, got := w.next()
	if h != want || h.Type == frame.Error && !bytes.Contains(got, payload) || h.Type != frame.Error && !bytes.Equal(got, payload) {
		w.t.Errorf("%+v %q, want %+v %q", h, got, want, payload)
	}
}

func TestFrames(t *testing.T) {
	w := upgraded(t, listen(t, server(t, serve.Options{}, accumulate(t, 2, session.TableOptions{}))))
	a := w.open("a")
	b := w.open("b")
	step := func(handle uint32, flags uint8, n uint64, x ...float32) {
		w.send(frame.Header{Type: frame.Step, Flags: flags, Handle: handle, Step: n}, le32(x...))
	}
	answer := func(handle uint32, n uint64) frame.Header {
		return frame.Header{Type: frame.Answer, Handle: handle, Step: n}
	}
	fails := func(handle uint32, n uint64) frame.Header {
		return frame.Header{Type: frame.Error, Handle: handle, Step: n}
	}
	step(a, 0, 1, 1, 2)
	w.gets(answer(a, 1), le32(1, 2))
	step(a, 0, 1, 9, 9) // again
	w.gets(answer(a, 1), le32(1, 2))
	step(a, 0, 5, 1, 1)
	w.gets(fails(a, 5), []byte(`"code":"step","have":1`))
	step(a, 0, 2, 1)
	w.gets(fails(a, 2), []byte("the input has 4 bytes"))
	step(a, 0, 2, float32(math.NaN()), 1)
	w.gets(fails(a, 2), []byte("not_a_number"))
	step(b, frame.Exist, 0, 1, 1)
	w.gets(fails(b, 0), []byte("not_found"))
	step(b, 0, 0, 5, 5)
	w.gets(answer(b, 1), le32(5, 5))
	step(b, frame.Start, 0, 7, 7)
	w.gets(answer(b, 1), le32(7, 7))
	step(b, frame.End, 0, 1, 1)
	w.gets(answer(b, 2), le32(8, 8))
	step(b, frame.Exist, 0, 1, 1)
	w.gets(fails(b, 0), []byte("not_found"))
	w.send(frame.Header{Type: frame.Ping, Step: 3}, []byte("hello"))
	w.gets(frame.Header{Type: frame.Pong, Step: 3}, []byte("hello"))
	w.send(frame.Header{Type: frame.Close, Handle: b, Step: 4}, nil)
	w.gets(frame.Header{Type: frame.Closed, Handle: b, Step: 4}, nil)
	for _, bad := range []string{`{"model":"none"}`, `{`, `{"model":"acc","version":"9"}`, `{"model":"acc","session":"\u0000"}`} {
		w.send(frame.Header{Type: frame.Open, Step: 8}, []byte(bad))
		w.gets(fails(0, 8), []byte("error"))
	}
	w.send(frame.Header{Type: frame.Open, Flags: frame.Exist, Step: 8}, []byte(`{"model":"acc","session":"none"}`))
	w.gets(fails(0, 8), []byte("not_found"))
	w.send(frame.Header{Type: frame.Open, Step: 9}, []byte(`{"model":"acc","session":"a"}`))
	if h, p := w.next(); h.Type != frame.Opened || !bytes.Contains(p, []byte(`"steps":1`)) {
		t.Errorf("%+v %s", h, p)
	}
}

// What breaks the protocol ends the connection, with the reason.
func TestBadFrames(t *testing.T) {
	addr := listen(t, server(t, serve.Options{}, accumulate(t, 2, session.TableOptions{})))
	for name, b := range map[string][]byte{
		"length 0":        make([]byte, 40),
		"length 4 GiB":    bytes.Repeat([]byte{0xff}, 40),
		"unknown handle":  frame.Append(nil, frame.Header{Type: frame.Step, Handle: 77}, 0),
		"type of servers": frame.Append(nil, frame.Header{Type: frame.Answer}, 0),
		"type unknown":    frame.Append(nil, frame.Header{Type: 99}, 0),
		"long payload":    frame.Append(nil, frame.Header{Type: frame.Ping}, 5000),
	} {
		w := upgraded(t, addr)
		w.Write(b)
		h, payload := w.next()
		if h != (frame.Header{Type: frame.Error}) || !bytes.Contains(payload, []byte("error")) {
			t.Errorf("%s: %+v %s", name, h, payload)
		}
		if n, err := w.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%s: the connection goes on: %d %v", name, n, err)
		}
	}
}

// A client that sends and does not read is not read from either, and loses nothing.
func TestFramesOfASlowReader(t *testing.T) {
	w := upgraded(t, listen(t, server(t, serve.Options{}, accumulate(t, 256, session.TableOptions{}))))
	h := w.open("a")
	if err := w.Conn.(*net.TCPConn).SetReadBuffer(1 << 18); err != nil {
		t.Fatal(err)
	}
	const steps = 60_000 // 60 MB, more than any buffer between
	sent := make(chan error)
	go func() {
		b := frame.Append(nil, frame.Header{Type: frame.Step, Handle: h}, 1024)
		b = append(b, le32(append([]float32{1}, make([]float32, 255)...)...)...)
		for range steps {
			if _, err := w.Write(b); err != nil {
				sent <- err
				return
			}
		}
		sent <- w.Conn.(*net.TCPConn).CloseWrite()
	}()
	select {
	case err := <-sent:
		t.Fatalf("all was taken though nothing was read (%v)", err)
	case <-time.After(300 * time.Millisecond):
	}
	for n := uint64(1); n <= steps; n++ {
		head, payload := w.next()
		if head.Type != frame.Answer || head.Step != n || !bytes.HasPrefix(payload, le32(float32(n))) {
			t.Fatalf("answer %d: %+v %x", n, head, payload[:min(8, len(payload))])
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if n, err := w.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the last answer: %d %v", n, err)
	}
}

// held is an accumulator that steps when it is let go.
type held struct {
	accumulator
	goes chan struct{}
}

func (h held) Step(ctx context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	<-h.goes
	return h.accumulator.Step(ctx, rows, x, y, states)
}

// An answer waits for those of other steps, but not until they are done.
func TestFramesLinger(t *testing.T) {
	slow := held{accumulator{1}, make(chan struct{})}
	table := session.NewTable(session.New(slow, session.Options{}), session.TableOptions{})
	t.Cleanup(func() { table.Close(context.Background()) })
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}), &serve.Model{Name: "held", Sessions: table})
	w := upgraded(t, listen(t, s))
	fast, late := w.open("a"), w.openOf("held", "b")
	both := append(frame.Append(nil, frame.Header{Type: frame.Step, Handle: fast}, 4), le32(3)...)
	both = append(append(both, frame.Append(nil, frame.Header{Type: frame.Step, Handle: late}, 4)...), le32(4)...)
	if _, err := w.Write(both); err != nil {
		t.Fatal(err)
	}
	w.gets(frame.Header{Type: frame.Answer, Handle: fast, Step: 1}, le32(3))
	close(slow.goes)
	w.gets(frame.Header{Type: frame.Answer, Handle: late, Step: 1}, le32(4))
}

func TestFramesGoAway(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	w := upgraded(t, listen(t, s))
	h := w.open("a")
	w.send(frame.Header{Type: frame.Step, Handle: h}, le32(1))
	w.gets(frame.Header{Type: frame.Answer, Handle: h, Step: 1}, le32(1))
	s.Drain()
	w.gets(frame.Header{Type: frame.GoAway}, nil)
	if _, err := w.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
}

func TestFramesNeedAToken(t *testing.T) {
	s := server(t, serve.Options{Tokens: []serve.Token{{Name: "t", Secret: "s3cret", Sessions: 1}}}, accumulate(t, 1, session.TableOptions{}))
	addr := listen(t, s)
	w := ask(s, "GET", "/v2/frames", "", "Upgrade", frame.Protocol, "Connection", "Upgrade")
	want(t, w, http.StatusUnauthorized, "token")
	c := upgraded(t, addr, "Authorization: Bearer s3cret\r\n")
	a, b := c.open("a"), c.open("b")
	c.send(frame.Header{Type: frame.Step, Handle: a}, le32(1))
	c.gets(frame.Header{Type: frame.Answer, Handle: a, Step: 1}, le32(1))
	c.send(frame.Header{Type: frame.Step, Handle: b}, le32(1))
	c.gets(frame.Header{Type: frame.Error, Handle: b}, []byte("quota"))
	c.send(frame.Header{Type: frame.Step, Flags: frame.End, Handle: a}, le32(1))
	c.gets(frame.Header{Type: frame.Answer, Handle: a, Step: 2}, le32(2))
	c.send(frame.Header{Type: frame.Step, Handle: b}, le32(1))
	c.gets(frame.Header{Type: frame.Answer, Handle: b, Step: 1}, le32(1))
}

func TestFramesWithoutUpgrade(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	want(t, ask(s, "GET", "/v2/frames", ""), http.StatusUpgradeRequired, "Upgrade")
	want(t, ask(s, "POST", "/v2/frames", ""), http.StatusMethodNotAllowed)
}

func TestFramesByWebSocket(t *testing.T) {
	ctx := t.Context()
	s := server(t, serve.Options{Tokens: []serve.Token{{Secret: "s3cret"}}}, accumulate(t, 1, session.TableOptions{}))
	url := "ws://" + listen(t, s) + "/v2/frames"
	if _, _, err := websocket.Dial(ctx, url, nil); err == nil {
		t.Error("no token is needed")
	}
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{frame.Protocol, "bearer.s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != frame.Protocol {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	w := &wire{t: t, Conn: websocket.NetConn(ctx, c, websocket.MessageBinary)}
	h := w.open("a")
	w.send(frame.Header{Type: frame.Step, Handle: h}, le32(1))
	w.gets(frame.Header{Type: frame.Answer, Handle: h, Step: 1}, le32(1))
	c.Close(websocket.StatusNormalClosure, "")

	_, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"bearer.s3cret"}, HTTPHeader: http.Header{"Origin": {"http://evil.example"}}})
	if err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("another origin: %v", err)
	}
}

// duplexed is a request whose lines are written as its answer is read.
func duplexed(t *testing.T, url string) (say func(string), hear func() string) {
	t.Helper()
	r, w := io.Pipe()
	resp, err := http.Post(url, "application/x-ndjson", r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, b)
	}
	in := []byte{}
	return func(line string) {
			if line == "" {
				w.Close()
			} else if _, err := io.WriteString(w, line+"\n"); err != nil {
				t.Error(err)
			}
		}, func() string {
			for !bytes.Contains(in, []byte("\n")) {
				b := make([]byte, 4096)
				n, err := resp.Body.Read(b)
				in = append(in, b[:n]...)
				if err != nil && !bytes.Contains(in, []byte("\n")) {
					return fmt.Sprint(string(in), err)
				}
			}
			line, rest, _ := bytes.Cut(in, []byte("\n"))
			in = rest
			return string(line)
		}
}

var lineTests = []struct{ in, out string }{
	{`{"x":[1,2],"session":"a"}`, `{"session":"a","steps":1,"y":[1,2]}`},
	{`{"x":[1,2],"session":"a","step":2}`, `{"session":"a","steps":2,"y":[2,4]}`},
	{`{"x":[9,9],"session":"a","step":2}`, `{"session":"a","steps":2,"y":[2,4]}`},
	{`{"x":[1,2],"session":"a","step":9}`, `"code":"step","have":2,"session":"a","step":9}`},
	{`{"x":[1,2],"session":"b","exist":true}`, `"code":"not_found","session":"b"}`},
	{`{"x":[1],"session":"a"}`, `x has 1 values, but the model takes 2`},
	{`{"x":[1,2,3],"session":"a"}`, `more than the 2 values`},
	{`{"x":[1,"2"],"session":"a"}`, `JSON, byte`},
	{`{"x":[1e999,2],"session":"a"}`, `beyond any number`},
	{`{"session":"a"}`, `the step has no x`},
	{`{"x":[1,2]}`, `the name of a session is empty`},
	{`nonsense`, `JSON, byte`},
	{`{"x":[1,2],"session":"a"} {}`, `JSON, byte`},
	{`{"x":[5,5],"session":"a","start":true}`, `{"session":"a","steps":1,"y":[5,5]}`},
	{`{"x":[5,5],"session":"a","end":true}`, `{"session":"a","steps":2,"y":[10,10]}`},
	{`{"x":[1,2],"session":"a","exist":true}`, `not_found`},
}

func TestLines(t *testing.T) {
	addr := listen(t, server(t, serve.Options{}, accumulate(t, 2, session.TableOptions{})))
	say, hear := duplexed(t, "http://"+addr+"/v2/models/acc/stream")
	for _, l := range lineTests {
		say("\n " + l.in)
		if got := hear(); !strings.Contains(got, l.out) {
			t.Errorf("%s\nis answered by %s\nnot %s", l.in, got, l.out)
		}
	}
	for range 10 { // on their way together
		say(`{"x":[1,1],"session":"c"}`)
	}
	say("")
	for n := range 10 {
		if got, want := hear(), fmt.Sprintf(`{"session":"c","steps":%d,"y":[%d,%d]}`, n+1, n+1, n+1); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := hear(); got != "EOF" {
		t.Errorf("at the end: %s", got)
	}

	say, hear = duplexed(t, "http://"+addr+"/v2/models/acc/sessions/one/stream")
	say(`{"x":[1,1]}`)
	if got := hear(); got != `{"steps":1,"y":[1,1]}` {
		t.Error(got)
	}
	say(`{"x":[1,1],"session":"two"}`)
	if got := hear(); !strings.Contains(got, "is that of session 'one'") {
		t.Error(got)
	}
}

func TestLinesByWebSocket(t *testing.T) {
	ctx := t.Context()
	s := server(t, serve.Options{}, accumulate(t, 2, session.TableOptions{}))
	c, _, err := websocket.Dial(ctx, "ws://"+listen(t, s)+"/v2/models/acc/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lineTests {
		if err := c.Write(ctx, websocket.MessageText, []byte(strings.ReplaceAll(l.in, ",", ",\n"))); err != nil {
			t.Fatal(err)
		}
		_, got, err := c.Read(ctx)
		if err != nil || !strings.Contains(string(got), l.out) {
			t.Errorf("%s\nis answered by %s (%v)\nnot %s", l.in, got, err, l.out)
		}
	}
	s.Drain()
	if _, got, err := c.Read(ctx); err != nil || !strings.Contains(string(got), "about to end") {
		t.Errorf("%s %v", got, err)
	}
	var e websocket.CloseError
	if _, _, err := c.Read(ctx); !errors.As(err, &e) {
		t.Error(err)
	}
}

func TestLinesOfAModelWithoutSessions(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP32))
	want(t, ask(s, "POST", "/v2/models/same/stream", ""), http.StatusNotImplemented)
}

// FuzzFrames sends bytes as frames: whatever comes, the connection is answered or ended.
func FuzzFrames(f *testing.F) {
	m := &serve.Model{Name: "acc"}
	m.Sessions = session.NewTable(session.New(accumulator{2}, session.Options{}), session.TableOptions{Max: 100})
	s := serve.New(serve.Options{Timeout: time.Second})
	if err := s.Add(m); err != nil {
		f.Fatal(err)
	}
	addr := listen(f, s)
	open := []byte(`{"model":"acc","session":"a"}`)
	two := append(frame.Append(nil, frame.Header{Type: frame.Open}, len(open)), open...)
	f.Add(append(two, append(frame.Append(nil, frame.Header{Type: frame.Step, Handle: 1}, 8), le32(1, 2)...)...))
	f.Add(frame.Append(nil, frame.Header{Type: frame.Ping}, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := upgraded(t, addr)
		w.Write(b)
		w.Conn.(*net.TCPConn).CloseWrite()
		answers, err := io.ReadAll(w)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
		for answers = append(w.in, answers...); len(answers) > 0; {
			_, _, n, err := frame.Parse(answers, 1<<20)
			if err != nil || n == 0 {
				t.Fatalf("the answer ends with % x (%v)", answers, err)
			}
			answers = answers[n:]
		}
	})
}
