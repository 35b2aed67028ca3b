package serve_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// answered checks what every answer is: one of the codes that there are, an error with a
// text, JSON where it is called so.
func answered(t *testing.T, h *serve.Server, method, path, body string, head ...string) (int, string) {
	t.Helper()
	w := ask(h, method, path, body, head...)
	switch w.Code {
	case 200, 201, 204, 400, 404, 405, 409, 413, 429, 501:
	default:
		t.Fatalf("status %d: %.300s", w.Code, w.Body)
	}
	if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
		t.Fatalf("status %d with what is no JSON: %.300q", w.Code, w.Body)
	}
	if w.Code >= 400 {
		want(t, w, w.Code)
	}
	return w.Code, w.Body.String()
}

// Whatever a request of JSON is, it is answered or refused, and refused if it is not JSON.
func FuzzInferJSON(f *testing.F) {
	for _, v := range values {
		f.Add(fmt.Sprintf(`{"id":"1","parameters":{"a":1.5},"inputs":[{"name":"in","datatype":"%s","shape":[1,3],"data":[%s]}],"outputs":[{"name":"out","parameters":{"binary_data":false}}]}`, v.d, v.json))
	}
	f.Add(step("1", `"sequence_id":1,"sequence_start":true,"sequence_end":true,"sequence_step":1,"timeout":1000000000`))
	f.Add(step("1", `"sequence_id":"\u00e9\ud83d\ude00"`))
	f.Add(`{"inputs":[{"data":[[1],[2]],"shape":[2,1],"datatype":"FP32","name":"in"}]}`)
	models := []*serve.Model{accumulate(f, 1, session.TableOptions{Max: 1000})}
	for i, v := range values {
		m := identity(v.d)
		m.Name = strconv.Itoa(i)
		models = append(models, m)
	}
	s := server(f, serve.Options{}, models...)
	f.Fuzz(func(t *testing.T, body string) {
		for _, m := range models {
			code, _ := answered(t, s, "POST", "/v2/models/"+m.Name+"/infer", body)
			if code == 200 && !json.Valid([]byte(body)) {
				t.Fatalf("%q was taken", body)
			}
		}
	})
}

// Whatever follows the JSON, and wherever it is said to begin.
func FuzzInferBinary(f *testing.F) {
	for _, v := range values {
		head := fmt.Sprintf(`{"inputs":[{"name":"in","datatype":"%s","shape":[1,3],"parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`, v.d, len(v.raw))
		f.Add(head+v.raw, strconv.Itoa(len(head)))
		f.Add(v.raw, "0")
	}
	servers := map[serve.Datatype]*serve.Server{}
	for _, v := range values {
		servers[v.d] = server(f, serve.Options{}, identity(v.d))
	}
	f.Fuzz(func(t *testing.T, body, head string) {
		for _, v := range values {
			s := servers[v.d]
			code, out := answered(t, s, "POST", "/v2/models/same/infer", body, "Inference-Header-Content-Length", head)
			n, err := strconv.Atoi(head)
			if code != 200 || err != nil || n == 0 || v.d == serve.BOOL {
				continue
			}
			// What goes in as bytes comes out as bytes.
			if raw := body[n:]; raw != "" && strings.Contains(body[:n], `"parameters":{"binary_data_output":true}`) && !strings.HasSuffix(out, raw) {
				t.Fatalf("%q came back as %q", raw, out)
			}
		}
	})
}

// Whatever a request for many steps is, the session has done as many as the answer tells.
func FuzzSteps(f *testing.F) {
	f.Add(`{"x":[[1,2],[3,4]],"step":1,"start":true,"end":false}`, "application/json")
	f.Add(`{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]}`, "application/json")
	f.Add(floats(1, 2, 3, 4), "application/octet-stream")
	f.Fuzz(func(t *testing.T, body, kind string) {
		s := server(t, serve.Options{MaxSteps: 100}, accumulate(t, 2, session.TableOptions{}))
		w := ask(s, "POST", "/v2/models/acc/sessions/a/steps", body, "Content-Type", kind)
		if w.Code != 200 && w.Code != 400 && w.Code != 404 && w.Code != 409 && w.Code != 413 && w.Code != 500 { // 500: 666
			t.Fatalf("status %d: %.300s", w.Code, w.Body)
		}
		n := w.Header().Get("Recur-Steps")
		code, info := answered(t, s, "GET", "/v2/models/acc/sessions/a", "")
		if n == "" || n == "0" || code == 404 {
			return
		}
		if !strings.Contains(info, `"steps":`+n+`,`) {
			t.Fatalf("%s steps by the answer, but %s", n, info)
		}
	})
}

// Whatever is put in as a state is refused or comes out as it was.
func FuzzPutSession(f *testing.F) {
	m := accumulate(f, 1, session.TableOptions{})
	s := server(f, serve.Options{}, m)
	for _, steps := range []string{`{"x":[]}`, `{"x":[1,2]}`} {
		ask(s, "POST", "/v2/models/acc/sessions", "")
		ask(s, "POST", "/v2/models/acc/sessions/a/steps", steps)
		f.Add(ask(s, "GET", "/v2/models/acc/sessions/a", "", "Accept", "application/octet-stream").Body.Bytes())
	}
	f.Add(binary.LittleEndian.AppendUint32([]byte("rcrs"), 3))
	f.Fuzz(func(t *testing.T, blob []byte) {
		s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
		code, _ := answered(t, s, "PUT", "/v2/models/acc/sessions/a", string(blob))
		code2, out := answered(t, s, "GET", "/v2/models/acc/sessions/a", "", "Accept", "application/octet-stream")
		if code == 200 && (code2 != 200 || !bytes.Equal(blob, []byte(out))) {
			t.Fatalf("% x came back as %d % x", blob, code2, out)
		}
		if code != 200 && code2 != 404 {
			t.Fatalf("% x was refused, but there is a session", blob)
		}
	})
}

// Whatever a request for text is.
func FuzzGenerate(f *testing.F) {
	f.Add(`{"id":"1","text_input":"a b","max_tokens":3,"parameters":{"stop":["x","y"],"temperature":0.5,"none":null}}`)
	s := server(f, serve.Options{}, parrot())
	f.Fuzz(func(t *testing.T, body string) {
		w := ask(s, "POST", "/v2/models/parrot/generate", body)
		if w.Code == 500 {
			return // "fail"
		}
		if code, out := answered(t, s, "POST", "/v2/models/parrot/generate", body); code == 200 && !json.Valid([]byte(body)) {
			t.Fatalf("%q was taken: %s", body, out)
		}
	})
}

// Whatever the address and the heads are.
func FuzzAddress(f *testing.F) {
	for _, p := range []string{"/v2/models/acc/sessions/a/steps", "/v2/models/acc/versions/1/infer", "/v2/models/acc/sessions?limit=1&after=a", "/v2/repository/models/acc/load", "/%2e%2e/x"} {
		f.Add("GET", p, "localhost", "a")
		f.Add("POST", p, "[::1]:1", "")
	}
	s := server(f, serve.Options{}, accumulate(f, 1, session.TableOptions{}))
	f.Fuzz(func(t *testing.T, method, path, host, id string) {
		r, err := newRequest(method, path)
		if err != nil {
			return
		}
		r.Host = host
		r.Header["X-Request-Id"] = []string{id}
		if status := record(s, r); status < 200 || status == 500 || status > 599 {
			t.Fatalf("%s %s: %d", method, path, status)
		}
	})
}
