package serve_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// What the addresses without a body of their own answer, to the byte.
func TestGolden(t *testing.T) {
	two := accumulate(t, 1, session.TableOptions{})
	two.Version = "2"
	s := server(t, serve.Options{Version: "1.2"}, accumulate(t, 1, session.TableOptions{}), two, identity(serve.BYTES))
	const metadata = `{"name":"acc","versions":["2","1"],"platform":"recur_rnnv1","inputs":[{"name":"x","datatype":"FP32","shape":[-1,1]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,1]}]}`
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/v2", 200, `{"name":"recur","version":"1.2","extensions":["sequence","sequence(string_id)","binary_tensor_data","statistics","model_configuration","model_repository","model_repository(unload_dependents)","generate","sessions","steps"]}`},
		{"/v2/health/live", 200, `{"live":true}`},
		{"/v2/health/ready", 200, `{"ready":true}`},
		{"/healthz", 200, ""},
		{"/readyz", 200, ""},
		{"/v2/models/acc", 200, metadata},
		{"/v2/models/acc/versions/1", 200, metadata},
		{"/v2/models/acc/versions/1/ready", 200, `{"name":"acc","ready":true}`},
		{"/v2/models/acc/ready", 200, `{"name":"acc","ready":true}`},
		{"/v2/models", 200, `{"models":[{"name":"acc","version":"2","state":"READY"},{"name":"acc","version":"1","state":"READY"},{"name":"same","version":"1","state":"READY"}]}`},
		{"/v2/models/acc/config", 200, `{"name":"acc","platform":"recur_rnnv1","backend":"recur","version_policy":{"latest":{"num_versions":1}},"max_batch_size":1,"input":[{"name":"x","data_type":"TYPE_FP32","dims":[1]}],"output":[{"name":"y","data_type":"TYPE_FP32","dims":[1]}],"sequence_batching":{"max_sequence_idle_microseconds":0,"oldest":{"max_candidate_sequences":0}},"model_transaction_policy":{"decoupled":false}}`},
		{"/v2/models/same/config", 200, `{"name":"same","platform":"test","backend":"recur","version_policy":{"latest":{"num_versions":1}},"max_batch_size":8,"input":[{"name":"in","data_type":"TYPE_STRING","dims":[-1]}],"output":[{"name":"out","data_type":"TYPE_STRING","dims":[-1]}],"model_transaction_policy":{"decoupled":false}}`},
		{"/v2/models/nil", 404, `{"error":"Request for unknown model: 'nil' is not found"}`},
		{"/v2/models/nil/ready", 404, `{"error":"Request for unknown model: 'nil' is not found"}`},
		{"/v2/models/acc/versions/3", 404, `{"error":"Request for unknown model: 'acc' version '3' is not found"}`},
		{"/v2/models/acc/versions/v01", 404, `{"error":"Request for unknown model: 'acc' version 'v01' is not found"}`},
		{"/v2/models/acc/versions/01", 404, `{"error":"Request for unknown model: 'acc' version '01' is not found"}`},
		{"/v2/models/..%2facc", 404, `{"error":"Request for unknown model: '../acc' is not found"}`},
		{"/v3", 404, `{"error":"there is nothing at this address; /v2 is where the protocol begins"}`},
		{"/", 404, `{"error":"there is nothing at this address; /v2 is where the protocol begins"}`},
	} {
		w := ask(s, "GET", c.path, "")
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: %d %s\nwant %d %s", c.path, w.Code, w.Body, c.status, c.body)
		}
	}
	if w := ask(s, "POST", "/v2/repository/index", `{"ready":true}`); w.Body.String() != `[{"name":"acc","version":"2","state":"READY"},{"name":"acc","version":"1","state":"READY"},{"name":"same","version":"1","state":"READY"}]` {
		t.Errorf("index: %s", w.Body)
	}
}

