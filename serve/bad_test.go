package serve_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// A bed is a server with a listener, to send bad requests to.
type bed struct {
	*testing.T
	s    *serve.Server
	addr string
}

func newBed(t *testing.T, o serve.Options) *bed {
	tell := identity(serve.BOOL)
	tell.Name = "bool"
	text := identity(serve.BYTES)
	text.Name = "text"
	pair := accumulate(t, 2, session.TableOptions{})
	pair.Name = "pair"
	s := server(t, o, accumulate(t, 1, session.TableOptions{}), pair, identity(serve.FP32), tell, text, parrot())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := s.HTTP()
	h.Protocols = new(http.Protocols)
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() { defer close(done); h.Serve(l) }()
	t.Cleanup(func() { h.Close(); <-done })
	return &bed{t, s, l.Addr().String()}
}

// dial connects. The deadline is there so that a test that fails does not hang.
func (b *bed) dial() net.Conn {
	b.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// raw sends bytes, piece by piece, and wants one answer of the given status; 0 is a
// connection that ends without one.
func (b *bed) raw(status int, part string, pieces ...string) {
	b.Helper()
	c := b.dial()
	defer c.Close()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for _, p := range pieces {
			if _, err := io.WriteString(c, p); err != nil {
				return
			}
		}
		if status == 0 || part == "half" {
			c.(*net.TCPConn).CloseWrite()
		}
	}()
	defer func() { c.Close(); <-sent }()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		if status != 0 {
			b.Errorf("no answer: %v, want %d", err, status)
		}
		return
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if r.StatusCode != status || part != "half" && !strings.Contains(string(body), part) {
		b.Errorf("%s: %.300s; want %d and %q", r.Status, body, status, part)
	}
}

