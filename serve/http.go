package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// An exchange is a request of HTTP and its answer. It is used again.
type exchange struct {
	s        *Server
	w        http.ResponseWriter
	r        *http.Request
	call     Call
	admin    bool
	hijacked bool   // the connection is no longer that of net/http
	status   int    // 0 until the head of the answer is sent
	body     []byte // of the request
	held     int64  // bytes of body that count in gauge.bodies
	out      []byte // of the answer
	scan     scanner
	req      Request
	resp     Response
	data     [][]byte // memory of inputs
	toldBits uint64   // outputs that tell by binary_data
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// maxKept is the longest buffer that is kept for further requests.
const maxKept = 256 << 10

// recycle forgets the request and keeps the memory.
func (x *exchange) recycle() {
	x.s.gauge.bodies.Add(-x.held)
	if cap(x.body) > maxKept || cap(x.out) > maxKept || cap(x.resp.data) > maxKept || 8*cap(x.resp.x) > maxKept || 8*cap(x.resp.y) > maxKept {
		return
	}
	for _, d := range x.data {
		if cap(d) > maxKept {
			return
		}
	}
	if len(x.data) > 64 || cap(x.req.Outputs) > 64 || cap(x.scan.keys) > 1024 {
		return
	}
	in, outs, params := x.req.Inputs[:cap(x.req.Inputs)], x.req.Outputs[:0], x.req.Parameters[:0]
	for i := range in {
		in[i] = Value{Shape: in[i].Shape[:0]}
	}
	given := x.resp.Outputs[:cap(x.resp.Outputs)]
	for i := range given {
		given[i].Data = nil
	}
	clear(x.scan.keys[:cap(x.scan.keys)])
	resp := Response{x: x.resp.x[:0], y: x.resp.y[:0], data: x.resp.data[:0], Outputs: x.resp.Outputs[:0]}
	*x = exchange{
		body: x.body[:0], out: x.out[:0], data: x.data,
		scan: scanner{keys: x.scan.keys[:0]},
		req:  Request{Inputs: in[:0], Outputs: outs, Parameters: params},
		resp: resp,
	}
	exchanges.Put(x)
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, false) }

// Admin is the handler for a listener of its own, which only those reach who may load and
// unload models.
func (s *Server) Admin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, true) })
}

// What every answer has in its head.
var (
	nosniff  = []string{"nosniff"}
	noStore  = []string{"no-store"}
	policy   = []string{"default-src 'none'; frame-ancestors 'none'"}
	ofJSON   = []string{"application/json"}
	ofBinary = []string{"application/octet-stream"}
)

func (s *Server) serve(w http.ResponseWriter, r *http.Request, admin bool) {
	x := exchanges.Get().(*exchange)
	x.s, x.w, x.r, x.admin = s, w, r, admin
	h := w.Header()
	x.call.ID = s.RequestID(r.Header.Get("X-Request-Id"))
	h["X-Request-Id"] = []string{x.call.ID}
	h["X-Content-Type-Options"], h["Cache-Control"], h["Content-Security-Policy"] = nosniff, noStore, policy

	if s.options.OnCall == nil {
		x.answer()
	} else {
		x.observed()
	}
	s.gauge.byStatus[min(max(x.status/100, 0), 5)].Add(1)
	x.recycle()
}

// observed is answer, and tells OnCall.
func (x *exchange) observed() {
	o, r, c := &x.s.options, x.r, x.call
	c.Transport, c.Method, c.Path, c.Remote, c.Header = "http", r.Method, r.URL.Path, r.RemoteAddr, r.Header
	began := o.Now()
	ctx, told := o.OnCall(r.Context(), &c)
	if ctx != r.Context() {
		x.r = r.WithContext(ctx)
	}
	err := error(errClientGone)
	if told != nil {
		defer func() {
			c.Model, c.Version, c.Session = x.call.Model, x.call.Version, x.call.Session
			told(Result{x.status, err, o.Now().Sub(began)})
		}()
	}
	err = x.answer()
}