// Every address takes its methods, answers OPTIONS, and refuses others with Allow.
func TestMethods(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}), parrot())
	for path, allow := range map[string]string{
		"/v2": "GET", "/v2/health/live": "GET", "/v2/health/ready": "GET", "/healthz": "GET", "/readyz": "GET", "/metrics": "GET",
		"/v2/models": "GET", "/v2/models/stats": "GET", "/v2/models/acc": "GET", "/v2/models/acc/ready": "GET", "/v2/models/acc/config": "GET",
		"/v2/models/acc/stats": "GET", "/v2/models/acc/versions/1/infer": "POST", "/v2/models/acc/infer": "POST",
		"/v2/models/parrot/generate": "POST", "/v2/models/parrot/generate_stream": "POST", "/v2/repository/index": "POST",
		"/v2/repository/models/acc/load": "POST", "/v2/repository/models/acc/unload": "POST", "/v2/models/acc/sessions": "GET, POST",
		"/v2/models/acc/sessions/a": "GET, PUT, DELETE", "/v2/models/acc/sessions/a/steps": "POST", "/v2/models/acc/sessions/a/fork": "POST",
		"/v2/models/acc/sessions/a/reset": "POST",
	} {
		with := strings.Replace(allow, "GET", "GET", 1)
		if strings.Contains(allow, "GET") {
			with += ", HEAD"
		}
		with += ", OPTIONS"
		for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW"} {
			w := ask(s, m, path, "")
			ok := slices.Contains(strings.Split(with, ", "), m)
			if ok == (w.Code == 405) {
				t.Errorf("%s %s: %d", m, path, w.Code)
			}
			if (!ok || m == "OPTIONS") && w.Header().Get("Allow") != with {
				t.Errorf("%s %s: Allow %q, want %q", m, path, w.Header().Get("Allow"), with)
			}
			if m == "OPTIONS" && w.Code != 204 {
				t.Errorf("OPTIONS %s: %d", path, w.Code)
			}
		}
	}
}

func TestHeadOfEveryAnswer(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	for _, path := range []string{"/v2", "/nothing", "/healthz", "/metrics"} {
		h := ask(s, "GET", path, "").Header()
		for k, v := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"} {
			if h.Get(k) != v {
				t.Errorf("%s: %s is %q", path, k, h.Get(k))
			}
		}
		if h.Get("X-Request-Id") == "" {
			t.Errorf("%s: no id", path)
		}
	}
	if id := ask(s, "GET", "/v2", "", "X-Request-Id", "abc-1").Header().Get("X-Request-Id"); id != "abc-1" {
		t.Errorf("the id that was sent comes back as %q", id)
	}
	for _, bad := range []string{strings.Repeat("a", 129), "a b", "a\"b", "<script>"} {
		if id := ask(s, "GET", "/v2", "", "X-Request-Id", bad).Header().Get("X-Request-Id"); id == bad || id == "" {
			t.Errorf("the id %q comes back as %q", bad, id)
		}
	}
}

func TestTokens(t *testing.T) {
	s := server(t, serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "hush"}}}, accumulate(t, 1, session.TableOptions{}))
	for _, path := range []string{"/v2", "/v2/models/acc", "/metrics", "/nothing", "/v2/models/acc/sessions"} {
		w := ask(s, "GET", path, "")
		if want(t, w, 401, "token"); w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", path)
		}
		want(t, ask(s, "GET", path, "", "Authorization", "Bearer hus"), 401, "token")
		want(t, ask(s, "GET", path, "", "Authorization", "Basic hush"), 401, "token")
		if w := ask(s, "GET", path, "", "Authorization", "bearer hush"); w.Code == 401 {
			t.Errorf("%s with the token: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"} {
		want(t, ask(s, "GET", path, ""), 200)
	}
}

