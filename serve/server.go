// Package serve answers requests for recurrent models, and keeps the state of each of their
// sessions: a Server is an http.Handler that speaks the Open Inference Protocol (version 2)
// with the extensions of Triton Inference Server that its clients use: sequences, binary
// tensors, statistics, the index of models, generation. Beside these it has what they lack:
// sessions that can be listed, taken out, put in, forked and deleted, and many steps in one
// request.
//
//	m := &serve.Model{Name: "meter"}
//	runner := … // of package rnn, model/graph, interchange/onnx
//	m.Sessions = session.NewTable(session.New(runner, session.Options{OnBatch: m.OnBatch}), session.TableOptions{})
//	s := serve.New(serve.Options{})
//	err := s.Add(m)
//	h := s.HTTP()
//	h.Addr = "127.0.0.1:8000"
//	err = h.ListenAndServe()
//
// The package does not log: Options.OnCall is told of every request.
//
// Package tasks makes a Model of a file and adds what people ask the models of tasks for;
// watch serves folders whose files change; grpc answers by gRPC; client has sessions that
// resume by themselves; host has listeners and an orderly end. The command recur serve is
// all of them.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a Server. The zero value has the defaults that the fields name.
type Options struct {
	Name    string // of the server, in its metadata; default "recur"
	Version string // default "0"

	// Tokens are who may ask. Without any, everybody who reaches the server may.
	Tokens []Token

	// Hosts are names under which the server may be asked, beside localhost and IP addresses;
	// "*" is any. So no page of the web can reach it under a name of its own.
	Hosts []string

	// Origins are origins, such as "https://example.com", whose pages may send requests,
	// beside the server's own.
	Origins []string

	MaxBody     int64         // bytes of a request; default 8 MiB
	MaxBodies   int64         // bytes of all requests at once, but for small ones; default 256 MiB
	MaxDepth    int           // arrays and objects of JSON in one another; default 32
	MaxInFlight int           // requests at once, more get 503; default 1024
	MaxConns    int           // connections at once, of HTTP; default 4096
	MaxSteps    int           // steps of one request; default 100,000
	Timeout     time.Duration // of one request, and of each message of a stream; default 30 s
	Gzip        bool          // whether bodies may be compressed by gzip, at most ten times

	// Repository loads and unloads models for clients that ask; nil refuses.
	Repository Repository

	// AllowLoad has the handler itself load and unload, not only that of Admin.
	AllowLoad bool

	// AdminStates has states of sessions given out and put in by the handler of Admin only.
	AdminStates bool

	// OnCall is called at the start of every request, with its context. The context that it
	// returns is used for the request, and the function, if it is not nil, is called when the
	// request has been answered: logs, metrics and traces hang on it.
	OnCall func(ctx context.Context, c *Call) (context.Context, func(Result))

	// Now is the time of statistics; default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Name = cmp.Or(o.Name, "recur")
	o.Version = cmp.Or(o.Version, "0")
	o.MaxBody = cmp.Or(o.MaxBody, 8<<20)
	o.MaxBodies = cmp.Or(o.MaxBodies, 256<<20)
	o.MaxDepth = cmp.Or(o.MaxDepth, 32)
	o.MaxInFlight = cmp.Or(o.MaxInFlight, 1024)
	o.MaxConns = cmp.Or(o.MaxConns, 4096)
	o.MaxSteps = cmp.Or(o.MaxSteps, 100_000)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// A Server serves models. Goroutines share it.
type Server struct {
	options  Options
	tokens   atomic.Pointer[tokens]
	models   atomic.Pointer[map[string][]*Model] // versions, the highest first
	changing sync.Mutex
	origins  *http.CrossOriginProtection
	extra    *http.ServeMux
	gauge    gauge
	began    time.Time
	draining atomic.Bool
	drained  chan struct{}
	prefix   string // of the ids of requests
}

// New makes a server without models. It panics if Options are not valid.
func New(o Options) *Server {
	s := &Server{options: o.withDefaults(), extra: http.NewServeMux(), drained: make(chan struct{}), prefix: newPrefix()}
	s.began = s.options.Now()
	s.models.Store(&map[string][]*Model{})
	s.origins = http.NewCrossOriginProtection()
	for _, origin := range o.Origins {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			panic("serve: " + err.Error())
		}
	}
	known, err := newTokens(o.Tokens)
	if err != nil {
		panic(err.Error())
	}
	s.tokens.Store(known)
	return s
}

// Options are those of s, with defaults where New was given none.
func (s *Server) Options() Options { return s.options }

// Add serves a model from now on.
func (s *Server) Add(m *Model) error { return s.add(m, "") }

