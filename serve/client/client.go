// Package client steps sessions of a recur server by frames (package frame): one connection
// carries any number of sessions, each with any number of steps on their way.
//
// Sessions resume by themselves. When the connection breaks, or the server is started anew, the
// client connects again and goes on from the step that the session has done there: steps that
// were not answered are sent again under their numbers, by which none is done twice, and those
// that a server without saved sessions has lost are repeated from the inputs that the client
// keeps.
package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/recur-go/recur/serve/frame"
)

// Options of a Client. The zero value is a good choice.
type Options struct {
	Token string        // sent as bearer token
	TLS   *tls.Config   // for https
	Retry time.Duration // how long to try to connect again; default 1 minute, below 0 not at all
	Keep  int           // inputs that a session keeps to repeat lost steps; default 64, below 0 none

	// Dial connects; default net.Dialer.DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Client has one connection to a server. Goroutines share it.
type Client struct {
	options Options
	network string
	address string
	host    string
	tls     bool
	ctx     context.Context // until Close
	cancel  context.CancelCauseFunc

	mu       sync.Mutex
	link     *link // nil while there is none
	sessions map[*Session]bool
	broken   error // why it will not connect again
	tag      uint64
	working  sync.WaitGroup
}

// ErrClosed is of calls after Close.
var ErrClosed = errors.New("client: closed")

// Dial connects to a server: "127.0.0.1:8000", "http://host:8000", "https://host" or
// "unix:/path".
func Dial(ctx context.Context, server string, o Options) (*Client, error) {
	if o.Retry == 0 {
		o.Retry = time.Minute
	}
	if o.Keep == 0 {
		o.Keep = 64
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	c := &Client{options: o, network: "tcp", sessions: map[*Session]bool{}}
	if err := c.parse(server); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	l, err := c.connect(ctx)
	if err != nil {
		c.cancel(err)
		return nil, err
	}
	c.link = l
	c.working.Go(func() { c.work(l) })
	return c, nil
}

func (c *Client) parse(server string) error {
	if path, ok := strings.CutPrefix(server, "unix:"); ok {
		c.network, c.address, c.host = "unix", path, "localhost"
		return nil
	}
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("client: %q is no server: want host:port, http://host, https://host or unix:/path", server)
	}
	c.tls, c.host, c.address = u.Scheme == "https", u.Host, u.Host
	if u.Port() == "" {
		c.address = net.JoinHostPort(u.Hostname(), map[bool]string{false: "80", true: "443"}[c.tls])
	}
	return nil
}

// connect makes a connection of frames.
func (c *Client) connect(ctx context.Context) (*link, error) {
	conn, err := c.options.Dial(ctx, c.network, c.address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	l, err := c.upgrade(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

func (c *Client) upgrade(ctx context.Context, conn net.Conn) (*link, error) {
	if c.tls {
		config := c.options.TLS.Clone()
		if config == nil {
			config = new(tls.Config)
		}
		if config.ServerName == "" {
			config.ServerName, _, _ = net.SplitHostPort(c.address)
		}
		config.NextProtos = []string{"http/1.1"}
		t := tls.Client(conn, config)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = t
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.host+"/v2/frames", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", frame.Protocol)
	if c.options.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	resp, err := http.ReadResponse(in, req)
	if err != nil {
		return nil, fmt.Errorf("client: %s does not answer as a recur server does: %w", c.address, err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		defer resp.Body.Close()
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, &refused{resp.StatusCode, errorText(b)}
	}
	return &link{conn: conn, in: in, opening: map[uint64]*Session{}, open: map[uint32]*Session{}}, nil
}

// errorText reads an error as servers send it.
func errorText(b []byte) *frame.ErrorText {
	e := new(frame.ErrorText)
	if err := json.Unmarshal(b, e); err != nil || e.Text == "" {
		e.Text = strings.TrimSpace(string(b[:min(len(b), 200)]))
	}
	return e
}

// A refused is an answer of HTTP that is not the one hoped for.
type refused struct {
	status int
	text   *frame.ErrorText
}

func (e *refused) Error() string { return fmt.Sprintf("client: status %d: %v", e.status, e.text) }
func (e *refused) Unwrap() error { return e.text }

// work reads answers, and connects again when the connection breaks.
func (c *Client) work(l *link) {
	for {
		err := l.read(c)
		l.conn.Close()
		c.mu.Lock()
		c.link = nil
		lost := len(c.sessions)
		c.mu.Unlock()
		if c.ctx.Err() != nil {
			err = ErrClosed
		} else if lost == 0 || c.options.Retry > 0 {
			if l, err = c.again(err); err == nil {
				continue
			}
		}
		c.fail(err)
		return
	}
}

// again connects until it works, and opens the sessions that there were.
func (c *Client) again(why error) (*link, error) {
	ctx, cancel := context.WithTimeout(c.ctx, max(c.options.Retry, 0))
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		l, err := c.connect(ctx)
		if err == nil {
			c.reopen(l)
			return l, nil
		}
		var r *refused
		if errors.As(err, &r) && r.status < 500 {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			if c.ctx.Err() != nil {
				return nil, ErrClosed
			}
			return nil, fmt.Errorf("client: the connection was lost (%w), and %s did not answer for %v: %w", why, c.address, c.options.Retry, err)
		}
	}
}

// reopen opens all sessions by a new connection.
func (c *Client) reopen(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
	for s := range c.sessions {
		c.open(l, s)
	}
}

// open sends Open. c.mu is locked.
func (c *Client) open(l *link, s *Session) {
	c.tag++
	l.mu.Lock()
	l.opening[c.tag] = s
	l.mu.Unlock()
	payload, _ := json.Marshal(frame.OpenRequest{Model: s.model, Version: s.version, Session: s.id})
	tag := c.tag
	l.send(func(b []byte) []byte {
		return append(frame.Append(b, frame.Header{Type: frame.Open, Step: tag}, len(payload)), payload...)
	})
}

// fail ends all sessions.
func (c *Client) fail(err error) {
	c.mu.Lock()
	c.broken = err
	all := c.sessions
	c.sessions = nil
	c.mu.Unlock()
	for s := range all {
		s.fail(err)
	}
}

// Close ends the connection. The sessions stay on the server. Steps without an answer get
// ErrClosed.
func (c *Client) Close() error {
	c.cancel(ErrClosed)
	c.mu.Lock()
	if c.link != nil {
		c.link.conn.Close()
	}
	c.mu.Unlock()
	c.working.Wait()
	return nil
}
