package serve

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// route finds what answers the address.
func (x *exchange) route() error {
	path := x.r.URL.EscapedPath()
	switch path {
	case "/healthz":
		return x.health(true)
	case "/v2/health/live":
		return x.live()
	case "/readyz":
		return x.health(x.s.Ready())
	case "/v2/health/ready":
		return x.ready("", x.s.Ready())
	}
	if !x.s.enter() {
		return errTooMany
	}
	defer x.s.gauge.inFlight.Add(-1)
	if err := x.authorize(); err != nil {
		return err
	}
	if path == "/metrics" {
		return x.metrics()
	}
	rest, ok := strings.CutPrefix(path, "/v2")
	if !ok || rest != "" && rest[0] != '/' {
		return x.other()
	}
	if rest == "" || rest == "/" {
		return x.serverMetadata()
	}
	var segments [8]string
	n := 0
	for s := range strings.SplitSeq(rest[1:], "/") {
		if n == len(segments) {
			return errNoAddress
		}
		if strings.IndexByte(s, '%') >= 0 {
			var err error
			if s, err = url.PathUnescape(s); err != nil {
				return errNoAddress
			}
		}
		segments[n] = s
		n++
	}
	p := segments[:n]
	switch p[0] {
	case "models":
		return x.routeModels(p[1:])
	case "repository":
		return x.routeRepository(p[1:])
	case "frames":
		if len(p) == 1 {
			return x.frames()
		}
	}
	return errNoAddress
}

var errNoAddress = errorf(NotFound, "there is nothing at this address; /v2 is where the protocol begins")

// routeModels is for /v2/models/….
func (x *exchange) routeModels(p []string) error {
	switch {
	case len(p) == 0:
		return x.index()
	case len(p) == 1 && p[0] == "stats":
		return x.modelStats("", "")
	}
	name, version := p[0], ""
	p = p[1:]
	if len(p) >= 2 && p[0] == "versions" {
		if version = p[1]; version == "" {
			return errNoAddress
		}
		p = p[2:]
	}
	m, err := x.s.use(name, version)
	if err != nil {
		return err
	}
	defer m.unuse()
	x.call.Model, x.call.Version = m.Name, m.Version
	if len(p) == 0 {
		return x.modelMetadata(m)
	}
	if p[0] == "sessions" {
		if version == "" && len(p) > 1 {
			m = x.holder(m, p[1])
		}
		return x.routeSessions(m, p[1:])
	}
	if len(p) > 1 {
		return errNoAddress
	}
	switch p[0] {
	case "infer":
		return x.infer(m, version)
	case "ready":
		return x.ready(m.Name, x.s.Ready())
	case "config":
		return x.modelConfig(m)
	case "stats":
		return x.modelStats(name, version)
	case "stream":
		return x.lines(m, "")
	case "generate":
		return x.generate(m, false)
	case "generate_stream":
		return x.generate(m, true)
	}
	return errNoAddress
}

// routeSessions is for /v2/models/{m}/sessions/….
func (x *exchange) routeSessions(m *Model, p []string) error {
	if m.Sessions == nil {
		text := "model " + quoted(m.Name) + " keeps no state, so it has no sessions"
		if m.Stateless != "" {
			text += ": " + m.Stateless
		}
		return &Error{Class: Unsupported, Text: text}
	}
	if len(p) == 0 {
		return x.sessions(m)
	}
	id := p[0]
	if _, err := x.s.SessionName(x.r.Context(), id); err != nil {
		return err
	}
	x.call.Session = id
	switch {
	case len(p) == 1:
		return x.session(m, id)
	case len(p) > 2:
		return errNoAddress
	}
	switch p[1] {
	case "steps":
		return x.steps(m, id)
	case "stream":
		return x.lines(m, id)
	case "fork":
		return x.fork(m, id)
	case "reset":
		return x.reset(m, id)
	}
	return errNoAddress
}

// other has the handlers of Handle answer, with a body as long as is allowed.
func (x *exchange) other() error {
	_, pattern := x.s.extra.Handler(x.r)
	if pattern == "" {
		return errNoAddress
	}
	w := &statusWriter{ResponseWriter: x.w, x: x}
	x.r.Body = http.MaxBytesReader(w, &heldBody{x.r.Body, x, 0}, x.s.options.MaxBody)
	x.s.extra.ServeHTTP(w, x.r)
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return nil
}

// A heldBody counts what is read of a long body in MaxBodies, as long as the request lasts.
type heldBody struct {
	io.ReadCloser
	x *exchange
	n int64
}

func (h *heldBody) Read(b []byte) (int, error) {
	n, err := h.ReadCloser.Read(b)
	h.n += int64(n)
	if h.n > smallBody && h.n > h.x.held {
		if full := h.x.hold(max(h.x.held, smallBody)); full != nil {
			return 0, full
		}
	}
	return n, err
}

// A statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	x *exchange
}

func (w *statusWriter) WriteHeader(status int) {
	if status >= 200 && w.x.status == 0 {
		w.x.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.x.status == 0 {
		w.x.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
