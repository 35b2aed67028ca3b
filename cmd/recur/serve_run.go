package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/serve"
	oip "github.com/recur-go/recur/serve/grpc"
	"github.com/recur-go/recur/serve/host"
	models "github.com/recur-go/recur/serve/tasks"
	"github.com/recur-go/recur/serve/watch"
	"github.com/recur-go/recur/session"
)

// serving is set while a server runs, which takes its own time to end.
var serving atomic.Bool

// A service is a server and what it stands on.
type service struct {
	flags   *serveFlags
	given   given
	log     *slog.Logger
	server  *serve.Server
	models  *watch.Repository
	web     host.Group
	grpc    *grpc.Server
	cert    *host.Certificate
	address []string // of clients
	others  []any    // --admin and --grpc with their addresses, for the log
	closers []func()
}

// run serves until the context of the command ends.
func (f *serveFlags) run(cmd *cobra.Command, g given) error {
	serving.Store(true)
	defer serving.Store(false)
	ctx := cmd.Context()
	s := &service{flags: f, given: g, log: f.newLog(cmd.ErrOrStderr())}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	if err := s.start(ctx); err != nil {
		s.end(context.Background())
		return err
	}
	if len(s.address) > 0 {
		defer writeAddress(s.address[0])()
	}
	if f.log == "text" {
		fmt.Fprint(cmd.OutOrStdout(), s.greeting())
	}
	s.log.Info("ready", append([]any{"address", strings.Join(s.address, " "), "models", len(s.server.Models())}, s.others...)...)
	s.notify("READY=1")
	looking, stop := context.WithCancel(ctx)
	defer stop()
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		s.models.Run(looking)
	}()
	err := s.wait(ctx, hangup)
	stop()
	<-looked
	return errors.Join(err, s.stop())
}

// start opens all that is served.
func (s *service) start(ctx context.Context) error {
	f := s.flags
	sources, err := modelSources(f.models)
	if err != nil {
		return err
	}
	tokens, err := readTokens(f.tokens)
	if err != nil {
		return err
	}
	listeners, err := s.listen()
	if err != nil {
		return err
	}
	if f.cert != "" {
		if s.cert, err = host.OpenCertificate(f.cert, f.key); err != nil {
			return err
		}
	}
	states := f.admin != "" // are given out there only, and never to other machines
	for _, l := range listeners {
		if host.LocalListener(l) {
			continue
		}
		states = true
		if err := f.mayBePublic(l.Addr().String()); err != nil { // systemd may have opened it
			return err
		}
	}
	table := f.table()
	table.OnError = func(err error) { s.log.Error("sessions not saved; they are tried again", "error", err) }
	o := watch.Options{Open: f.open, Table: table, IsModel: isModel, OnEvent: logModel(s.log)}
	if f.sessions != "" {
		if err := os.MkdirAll(f.sessions, 0o777); err != nil {
			return fmt.Errorf("--sessions: %w", err)
		}
		o.Store = s.store
	}
	s.models = watch.New(o)
	s.server = serve.New(serve.Options{
		Version: strings.TrimPrefix(thisBuild().Version, "v"), Tokens: tokens, Hosts: f.hosts, Origins: f.origins,
		Repository: s.models, AdminStates: states, OnCall: logCalls(s.log),
	})
	s.models.Serve(s.server)
	models.Handle(s.server)
	s.models.Set(sources...)
	if err := s.models.Scan(ctx); err != nil {
		return err
	}
	if f.admin != "" {
		l, err := host.Listen(f.admin)
		if err != nil {
			return fmt.Errorf("--admin: %w", err)
		}
		h := s.server.HTTPAdmin()
		h.Handler = s.withProfiles(h.Handler)
		s.web.Serve(h, l, s.tls(l))
		s.others = append(s.others, "admin", s.webAddress(l))
	}
	if f.grpc != "" {
		l, err := host.Listen(f.grpc)
		if err != nil {
			return fmt.Errorf("--grpc: %w", err)
		}
		s.serveGRPC(l)
		s.others = append(s.others, "grpc", strings.TrimPrefix(s.webAddress(l), "http://"))
	}
	for _, l := range listeners {
		s.address = append(s.address, s.webAddress(l))
		s.web.Serve(s.server.HTTP(), l, s.tls(l))
	}
	return nil
}

// tls is how a listener speaks TLS, nil if it does not: nobody but this machine reaches a socket.
func (s *service) tls(l net.Listener) *tls.Config {
	if s.cert == nil || l.Addr().Network() == "unix" {
		return nil
	}
	return s.cert.Config()
}

