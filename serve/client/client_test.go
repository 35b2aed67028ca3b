package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/serve/frame"
	"github.com/recur-go/recur/session"
)

// A sum is a Runner whose answers are the sums of the inputs until now.
type sum struct{}

func (sum) In() int           { return 1 }
func (sum) Out() int          { return 1 }
func (sum) StateSizes() []int { return []int{1} }
func (sum) ID() [32]byte      { return [32]byte{1} }

func (sum) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	for i := range rows {
		states[0][i] += x[i]
		y[i] = states[0][i]
	}
	return nil
}

// A host serves the model "sum" at one address, and can be started anew.
type host struct {
	t     testing.TB
	addr  string
	table *session.Table
	http  *http.Server
}

func start(t testing.TB, addr string, o session.TableOptions, so serve.Options) *host {
	t.Helper()
	s := serve.New(so)
	table := session.NewTable(session.New(sum{}, session.Options{}), o)
	if err := s.Add(&serve.Model{Name: "sum", Sessions: table}); err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	var err error
	for range 100 { // the address was just let go
		if l, err = net.Listen("tcp", addr); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t, l.Addr().String(), table, s.HTTP()}
	h.http.ConnContext = conns.context
	go h.http.Serve(l)
	t.Cleanup(h.kill)
	return h
}

// conns are the connections of servers, which net/http gives away when they are upgraded.
var conns tracked

type tracked struct{ sync.Map }

func (c *tracked) context(ctx context.Context, conn net.Conn) context.Context {
	c.Store(conn, true)
	return ctx
}

// cut ends all connections.
func (c *tracked) cut() {
	c.Range(func(k, _ any) bool {
		k.(net.Conn).Close()
		c.Delete(k)
		return true
	})
}

// kill ends the server as a crash would: nothing is saved.
func (h *host) kill() {
	h.http.Close()
	conns.cut()
}

