package tasks

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/serve"
)

// Handle adds to s what the models of tasks answer in their own words, for those that it has at
// the time of a request:
//
//	GET  /v1/models     what there is to ask
//	POST /v1/forecast   {"values": [112, 118, …], "start": "1949-01", "freq": "M"}
//	POST /v1/classify   {"text": "a lovely film"}
//	POST /v1/generate   {"prompt": "Once"}, as events with "stream": true
//	POST /v1/translate  {"text": "good morning"}
//	POST /v1/caption    {"meaning": "name[Aromi], food[Thai]"}
//	POST /v1/music      {"piece": [[39, 43], [41]]}
//	GET  /openapi.json  all that the server answers, as OpenAPI 3.1
//
// "model" names one of several models of a task. An answer that is not 200 is {"error": "…"}.
func Handle(s *serve.Server) {
	h := &handler{s}
	h.get("/v1/models", h.models)
	h.post("/v1/forecast", plain(h.forecast))
	h.post("/v1/classify", plain(h.classify))
	h.post("/v1/generate", (*handler).generate)
	h.post("/v1/translate", plain(h.translate))
	h.post("/v1/caption", plain(h.caption))
	h.post("/v1/music", plain(h.music))
	h.get("/openapi.json", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write(OpenAPI)
		return gone(err)
	})
}

type handler struct{ s *serve.Server }

// answer is what answers a request, or an error that is answered.
type answer func(w http.ResponseWriter, r *http.Request) error

func (h *handler) get(path string, a answer) { h.handle(path, http.MethodGet, a) }

func (h *handler) handle(path, method string, a answer) {
	allowed := method + ", OPTIONS"
	if method == http.MethodGet {
		allowed = "GET, HEAD, OPTIONS"
	}
	h.s.Handle(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == method, method == http.MethodGet && r.Method == http.MethodHead:
			if err := a(w, r); err != nil {
				tellError(w, err)
			}
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Allow", allowed)
			tellError(w, &serve.Error{Class: serve.Method, Text: fmt.Sprintf("'%s' is not for this address; it takes %s", cut(r.Method, 16), allowed)})
		}
	}))
}

// post is for requests with a body of JSON.
func (h *handler) post(path string, do func(h *handler, w http.ResponseWriter, r *http.Request, body []byte) error) {
	h.handle(path, http.MethodPost, func(w http.ResponseWriter, r *http.Request) error {
		if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
			return &serve.Error{Class: serve.Media, Text: "the body has the Content-Encoding '" + cut(e, 32) + "'; send it as it is"}
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return bodyError(err)
		}
		return do(h, w, r, body)
	})
}

func bodyError(err error) error {
	var own *serve.Error
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &own):
		return err
	case errors.As(err, &long):
		return &serve.Error{Class: serve.TooLarge, Text: fmt.Sprintf("the body has more than the %d bytes that are allowed; send less at once", long.Limit), Err: err}
	}
	return &serve.Error{Class: serve.Invalid, Text: "the body ends too early, or comes too slowly", Err: err}
}

// plain is a post whose request is a Q and whose answer is JSON, made in the time of a request and
// with a place among those that are worked on.
func plain[Q any](do func(ctx context.Context, q *Q) (any, error)) func(h *handler, w http.ResponseWriter, r *http.Request, body []byte) error {
	return func(h *handler, w http.ResponseWriter, r *http.Request, body []byte) error {
		q := new(Q)
		if err := decode(body, q, h.s.MaxDepth()); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), h.s.Timeout())
		defer cancel()
		leave, err := cores.enter(ctx)
		if err != nil {
			return err
		}
		made, err := do(ctx, q)
		leave()
		if err != nil {
			return err
		}
		return tell(w, made)
	}
}

// tell answers with v.
func tell(w http.ResponseWriter, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(b, '\n'))
	return gone(err)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func gone(err error) error {
	if err == nil {
		return nil
	}
	return &serve.Error{Class: serve.Cancelled, Text: "the client has gone", Err: err}
}

