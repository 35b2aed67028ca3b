package tasks_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(tasks.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Each request of the document, with its example, gets an answer as the document has it.
func TestOpenAPIAnswers(t *testing.T) {
	doc := document(t)
	s := newSite(t, serve.Options{}, all()...)
	s.listen()
	s.ask("POST", "/v2/models/net/sessions/a/steps", `{"x": [[1, 2, 3]], "start": true}`)
	_, state := s.ask("GET", "/v2/models/net/sessions/a", "", "Accept", "application/octet-stream")
	if len(state) < 50 {
		t.Fatal(state)
	}
	for path, item := range doc.Paths.Map() {
		operations := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			o := operations[method]
			model := "net"
			if strings.Contains(path, "/generate") {
				model = "writer"
			}
			s.ask("POST", "/v2/models/net/sessions/a/steps", `{"x": [[1, 2, 3]], "start": true}`)
			address := strings.NewReplacer("{model}", model, "{version}", "1", "{session}", "a").Replace(path)
			body, head := "", []string(nil)
			if o.RequestBody != nil {
				if c := o.RequestBody.Value.Content["application/json"]; c != nil && c.Example != nil {
					b, err := json.Marshal(c.Example)
					if err != nil {
						t.Fatal(err)
					}
					body = string(b)
					if err := c.Schema.Value.VisitJSON(c.Example); err != nil {
						t.Errorf("%s %s: the example: %v", method, path, err)
					}
				} else if method == "PUT" {
					body, head = state, []string{"Content-Type", "application/octet-stream"}
				}
			}
			code, b := s.ask(method, address, body, head...)
			want := http.StatusOK
			switch {
			case o.Responses.Value("200") != nil:
			case o.Responses.Value("201") != nil:
				want = http.StatusCreated
			case o.Responses.Value("204") != nil:
				want = http.StatusNoContent
			default: // an upgrade, which is not asked for
				want = 0
			}
			if strings.HasSuffix(path, "load") { // which this server does not
				want = http.StatusServiceUnavailable
			}
			if code != want && want != 0 {
				t.Errorf("%s %s %s: %d %.300s", method, address, body, code, b)
				continue
			}
			r := o.Responses.Status(code)
			if r == nil {
				r = o.Responses.Default()
			}
			checkAnswer(t, method+" "+path, r.Value, b)
		}
	}
}

// checkAnswer compares JSON with the schema of an answer.
func checkAnswer(t *testing.T, name string, r *openapi3.Response, body string) {
	t.Helper()
	c := r.Content["application/json"]
	if c == nil {
		return
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Errorf("%s: %v in %.300s", name, err, body)
		return
	}
	if err := c.Schema.Value.VisitJSON(v); err != nil {
		t.Errorf("%s: %v in %.300s", name, err, body)
	}
}

// Other requests, and their errors, fit the document too.
func TestOpenAPIRequests(t *testing.T) {
	doc := document(t)
	s := newSite(t, serve.Options{}, append(all(), tagsFile())...)
	for _, test := range []struct{ path, body string }{
		{"/v1/forecast", `{"values": [1, null, 3], "horizon": 2}`},
		{"/v1/forecast", `{"series": [{"id": "a", "values": [1, 2]}, {"values": [1, 2]}]}`},
		{"/v1/classify", `{"model": "reader", "texts": ["good", ""]}`},
		{"/v1/classify", `{"model": "tags", "text": "Anna sees"}`},
		{"/v1/classify", `{"series": [[1, 2], [3, 4]]}`},
		{"/v1/generate", `{"prompt": "to", "max_tokens": 2, "temperature": 0, "stop": "x"}`},
		{"/v1/generate", `{"prompt": "to", "max_tokens": 2, "stop": ["x", "y"], "top_k": 3, "top_p": 0.5, "repetition_penalty": 1.2}`},
		{"/v1/translate", `{"texts": ["1", "2"], "beam": 2}`},
		{"/v1/caption", `{"meaning": {"slots": [{"name": "name", "value": "Aromi"}]}, "n": 2}`},
		{"/v1/music", `{}`},
		{"/v1/music", `{"piece": [[3, 2], []], "temperature": -1, "steps": 2}`},
	} {
		o := doc.Paths.Value(test.path).Post
		var v any
		if err := json.Unmarshal([]byte(test.body), &v); err != nil {
			t.Fatal(err)
		}
		if err := o.RequestBody.Value.Content["application/json"].Schema.Value.VisitJSON(v); err != nil {
			t.Errorf("%s %s: %v", test.path, test.body, err)
		}
		code, b := s.ask("POST", test.path, test.body)
		if code != 200 {
			t.Errorf("%s %s: %d %s", test.path, test.body, code, b)
			continue
		}
		checkAnswer(t, test.path, o.Responses.Status(200).Value, b)
		if code, b = s.ask("POST", test.path, `{"nothing": 1}`); code != 400 {
			t.Errorf("%s: %d %s", test.path, code, b)
		}
		checkAnswer(t, test.path, o.Responses.Default().Value, b)
	}
}

// The document has every address that the code routes to, and no other.
func TestOpenAPIHasAllRoutes(t *testing.T) {
	doc := document(t)
	words := map[string]bool{}
	for path := range doc.Paths.Map() {
		for w := range strings.SplitSeq(path, "/") {
			words[w] = true
		}
	}
	found := 0
	for _, file := range []string{"../route.go", "../repository.go", "handle.go"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:case |path == |p\[\d\] == |h\.(?:get|post)\()"([^"]+)"`).FindAllStringSubmatch(string(b), -1) {
			found++
			if strings.HasPrefix(m[1], "/") && doc.Paths.Value(m[1]) == nil || !strings.HasPrefix(m[1], "/") && !words[m[1]] {
				t.Errorf("%s routes to %s, which the document lacks", file, m[1])
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d routes were found in the code", found)
	}
	s := newSite(t, serve.Options{}, netFile())
	for path := range doc.Paths.Map() {
		address := strings.NewReplacer("{model}", "net", "{version}", "1", "{session}", "a").Replace(path)
		if _, b := s.ask("OPTIONS", address, ""); strings.Contains(b, "nothing at this address") {
			t.Errorf("%s: %s", path, b)
		}
	}
}
