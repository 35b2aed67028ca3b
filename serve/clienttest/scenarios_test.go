package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/recur-go/recur/serve"
	servegrpc "github.com/recur-go/recur/serve/grpc"
)

// A key names an answer.
type key struct{ scenario, model, protocol string }

// readAnswers reads a file of lines that play.py printed.
func readAnswers(t *testing.T, file string) map[key]map[string]any {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[key]map[string]any{}
	for line := range strings.Lines(string(b)) {
		var a map[string]any
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v in %s", file, err, line)
		}
		var k key
		k.scenario, _ = a["scenario"].(string)
		k.model, _ = a["model"].(string)
		k.protocol, _ = a["protocol"].(string)
		delete(a, "scenario")
		delete(a, "model")
		delete(a, "protocol")
		all[k] = a
	}
	return all
}

func readScenarios(t *testing.T) []scenario {
	b, err := os.ReadFile("testdata/scenarios.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The scenarios, played by Go's clients in a time of their own, give what testdata/recur.jsonl
// has from tritonclient.
func TestScenarios(t *testing.T) {
	want := readAnswers(t, "testdata/recur.jsonl")
	n := uint64(0)
	for _, s := range readScenarios(t) {
		if s.NotOnRecur != "" || s.Kind == "shutdown" { // that is about a process
			continue
		}
		protocols := s.Protocols
		if protocols == nil {
			protocols = []string{"http", "grpc", "stream"}
		}
		for _, model := range s.Models {
			for _, protocol := range protocols {
				t.Run(s.Name+"/"+model+"/"+protocol, func(t *testing.T) {
					n++
					synctest.Test(t, func(t *testing.T) {
						got := playHere(t, &run{scenario: &s, model: model, protocol: protocol, base: n * 1_000_000})
						b, err := json.Marshal(got)
						if err != nil {
							t.Fatal(err)
						}
						var plain map[string]any
						json.Unmarshal(b, &plain)
						if w := want[key{s.Name, model, protocol}]; !reflect.DeepEqual(plain, w) {
							w, _ := json.Marshal(w)
							t.Errorf("got  %s\nwant %s", b, w)
						}
					})
				})
			}
		}
	}
}

// playHere plays a run against a server of this process.
func playHere(t *testing.T, r *run) map[string]any {
	s, stop, err := accumulators(serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	g := grpc.NewServer(servegrpc.Options(s)...)
	servegrpc.Register(g, s)
	wire := bufconn.Listen(1 << 16)
	go g.Serve(wire)
	defer g.Stop()
	web := newPipes()
	h := s.HTTP()
	go h.Serve(web)
	defer h.Close()

	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return web.dial() }}
	defer transport.CloseIdleConnections()
	r.web = &http.Client{Transport: transport}
	r.conn, err = grpc.NewClient("passthrough:///server", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return wire.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer r.conn.Close()
	r.datatype = "INT32"
	if strings.HasSuffix(r.model, "fp32") {
		r.datatype = "FP32"
	}
	return r.play()
}

// pipes is a listener whose connections are pipes in memory. (Those of bufconn will not do for
// HTTP: a deadline that was taken back may still end a read.)
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case p.conns <- a:
		return b, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// Where recur's answers are not Triton's, testdata/differences.json has the reason; and it has
// none for what is the same.
func TestDifferences(t *testing.T) {
	ours, theirs := readAnswers(t, "testdata/recur.jsonl"), readAnswers(t, "testdata/triton.jsonl")
	var known []struct{ Scenario, Model, Protocol, Reason string }
	b, err := os.ReadFile("testdata/differences.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &known); err != nil {
		t.Fatal(err)
	}
	used := make([]bool, len(known))
	for k, a := range ours {
		b, ok := theirs[k]
		_, notThere := theirs[key{scenario: k.scenario}]
		if k.model == "" || notThere || ok && reflect.DeepEqual(a, b) {
			continue
		}
		found := false
		for i, d := range known {
			if matches(d.Scenario, k.scenario) && matches(d.Model, k.model) && matches(d.Protocol, k.protocol) {
				found, used[i] = true, true
			}
		}
		if !found {
			t.Errorf("%v: recur answers %v and Triton %v, for no known reason", k, a, b)
		}
	}
	for i, d := range known {
		if d.Reason == "" || !used[i] {
			t.Errorf("%+v explains nothing", d)
		}
	}
}

func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

// Every scenario of Triton's is played or has a reason why it is not.
func TestEveryScenarioHasAnAnswer(t *testing.T) {
	all := readScenarios(t)
	if len(all) != 55 {
		t.Errorf("there are %d scenarios", len(all))
	}
	for _, file := range []string{"testdata/recur.jsonl", "testdata/triton.jsonl"} {
		answers := readAnswers(t, file)
		for _, s := range all {
			found := false
			for k, a := range answers {
				if k.scenario == s.Name {
					found = true
					if why, ok := a["not_run"]; ok && why == "" {
						t.Errorf("%s: %s was not run for no reason", file, s.Name)
					}
				}
			}
			if !found {
				t.Errorf("%s has no answer to %s", file, s.Name)
			}
		}
	}
}