// tellError answers with an error, unless an answer has begun: then nobody reads it.
func tellError(w http.ResponseWriter, err error) {
	e := serve.AsError(err)
	if e.Class == serve.Cancelled && e.Text == "the client has gone" {
		return
	}
	switch e.Class {
	case serve.Unavailable, serve.Exhausted:
		w.Header().Set("Retry-After", "1")
	case serve.TooLarge:
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status())
	b, _ := encode(errorOf(e))
	w.Write(append(b, '\n'))
}

type errorJSON struct {
	Error string `json:"error"`
	Code  string `json:"code,omitempty"`
}

func errorOf(err error) errorJSON {
	e := serve.AsError(err)
	return errorJSON{cut(strings.ToValidUTF8(e.Text, "\uFFFD"), 512), e.Code}
}

// cut is s, of n bytes at most.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n -= len("…"); n > 0 && !utf8.RuneStart(s[n]); {
		n--
	}
	return s[:n] + "…"
}

func invalid(format string, args ...any) error {
	return &serve.Error{Class: serve.Invalid, Text: fmt.Sprintf(format, args...)}
}

// decode reads a body into a struct.
func decode(body []byte, v any, depth int) error {
	if !utf8.Valid(body) {
		return invalid("the body is not UTF-8")
	}
	if err := checkDepth(body, depth); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			return invalid("there is more behind the JSON of the request")
		}
		return nil
	}
	var of *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return invalid("the body is empty; it has to be JSON, which /openapi.json describes")
	case errors.As(err, &of):
		what := cmp.Or(of.Field[strings.LastIndexByte(of.Field, '.')+1:], "the request") // without the names of Go's types
		article := "a"
		if strings.IndexByte("ao", of.Value[0]) >= 0 { // an array, an object
			article = "an"
		}
		return invalid("%s is %s %s at byte %d of the body, which it cannot be; /openapi.json describes the request", cut(what, 64), article, of.Value, of.Offset)
	case errors.As(err, &syntax):
		return invalid("the body is no JSON: %s, at byte %d", syntax, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("the body is no JSON: it ends too early")
	}
	return invalid("%s; /openapi.json describes the request", cut(strings.TrimPrefix(err.Error(), "json: "), 256))
}

// checkDepth checks how many arrays and objects are in one another.
func checkDepth(b []byte, most int) error {
	depth, text := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if depth++; depth > most {
				return invalid("more than %d arrays and objects are in one another, at byte %d", most, i)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// find is the model that a request is for: that of a name, or the only one whose Task is a T that
// fits.
func find[T any](h *handler, name, what string, fits func(t T) bool) (*serve.Model, T, error) {
	var none T
	of := func(m *serve.Model) (T, bool) {
		t, ok := m.Task.(T)
		return t, ok && (fits == nil || fits(t))
	}
	var names []string
	for _, m := range h.s.Models() {
		if _, ok := of(m); ok && !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	list := cut(strings.Join(names, ", "), 200)
	switch {
	case name != "":
		m, err := h.s.Model(name, "")
		if err != nil {
			return nil, none, err
		}
		t, ok := of(m)
		if !ok && len(names) == 0 {
			return nil, none, &serve.Error{Class: serve.Unsupported, Text: fmt.Sprintf("model '%s' does not %s, nor does another of this server; GET /v1/models lists what there is", cut(name, 64), what)}
		} else if !ok {
			return nil, none, &serve.Error{Class: serve.Unsupported, Text: fmt.Sprintf("model '%s' does not %s; these do: %s", cut(name, 64), what, list)}
		}
		return m, t, nil
	case len(names) == 0:
		return nil, none, &serve.Error{Class: serve.NotFound, Text: "no model of this server can " + what + "; GET /v1/models lists what there is"}
	case len(names) > 1:
		return nil, none, invalid("several models %s: name one of them by \"model\": %s", what, list)
	}
	m, err := h.s.Model(names[0], "")
	if err != nil {
		return nil, none, err
	}
	t, ok := of(m)
	if !ok { // another version since
		return nil, none, &serve.Error{Class: serve.NotFound, Text: "no model of this server can " + what}
	}
	return m, t, nil
}

// finite is v, or null for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func finites(x []float64) []*float64 {
	all := make([]*float64, len(x))
	for i, v := range x {
		all[i] = finite(v)
	}
	return all
}