// A page of the web cannot have the server do anything.
func TestHostsAndOrigins(t *testing.T) {
	s := server(t, serve.Options{Hosts: []string{"rnn.example"}, Origins: []string{"https://app.example"}}, accumulate(t, 1, session.TableOptions{}))
	ok := func(host string, head ...string) int {
		r, _ := http.NewRequest("POST", "http://x/v2/models/acc/infer", strings.NewReader(step("1", `"sequence_id":1,"sequence_start":true`)))
		r.Host = host
		for i := 0; i < len(head); i += 2 {
			r.Header.Set(head[i], head[i+1])
		}
		return record(s, r)
	}
	for host, status := range map[string]int{
		"localhost": 200, "localhost:8000": 200, "LOCALHOST": 200, "127.0.0.1:8000": 200, "[::1]:8000": 200, "10.0.0.7": 200, "rnn.example:8000": 200, "rnn.example.": 200, "": 200,
		"evil.example": 403, "evil.example:8000": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403, "xrnn.example": 403, "a:b:c": 403,
	} {
		if got := ok(host); got != status {
			t.Errorf("Host %q: %d, want %d", host, got, status)
		}
	}
	for _, c := range []struct {
		head   []string
		status int
	}{
		{[]string{"Origin", "http://localhost"}, 200},
		{[]string{"Origin", "https://app.example"}, 200},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 200},
	} {
		if got := ok("localhost", c.head...); got != c.status {
			t.Errorf("%v: %d, want %d", c.head, got, c.status)
		}
	}
}

// More requests at once than are allowed get 503, probes do not.
func TestInFlight(t *testing.T) {
	inside, leave := make(chan bool), make(chan bool)
	m := identity(serve.FP32)
	m.Infer = func(context.Context, []serve.Value) ([]serve.Value, error) {
		inside <- true
		<-leave
		return nil, errors.New("no")
	}
	s := server(t, serve.Options{MaxInFlight: 2}, m)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			ask(s, "POST", "/v2/models/same/infer", `{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]}`)
		})
		<-inside
	}
	w := ask(s, "GET", "/v2", "")
	if want(t, w, 503, "too_many"); w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	want(t, ask(s, "GET", "/readyz", ""), 200)
	close(leave)
	wg.Wait()
	want(t, ask(s, "GET", "/v2", ""), 200)
}

// A handler that panics is a 500; the server goes on, and OnCall is told of it.
func TestPanic(t *testing.T) {
	var told serve.Result
	m := identity(serve.FP32)
	m.Infer = func(context.Context, []serve.Value) ([]serve.Value, error) { panic("secret of the model") }
	s := server(t, serve.Options{OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(r serve.Result) { told = r }
	}}, m)
	w := ask(s, "POST", "/v2/models/same/infer", `{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]}`)
	want(t, w, 500)
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a client is told: %s", w.Body)
	}
	var p *serve.PanicError
	if !errors.As(told.Err, &p) || p.Value != "secret of the model" || told.Status != 500 || len(p.Stack) == 0 {
		t.Errorf("OnCall was told %+v", told)
	}
	want(t, ask(s, "GET", "/metrics", ""), 200, "recur_panics 1\n", "recur_requests_in_flight 1\n", `recur_inference_pending_request_count{model="same",version="1"} 0`)
}

// OnCall is told of every request, with a context that goes to the model.
func TestOnCall(t *testing.T) {
	type key struct{}
	var calls []serve.Call
	var results []serve.Result
	m := identity(serve.FP32)
	m.Infer = func(ctx context.Context, _ []serve.Value) ([]serve.Value, error) {
		return nil, fmt.Errorf("the context has %v", ctx.Value(key{}))
	}
	s := server(t, serve.Options{OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return context.WithValue(ctx, key{}, "a span"), func(r serve.Result) {
			calls, results = append(calls, *c), append(results, r)
		}
	}}, m, accumulate(t, 1, session.TableOptions{}))
	ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":7,"sequence_start":true`), "X-Request-Id", "r1", "Traceparent", "00-1")
	w := ask(s, "POST", "/v2/models/same/infer", `{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]}`)
	want(t, w, 500, "the log of the server")
	ask(s, "GET", "/v2/models/nil", "")
	if len(calls) != 3 {
		t.Fatalf("told of %d calls", len(calls))
	}
	c := calls[0]
	if c.ID != "r1" || c.Transport != "http" || c.Method != "POST" || c.Model != "acc" || c.Version != "1" || c.Session != "7" || c.Header.Get("Traceparent") != "00-1" || results[0].Status != 200 || results[0].Err != nil {
		t.Errorf("first call: %+v %+v", c, results[0])
	}
	if results[1].Status != 500 || !strings.Contains(fmt.Sprint(results[1].Err), "a span") {
		t.Errorf("second call: %+v", results[1])
	}
	if results[2].Status != 404 {
		t.Errorf("third call: %+v", results[2])
	}
}

