package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// pipes is a listener of connections in memory, whose time is that of synctest.
type pipes struct {
	c    chan net.Conn
	done chan struct{}
	once sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.c:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.c <- server
	return client
}

// slow runs f with a server in time that does not pass by itself.
func slow(t *testing.T, o serve.Options, f func(t *testing.T, s *serve.Server, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		endless := parrot()
		endless.Name = "endless"
		endless.Generate = func(_ context.Context, g serve.Generation, emit func(serve.Piece) error) error {
			for {
				if err := emit(serve.Piece{Text: strings.Repeat("word ", 1000)}); err != nil {
					return err
				}
			}
		}
		s := server(t, o, accumulate(t, 1, session.TableOptions{}), endless)
		p := &pipes{c: make(chan net.Conn), done: make(chan struct{})}
		h := s.HTTP()
		go h.Serve(p)
		f(t, s, p)
		h.Close()
		synctest.Wait()
	})
}

var slowInputs = map[string]func(t *testing.T){
	"slow head": func(t *testing.T) {
		slow(t, serve.Options{}, func(t *testing.T, s *serve.Server, p *pipes) {
			c := p.dial()
			defer func() { c.Close(); synctest.Wait() }()
			go io.Copy(io.Discard, c)
			began := time.Now()
			for _, b := range []byte("GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n") {
				if _, err := c.Write([]byte{b}); err != nil {
					if d := time.Since(began); d > 10*time.Second {
						t.Errorf("the server ended it after %v", d)
					}
					return
				}
				time.Sleep(2 * time.Second)
			}
			t.Error("the server waits for as long as the head takes")
		})
	},
	"slow body": func(t *testing.T) {
		slow(t, serve.Options{}, func(t *testing.T, s *serve.Server, p *pipes) {
			c := p.dial()
			defer c.Close()
			began := time.Now()
			sent := make(chan bool)
			defer func() { c.Close(); <-sent }()
			go func() {
				defer close(sent)
				io.WriteString(c, oneStep+"Content-Length: 100\r\n\r\n")
				for range 100 {
					if _, err := c.Write([]byte(" ")); err != nil {
						return
					}
					time.Sleep(10 * time.Second)
				}
			}()
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || r.StatusCode != 400 || time.Since(began) > 31*time.Second {
				t.Error(err, r, time.Since(began))
			}
		})
	},
	"slow reader of a stream": func(t *testing.T) {
		slow(t, serve.Options{}, func(t *testing.T, s *serve.Server, p *pipes) {
			c := p.dial()
			defer c.Close()
			body := `{"text_input":"a"}`
			fmt.Fprintf(c, "POST /v2/models/endless/generate_stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			// It may read for as long as it likes…
			for range 20 {
				if _, err := io.ReadFull(c, make([]byte, 5000)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second)
			}
			want(t, ask(s, "GET", "/metrics", ""), 200, "recur_requests_in_flight 2\n")
			// …but not stop.
			time.Sleep(31 * time.Second)
			synctest.Wait()
			want(t, ask(s, "GET", "/metrics", ""), 200, "recur_requests_in_flight 1\n")
		})
	},
	"10,000 idle connections": func(t *testing.T) {
		slow(t, serve.Options{MaxConns: 50}, func(t *testing.T, s *serve.Server, p *pipes) {
			ended := make(chan error, 10_000)
			var conns []net.Conn
			for range 10_000 {
				c := p.dial()
				conns = append(conns, c)
				go func() {
					_, err := c.Read(make([]byte, 1))
					ended <- err
				}()
			}
			synctest.Wait()
			if n := len(ended); n != 10_000-50 {
				t.Errorf("%d connections were refused", n)
			}
			want(t, ask(s, "GET", "/metrics", ""), 200, "recur_connections 50\n", "recur_requests_refused 9950\n")
			time.Sleep(6 * time.Second) // none has sent a head
			synctest.Wait()
			if n := len(ended); n != 10_000 {
				t.Errorf("%d connections were ended", n)
			}
			for _, c := range conns {
				c.Close()
			}
			// One that has sent a request may stay longer, but not for ever.
			c := p.dial()
			defer c.Close()
			io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			b := bufio.NewReader(c)
			if r, err := http.ReadResponse(b, nil); err != nil || r.StatusCode != 200 {
				t.Fatal(err, r)
			}
			began := time.Now()
			if _, err := b.ReadByte(); !errors.Is(err, io.EOF) || time.Since(began) != time.Minute {
				t.Errorf("an idle connection ended after %v: %v", time.Since(began), err)
			}
		})
	},
}

func TestSlowInputs(t *testing.T) {
	for name, f := range slowInputs {
		t.Run(name, f)
	}
}
