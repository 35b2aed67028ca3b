package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// An accumulator is a Runner whose outputs are the sums of each input until now, so that
// every answer tells which steps went before it.
type accumulator struct{ width int }

func (a accumulator) In() int           { return a.width }
func (a accumulator) Out() int          { return a.width }
func (a accumulator) StateSizes() []int { return []int{a.width} }
func (a accumulator) ID() [32]byte      { return sha256.Sum256(fmt.Append(nil, "accumulator", a.width)) }

func (a accumulator) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	for i := range rows * a.width {
		if x[i] == 666 {
			panic("the accumulator met 666")
		}
		states[0][i] += x[i]
		y[i] = states[0][i]
	}
	return nil
}

// accumulate makes a model "acc" with sessions, of the given width.
func accumulate(t testing.TB, width int, o session.TableOptions) *serve.Model {
	m := &serve.Model{Name: "acc"}
	m.Sessions = session.NewTable(session.New(accumulator{width}, session.Options{OnBatch: m.OnBatch}), o)
	t.Cleanup(func() { m.Sessions.Close(context.Background()) })
	return m
}

// identity makes a model that gives its input back, of any datatype.
func identity(d serve.Datatype) *serve.Model {
	return &serve.Model{
		Name: "same", MaxBatch: 8, Platform: "test",
		Inputs:  []serve.Tensor{{Name: "in", Datatype: d, Shape: []int64{-1, -1}}},
		Outputs: []serve.Tensor{{Name: "out", Datatype: d, Shape: []int64{-1, -1}}},
		Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) {
			v := in[0]
			v.Name, v.Data, v.Shape = "out", bytes.Clone(v.Data), append([]int64{}, v.Shape...)
			return []serve.Value{v}, nil
		},
	}
}

// parrot generates the words of its text.
func parrot() *serve.Model {
	return &serve.Model{
		Name: "parrot",
		Generate: func(ctx context.Context, g serve.Generation, emit func(serve.Piece) error) error {
			for i, w := range strings.SplitAfter(g.Text, " ") {
				if w == "fail" {
					return fmt.Errorf("word %d is a bad one", i)
				}
				if err := emit(serve.Piece{Text: w, Parameters: []serve.Parameter{{Name: "index", Value: int64(i)}}}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// server makes a server of models.
func server(t testing.TB, o serve.Options, models ...*serve.Model) *serve.Server {
	t.Helper()
	s := serve.New(o)
	for _, m := range models {
		if err := s.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// ask sends a request to a handler; head is names and values of headers in turn. The newline
// that an answer in JSON ends with is not in the body that it returns.
func ask(h http.Handler, method, path, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if b := w.Body.Bytes(); len(b) > 0 && w.Header().Get("Content-Type") == "application/json" {
		if b[len(b)-1] != '\n' {
			panic("an answer in JSON without a newline at its end")
		}
		w.Body.Truncate(len(b) - 1)
	}
	return w
}

// want checks the status of an answer and that its body has all the parts.
func want(t testing.TB, w *httptest.ResponseRecorder, status int, parts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d: %.300s", w.Code, status, w.Body)
	}
	for _, p := range parts {
		if !strings.Contains(w.Body.String(), p) {
			t.Errorf("the answer lacks %q: %.500s", p, w.Body)
		}
	}
	if w.Code >= 400 && w.Body.Len() > 0 {
		var e struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error == "" {
			t.Errorf("an error is not as errors are: %.300s", w.Body)
		}
	}
}

// step is the JSON of a request for one step.
func step(x string, params string) string {
	n := strings.Count(x, ",") + 1
	return fmt.Sprintf(`{"parameters":{%s},"inputs":[{"name":"x","datatype":"FP32","shape":[1,%d],"data":[%s]}]}`, params, n, x)
}

// floats are the bytes of FP32.
func floats(v ...float32) string {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return string(b)
}

// newRequest makes a request with an empty body of whatever method and path.
func newRequest(method, path string) (*http.Request, error) {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, err
	}
	return &http.Request{Method: method, URL: u, Header: http.Header{}, Body: http.NoBody}, nil
}
