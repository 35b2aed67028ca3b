package host

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
)

// A Group is servers of HTTP that end together.
type Group struct {
	mu      sync.Mutex
	servers []*http.Server
	fresh   map[net.Conn]bool // connections without a request so far
	ending  bool
	errs    chan error
	running sync.WaitGroup
}

// Serve has h answer on a listener, by TLS if config is not nil, until Shutdown.
func (g *Group) Serve(h *http.Server, l net.Listener, config *tls.Config) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.errs == nil {
		g.errs, g.fresh = make(chan error, 1), map[net.Conn]bool{}
	}
	told := h.ConnState
	h.ConnState = func(c net.Conn, s http.ConnState) {
		g.note(c, s)
		if told != nil {
			told(c, s)
		}
	}
	g.servers = append(g.servers, h)
	if config != nil {
		l = tls.NewListener(l, config)
		h.TLSConfig = config
	}
	g.running.Go(func() {
		if err := h.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			select {
			case g.errs <- err:
			default:
			}
		}
	})
}

// Failed gets the error of a server that has ended by itself.
func (g *Group) Failed() <-chan error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.errs == nil {
		g.errs, g.fresh = make(chan error, 1), map[net.Conn]bool{}
	}
	return g.errs
}

func (g *Group) note(c net.Conn, s http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s != http.StateNew {
		delete(g.fresh, c)
	} else if g.ending {
		c.Close()
	} else {
		g.fresh[c] = true
	}
}

// Shutdown takes no more connections, waits for the answers to the requests that have begun, and
// closes what is left when ctx ends. Connections on which no request has begun it does not wait
// for, as http.Server does for some seconds.
func (g *Group) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	g.ending = true
	for c := range g.fresh {
		c.Close()
	}
	servers := g.servers
	g.mu.Unlock()
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, h := range servers {
		all.Go(func() {
			if errs[i] = h.Shutdown(ctx); errs[i] != nil {
				h.Close()
			}
		})
	}
	all.Wait()
	g.running.Wait()
	return errors.Join(errs...)
}