// webAddress is the address of a listener as clients use it.
func (s *service) webAddress(l net.Listener) string {
	at := l.Addr()
	switch {
	case at.Network() == "unix":
		return "unix:" + at.String()
	case s.tls(l) != nil:
		return "https://" + at.String()
	}
	return "http://" + at.String()
}

// listen opens the addresses of HTTP, unless systemd has opened some.
func (s *service) listen() (all []net.Listener, err error) {
	all, err = host.Inherited()
	if err != nil || len(all) > 0 {
		return all, err
	}
	for _, a := range s.flags.listen {
		l, err := host.Listen(a)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("--listen: %w", err)
		}
		all = append(all, l)
	}
	s.closers = append(s.closers, func() {
		for _, l := range all {
			l.Close()
		}
	})
	return all, nil
}

// modelSources are the models of arguments, or the airline's.
func modelSources(args []string) (all []watch.Source, err error) {
	for _, arg := range args {
		name, path, err := nameAndPath(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, watch.Source{Name: name, Path: path})
	}
	if len(all) == 0 {
		all = append(all, watch.Source{Name: "airline"})
	}
	return all, nil
}

// store opens the folder of the sessions of a model. Models whose states differ have folders of
// their own.
func (s *service) store(name string, m *session.Model) (session.Store, error) {
	id := m.ID()
	dir := filepath.Join(s.flags.sessions, name, fmt.Sprintf("%x", id[:8]))
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, fmt.Errorf("--sessions: %w", err)
	}
	store, err := session.OpenFolder(dir, session.FolderOptions{})
	if err != nil {
		return nil, fault.Errorf(fault.IO, "%w", err)
	}
	if st := store.Stats(); st.Damaged > 0 || st.Lost > 0 {
		s.log.Error("saved sessions are damaged; each that is asked for is told so", "model", name, "folder", dir, "damaged", st.Damaged, "lost", st.Lost, "sessions", st.Sessions)
	}
	return store, nil
}

// wait returns when the server is to end.
func (s *service) wait(ctx context.Context, hangup <-chan os.Signal) error {
	var alive <-chan time.Time
	if d := host.Watchdog(); d > 0 {
		t := time.NewTicker(d / 2)
		defer t.Stop()
		alive = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.web.Failed():
			return err
		case <-alive:
			s.notify("WATCHDOG=1")
		case <-hangup:
			s.notify(host.Reloading())
			s.reload(ctx)
			s.notify("READY=1")
		}
	}
}

// stop ends the server: what has begun is answered, and the sessions are saved.
func (s *service) stop() error {
	s.notify("STOPPING=1")
	s.server.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), s.flags.grace)
	defer cancel()
	began := time.Now()
	s.log.Info("ending", "grace", s.flags.grace)
	streams := s.endGRPC(ctx)
	err := s.web.Shutdown(ctx)
	<-streams
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were broken off, since --grace was over")
		err = nil
	}
	// States are saved however long that takes: who is in a hurry sends a second signal.
	err = errors.Join(err, s.end(context.Background()))
	s.log.Info("ended", "took", time.Since(began))
	return err
}

// end closes what start has opened.
func (s *service) end(ctx context.Context) error {
	for _, c := range s.closers {
		c()
	}
	if s.models == nil {
		return nil
	}
	return s.models.Close(ctx)
}

func (s *service) notify(state string) {
	if err := host.Notify(state); err != nil {
		s.log.Warn("systemd not told", "error", err)
	}
}

// withProfiles adds profiles of the program to a handler, for those who have a token if there
// are any.
func (s *service) withProfiles(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/debug/pprof/") {
			h.ServeHTTP(w, r)
			return
		}
		_, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if _, err := s.server.Authorize(r.Context(), strings.TrimSpace(secret)); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// serveGRPC answers gRPC on a listener.
func (s *service) serveGRPC(l net.Listener) {
	o := oip.Options(s.server)
	if config := s.tls(l); config != nil {
		o = append(o, grpc.Creds(credentials.NewTLS(config)))
	}
	s.grpc = grpc.NewServer(o...)
	oip.Register(s.grpc, s.server)
	go s.grpc.Serve(l) // until endGRPC
}

// endGRPC ends gRPC: calls that have begun are answered, unless ctx ends before.
func (s *service) endGRPC(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if s.grpc == nil {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		stop := context.AfterFunc(ctx, s.grpc.Stop)
		defer stop()
		s.grpc.GracefulStop()
	}()
	return done
}
