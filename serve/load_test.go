package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/frame"
	"github.com/recur-go/recur/session"
)

// web is a server with a listener, and a client of it.
func web(t *testing.T, s *serve.Server) (string, *http.Client) {
	w := httptest.NewUnstartedServer(nil)
	w.Config = s.HTTP()
	w.Start()
	c := w.Client()
	c.Transport.(*http.Transport).MaxIdleConnsPerHost = 16
	t.Cleanup(w.Close)
	return w.URL, c
}

// post sends a body and returns the status and the answer.
func post(ctx context.Context, c *http.Client, url, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	a, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, string(b), err
}

// Sequences of eight clients at once, as Triton's stress has them: good ones, some without
// END, some without START. Every answer is exact.
func TestStress(t *testing.T) {
	url, c := web(t, server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{})))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(g)))
			open := map[int]bool{}
			for range 40 {
				id := g*10 + r.IntN(4)
				noStart := r.IntN(20) == 0
				sum := 0
				n := 1 + r.IntN(10)
				end := r.IntN(5) > 0
				for i := range n {
					x := r.IntN(100)
					sum += x
					params := fmt.Sprintf(`"sequence_id":"%d","sequence_start":%v,"sequence_end":%v`, id, i == 0 && !noStart, end && i == n-1)
					status, body, err := post(t.Context(), c, url+"/v2/models/acc/infer", step(fmt.Sprint(x), params))
					if noStart && i == 0 {
						if open[id] {
							noStart, sum = false, -1 // goes on in the last one
						} else {
							if err != nil || status != 400 || !strings.Contains(body, "START") {
								t.Errorf("without START: %d %s %v", status, body, err)
							}
							break
						}
					}
					if sum >= 0 && (err != nil || status != 200 || !strings.Contains(body, fmt.Sprintf(`"data":[%d]`, sum))) {
						t.Errorf("%s: %d %s %v, want %d", params, status, body, err, sum)
						return
					}
					open[id] = !(end && i == n-1)
					if sum < 0 {
						break
					}
				}
			}
		})
	}
	wg.Wait()
}

// Clients that give up at random moments and send the same step again get each step done
// once: the sums are exact.
func TestRetries(t *testing.T) {
	m := accumulate(t, 1, session.TableOptions{})
	s := server(t, serve.Options{}, m)
	url, c := web(t, s)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(9, uint64(g)))
			sum := 0
			for n := 1; n <= 50; n++ {
				x := 1 + r.IntN(9)
				sum += x
				body := step(fmt.Sprint(x), fmt.Sprintf(`"sequence_id":"g%d","sequence_step":%d`, g, n))
				for try := 0; ; try++ {
					ctx, cancel := context.WithCancel(t.Context())
					if try < 3 {
						timer := time.AfterFunc(time.Duration(r.IntN(400))*time.Microsecond, cancel)
						defer timer.Stop()
					}
					status, answer, err := post(ctx, c, url+"/v2/models/acc/infer", body)
					cancel()
					if err != nil && try < 3 {
						continue
					}
					if err != nil || status != 200 || !strings.Contains(answer, fmt.Sprintf(`"data":[%d]`, sum)) {
						t.Errorf("step %d: %d %s %v, want %d", n, status, answer, err, sum)
						return
					}
					break
				}
			}
		})
	}
	wg.Wait()
}

