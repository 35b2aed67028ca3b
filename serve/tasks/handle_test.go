package tasks_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

// A site is a server of models.
type site struct {
	t   testing.TB
	s   *serve.Server
	url string // of a real server; "" to call the handler
}

// listen makes the site a real server.
func (s *site) listen() {
	web := httptest.NewServer(s.s)
	s.t.Cleanup(web.Close)
	s.url = web.URL
}

func newSite(t testing.TB, o serve.Options, paths ...string) *site {
	t.Helper()
	s := serve.New(o)
	for _, p := range paths {
		if err := s.Add(open(t, p, tasks.Options{Window: 24})); err != nil {
			t.Fatal(err)
		}
	}
	tasks.Handle(s)
	return &site{t: t, s: s}
}

// ask sends a request and returns the status and the body of the answer.
func (s *site) ask(method, path, body string, head ...string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	var answer *http.Response
	if s.url == "" {
		w := httptest.NewRecorder()
		s.s.ServeHTTP(w, r)
		answer = w.Result()
	} else {
		var err error
		if r.URL, err = url.Parse(s.url + path); err != nil {
			s.t.Fatal(err)
		}
		r.RequestURI = ""
		if answer, err = http.DefaultClient.Do(r); err != nil {
			s.t.Fatal(err)
		}
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// post sends JSON and reads the answer, which has to be 200, into v.
func (s *site) post(path, body string, v any) {
	s.t.Helper()
	code, b := s.ask(http.MethodPost, path, body)
	if code != http.StatusOK {
		s.t.Fatalf("POST %s %s: %d %s", path, body, code, b)
	}
	if err := json.Unmarshal([]byte(b), v); err != nil {
		s.t.Fatalf("POST %s %s: %v in %s", path, body, err, b)
	}
}

func all() []string {
	return []string{writerFile(), readerFile(), seriesFile(), salesFile(), spellerFile(), guideFile(), playerFile(), netFile()}
}

func TestForecast(t *testing.T) {
	s := newSite(t, serve.Options{}, all()...)
	type answer struct {
		Model, ID string
		Dates     []string
		Mean      []float64
		Bands     []struct {
			Level  float64
			Lo, Hi []float64
		}
	}
	var a answer
	s.post("/v1/forecast", `{"values": [1, 2, null, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], "start": "2024-01", "horizon": 3, "levels": [0.9, 0.5]}`, &a)
	if a.Model != "sales" || len(a.Mean) != 3 || strings.Join(a.Dates, " ") != "2025-03-01 2025-04-01 2025-05-01" || len(a.Bands) != 2 || a.Bands[0].Level != 0.5 || len(a.Bands[1].Lo) != 3 || a.Bands[1].Lo[2] > a.Mean[2] {
		t.Errorf("the answer is %+v", a)
	}
	var several struct{ Forecasts []answer }
	s.post("/v1/forecast", `{"series": [{"id": "a", "values": [1, 2, 3]}, {"id": "b", "values": [4, 4, 4], "start": "2024-01-01", "freq": "M"}]}`, &several)
	if f := several.Forecasts; len(f) != 2 || f[0].ID != "a" || f[0].Dates != nil || len(f[1].Mean) != 6 || f[1].Mean[5] != 4 {
		t.Errorf("the answer is %+v", several)
	}
}

func TestClassify(t *testing.T) {
	s := newSite(t, serve.Options{}, all()...)
	type answer struct {
		Model, Label  string
		Labels        []string
		Probability   []float64
		Probabilities map[string]float64
	}
	var a answer
	s.post("/v1/classify", `{"text": "the film is bad"}`, &a)
	if a.Model != "reader" || a.Label != "bad" || a.Probabilities["bad"] < 0.5 || len(a.Probabilities) != 2 {
		t.Errorf("the answer is %+v", a)
	}
	var several struct{ Answers []answer }
	s.post("/v1/classify", `{"texts": ["the film is good", "the film is bad"]}`, &several)
	if len(several.Answers) != 2 || several.Answers[0].Label != "good" || several.Answers[1].Label != "bad" {
		t.Errorf("the answer is %+v", several)
	}
	s.post("/v1/classify", `{"series": [[0, 0], [1, 0.5], [2, 0]]}`, &a)
	if a.Model != "motion" || a.Label == "" {
		t.Errorf("the answer is %+v", a)
	}
	tags := newSite(t, serve.Options{}, tagsFile())
	a = answer{}
	tags.post("/v1/classify", `{"text": "Anna sees Paris"}`, &a)
	if len(a.Labels) != 3 || len(a.Probability) != 3 {
		t.Errorf("the answer is %+v", a)
	}
}

// A text that a session keeps goes on as one that is written at once, by the events of a stream too.
func TestGenerate(t *testing.T) {
	s := newSite(t, serve.Options{}, all()...)
	type answer struct {
		Text, Session string
		Steps         uint64
	}
	var whole, first, second answer
	s.post("/v1/generate", `{"prompt": "to be", "max_tokens": 20, "temperature": 0}`, &whole)
	s.post("/v1/generate", `{"prompt": "to be", "max_tokens": 8, "temperature": 0, "session": "a"}`, &first)
	s.post("/v1/generate", `{"max_tokens": 12, "temperature": 0, "session": "a"}`, &second)
	if whole.Text == "" || first.Text+second.Text != whole.Text {
		t.Errorf("%q and %q, want %q in all", first.Text, second.Text, whole.Text)
	}
	if whole.Session != "" || second.Session != "a" || second.Steps != 25 {
		t.Errorf("session %q has %d steps", second.Session, second.Steps)
	}
	code, b := s.ask("POST", "/v1/generate", `{"prompt": "to be", "max_tokens": 20, "temperature": 0, "stream": true, "session": "b"}`)
	var text strings.Builder
	done := false
	for line := range strings.SplitSeq(strings.TrimSpace(b), "\n\n") {
		var piece struct {
			Text  string
			Done  bool
			Steps uint64
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &piece); err != nil {
			t.Fatal(err)
		}
		text.WriteString(piece.Text)
		done = piece.Done && piece.Steps == 25
	}
	if code != 200 || text.String() != whole.Text || !done {
		t.Errorf("the events are %d %s, want %q", code, b, whole.Text)
	}
	var a struct {
		Text string `json:"text_output"`
	}
	s.post("/v2/models/writer/generate", `{"text_input": "to be", "parameters": {"max_tokens": 20, "temperature": 0}}`, &a)
	if a.Text != whole.Text {
		t.Errorf("by the protocol it is %q, want %q", a.Text, whole.Text)
	}
	s.s.Drain()
	if _, b := s.ask("POST", "/v1/generate", `{"prompt": "to be", "stream": true}`); !strings.Contains(b, "about to end") {
		t.Errorf("while the server ends: %s", b)
	}
}

func TestOtherTasks(t *testing.T) {
	s := newSite(t, serve.Options{}, all()...)
	var written struct {
		Text         string
		Translations json.RawMessage
		Captions     []struct{ Text string }
		Piece        [][]int
	}
	s.post("/v1/translate", `{"text": "12", "beam": 4, "n": 2}`, &written)
	if n := strings.Count(string(written.Translations), `"log_prob"`); n != 2 {
		t.Errorf("there are %d translations", n)
	}
	s.post("/v1/translate", `{"texts": ["1", "2", "3"]}`, &written)
	s.post("/v1/caption", `{"meaning": "name[Aromi], food[Thai]"}`, &written)
	if len(written.Captions) != 1 || written.Text != written.Captions[0].Text {
		t.Errorf("the caption is %+v", written)
	}
	s.post("/v1/caption", `{"meaning": {"slots": [{"name": "name", "value": "Aromi"}]}}`, &written)
	s.post("/v1/music", `{"piece": [[39], [41, 43]], "steps": 5, "seed": 3}`, &written)
	if len(written.Piece) != 5 {
		t.Errorf("there are %d steps", len(written.Piece))
	}
	var list struct {
		Models []struct {
			Name, Task, URL, Why string
			Sessions             bool
		}
	}
	code, b := s.ask("GET", "/v1/models", "")
	if err := json.Unmarshal([]byte(b), &list); code != 200 || err != nil || len(list.Models) != len(all()) {
		t.Fatal(code, err, b)
	}
	for _, m := range list.Models {
		if m.Sessions == (m.Why != "") || (m.Task == "") != (m.Name == "net") {
			t.Errorf("%+v", m)
		}
	}
}

// What is wrong with a request is told, with what to try.
func TestErrors(t *testing.T) {
	s := newSite(t, serve.Options{MaxBody: 4096}, append(all(), bothFile())...)
	few := newSite(t, serve.Options{}, netFile())
	for _, test := range []struct {
		s          *site
		path, body string
		code       int
		want       string
	}{
		{s, "/v1/forecast", ``, 400, "empty"},
		{s, "/v1/forecast", `{"values": [1, 2`, 400, "ends too early"},
		{s, "/v1/forecast", `{"values": [1, "2"]}`, 400, "values is a string"},
		{s, "/v1/forecast", `{"values": [1, 1e999]}`, 400, "values is a number 1e999"},
		{s, "/v1/forecast", `{"valuse": [1, 2]}`, 400, `unknown field "valuse"`},
		{s, "/v1/forecast", `{"values": [1, 2]} {}`, 400, "more behind"},
		{s, "/v1/forecast", "{\"model\": \"\xff\"}", 400, "UTF-8"},
		{s, "/v1/forecast", `{"values": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, "in one another"},
		{s, "/v1/forecast", `{"values": [` + strings.Repeat("1,", 3000) + `1]}`, 413, "send less"},
		{s, "/v1/forecast", `{}`, 400, "no values"},
		{s, "/v1/forecast", `{"values": [null]}`, 400, "no values"},
		{s, "/v1/forecast", `{"values": [], "series": []}`, 400, "both"},
		{s, "/v1/forecast", `{"series": []}`, 400, "0 series"},
		{s, "/v1/forecast", `{"values": [1, 2], "horizon": 7}`, 400, "1 to 6 steps"},
		{s, "/v1/forecast", `{"values": [1, 2], "levels": [1]}`, 400, "a level is 1"},
		{s, "/v1/forecast", `{"values": [1, 2], "start": "yesterday"}`, 400, "start:"},
		{s, "/v1/forecast", `{"values": [1, 2], "start": "2024-01-01", "freq": "h"}`, 400, "trained on"},
		{s, "/v1/forecast", `{"values": [1, 2], "freq": "h"}`, 400, "no start"},
		{s, "/v1/forecast", `{"values": [1, 2], "start": "7", "freq": "M"}`, 400, "counts"},
		{s, "/v1/forecast", `{"values": [1e31, 2]}`, 400, "1e30"},
		{s, "/v1/forecast", `{"values": [1, 2], "model": "nobody"}`, 404, "nobody"},
		{s, "/v1/forecast", `{"values": [1, 2], "model": "reader"}`, 501, "these do: sales"},
		{few, "/v1/forecast", `{"values": [1, 2]}`, 404, "/v1/models"},
		{few, "/v1/forecast", `{"values": [1, 2], "model": "net"}`, 501, "nor does another"},
		{s, "/v1/classify", `{"text": "good"}`, 400, "both, reader"},
		{s, "/v1/classify", `{"model": "reader"}`, 400, "nothing to classify"},
		{s, "/v1/classify", `{"model": "reader", "text": "a", "texts": []}`, 400, "one of"},
		{s, "/v1/classify", `{"model": "reader", "series": [1]}`, 400, "reads texts"},
		{s, "/v1/classify", `{"model": "motion", "text": "a"}`, 400, "reads series"},
		{s, "/v1/classify", `{"series": [[1, 2, 3]]}`, 400, "steps of 3 values"},
		{s, "/v1/classify", `{"series": [1, null]}`, 400, "step 2"},
		{s, "/v1/classify", `{"series": 4}`, 400, "list of steps"},
		{s, "/v1/generate", `{"prompt": "a", "max_tokens": 100001}`, 400, "at most 100000"},
		{s, "/v1/generate", `{"prompt": "a", "max_tokens": -1}`, 400, "max_tokens is -1"},
		{s, "/v2/models/writer/generate", `{"text_input": "a", "parameters": {"top_p": -1}}`, 400, "top_p is -1"},
		{s, "/v1/generate", `{"prompt": "a", "temperature": -1}`, 400, "temperature"},
		{s, "/v1/generate", `{"prompt": "a", "stop": ""}`, 400, "stop text"},
		{s, "/v1/generate", `{"prompt": "a", "stop": 3}`, 400, "stop"},
		{s, "/v1/generate", `{"prompt": "a", "session": "` + strings.Repeat("x", 300) + `"}`, 400, "256"},
		{s, "/v2/models/writer/generate", `{"text_input": "a", "max_tokens": "x"}`, 400, "max_tokens"},
		{s, "/v1/translate", `{}`, 400, "0 texts"},
		{s, "/v1/translate", `{"text": "1", "beam": 100}`, 400, "at most 64"},
		{s, "/v1/translate", `{"text": "1", "beam": 2, "n": 3}`, 400, "n best"},
		{s, "/v1/caption", `{}`, 400, "meaning"},
		{s, "/v1/caption", `{"model": "guide"}`, 400, "meaning"},
		{s, "/v1/caption", `{"model": "guide", "features": [[1]]}`, 400, "meanings"},
		{s, "/v1/caption", `{"meaning": "nonsense"}`, 400, ""},
		{s, "/v1/music", `{"piece": [[99]]}`, 400, "99"},
		{s, "/v1/music", `{"steps": -1}`, 400, "1 to 10000"},
		{s, "/v1/classify", `{"text": ["a"]}`, 400, "text is an array at byte 10"},
	} {
		code, b := test.s.ask("POST", test.path, test.body)
		var e struct{ Error string }
		if err := json.Unmarshal([]byte(b), &e); err != nil || code != test.code || !strings.Contains(e.Error, test.want) || e.Error == "" {
			t.Errorf("%s %.100s: %d %s, want %d %q", test.path, test.body, code, b, test.code, test.want)
		}
	}
	for method, want := range map[string]int{"GET": 405, "DELETE": 405, "OPTIONS": 204} {
		if code, b := s.ask(method, "/v1/forecast", ""); code != want {
			t.Errorf("%s: %d %s", method, code, b)
		}
	}
	if code, b := s.ask("POST", "/v1/forecast", `{"values": [1]}`, "Content-Encoding", "br"); code != 415 {
		t.Errorf("an encoding: %d %s", code, b)
	}
}

// Requests are those of whoever has a token.
func TestToken(t *testing.T) {
	s := newSite(t, serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "s", Sessions: 1}}}, writerFile())
	body := `{"prompt": "to", "max_tokens": 1, "session": "one"}`
	if code, _ := s.ask("POST", "/v1/generate", body); code != 401 {
		t.Errorf("without a token: %d", code)
	}
	if code, b := s.ask("POST", "/v1/generate", body, "Authorization", "Bearer s"); code != 200 {
		t.Errorf("with the token: %d %s", code, b)
	}
	if code, b := s.ask("POST", "/v1/generate", strings.Replace(body, "one", "two", 1), "Authorization", "Bearer s"); code != 429 {
		t.Errorf("a second session: %d %s", code, b)
	}
}

// A request whose time is over, or whose client has gone, is not worked on.
func TestCancelled(t *testing.T) {
	s := newSite(t, serve.Options{}, all()...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for path, body := range map[string]string{"/v1/forecast": `{"values": [1, 2]}`, "/v1/generate": `{"prompt": "a"}`, "/v1/music": `{}`} {
		r := httptest.NewRequestWithContext(ctx, "POST", path, strings.NewReader(body))
		r.Host = "localhost"
		w := httptest.NewRecorder()
		s.s.ServeHTTP(w, r)
		if w.Code != 499 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// Whatever the body, a request gets an answer that is no failure of the server.
func FuzzBodies(f *testing.F) {
	s := newSite(f, serve.Options{MaxBody: 1 << 16}, all()...)
	paths := []string{"/v1/forecast", "/v1/classify", "/v1/generate", "/v1/translate", "/v1/caption", "/v1/music"}
	for i, body := range []string{
		`{"values": [1, null, 3], "start": "2024-01", "horizon": 2, "levels": [0.5]}`,
		`{"series": [[1, 2]]}`,
		`{"prompt": "to be", "max_tokens": 3, "stop": ["x"], "stream": true}`,
		`{"text": "12", "beam": 2, "n": 1}`,
		`{"meaning": {"act": "inform", "slots": [{"name": "a"}]}}`,
		`{"piece": [[1, 2], []], "steps": 2}`,
	} {
		f.Add(byte(i), body)
	}
	f.Fuzz(func(t *testing.T, i byte, body string) {
		path := paths[int(i)%len(paths)]
		if code, b := (&site{t: t, s: s.s}).ask("POST", path, body); code >= 500 && code != 501 || code == 0 {
			t.Errorf("%s %q: %d %s", path, body, code, b)
		}
	})
}
