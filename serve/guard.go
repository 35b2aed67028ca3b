package serve

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// allowedHost reports whether the server may be asked under a name. A page of the web that
// has its own name lead here is refused by that.
func (s *Server) allowedHost(host string) bool {
	if host == "" {
		return true // HTTP/1.0, which no browser sends
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	for _, h := range s.options.Hosts {
		if h == "*" || strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// HTTP returns a http.Server with the handler and limits of s: times for heads, bodies and
// answers, the length of heads, and the number of connections and of HTTP/2 streams. Where
// it listens, and TLS, is for the caller to set. Streams take the times of bodies and answers
// off for themselves. Shutdown drains s. What net/http would log, of clients that break off, is dropped unless
// ErrorLog is set.
func (s *Server) HTTP() *http.Server { return s.http(s) }

// HTTPAdmin is HTTP for the handler of Admin.
func (s *Server) HTTPAdmin() *http.Server { return s.http(s.Admin()) }

func (s *Server) http(h http.Handler) *http.Server {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       s.options.Timeout,
		WriteTimeout:      2 * s.options.Timeout,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 128},
		ConnState:         s.connState,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	server.RegisterOnShutdown(s.Drain)
	return server
}

// connState counts connections and closes those that are too many.
func (s *Server) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.gauge.conns.Add(1) > int64(s.options.MaxConns) {
			s.gauge.refused.Add(1)
			c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		s.gauge.conns.Add(-1)
	}
}
