//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	models "github.com/recur-go/recur/serve/tasks"
	"github.com/recur-go/recur/session"
)

var (
	siegeTime     = flag.Duration("serve.kill", 3*time.Second, "how long TestServeUnderSiege kills")
	siegeEvery    = flag.Duration("serve.kill.every", 300*time.Millisecond, "mean time between two strikes of TestServeUnderSiege")
	siegePause    = flag.Duration("serve.kill.pause", 0, "mean pause of a client of TestServeUnderSiege between requests")
	siegeSessions = flag.Int("serve.kill.sessions", 24, "sessions of TestServeUnderSiege")
)

// A siege is a server that is struck again and again, and the clients that go on nevertheless.
type siege struct {
	t      *testing.T
	dir    string
	socket string
	model  *session.Model // as the server has it
	over   chan struct{}  // closed when the last server is up, which is left alone

	kills, early, pauses, ends int
	steps, again, lost, bad    atomic.Int64
	sequences, endsAgain       atomic.Int64 // that were ended, and requests for it that were sent again
}

// With --save each a server may be killed, stopped for a while or ended at any moment: to
// clients that ask again its sessions are those of one that was never touched, bit by bit. No
// step is skipped, and none is done twice. That holds by every protocol, and for sequences that
// end and begin again under the same name.
func TestServeUnderSiege(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills many servers")
	}
	dir := t.TempDir()
	s := &siege{t: t, dir: dir, socket: filepath.Join(dir, "s"), over: make(chan struct{})}
	s.model = siegeModel(t, dir)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	p := s.start(r)
	var clients sync.WaitGroup
	var all []*follower
	for i := range *siegeSessions {
		f := &follower{siege: s, number: uint64(i), id: fmt.Sprint(i), r: rand.New(rand.NewPCG(r.Uint64(), 1)), ref: s.model.New()}
		all = append(all, f)
		f.kind = siegeKinds[i%len(siegeKinds)]
		clients.Go(func() { siegeClients[f.kind](f) })
	}
	began := time.Now()
	for logged := began; time.Since(began) < *siegeTime; {
		time.Sleep(time.Duration(r.ExpFloat64() * float64(*siegeEvery)))
		p = s.strike(r, p)
		if time.Since(logged) > time.Minute {
			logged = time.Now()
			t.Log(s)
		}
	}
	close(s.over)
	clients.Wait()
	s.kill(p)
	s.start(r)
	steps := map[string]int{}
	for _, f := range all {
		f.last()
		steps[f.kind] += f.mine
	}
	t.Log(s)
	t.Log("steps answered to clients by", steps)
	if s.steps.Load() == 0 || s.sequences.Load() == 0 || s.kills == 0 {
		t.Error("nothing was tried")
	}
}

var siegeClients = map[string]func(*follower){
	"JSON": (*follower).byJSON, "bytes": (*follower).byBytes, "frames": (*follower).byFrames, "frames that end": (*follower).byFramesThatEnd,
	"infer": (*follower).byInfer, "gRPC": (*follower).byGRPC, "gRPC stream": (*follower).byGRPCStream, "WebSocket": (*follower).byWebSocket,
}

var siegeKinds = slices.Sorted(maps.Keys(siegeClients))

func (s *siege) String() string {
	return fmt.Sprintf("%d kills, of them %d before the server was ready, %d stopped for a while, %d ended; %d steps answered, %d requests were sent again and %d answers lost; %d sequences ended, with %d requests for the last step that were sent again; %d violations",
		s.kills, s.early, s.pauses, s.ends, s.steps.Load(), s.again.Load(), s.lost.Load(), s.sequences.Load(), s.endsAgain.Load(), s.bad.Load())
}

// siegeModel writes an LSTM whose answer is all of its output, and opens it.
func siegeModel(t *testing.T, dir string) *session.Model {
	t.Helper()
	m, err := model.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 3, Sequence: true}},
		Layers: []graph.Layer{{Name: "lstm", Op: &graph.RNN{Cells: rnn.Configs{{Hidden: 64, Options: rnn.LSTMOptions{}}}}}},
	}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	served, err := models.Open(path, models.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return served.Sessions.Model()
}