// The server is not ready while it drains, and streams end.
func TestDrain(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}), parrot())
	s.Drain()
	s.Drain()
	want(t, ask(s, "GET", "/readyz", ""), 503)
	want(t, ask(s, "GET", "/v2/health/ready", ""), 400)
	want(t, ask(s, "GET", "/v2/models/acc/ready", ""), 400)
	want(t, ask(s, "GET", "/v2/health/live", ""), 200)
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":7,"sequence_start":true`)), 200)
	want(t, ask(s, "POST", "/v2/models/parrot/generate_stream", `{"text_input":"a b"}`), 503, "draining")
}

func TestGenerate(t *testing.T) {
	s := server(t, serve.Options{}, parrot())
	const path = "/v2/models/parrot/generate"
	if w := ask(s, "POST", path, `{"id":"1","text_input":"a b","max_tokens":3,"parameters":{"stop":["x","y"],"temperature":0.5,"none":null}}`); w.Body.String() != `{"id":"1","model_name":"parrot","model_version":"1","text_output":"a b","index":1}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := ask(s, "POST", path+"_stream", `{"text_input":"a é"}`)
	if w.Header().Get("Content-Type") != "text/event-stream; charset=utf-8" || w.Body.String() != `data: {"model_name":"parrot","model_version":"1","text_output":"a ","index":0}`+"\n\n"+`data: {"model_name":"parrot","model_version":"1","text_output":"é","index":1}`+"\n\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	want(t, ask(s, "POST", path, `{"text_input":"a fail"}`), 500)
	want(t, ask(s, "POST", path+"_stream", `{"text_input":"fail"}`), 500)
	w = ask(s, "POST", path+"_stream", `{"text_input":"a fail"}`)
	if w.Code != 200 || !strings.HasSuffix(w.Body.String(), "\n\n"+`data: {"error":"the model failed; the log of the server has the reason by the id of this request"}`+"\n\n") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	want(t, ask(s, "POST", path, `{"text":"a"}`), 400, "no text_input")
	want(t, ask(s, "POST", path, `{"text_input":1}`), 400, "a text")
	want(t, ask(s, "POST", path, `{"text_input":"a","parameters":{"stop":[1]}}`), 400, "a text")
	want(t, ask(s, "POST", path, `{"text_input":"a","logits":{}}`), 400, "'logits'")
	want(t, ask(s, "POST", "/v2/models/parrot/infer", `{}`), 501)
}

func TestRepository(t *testing.T) {
	r := &repository{}
	m := accumulate(t, 1, session.TableOptions{})
	closed := server(t, serve.Options{}, m)
	want(t, ask(closed, "POST", "/v2/repository/models/acc/load", ""), 503, "explicit model load / unload is not allowed")
	want(t, ask(closed, "POST", "/v2/repository/models/acc/unload", "{}"), 503, "not allowed")
	s := server(t, serve.Options{Repository: r}, m)
	want(t, ask(s, "POST", "/v2/repository/models/acc/load", ""), 503, "not allowed")
	a := s.Admin()
	want(t, ask(a, "POST", "/v2/repository/models/acc/load", ""), 200)
	want(t, ask(a, "POST", "/v2/repository/models/acc/unload", `{"parameters":{"unload_dependents":true}}`), 200)
	want(t, ask(a, "POST", "/v2/repository/models/none/load", "{}"), 400, "there is no file of none")
	want(t, ask(a, "POST", "/v2/repository/models/acc/load", `{"parameters":{"config":"{}"}}`), 501, "config")
	if fmt.Sprint(r.did) != "[load acc unload acc load none]" {
		t.Errorf("did %v", r.did)
	}
	want(t, ask(s, "POST", "/v2/repository/index", ""), 200, `{"name":"broken","state":"UNAVAILABLE","reason":"the file is damaged"}`)
	if w := ask(s, "POST", "/v2/repository/index", `{"ready":true}`); strings.Contains(w.Body.String(), "broken") {
		t.Errorf("what is ready: %s", w.Body)
	}
	want(t, ask(s, "POST", "/v2/repository/index", `{"ready":1}`), 400, "ready")
	want(t, ask(s, "POST", "/v2/repository/other/index", ``), 200, `"acc"`)
	want(t, ask(s, "POST", "/v2/repository/models/acc/delete", ``), 404)
}

type repository struct{ did []string }

func (r *repository) Index() []serve.IndexEntry {
	return []serve.IndexEntry{{Name: "broken", State: "UNAVAILABLE", Reason: "the file is damaged"}}
}

func (r *repository) Load(_ context.Context, name string) error {
	r.did = append(r.did, "load "+name)
	if name == "none" {
		return errors.New("there is no file of none")
	}
	return nil
}

func (r *repository) Unload(_ context.Context, name string) error {
	r.did = append(r.did, "unload "+name)
	return nil
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(step("1", `"sequence_id":1,"sequence_start":true`)))
	z.Close()
	m := accumulate(t, 1, session.TableOptions{})
	off := server(t, serve.Options{}, m)
	w := ask(off, "POST", "/v2/models/acc/infer", b.String(), "Content-Encoding", "gzip")
	if want(t, w, 415, "gzip"); w.Header().Get("Accept-Encoding") != "identity" {
		t.Errorf("Accept-Encoding: %q", w.Header().Get("Accept-Encoding"))
	}
	on := server(t, serve.Options{Gzip: true}, m)
	want(t, ask(on, "POST", "/v2/models/acc/infer", b.String(), "Content-Encoding", "gzip"), 200, `"data":[1]`)
	want(t, ask(on, "POST", "/v2/models/acc/infer", b.String()[:20], "Content-Encoding", "gzip"), 400, "body")
	want(t, ask(on, "POST", "/v2/models/acc/infer", "{}", "Content-Encoding", "gzip"), 400, "gzip")
	want(t, ask(on, "POST", "/v2/models/acc/infer", b.String(), "Content-Encoding", "br"), 415, "'br'")
}

func TestStatistics(t *testing.T) {
	now := time.Unix(1000, 0)
	s := server(t, serve.Options{Now: func() time.Time { now = now.Add(time.Millisecond); return now }}, accumulate(t, 1, session.TableOptions{}), identity(serve.FP32))
	for i := range 3 {
		ask(s, "POST", "/v2/models/acc/infer", step("1", fmt.Sprintf(`"sequence_id":7,"sequence_start":%v`, i == 0)))
	}
	ask(s, "POST", "/v2/models/acc/infer", step("1", ``))
	w := ask(s, "GET", "/v2/models/acc/stats", "")
	var got struct {
		Models []serve.Stats `json:"model_stats"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Models) != 1 {
		t.Fatal(err, w.Body)
	}
	m := got.Models[0]
	if m.Name != "acc" || m.Version != "1" || m.InferenceCount != 3 || m.ExecutionCount != 3 || m.LastInference < 1_000_000 ||
		m.InferenceStats.Success != (serve.Total{Count: 3, NS: 3e6}) || m.InferenceStats.Fail.Count != 1 || m.InferenceStats.ComputeInfer.Count != 3 || len(m.BatchStats) != 1 || m.BatchStats[0].BatchSize != 1 || m.BatchStats[0].ComputeInfer.Count != 3 {
		t.Errorf("%s", w.Body)
	}
	if w := ask(s, "GET", "/v2/models/stats", ""); strings.Count(w.Body.String(), `"last_inference"`) != 2 {
		t.Errorf("of all models: %s", w.Body)
	}
	want(t, ask(s, "GET", "/v2/models/acc/versions/1/stats", ""), 200, `"name":"acc"`)
	want(t, ask(s, "GET", "/v2/models/acc/versions/2/stats", ""), 404)
}