// answer answers the request, with an error if that is what comes of it. A handler that
// panics is one, unless it does to end the connection.
func (x *exchange) answer() (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		x.s.gauge.panics.Add(1)
		if v == http.ErrAbortHandler || x.status != 0 {
			x.s.gauge.bodies.Add(-x.held) // x is not used again
			panic(http.ErrAbortHandler)
		}
		err = &Error{Class: Internal, Text: "the server failed; its log has the reason by the id of this request", Err: &PanicError{v, debug.Stack()}}
		x.error(err)
	}()
	if err = x.guard(); err == nil {
		err = x.route()
	}
	if err != nil {
		x.error(err)
	}
	return err
}

// A PanicError is a handler that panicked, as OnCall is told of it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// guard checks who asks and how much there is to do already.
func (x *exchange) guard() error {
	r := x.r
	if !x.s.allowedHost(r.Host) {
		return errorf(Forbidden, "the server is not known here as %s; name it with the option for hosts", quoted(r.Host))
	}
	if err := x.s.origins.Check(r); err != nil {
		return errorf(Forbidden, "a page of another origin may not ask this server; name its origin in the options if it may")
	}
	return nil
}

// authorize checks the token.
func (x *exchange) authorize() error {
	if len(x.s.tokens.Load().list) == 0 {
		return nil
	}
	secret := ""
	if scheme, s, ok := strings.Cut(x.r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(s)
	} else if strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") {
		for p := range strings.SplitSeq(strings.Join(x.r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
			if s, ok := strings.CutPrefix(strings.TrimSpace(p), "bearer."); ok {
				secret = s
			}
		}
	}
	ctx, err := x.s.Authorize(x.r.Context(), secret)
	if err != nil {
		x.w.Header().Set("WWW-Authenticate", "Bearer")
		return err
	}
	x.r = x.r.WithContext(ctx)
	return nil
}

// error answers with an error, unless an answer has begun.
func (x *exchange) error(err error) {
	e := AsError(err)
	if x.status != 0 {
		return
	}
	h := x.w.Header()
	switch e.Class {
	case Unavailable, Exhausted:
		h.Set("Retry-After", "1")
	case TooLarge:
		h.Set("Connection", "close")
	}
	x.out = appendError(x.out[:0], e)
	h["Content-Type"] = ofJSON
	x.send(e.Status())
}

// appendError appends an error as clients get it.
func appendError(b []byte, e *Error) []byte {
	b = appendString(append(b, `{"error":`...), clip(e.Text))
	if e.Code != "" {
		b = appendString(append(b, `,"code":`...), e.Code)
	}
	if e.Code == "step" {
		b = strconv.AppendUint(append(b, `,"have":`...), e.Have, 10)
	}
	return append(b, '}')
}

// send sends x.out.
func (x *exchange) send(status int) error {
	x.status = status
	if len(x.out) > 0 && x.w.Header().Get("Content-Type") == ofJSON[0] {
		x.out = append(x.out, '\n') // for those who read it in a terminal
	}
	if len(x.out) > 2000 { // below that, net/http finds it itself
		x.w.Header().Set("Content-Length", strconv.Itoa(len(x.out)))
	}
	x.w.WriteHeader(status)
	if _, err := x.w.Write(x.out); err != nil {
		return &Error{Class: Cancelled, Text: "the client has gone", Err: err}
	}
	return nil
}

// json answers with v.
func (x *exchange) json(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	x.out = append(x.out[:0], b...)
	x.w.Header()["Content-Type"] = ofJSON
	return x.send(status)
}

// empty answers without a body.
func (x *exchange) empty(status int) error {
	x.out = x.out[:0]
	return x.send(status)
}

// method checks the method of the request against those that the address has. done is true
// if it was OPTIONS, which is answered here. HEAD is GET.
func (x *exchange) method(allowed ...string) (done bool, err error) {
	m := x.r.Method
	if m == http.MethodHead {
		m = http.MethodGet
	}
	for _, a := range allowed {
		if a == m {
			return false, nil
		}
	}
	list := strings.Join(allowed, ", ")
	if strings.Contains(list, http.MethodGet) {
		list += ", HEAD"
	}
	x.w.Header().Set("Allow", list+", OPTIONS")
	if m == http.MethodOptions {
		return true, x.empty(http.StatusNoContent)
	}
	return false, errorf(Method, "%s is not for this address; it takes %s", quoted(x.r.Method), list)
}

var errClientGone = &Error{Class: Cancelled, Text: "the connection was ended"}