func (s *siege) args(r *rand.Rand) []string {
	max := []int{0, *siegeSessions / 2}[r.IntN(2)] // sessions that have to wait in the folder
	return []string{filepath.Join(s.dir, "m.safetensors"), "--sessions", filepath.Join(s.dir, "states"), "--save", "each", "--grpc", "unix:" + s.grpcSocket(),
		"--max-sessions", fmt.Sprint(max), "--ttl", "1h", "--log-level", "warn"}
}

func (s *siege) grpcSocket() string { return filepath.Join(s.dir, "g") }

func (s *siege) start(r *rand.Rand) *serverProcess {
	s.t.Helper()
	return startServer(s.t, s.dir, s.args(r)...)
}

// strike does something to the server, and returns the one that runs then.
func (s *siege) strike(r *rand.Rand, p *serverProcess) *serverProcess {
	s.t.Helper()
	short := func(d time.Duration) { time.Sleep(time.Duration(r.Int64N(int64(d)))) }
	switch n := r.IntN(10); {
	case n == 0: // it stands still, and goes on
		s.pauses++
		p.cmd.Process.Signal(syscall.SIGSTOP)
		short(2 * time.Second)
		p.cmd.Process.Signal(syscall.SIGCONT)
		return p
	case n == 1: // it stands still, and is killed
		s.pauses++
		p.cmd.Process.Signal(syscall.SIGSTOP)
		short(500 * time.Millisecond)
	case n == 2: // it ends by itself
		s.ends++
		p.cmd.Process.Signal(syscall.SIGTERM)
		if err := p.cmd.Wait(); err != nil {
			s.violation("SIGTERM ends the server with %v", err)
		}
		return s.start(r)
	case n == 3: // it is killed while it ends
		p.cmd.Process.Signal(syscall.SIGTERM)
		short(20 * time.Millisecond)
	}
	s.kill(p)
	for r.IntN(4) == 0 { // as it starts, too
		cmd := exec.Command("recur", append([]string{"serve", "--listen", "unix:" + s.socket}, s.args(r)...)...)
		cmd.Stderr = s.t.Output()
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		short(60 * time.Millisecond)
		s.early++
		s.kill(&serverProcess{cmd: cmd})
	}
	return s.start(r)
}

func (s *siege) kill(p *serverProcess) {
	s.kills++
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func (s *siege) violation(format string, args ...any) {
	s.bad.Add(1)
	s.t.Errorf(format, args...)
}

// done reports whether the server is left alone, so that clients end.
func (s *siege) done() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// A follower steps one session, and a session of the same model beside it.
type follower struct {
	*siege
	number uint64
	kind   string
	id     string     // of the session
	r      *rand.Rand // of what it asks for, which decides no value
	ref    *session.Session
	y      []session.Float // the last answer of ref
	away   uint64          // most steps that may be on their way
	mine   int             // steps that were answered
	sequence
}

// x is the input of a step, which follows from the numbers of the session, of the sequence in it
// and of the step.
func (f *follower) x(step uint64) []float32 {
	r := rand.New(rand.NewPCG(f.number+f.count<<32, step))
	x := make([]float32, f.model.In())
	for i := range x {
		x[i] = r.Float32()*4 - 2
	}
	return x
}

// follow does the steps until this one beside the server.
func (f *follower) follow(step uint64) {
	for f.ref.Steps() < step {
		x := make([]session.Float, f.model.In())
		for i, v := range f.x(f.ref.Steps() + 1) {
			x[i] = session.Float(v)
		}
		y, err := f.model.Step(context.Background(), f.ref, f.y[:0], x)
		if err != nil {
			panic(err) // of a sound model and input
		}
		f.y = y
	}
}

// answered checks the answer to the next step.
func (f *follower) answered(step uint64, y []float32) bool {
	if at := f.ref.Steps(); step != at+1 {
		f.violation("session %s: the answer to step %d comes after step %d", f.id, step, at)
		return false
	}
	f.steps.Add(1)
	f.mine++
	f.follow(step)
	for i, v := range f.y {
		if len(y) != len(f.y) || float32(v) != y[i] {
			f.violation("session %s: the answer to step %d is another: %v, want %v", f.id, step, y, f.y)
			return false
		}
	}
	return true
}

// skip goes on after a step that was done and whose answer was lost.
func (f *follower) skip(step uint64) {
	if at := f.ref.Steps(); step > at {
		f.lost.Add(int64(step - at))
		f.follow(step)
	}
}

// rest waits before the next request.
func (f *follower) rest() {
	time.Sleep(time.Duration(f.r.ExpFloat64() * float64(*siegePause)))
}