// post sends a body with a head of lines.
func (b *bed) post(path, body string, status int, part string, head ...string) {
	b.Helper()
	lines := ""
	if len(head) > 0 {
		lines = strings.Join(head, "\r\n") + "\r\n"
	}
	b.raw(status, part, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n", path, lines, len(body)), body)
}

// infer sends a body to a model that gives its input back.
func (b *bed) infer(body string, part string, head ...string) {
	b.Helper()
	b.post("/v2/models/same/infer", body, 400, part, head...)
}

func same(shape, data string) string {
	return `{"inputs":[{"name":"in","datatype":"FP32","shape":` + shape + `,"data":` + data + `}]}`
}

const oneStep = "POST /v2/models/acc/infer HTTP/1.1\r\nHost: localhost\r\n"

// badInputs are requests that no client should send. Each gets an error, or the end of its
// connection; memory stays small, and the server goes on. Those that take time are in
// TestSlowInputs.
var badInputs = map[string]func(b *bed){
	"body of 64 MB and a byte": func(b *bed) {
		b.raw(413, "8388608 bytes", oneStep+"Content-Length: 67108865\r\n\r\n")
		megabyte := strings.Repeat(" ", 1<<20)
		pieces := []string{oneStep + "Transfer-Encoding: chunked\r\n\r\n"}
		for range 64 {
			pieces = append(pieces, "100000\r\n", megabyte, "\r\n")
		}
		b.raw(413, "8388608 bytes", append(pieces, "1\r\n \r\n0\r\n\r\n")...)
	},
	"Content-Length that lies": func(b *bed) {
		for range 20 {
			b.raw(400, "half", oneStep+"Content-Length: 8388608\r\n\r\n{\"inputs\":")
		}
		b.raw(400, "", oneStep+"Content-Length: -1\r\n\r\n")
		b.raw(400, "", oneStep+"Content-Length: 18446744073709551616\r\n\r\n")
		b.raw(400, "", oneStep+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
		b.raw(400, "", oneStep+"Content-Length: 2\r\n\r\n{}GET") // what follows is no request
	},
	"a million chunks of a byte": func(b *bed) {
		b.raw(400, "JSON, byte 0", oneStep+"Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\n[\r\n", 1e6)+"0\r\n\r\n")
	},
	"chunk extensions": func(b *bed) {
		b.raw(400, "body", oneStep+"Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("1;"+strings.Repeat("a", 2000)+"\r\n \r\n", 1000))
	},
	"head of a megabyte and a byte": func(b *bed) {
		b.raw(431, "", "GET /v2 HTTP/1.1\r\nHost: localhost\r\nA: "+strings.Repeat("a", 1<<20)+"\r\n\r\n")
	},
	"10,000 headers": func(b *bed) {
		b.raw(431, "", "GET /v2 HTTP/1.1\r\nHost: localhost\r\n"+strings.Repeat("A: b\r\n", 10_000)+"\r\n")
	},
	"HTTP/2 rapid reset": func(b *bed) {
		c := b.http2()
		defer c.Close()
		var f bytes.Buffer
		for i := range uint32(10_000) {
			h2frame(&f, 1, 5, 2*i+3, h2head)
			h2frame(&f, 3, 0, 2*i+3, "\x00\x00\x00\x08")
		}
		c.Write(f.Bytes()) // the server may end it
	},
	"HTTP/2 flood of CONTINUATION": func(b *bed) {
		c := b.http2()
		defer c.Close()
		var f bytes.Buffer
		h2frame(&f, 1, 1, 3, h2head)
		line := "\x00\x01a\x7f\xe9\x06" + strings.Repeat("b", 1000) // a header of 1000 bytes
		for range 10_000 {
			h2frame(&f, 9, 0, 3, line)
		}
		c.Write(f.Bytes())
		c.(*net.TCPConn).CloseWrite()
		if n, err := io.Copy(io.Discard, c); err == nil && n > 1<<16 {
			b.Errorf("the server answered %d bytes", n)
		}
	},
	"HTTP/2 flood of SETTINGS": func(b *bed) {
		c := b.http2()
		defer c.Close()
		var f bytes.Buffer
		for range 100_000 {
			h2frame(&f, 4, 0, 0, "")
		}
		c.Write(f.Bytes())
	},
	"gzip bomb": func(b *bed) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		for range 64 {
			w.Write(make([]byte, 1<<20))
		}
		w.Close()
		b.post("/v2/models/same/infer", z.String(), 415, "identity", "Content-Encoding: gzip")
		b.Run("where gzip is allowed", func(t *testing.T) {
			on := newBed(t, serve.Options{Gzip: true})
			on.post("/v2/models/same/infer", z.String(), 413, "times", "Content-Encoding: gzip")
		})
	},
	"unknown Content-Encoding": func(b *bed) {
		for _, e := range []string{"br", "deflate", "gzip, gzip", "x"} {
			b.post("/v2/models/same/infer", "{}", 415, "Content-Encoding", "Content-Encoding: "+e)
		}
		b.raw(501, "", oneStep+"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
	},
	"JSON of depth 101 and a million": func(b *bed) {
		for _, n := range []int{101, 1e6} {
			b.infer(strings.Repeat("[", n), "an object")
			b.infer(`{"a":`+strings.Repeat("[", n), "in one another")
			b.infer(`{"a":`+strings.Repeat(`{"a":`, n), "in one another")
			b.infer(same("[1,1]", strings.Repeat("[", n)), "deeper")
			b.post("/v2/models/parrot/generate", `{"a":`+strings.Repeat("[", n), 400, "a text")
			b.post("/v2/models/acc/sessions/a/steps", `{"x":`+strings.Repeat("[", n), 400, "a number")
		}
	},
	"JSON of a million keys": func(b *bed) {
		b.infer("{"+strings.Repeat(`"a":1,`, 1e6)+`"a":1}`, "twice")
		var many strings.Builder
		for i := range int(5e5) {
			fmt.Fprintf(&many, `"%d":1,`, i)
		}
		b.infer("{"+many.String()+`"a":1}`, "members")
		b.infer(`{"parameters":{`+many.String()+`"a":1}}`, "members")
	},
	"number 1e999": func(b *bed) {
		b.infer(same("[1,1]", "[1e999]"), "cannot hold")
		b.infer(same("[1e999,1]", "[1]"), "whole number")
		b.infer(`{"parameters":{"a":-1e999}}`, "beyond")
	},
	"number of a million digits": func(b *bed) {
		n := strings.Repeat("9", 1e6)
		b.infer(same("[1,1]", "["+n+"]"), "1024 characters")
		b.infer(same("["+n+",1]", "[1]"), "1024 characters")
		b.infer(`{"a":0.`+n+`}`, "1024 characters")
		b.infer(`{"parameters":{"sequence_id":`+n+`}}`, "1024 characters")
	},
	"half of a surrogate pair": func(b *bed) {
		b.infer(`{"id":"\ud800"}`, "surrogate")
		b.infer(`{"\udfff":1}`, "surrogate")
		b.post("/v2/models/text/infer", `{"inputs":[{"name":"in","datatype":"BYTES","shape":[1,1],"data":["\ud800x"]}]}`, 400, "surrogate")
	},
	"NaN literal": func(b *bed) {
		for _, n := range []string{"NaN", "nan", "Infinity", "-Infinity", "inf"} {
			b.infer(same("[1,1]", "["+n+"]"), "JSON")
		}
	},
	"shapes": func(b *bed) {
		b.infer(same("[-1,1]", "[1]"), "negative")
		b.infer(same("[9223372036854775808,1]", "[1]"), "64 bits")
		b.infer(same("[9223372036854775807,3]", "[1]"), "more elements")
		b.infer(same("[4294967296,4294967296]", "[1]"), "more elements")
		b.infer(same("[2147483647,1]", "[1]"), "not as many")
		b.infer(same("[1,2]", "[1]"), "not as many")
		b.infer(same("[]", "[1]"), "unexpected shape")
		b.infer(same("null", "[1]"), "an array")
	},
	"ragged data": func(b *bed) {
		b.infer(same("[2,2]", "[[1,2],[3]]"), "ragged")
		b.infer(same("[2,2]", "[[1,2],[3,4,5]]"), "ragged")
		b.infer(same("[2,2]", "[[1,2],3,4]"), "JSON")
	},
	"wrong datatype": func(b *bed) {
		for _, d := range []string{`"FP64"`, `"BYTES"`, `"fp32"`, `"FP32 "`, `""`, `1`, `null`, `"TYPE_FP32"`} {
			b.infer(`{"inputs":[{"name":"in","datatype":`+d+`,"shape":[1,1],"data":[1]}]}`, "")
		}
	},
	"missing and duplicate input": func(b *bed) {
		one := `{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}`
		b.infer(`{}`, "no inputs")
		b.infer(`{"inputs":[]}`, "expected 1 inputs")
		b.infer(`{"inputs":[`+one+`,`+one+`]}`, "expected 1 inputs")
		b.infer(`{"inputs":[`+one+strings.Repeat(`,`+one, 1e4)+`]}`, "more inputs")
		b.infer(`{"inputs":[`+one+`],"inputs":[`+one+`]}`, "twice")
		b.infer(strings.Replace(`{"inputs":[`+one+`]}`, "in", "In", 2), "")
	},
	"unknown output": func(b *bed) {
		b.infer(strings.TrimSuffix(same("[1,1]", "[1]"), "}")+`,"outputs":[{"name":"z"}]}`, "unexpected inference output 'z'")
		b.infer(strings.TrimSuffix(same("[1,1]", "[1]"), "}")+`,"outputs":[{"name":"out"},{"name":"out"}]}`, "twice")
		b.infer(strings.TrimSuffix(same("[1,1]", "[1]"), "}")+`,"outputs":[`+strings.Repeat(`{"name":"out"},`, 1e4)+`{}]}`, "more outputs")
	},
	"BOOL of 2": func(b *bed) {
		b.post("/v2/models/bool/infer", `{"inputs":[{"name":"in","datatype":"BOOL","shape":[1,1],"data":[2]}]}`, 400, "")
		head := `{"inputs":[{"name":"in","datatype":"BOOL","shape":[1,1],"parameters":{"binary_data_size":1}}]}`
		b.post("/v2/models/bool/infer", head+"\x02", 400, "BOOL is 0 or 1", fmt.Sprint("Inference-Header-Content-Length: ", len(head)))
	},
	"BYTES beyond the end": func(b *bed) {
		for _, raw := range []string{"\x05\x00\x00\x00abcd", "\xff\xff\xff\xffabcd", "\x01\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", ""} {
			head := fmt.Sprintf(`{"inputs":[{"name":"in","datatype":"BYTES","shape":[1,1],"parameters":{"binary_data_size":%d}}]}`, len(raw))
			b.post("/v2/models/text/infer", head+raw, 400, "element", fmt.Sprint("Inference-Header-Content-Length: ", len(head)))
		}
	},
	"binary_data_size": func(b *bed) {
		for _, n := range []string{"3", "5", "0", "-4", "4.0", "18446744073709551616", "9223372036854775808", "4294967300", `"4"`, "null"} {
			head := `{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":` + n + `}}]}`
			b.infer(head+floats(1), "", fmt.Sprint("Inference-Header-Content-Length: ", len(head)))
		}
	},
	"Inference-Header-Content-Length": func(b *bed) {
		body := same("[1,1]", "[1]")
		for _, n := range []string{"1000", "-1", "NaN", "1.0", "0x10", "9223372036854775808", "", "1"} {
			b.infer(body, "", "Inference-Header-Content-Length: "+n)
		}
		b.infer(body, "twice", "Inference-Header-Content-Length: 10", "Inference-Header-Content-Length: 11")
		b.infer(body, "open dimension", "Inference-Header-Content-Length: 0")
	},
	"names of models": func(b *bed) {
		for _, n := range []string{"..%2f..%2fetc%2fpasswd", "%00", "same%00", strings.Repeat("a", 4096), "ѕame", "%d1%95ame", "%ff", "same%2f", "same%20", "SAME"} {
			b.post("/v2/models/"+n+"/infer", same("[1,1]", "[1]"), 404, "unknown model")
		}
		b.post("/v2/models/../models/same/infer", same("[1,1]", "[1]"), 404, "")
		b.post("/v2/models//infer", same("[1,1]", "[1]"), 404, "")
		b.raw(400, "", "POST /v2/models/%zz/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
	},
	"versions": func(b *bed) {
		for _, v := range []string{"v01", "01", "-1", "1.0", "2", "18446744073709551617", "1%00", "%31%20"} {
			b.post("/v2/models/same/versions/"+v+"/infer", same("[1,1]", "[1]"), 404, "unknown model")
		}
		b.post("/v2/models/same/versions//infer", same("[1,1]", "[1]"), 404, "")
		b.post("/v2/models/same/versions", same("[1,1]", "[1]"), 404, "")
	},
	"ids of sequences": func(b *bed) {
		for _, c := range [][2]string{
			{`0`, "correlation ID"}, {`""`, "correlation ID"}, {`"` + strings.Repeat("a", 257) + `"`, "256"}, {`"a\u0000"`, "control"}, {`"\n"`, "control"}, {`"\u0085"`, "control"},
			{`-1`, ""}, {`1e3`, ""}, {`null`, ""}, {`[]`, ""}, {`18446744073709551616`, ""},
		} {
			b.post("/v2/models/acc/infer", step("1", `"sequence_start":true,"sequence_id":`+c[0]), 400, c[1])
		}
		for _, id := range []string{"a.b", "*", ">", "a b", "../x", "a/b"} {
			b.post("/v2/models/acc/infer", step("7", `"sequence_start":true,"sequence_id":"`+id+`"`), 200, "[7]")
		}
	},
	"END without START": func(b *bed) {
		b.post("/v2/models/acc/infer", step("1", `"sequence_end":true,"sequence_id":31`), 400, "must specify the START flag")
	},
	"START twice": func(b *bed) {
		for range 2 {
			b.post("/v2/models/acc/infer", step("1", `"sequence_start":true,"sequence_id":32`), 200, "[1]")
		}
		b.post("/v2/models/acc/infer", step("1", `"sequence_start":true,"sequence_start":true,"sequence_id":32`), 400, "twice")
	},
	"numbers of steps": func(b *bed) {
		b.post("/v2/models/acc/infer", step("1", `"sequence_id":33,"sequence_step":1`), 200, "[1]")
		b.post("/v2/models/acc/infer", step("1", `"sequence_id":33,"sequence_step":1`), 200, "[1]")
		for _, n := range []string{"3", "18446744073709551615"} {
			b.post("/v2/models/acc/infer", step("1", `"sequence_id":33,"sequence_step":`+n), 409, `"have":1`)
		}
		for _, n := range []string{"-1", "18446744073709551616", "1.0", `"1"`} {
			b.post("/v2/models/acc/infer", step("1", `"sequence_id":33,"sequence_step":`+n), 400, "")
		}
		b.post("/v2/models/acc/infer", step("1", `"sequence_id":33,"sequence_step":2`), 200, "[2]")
		b.post("/v2/models/acc/sessions/33/steps", `{"x":[1,1],"step":18446744073709551615}`, 409, `"have":2`)
	},
	"states": func(b *bed) {
		b.post("/v2/models/acc/sessions/34/steps", `{"x":[1]}`, 200, "[1]")
		w := ask(b.s, "GET", "/v2/models/acc/sessions/34", "", "Accept", "application/octet-stream")
		blob := w.Body.String()
		put := func(model, blob, part string) {
			b.Helper()
			b.raw(400, part, fmt.Sprintf("PUT /v2/models/%s/sessions/34 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", model, len(blob), blob))
		}
		put("acc", "", "corrupt")
		put("acc", blob[:len(blob)-1], "corrupt")
		put("acc", blob+"\x00", "corrupt")
		put("acc", strings.Repeat("\xff", 1<<20), "corrupt")
		put("pair", blob, "other_model")
		flipped := []byte(blob)
		flipped[len(flipped)-1] ^= 1
		put("acc", string(flipped), "corrupt")
		b.post("/v2/models/acc/sessions/34/steps", `{"x":[1]}`, 200, "[2]")
	},
	"client of a stream that vanishes": func(b *bed) {
		c := b.dial()
		body := `{"text_input":"` + strings.Repeat("word ", 1e6) + `"}`
		fmt.Fprintf(c, "POST /v2/models/parrot/generate_stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || r.StatusCode != 200 {
			b.Fatal(err, r)
		}
		io.ReadFull(r.Body, make([]byte, 1000))
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	},
	"Host of an attacker": func(b *bed) {
		for _, h := range []string{"evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io"} {
			b.raw(403, "not known here", "POST /v2/models/acc/infer HTTP/1.1\r\nHost: "+h+"\r\nContent-Length: 2\r\n\r\n{}")
			b.raw(403, "not known here", "GET /healthz HTTP/1.1\r\nHost: "+h+"\r\n\r\n")
		}
		b.raw(400, "", "GET /v2 HTTP/1.1\r\n\r\n")
		b.raw(400, "", "GET /v2 HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
		b.raw(403, "", "GET http://evil.example/v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
	},
	"page of another origin": func(b *bed) {
		b.post("/v2/models/acc/infer", step("1", ``), 403, "origin", "Origin: https://evil.example", "Content-Type: text/plain")
		b.post("/v2/models/acc/infer", step("1", ``), 403, "origin", "Sec-Fetch-Site: cross-site")
	},
	"Origin null": func(b *bed) {
		b.post("/v2/models/acc/infer", step("1", ``), 403, "origin", "Origin: null")
	},
	"methods on every address": func(b *bed) {
		for _, path := range []string{"/v2", "/v2/models/acc", "/v2/models/acc/infer", "/v2/models/acc/sessions/a", "/v2/models/acc/sessions/a/steps", "/v2/repository/index", "/metrics", "/healthz"} {
			for _, m := range []string{"PATCH", "LINK", "PROPFIND", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
				b.raw(405, "is not for this address", m+" "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
			}
		}
		b.raw(400, "", "G\x00T /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
	},
	"OPTIONS, TRACE and CONNECT": func(b *bed) {
		b.raw(200, "", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
		b.raw(204, "", "OPTIONS /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
		b.raw(405, "", "TRACE /v2 HTTP/1.1\r\nHost: localhost\r\nCookie: secret\r\n\r\n")
		b.raw(404, "", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n")
	},
	"paths that climb": func(b *bed) {
		for _, p := range []string{"/../../etc/passwd", "/v2/../../etc/passwd", "/v2/models/..", "/v2/models/%2e%2e/%2e%2e/etc/passwd", "/studio/..%2f..%2fetc/passwd", "//etc/passwd", "/v2/models/same/../../x", `/v2/models/..\..\x`} {
			b.raw(404, "", "GET "+p+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
		}
	},
}

func TestBadInputs(t *testing.T) {
	if n := len(badInputs) + len(slowInputs); n != 44 {
		t.Errorf("there are %d bad inputs, not 44", n)
	}
	for name, send := range badInputs {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, serve.Options{})
			goroutines := runtime.NumGoroutine()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			send(b)
			runtime.ReadMemStats(&after)
			// The requests themselves are made in this process too.
			if grown := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && grown > 64<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
			b.post("/v2/models/same/infer", same("[1,1]", "[5]"), 200, `"data":[5]`)
			b.settle(goroutines)
		})
	}
}

// settle waits until the goroutines are as few as before, and nothing is in flight.
func (b *bed) settle(goroutines int) {
	b.Helper()
	for range 3000 {
		w := ask(b.s, "GET", "/metrics", "")
		if runtime.NumGoroutine() <= goroutines && strings.Contains(w.Body.String(), "recur_requests_in_flight 1\n") && strings.Contains(w.Body.String(), "recur_request_body_bytes 0\n") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	b.Errorf("%d goroutines are left, %d were there:\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
}

// h2head is a request GET /v2 to localhost as HPACK has it.
const h2head = "\x82\x86\x04\x03/v2\x01\x09localhost"

// http2 begins a connection of HTTP/2 by a request that is good. Streams from 3 on are free.
func (b *bed) http2() net.Conn {
	b.Helper()
	c := b.dial()
	var f bytes.Buffer
	f.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	h2frame(&f, 4, 0, 0, "")
	h2frame(&f, 1, 5, 1, h2head)
	c.Write(f.Bytes())
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			b.Fatal(err)
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(c, payload); err != nil {
			b.Fatal(err)
		}
		if head[3] == 1 {
			if payload[0] != 0x88 { // :status 200
				b.Fatalf("a good request of HTTP/2 got % x", payload)
			}
			return c
		}
	}
}

// h2frame appends a frame of HTTP/2.
func h2frame(f *bytes.Buffer, kind, flags byte, stream uint32, payload string) {
	n := len(payload)
	f.Write([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, byte(stream >> 24), byte(stream >> 16), byte(stream >> 8), byte(stream)})
	f.WriteString(payload)
}