// add serves a model, in place of the version old of its name unless that is "".
func (s *Server) add(m *Model, old string) error {
	if err := m.prepare(); err != nil {
		return err
	}
	m.since = s.options.Now()
	s.changing.Lock()
	defer s.changing.Unlock()
	all := maps.Clone(*s.models.Load())
	versions := slices.DeleteFunc(slices.Clone(all[m.Name]), func(v *Model) bool { return v.Version == old })
	for _, v := range versions {
		if v.Version == m.Version {
			return fmt.Errorf("serve: version %s of model %s: %w", m.Version, m.Name, errDuplicate)
		}
	}
	versions = append(versions, m)
	slices.SortFunc(versions, func(a, b *Model) int {
		x, _ := strconv.ParseUint(a.Version, 10, 64)
		y, _ := strconv.ParseUint(b.Version, 10, 64)
		return cmp.Compare(y, x)
	})
	all[m.Name] = versions
	s.models.Store(&all)
	return nil
}

// Remove serves a version of a model no longer, or all versions if it is "". Requests that
// have begun go on.
func (s *Server) Remove(name, version string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if _, err := s.Model(name, version); err != nil {
		return err
	}
	all := maps.Clone(*s.models.Load())
	left := slices.DeleteFunc(slices.Clone(all[name]), func(m *Model) bool { return version == "" || m.Version == version })
	if all[name] = left; len(left) == 0 {
		delete(all, name)
	}
	s.models.Store(&all)
	return nil
}

// Models lists the models by their names, the highest version first.
func (s *Server) Models() []*Model {
	all := *s.models.Load()
	var list []*Model
	for _, n := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[n]...)
	}
	return list
}

// Model finds a model. Version "" is the highest.
func (s *Server) Model(name, version string) (*Model, error) {
	versions := (*s.models.Load())[name]
	if len(versions) == 0 {
		return nil, errorf(NotFound, "Request for unknown model: %s is not found", quoted(name))
	}
	if version == "" {
		return versions[0], nil
	}
	for _, m := range versions {
		if m.Version == version {
			return m, nil
		}
	}
	return nil, errorf(NotFound, "Request for unknown model: %s version %s is not found", quoted(name), quoted(version))
}

// Versions lists the versions of a model that are served, the highest first.
func (s *Server) Versions(name string) []string {
	var list []string
	for _, m := range (*s.models.Load())[name] {
		list = append(list, m.Version)
	}
	return list
}

// Handle has h answer the paths of a pattern of http.ServeMux, outside of /v2/, behind the
// checks of the server.
func (s *Server) Handle(pattern string, h http.Handler) { s.extra.Handle(pattern, h) }

// Timeout is the time of one request, which the handlers of Handle keep to by themselves.
func (s *Server) Timeout() time.Duration { return s.options.Timeout }

// MaxDepth is how many arrays and objects of JSON may be in one another.
func (s *Server) MaxDepth() int { return s.options.MaxDepth }

// Ready reports whether the server takes requests.
func (s *Server) Ready() bool { return !s.draining.Load() }

// Drain has the server not be ready from now on, so that nobody sends more, and ends streams.
// Other requests are still answered.
func (s *Server) Drain() {
	if !s.draining.Swap(true) {
		close(s.drained)
	}
}

// Drained is closed by Drain.
func (s *Server) Drained() <-chan struct{} { return s.drained }

// A Repository loads and unloads models. Its errors are told to clients.
type Repository interface {
	// Index lists models that are not served but known, with why.
	Index() []IndexEntry
	Load(ctx context.Context, name string) error
	Unload(ctx context.Context, name string) error
}

// An IndexEntry is a version of a model in the index.
type IndexEntry struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	State   string `json:"state,omitempty"` // READY, UNAVAILABLE, LOADING, UNLOADING
	Reason  string `json:"reason,omitempty"`
}

// Index lists the models that are served, and unless ready those that the Repository knows.
func (s *Server) Index(ready bool) []IndexEntry {
	list := []IndexEntry{}
	for _, m := range s.Models() {
		list = append(list, IndexEntry{m.Name, m.Version, "READY", ""})
	}
	if s.options.Repository != nil && !ready {
		for _, e := range s.options.Repository.Index() {
			if !slices.ContainsFunc(list, func(l IndexEntry) bool { return l.Name == e.Name && l.Version == e.Version }) {
				list = append(list, e)
			}
		}
	}
	return list
}

// Load has the Repository load a model, Unload unload it.
func (s *Server) Load(ctx context.Context, name string) error {
	return s.repository(func(r Repository) error { return r.Load(ctx, name) })
}

// Unload has the Repository unload a model.
func (s *Server) Unload(ctx context.Context, name string) error {
	return s.repository(func(r Repository) error { return r.Unload(ctx, name) })
}

func (s *Server) repository(f func(Repository) error) error {
	if s.options.Repository == nil {
		return errNoLoad
	}
	err := f(s.options.Repository)
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Class: Invalid, Text: clip(err.Error()), Err: err}
}

var errNoLoad = errorf(Unavailable, "explicit model load / unload is not allowed here")