// The metrics are such that Prometheus takes them: each family is described once, before its
// samples, labels are quoted, and histograms add up.
func TestMetrics(t *testing.T) {
	odd := accumulate(t, 1, session.TableOptions{})
	odd.Name = "a\"b\\c"
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}), odd)
	for i := range 3 {
		ask(s, "POST", "/v2/models/acc/infer", step("1", fmt.Sprintf(`"sequence_id":7,"sequence_start":%v`, i == 0)))
	}
	ask(s, "POST", "/v2/models/acc/infer", step("1", ``))
	w := ask(s, "GET", "/metrics", "")
	if w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
	}
	want(t, w, 200,
		`recur_inference_request_success{model="acc",version="1"} 3`+"\n",
		`recur_inference_request_failure{model="acc",version="1"} 1`+"\n",
		`recur_inference_count{model="acc",version="1"} 3`+"\n",
		`recur_inference_exec_count{model="acc",version="1"} 3`+"\n",
		`recur_inference_pending_request_count{model="acc",version="1"} 0`+"\n",
		`recur_model_start_time_seconds{model="acc",version="1"} 1`,
		`recur_sessions{model="acc",version="1"} 1`+"\n",
		`recur_sessions{model="a\"b\\c",version="1"} 0`+"\n",
		`recur_batch_size_bucket{model="acc",version="1",le="1"} 3`+"\n",
		`recur_batch_size_bucket{model="acc",version="1",le="+Inf"} 3`+"\n",
		`recur_batch_size_count{model="acc",version="1"} 3`+"\n",
		`recur_inference_request_duration_seconds_bucket{model="acc",version="1",le="+Inf"} 3`+"\n",
		`recur_http_responses{code="2xx"} 3`+"\n", `recur_http_responses{code="4xx"} 1`+"\n")
	checkExposition(t, w.Body.String())
}