func dial(t testing.TB, addr string, o client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func open(t testing.TB, c *client.Client, id string) *client.Session {
	t.Helper()
	s, err := c.Session(t.Context(), "sum", id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func steps(t testing.TB, s *client.Session, want ...float32) {
	t.Helper()
	for _, w := range want {
		if y, err := s.Step(t.Context(), nil, []float32{1}); err != nil || y[0] != w {
			t.Errorf("%v (%v), want %v", y, err, w)
		}
	}
}

func TestClient(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	c := dial(t, h.addr, client.Options{})
	a := open(t, c, "a")
	steps(t, a, 1, 2, 3)
	b := open(t, c, "")
	if b.ID() == "" || b.In() != 1 || b.Out() != 1 {
		t.Errorf("session %q of %d to %d", b.ID(), b.In(), b.Out())
	}
	steps(t, b, 1)
	if y, err := a.Restart(t.Context(), nil, []float32{5}); err != nil || y[0] != 5 {
		t.Error(y, err)
	}
	steps(t, a, 6)
	if again := open(t, c, "a"); again.Steps() != 2 {
		t.Errorf("%d steps", again.Steps())
	}
	if y, err := a.End(t.Context(), nil, []float32{1}); err != nil || y[0] != 7 {
		t.Error(y, err)
	}
	if _, err := a.Step(t.Context(), nil, []float32{1}); !errors.Is(err, client.ErrClosed) {
		t.Error(err)
	}
	if _, err := b.Step(t.Context(), nil, []float32{1, 2}); err == nil {
		t.Error("an input of two values is taken")
	}
	var e *frame.ErrorText
	if _, err := c.Session(t.Context(), "none", ""); !errors.As(err, &e) {
		t.Error(err)
	}
	c.Close()
	if _, err := b.Step(t.Context(), nil, []float32{1}); !errors.Is(err, client.ErrClosed) {
		t.Error(err)
	}
}

func TestDialErrors(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{Tokens: []serve.Token{{Secret: "x"}}})
	for _, server := range []string{h.addr, "ftp://a", "http://", "127.0.0.1:1", "unix:/none"} {
		if _, err := client.Dial(t.Context(), server, client.Options{}); err == nil {
			t.Errorf("%s is dialled", server)
		}
	}
	c := dial(t, "http://"+h.addr, client.Options{Token: "x"})
	steps(t, open(t, c, "a"), 1)
	web := http.Server{Handler: http.NotFoundHandler()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go web.Serve(l)
	defer web.Close()
	if _, err := client.Dial(t.Context(), l.Addr().String(), client.Options{}); err == nil {
		t.Error("a server of something else is dialled")
	}
}

// A refused step leaves the session where it was.
func TestRefusedStep(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	s := open(t, dial(t, h.addr, client.Options{}), "a")
	steps(t, s, 1)
	nan := float32(0)
	nan /= nan
	var e *frame.ErrorText
	if _, err := s.Step(t.Context(), nil, []float32{nan}); !errors.As(err, &e) || e.Code != "not_a_number" {
		t.Error(err)
	}
	steps(t, s, 2, 3)
}

// A connection may have more sessions one after another than it may have at once.
func TestClosedSessionsAreForgotten(t *testing.T) {
	if testing.Short() {
		t.Skip("it opens many sessions")
	}
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	c := dial(t, h.addr, client.Options{})
	kept := open(t, c, "kept")
	const workers, most = 16, 1 << 16 // handles of a connection
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range most/workers + 10 {
				ctx := t.Context()
				if i%2 == 0 {
					ctx = over // nobody waits for the answer
				}
				s, err := c.Session(ctx, "sum", fmt.Sprint(w))
				if err == nil {
					s.Close()
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	steps(t, kept, 1, 2)
	steps(t, open(t, c, "new"), 1)
}

// The server is killed and started without its sessions: the client repeats their steps.
func TestResumeRepeatsLostSteps(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	c := dial(t, h.addr, client.Options{Keep: 5})
	a, b := open(t, c, "a"), open(t, c, "b")
	steps(t, a, 1, 2, 3)
	steps(t, b, 1, 2, 3, 4, 5, 6)
	h.kill()
	start(t, h.addr, session.TableOptions{}, serve.Options{})
	steps(t, a, 4, 5)
	var behind *client.BehindError
	if _, err := b.Step(t.Context(), nil, []float32{1}); !errors.As(err, &behind) || behind.Have != 0 || behind.Want != 6 {
		t.Error(err)
	}
}

func TestResumeFromAStore(t *testing.T) {
	o := session.TableOptions{Store: session.NewMemory(), Save: session.SaveEach}
	h := start(t, "127.0.0.1:0", o, serve.Options{})
	s := open(t, dial(t, h.addr, client.Options{Keep: -1}), "a")
	steps(t, s, 1, 2)
	h.kill()
	start(t, h.addr, o, serve.Options{})
	steps(t, s, 3)
}

// The connection breaks when the last step was done and before its answer came: it is asked for
// again, and answered, though the client has kept no inputs.
func TestEndWhoseAnswerIsLost(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	var deafen atomic.Bool
	c := dial(t, h.addr, client.Options{Keep: -1, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &deaf{conn, &deafen}, err
	}})
	s := open(t, c, "a")
	steps(t, s, 1, 2, 3)
	deafen.Store(true)
	if y, err := s.End(t.Context(), nil, []float32{1}); err != nil || y[0] != 4 {
		t.Error(y, err)
	}
	if deafen.Load() || h.table.Len() != 0 {
		t.Errorf("the connection has not broken: %v, or the session has not ended: %d are there", deafen.Load(), h.table.Len())
	}
}

// So it is where steps before the last one were under way too; what was answered to these is lost.
func TestEndWhoseAnswerIsLostWithOthers(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	over := make(chan struct{})
	var held atomic.Bool
	c := dial(t, h.addr, client.Options{Keep: -1, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &slow{conn, &held, over}, err
	}})
	s := open(t, c, "a")
	steps(t, s, 1, 2, 3)
	held.Store(true)
	lost := make(chan error, 1)
	s.Go(&client.Call{X: []float32{1}, Done: func(c *client.Call) { lost <- c.Err }})
	go func() {
		for h.table.Len() > 0 {
			time.Sleep(time.Millisecond)
		}
		close(over)
	}()
	if y, err := s.End(t.Context(), nil, []float32{1}); err != nil || y[0] != 5 {
		t.Error(y, err)
	}
	if err := <-lost; err != client.ErrAnswerLost {
		t.Errorf("the step before: %v, want %v", err, client.ErrAnswerLost)
	}
}

// slow holds the next answer back, once it is told to, until it breaks when all is over.
type slow struct {
	net.Conn
	held *atomic.Bool
	over chan struct{}
}

func (s *slow) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if s.held.Swap(false) {
		<-s.over
		s.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// deaf loses the next answer, and breaks, once it is told to.
type deaf struct {
	net.Conn
	now *atomic.Bool
}

func (d *deaf) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if d.now.Swap(false) {
		d.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// A step whose caller has gone keeps its input, whatever the caller does with the memory: it may
// be sent again.
func TestInputOfAStepThatWasGivenUp(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	var mute atomic.Bool
	conns := make(chan net.Conn, 2)
	c := dial(t, h.addr, client.Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		conns <- conn
		return &dumb{conn, &mute}, err
	}})
	s := open(t, c, "a")
	steps(t, s, 1)
	mute.Store(true)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	x, y := []float32{1}, []float32{-1}
	if _, err := s.Step(gone, y, x); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	x[0] = 100
	mute.Store(false)
	(<-conns).Close()
	steps(t, s, 3)
	if y[0] != -1 {
		t.Errorf("the memory of a step that was given up has %v", y)
	}
}

// dumb loses what is written while it is told to.
type dumb struct {
	net.Conn
	now *atomic.Bool
}

func (d *dumb) Write(p []byte) (int, error) {
	if d.now.Load() {
		return len(p), nil
	}
	return d.Conn.Write(p)
}

func TestNoServerAnyMore(t *testing.T) {
	h := start(t, "127.0.0.1:0", session.TableOptions{}, serve.Options{})
	s := open(t, dial(t, h.addr, client.Options{Retry: 50 * time.Millisecond}), "a")
	steps(t, s, 1)
	h.kill()
	if _, err := s.Step(t.Context(), nil, []float32{1}); err == nil {
		t.Error("a step was done by nobody")
	}
}

// Connections break at any byte, over and over, and the server is started anew from its store:
// each answer is that of a session that nothing happened to, or is known to be lost.
func TestBrokenConnections(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	o := session.TableOptions{Store: session.NewMemory(), Save: session.SaveEach}
	h := start(t, "127.0.0.1:0", o, serve.Options{})
	var budget atomic.Int64 // bytes until the next break
	r := rand.New(rand.NewPCG(seed, 0))
	c := dial(t, h.addr, client.Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		budget.Store(400 + r.Int64N(3000))
		return &brittle{conn, &budget}, err
	}})
	var wg sync.WaitGroup
	var lost atomic.Int64
	for i := range 8 {
		s := open(t, c, fmt.Sprint(i))
		r := rand.New(rand.NewPCG(seed, uint64(i+1)))
		wg.Go(func() {
			const n = 500
			var pending sync.WaitGroup
			window := make(chan bool, 1+i%4) // steps on their way
			want := float32(0)
			for range n {
				x := float32(r.IntN(5))
				want += x
				exact := want
				window <- true
				pending.Add(1)
				s.Go(&client.Call{X: []float32{x}, Done: func(c *client.Call) {
					if errors.Is(c.Err, client.ErrAnswerLost) && i%4 > 0 {
						lost.Add(1)
					} else if c.Err != nil || c.Y[0] != exact {
						t.Errorf("session %d: %v (%v), want %v", i, c.Y, c.Err, exact)
					}
					<-window
					pending.Done()
				}})
			}
			pending.Wait()
		})
	}
	wg.Wait()
	t.Logf("%d answers were lost", lost.Load())
}

// brittle breaks after so many bytes.
type brittle struct {
	net.Conn
	left *atomic.Int64
}

func (b *brittle) Write(p []byte) (int, error) {
	if left := b.left.Add(-int64(len(p))); left < 0 {
		b.Conn.Write(p[:max(0, int64(len(p))+left)])
		b.Conn.Close()
		return 0, io.ErrClosedPipe
	}
	return b.Conn.Write(p)
}

func (b *brittle) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if left := b.left.Add(-int64(n)); left < 0 {
		b.Conn.Close()
		return max(0, n+int(left)), io.ErrUnexpectedEOF
	}
	return n, err
}

func Example() {
	s := serve.New(serve.Options{})
	s.Add(&serve.Model{Name: "sum", Sessions: session.NewTable(session.New(sum{}, session.Options{}), session.TableOptions{})})
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	h := s.HTTP()
	go h.Serve(l)
	defer h.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, l.Addr().String(), client.Options{})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	one, err := c.Session(ctx, "sum", "one")
	if err != nil {
		panic(err)
	}
	for x := range 4 {
		y, err := one.Step(ctx, nil, []float32{float32(x)})
		fmt.Println(y, err)
	}
	// Output:
	// [0] <nil>
	// [1] <nil>
	// [3] <nil>
	// [6] <nil>
}