// A request whose time is over is 503, and one whose client has gone is not answered.
func TestTimeout(t *testing.T) {
	m := identity(serve.FP32)
	m.Infer = func(ctx context.Context, _ []serve.Value) ([]serve.Value, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	s := server(t, serve.Options{}, m)
	want(t, ask(s, "POST", "/v2/models/same/infer", `{"parameters":{"timeout":1000},`+same("[1,1]", "[1]")[1:]), 503, `"code":"timeout"`)

	url, c := web(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, _, err := post(ctx, c, url+"/v2/models/same/infer", same("[1,1]", "[1]")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	(&bed{T: t, s: s}).settle(1 << 30)
}

// Bodies of all requests together have a limit too.
func TestMaxBodies(t *testing.T) {
	inside, leave := make(chan bool), make(chan bool)
	m := identity(serve.FP32)
	m.Infer = func(context.Context, []serve.Value) ([]serve.Value, error) {
		inside <- true
		<-leave
		return nil, errors.New("no")
	}
	s := server(t, serve.Options{MaxBodies: 300 << 10}, m)
	long := same("[1,1]", "[1]") + strings.Repeat(" ", 200<<10)
	done := make(chan bool)
	go func() { ask(s, "POST", "/v2/models/same/infer", long); close(done) }()
	<-inside
	want(t, ask(s, "POST", "/v2/models/same/infer", long), 503, "too_many")
	want(t, ask(s, "POST", "/v2/models/same/infer", "{}"), 400, "no inputs") // short ones are taken
	close(leave)
	<-done
	go func() { <-inside }()
	want(t, ask(s, "POST", "/v2/models/same/infer", long), 500)
	want(t, ask(s, "GET", "/metrics", ""), 200, "recur_request_body_bytes 0\n")
}

// What a store lost is told by its name; it is never a silent reset.
func TestStateLost(t *testing.T) {
	store := session.NewMemory()
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{Store: store}))
	store.Save(t.Context(), []session.Record{{ID: "a", Used: time.Now(), Blob: []byte("rubbish")}})
	for _, w := range []*httptest.ResponseRecorder{
		ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"a"`)),
		ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"a","sequence_step":1`)),
		ask(s, "POST", "/v2/models/acc/sessions/a/steps", `{"x":[1]}`),
		ask(s, "GET", "/v2/models/acc/sessions/a", ""),
		ask(s, "POST", "/v2/models/acc/sessions/a/fork", ""),
	} {
		if want(t, w, 410, `"code":"state_lost"`, "begin it anew"); strings.Contains(w.Body.String(), "checksum") {
			t.Errorf("a client is told what is wrong inside: %s", w.Body)
		}
	}
	address := listen(t, s)
	r, err := http.Post("http://"+address+"/v2/models/acc/stream", "application/x-ndjson", strings.NewReader(`{"session":"a","x":[1]}`+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); !strings.Contains(string(b), `"code":"state_lost","session":"a"`) {
		t.Errorf("a stream: %s, %v", b, err)
	}
	wire := upgraded(t, address)
	wire.send(frame.Header{Type: frame.Open, Step: 3}, []byte(`{"model":"acc","session":"a"}`))
	wire.gets(frame.Header{Type: frame.Error, Step: 3}, []byte(`"code":"state_lost"`))
	b := wire.open("b")
	store.Save(t.Context(), []session.Record{{ID: "b", Used: time.Now(), Blob: []byte("rubbish")}})
	wire.send(frame.Header{Type: frame.Step, Handle: b, Step: 1}, le32(1))
	wire.gets(frame.Header{Type: frame.Error, Handle: b, Step: 1}, []byte(`"code":"state_lost"`))
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"a","sequence_start":true`)), 200, "[1]")
}

// A store that fails is 503; the step is not done.
func TestStoreThatFails(t *testing.T) {
	store := &failing{Memory: session.NewMemory()}
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{Store: store, Save: session.SaveEach}))
	send := func() *httptest.ResponseRecorder {
		return ask(s, "POST", "/v2/models/acc/sessions/a/steps", `{"x":[1]}`)
	}
	want(t, send(), 200, `"y":[[1]]`)
	store.err = errors.New("the disk /secret is full")
	w := send()
	if want(t, w, 503, `"code":"not_saved"`); strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a client is told: %s", w.Body)
	}
	store.err = nil
	want(t, send(), 200, `"y":[[2]]`)
}

type failing struct {
	*session.Memory
	err error
}

func (f *failing) Save(ctx context.Context, r []session.Record) error {
	if f.err != nil {
		return f.err
	}
	return f.Memory.Save(ctx, r)
}

// A table that is full is 429.
func TestFullTable(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{Max: 2}))
	for i := range 3 {
		w := ask(s, "POST", fmt.Sprintf("/v2/models/acc/sessions/%d/steps", i), `{"x":[1]}`)
		if i < 2 {
			want(t, w, 200)
		} else if want(t, w, 429, `"code":"full"`); w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// Begin counts, refuses and tells as the handler does.
func TestBegin(t *testing.T) {
	var told []serve.Result
	s := server(t, serve.Options{
		MaxInFlight: 1, Tokens: []serve.Token{{Name: "ann", Secret: "a"}},
		OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
			return ctx, func(r serve.Result) { told = append(told, r) }
		},
	})
	c := &serve.Call{Transport: "grpc", Method: "ModelInfer"}
	ctx, end, err := s.Begin(t.Context(), c, "a")
	if err != nil || serve.TokenName(ctx) != "ann" || c.ID == "" {
		t.Errorf("%v %q %q", err, serve.TokenName(ctx), c.ID)
	}
	_, end2, err := s.Begin(t.Context(), &serve.Call{}, "a")
	if e := serve.AsError(err); e.Class != serve.Unavailable {
		t.Errorf("two at once: %v", err)
	}
	end2(err)
	end(nil)
	_, end, err = s.Begin(t.Context(), &serve.Call{}, "b")
	if e := serve.AsError(err); e.Class != serve.Unauthorized {
		t.Errorf("another token: %v", err)
	}
	end(err)
	_, end, err = s.Begin(t.Context(), &serve.Call{}, "a")
	if end(nil); err != nil {
		t.Error(err)
	}
	if len(told) != 4 || told[0].Status != 503 || told[1].Status != 200 || told[2].Status != 401 {
		t.Errorf("told %+v", told)
	}
}

// Shutdown has streams end.
func TestShutdownEndsStreams(t *testing.T) {
	started := make(chan bool, 1)
	m := parrot()
	m.Generate = func(ctx context.Context, _ serve.Generation, emit func(serve.Piece) error) error {
		for {
			if err := emit(serve.Piece{Text: "word "}); err != nil {
				return err
			}
			select {
			case started <- true:
			default:
			}
			time.Sleep(time.Millisecond)
		}
	}
	s := server(t, serve.Options{}, m)
	w := httptest.NewUnstartedServer(nil)
	w.Config = s.HTTP()
	w.Start()
	defer w.Close()
	body := make(chan string)
	go func() {
		_, b, _ := post(context.Background(), w.Client(), w.URL+"/v2/models/parrot/generate_stream", `{"text_input":"a"}`)
		body <- b
	}()
	<-started
	go w.Config.Shutdown(context.Background())
	b := <-body
	if !strings.HasSuffix(b, `"code":"draining"}`+"\n\n") || !json.Valid([]byte(strings.TrimPrefix(b[strings.LastIndex(b, "data: "):], "data: "))) {
		t.Errorf("the stream ended with %q", b[max(0, len(b)-200):])
	}
}