func checkExposition(t *testing.T, text string) {
	sample := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? [-+0-9.eEInfNa]+$`)
	family, kind := "", ""
	seen, series := map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		l := lines.Text()
		f := strings.Fields(l)
		switch {
		case strings.HasPrefix(l, "# HELP "):
			if family = f[2]; seen[family] {
				t.Errorf("%s is there twice", family)
			}
			seen[family], kind = true, ""
		case strings.HasPrefix(l, "# TYPE "):
			if f[2] != family || !slices.Contains([]string{"counter", "gauge", "histogram"}, f[3]) {
				t.Errorf("after HELP of %s: %s", family, l)
			}
			kind = f[3]
		default:
			m := sample.FindStringSubmatch(l)
			if m == nil {
				t.Errorf("no sample: %q", l)
				continue
			}
			n := m[1]
			if kind == "histogram" {
				n = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(n, "_bucket"), "_sum"), "_count")
			}
			if n != family || kind == "" {
				t.Errorf("among the samples of %s: %s", family, l)
			}
			if id := m[1] + m[2]; series[id] {
				t.Errorf("twice: %s", id)
			} else {
				series[id] = true
			}
		}
	}
	if !strings.HasSuffix(text, "\n") {
		t.Error("no end of the last line")
	}
}

// Other handlers stand behind the checks of the server too.
func TestHandle(t *testing.T) {
	s := server(t, serve.Options{Tokens: []serve.Token{{Name: "ann", Secret: "a"}}, MaxBody: 10})
	s.Handle("POST /v1/{task}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		_, err := r.Body.Read(b)
		fmt.Fprint(w, r.PathValue("task"), " ", n, " ", serve.TokenName(r.Context()), " ", err)
	}))
	want(t, ask(s, "POST", "/v1/classify", "abc"), 401)
	want(t, ask(s, "POST", "/v1/classify", "abc", "Authorization", "Bearer a"), 200, "classify 3 ann EOF")
	want(t, ask(s, "POST", "/v1/classify", "0123456789abc", "Authorization", "Bearer a"), 200, "classify 10 ann http: request body too large")
	if w := ask(s, "GET", "/v1/classify", "", "Authorization", "Bearer a"); w.Code != 405 && w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
	want(t, ask(s, "POST", "/v1", "", "Authorization", "Bearer a"), 404)
}

func TestAddChecksModels(t *testing.T) {
	infer := func(context.Context, []serve.Value) ([]serve.Value, error) { return nil, nil }
	wide := accumulate(t, 3, session.TableOptions{})
	wide.Inputs = []serve.Tensor{{Name: "x", Datatype: serve.FP32, Shape: []int64{-1, 2}}}
	open := accumulate(t, 3, session.TableOptions{})
	open.Inputs = []serve.Tensor{{Name: "x", Datatype: serve.FP32, Shape: []int64{-1, -1}}}
	text := accumulate(t, 3, session.TableOptions{})
	text.Outputs = []serve.Tensor{{Name: "x", Datatype: serve.BYTES, Shape: []int64{-1, 3}}}
	for part, m := range map[string]*serve.Model{
		"neither Sessions":     {Name: "a"},
		"is no name":           {Name: "a/b", Infer: infer},
		"is no name for":       {Name: "", Infer: infer},
		`not "v1"`:             {Name: "a", Version: "v1", Infer: infer},
		`not "01"`:             {Name: "a", Version: "01", Infer: infer},
		"which there is not":   {Name: "a", Infer: infer, Inputs: []serve.Tensor{{Name: "x", Datatype: "FP8"}}},
		"two tensors":          {Name: "a", Infer: infer, Inputs: []serve.Tensor{{Name: "x", Datatype: "FP32"}, {Name: "x", Datatype: "FP32"}}},
		"have 2 values":        wide,
		"the others are fixed": open,
		"takes numbers":        text,
	} {
		if err := serve.New(serve.Options{}).Add(m); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	s := server(t, serve.Options{}, identity(serve.FP32))
	if err := s.Add(identity(serve.FP32)); err == nil {
		t.Error("the same model twice")
	}
	two := identity(serve.FP32)
	two.Version = "10"
	if err := s.Add(two); err != nil || fmt.Sprint(s.Versions("same")) != "[10 1]" {
		t.Error(err, s.Versions("same"))
	}
	if err := s.Remove("same", "10"); err != nil || len(s.Models()) != 1 {
		t.Error(err, s.Models())
	}
	if err := s.Remove("same", ""); err != nil || len(s.Models()) != 0 {
		t.Error(err, s.Models())
	}
	if err := s.Remove("same", ""); err == nil {
		t.Error("what is not there was removed")
	}
}

// record is the status of the answer to r.
func record(h http.Handler, r *http.Request) int {
	w := &discard{head: http.Header{}}
	h.ServeHTTP(w, r)
	return w.status
}

type discard struct {
	head   http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.head }
func (d *discard) WriteHeader(s int)           { d.status = s }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// A configuration tells how long an unused session stays.
func TestConfigHasTheTimeToLive(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{TTL: 90 * time.Second}))
	want(t, ask(s, "GET", "/v2/models/acc/config", ""), 200, `"max_sequence_idle_microseconds":90000000`)
}
