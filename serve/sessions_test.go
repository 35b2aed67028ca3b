package serve_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

func TestSessions(t *testing.T) {
	other := accumulate(t, 2, session.TableOptions{})
	other.Name = "other"
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}), other, identity(serve.FP32))
	const all = "/v2/models/acc/sessions"

	w := ask(s, "POST", all, "")
	want(t, w, 201, `"steps":0`)
	var made serve.SessionInfo
	json.Unmarshal(w.Body.Bytes(), &made)
	if len(made.ID) < 22 || w.Header().Get("Location") != "/v2/models/acc/versions/1/sessions/"+made.ID {
		t.Errorf("made %+v at %s", made, w.Header().Get("Location"))
	}
	want(t, ask(s, "POST", all+"/"+made.ID+"/steps", `{"x":[[1],[2],[3]]}`), 200, `"steps":3`, `"y":[[1],[3],[6]]`)
	want(t, ask(s, "GET", all+"/"+made.ID, ""), 200, `"steps":3`, `"where":"memory"`)

	w = ask(s, "GET", all+"/"+made.ID, "", "Accept", "application/octet-stream")
	want(t, w, 200)
	blob := w.Body.String()
	want(t, ask(s, "PUT", all+"/copy", blob), 200, `"id":"copy"`, `"steps":3`)
	want(t, ask(s, "POST", all+"/copy/steps", `{"x":[4]}`), 200, `"y":[[10]]`)
	want(t, ask(s, "POST", all+"/"+made.ID+"/fork", `{"to":"b"}`), 201, `"id":"b"`, `"steps":3`)
	want(t, ask(s, "POST", all+"/"+made.ID+"/fork", `{"to":"b"}`), 409, `"code":"exists"`)
	want(t, ask(s, "POST", all+"/"+made.ID+"/fork", ``), 201)
	want(t, ask(s, "POST", all+"/none/fork", `{"to":"c"}`), 404, "'none'")
	want(t, ask(s, "POST", all+"/b/fork", `{"two":"c"}`), 400, "'two'")
	want(t, ask(s, "POST", all+"/b/steps", `{"x":[4]}`), 200, `"y":[[10]]`)
	want(t, ask(s, "POST", all+"/b/reset", ``), 200, `"steps":0`)
	want(t, ask(s, "POST", all+"/b/steps", `{"x":[4]}`), 200, `"y":[[4]]`)
	want(t, ask(s, "POST", all+"/none/reset", ``), 404)

	// A session is a sequence too.
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"b"`)), 200, `"data":[5]`)

	want(t, ask(s, "DELETE", all+"/b", ""), 204)
	want(t, ask(s, "DELETE", all+"/b", ""), 404, "'b'")
	want(t, ask(s, "GET", all+"/b", ""), 404, "not_found")

	// States that cannot be taken up.
	want(t, ask(s, "PUT", "/v2/models/other/sessions/a", blob), 400, `"code":"other_model"`)
	want(t, ask(s, "PUT", all+"/a", blob[:len(blob)-1]), 400, `"code":"corrupt"`)
	want(t, ask(s, "PUT", all+"/a", blob+"x"), 400, `"code":"corrupt"`)
	want(t, ask(s, "PUT", all+"/a", "x"+blob[1:]), 400, `"code":"corrupt"`)
	for i := range blob {
		b := []byte(blob)
		b[i] ^= 4
		if w := ask(s, "PUT", all+"/a", string(b)); w.Code != 400 {
			t.Errorf("a bit of byte %d is wrong: %d", i, w.Code)
		}
	}
	want(t, ask(s, "GET", all+"/a", ""), 404)
	want(t, ask(s, "GET", "/v2/models/same/sessions", ""), 501, "no sessions")
}

// Names come back as they were, whatever is in them.
func TestNamesOfSessions(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	const all = "/v2/models/acc/sessions/"
	for path, id := range map[string]string{"a.b*%3E": "a.b*>", "a%2Fb": "a/b", "%20": " ", "..%2f..": "../..", "%C3%A9": "é", "a+b": "a+b"} {
		want(t, ask(s, "POST", all+path+"/steps", `{"x":[1]}`), 200)
		w := ask(s, "GET", all+path, "")
		var info serve.SessionInfo
		if json.Unmarshal(w.Body.Bytes(), &info); info.ID != id {
			t.Errorf("%s is %q, want %q", path, info.ID, id)
		}
	}
	for _, path := range []string{"%00", "a%0a", "%ff", strings.Repeat("a", 257), "%E2%80"} {
		want(t, ask(s, "POST", all+path+"/steps", `{"x":[1]}`), 400, "name of a session")
	}
	want(t, ask(s, "POST", all+"/steps", `{"x":[1]}`), 400)
}

func TestSessionsAreListedInPages(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	for i := range 25 {
		want(t, ask(s, "POST", fmt.Sprintf("/v2/models/acc/sessions/s%02d/steps", i), `{"x":[1]}`), 200)
	}
	after, seen := "", []string{}
	for range 10 {
		w := ask(s, "GET", "/v2/models/acc/sessions?limit=10&after="+after, "")
		var page struct {
			Sessions []serve.SessionInfo
			Next     string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Sessions {
			seen = append(seen, i.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 25 || seen[0] != "s00" || seen[24] != "s24" {
		t.Errorf("listed %d: %v", len(seen), seen)
	}
	for _, limit := range []string{"0", "-1", "x", "10001"} {
		want(t, ask(s, "GET", "/v2/models/acc/sessions?limit="+limit, ""), 400, "limit")
	}
	want(t, ask(s, "GET", "/v2/models/acc/sessions?limit=%zz", ""), 400, "query")
}

func TestManySteps(t *testing.T) {
	s := server(t, serve.Options{MaxSteps: 10}, accumulate(t, 2, session.TableOptions{}))
	const path = "/v2/models/acc/sessions/a/steps"
	want(t, ask(s, "POST", path, `{"x":[[1,2],[3,4]],"step":1}`), 200, `{"steps":2,"y":[[1,2],[4,6]]}`)
	want(t, ask(s, "POST", path, `{"x":[[1,2],[3,4]],"step":1}`), 409, `"code":"step"`, `"have":2`)
	for body, text := range map[string]string{
		`{"x":[]}`:                    "the request has no steps",
		`{"x":[[1,null]]}`:            "null where a value of x, a number, should be",
		`{"x":[[NaN,1]]}`:             "NaN where a value of x, a number, should be",
		`{"x":[[1,-Infinity]]}`:       "-Infinity where a value of x, a number, should be",
		`{"x":[[1,-]]}`:               `']' where a digit should be`,
		`{"x":[[1,-x]]}`:              `'x' where a digit should be`,
		`{"x":[[5,6]],"step":0}`:      "step is 0, but steps are numbered from 1",
		`{"x":[[5,6]],"step":"2"}`:    `'\"' where step, a number, should be`,
		`{"x":[[5,6]],"start":"yes"}`: "where start, true or false, should be",
	} {
		want(t, ask(s, "POST", path, body), 400, text)
	}
	want(t, ask(s, "POST", path, `{"x":[[3,4],[1,1]],"step":2}`), 200, `{"steps":3,"y":[[4,6],[5,7]]}`) // the first again
	want(t, ask(s, "POST", path, `{"x":[[1,1]],"start":true,"end":true}`), 200, `"y":[[1,1]]`)
	want(t, ask(s, "GET", "/v2/models/acc/sessions/a", ""), 404)

	// An error in the middle keeps what was done before it.
	w := ask(s, "POST", path, `{"x":[[1,2],[666,0],[1,1]]}`)
	want(t, w, 500, `"steps":1`, `"y":[[1,2]]`)

	want(t, ask(s, "POST", path, `{"x":[[1]]}`), 400, "step 1 of x has only 1 values")
	want(t, ask(s, "POST", path, `{"x":[[1,2],[1,2,3]]}`), 400, "step 2 of x has more values")
	want(t, ask(s, "POST", path, `{"x":[1,2]}`), 400, "an array")
	want(t, ask(s, "POST", path, `{"x":[[1,1e999]]}`), 400, "value 2 of step 1")
	want(t, ask(s, "POST", path, `{"x":[[1,2]],"inputs":[]}`), 400, "both x and inputs")
	want(t, ask(s, "POST", path, `{}`), 400, "neither x")
	want(t, ask(s, "POST", path, `{"x":[`+strings.Repeat("[1,2],", 10)+`[1,2]]}`), 400, "the 10 steps")

	// Tensors of the protocol, and bare values.
	want(t, ask(s, "POST", "/v2/models/acc/sessions/b/steps", `{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]}`), 200,
		`"parameters":{"sequence_step":2}`, `"shape":[2,2],"data":[1,2,4,6]`)
	want(t, ask(s, "POST", "/v2/models/acc/sessions/b/steps", `{"inputs":[{"name":"x","datatype":"FP32","shape":[11,2],"data":[`+strings.Repeat("1,", 21)+`1]}]}`), 400, "11 steps")
	w = ask(s, "POST", "/v2/models/acc/sessions/c/steps?step=1", floats(1, 2, 3, 4), "Content-Type", "application/octet-stream")
	want(t, w, 200)
	if w.Body.String() != floats(1, 2, 4, 6) || w.Header().Get("Recur-Steps") != "2" {
		t.Errorf("bare values gave %q, %s steps", w.Body, w.Header().Get("Recur-Steps"))
	}
	want(t, ask(s, "POST", "/v2/models/acc/sessions/c/steps", floats(1, 2, 3), "Content-Type", "application/octet-stream"), 400, "12 bytes")
	want(t, ask(s, "POST", "/v2/models/acc/sessions/c/steps?step=x", floats(1, 2), "Content-Type", "application/octet-stream"), 400, "step is 'x'")
}

// With quotas each token has sessions of its own, and only so many.
func TestQuotas(t *testing.T) {
	s := server(t, serve.Options{Tokens: []serve.Token{{Name: "ann", Secret: "one", Sessions: 2}, {Name: "bob", Secret: "two"}}}, accumulate(t, 1, session.TableOptions{}))
	const all = "/v2/models/acc/sessions"
	do := func(secret, method, path, body string, status int, parts ...string) {
		t.Helper()
		want(t, ask(s, method, path, body, "Authorization", "Bearer "+secret), status, parts...)
	}
	do("one", "POST", all+"/a/steps", `{"x":[1]}`, 200, `[[1]]`)
	do("two", "POST", all+"/a/steps", `{"x":[5]}`, 200, `[[5]]`)
	do("one", "POST", all+"/a/steps", `{"x":[1]}`, 200, `[[2]]`)
	do("one", "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"b","sequence_start":true`), 200, `[1]`)
	do("one", "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"c","sequence_start":true`), 429, `"code":"quota"`)
	do("one", "POST", all+"/a/fork", "", 429)
	do("one", "POST", all, "", 429)
	do("one", "PUT", all+"/c", "", 429)
	do("one", "POST", all+"/a/steps", `{"x":[1]}`, 200, `[[3]]`)
	do("two", "GET", all+"/b", "", 404)
	do("one", "GET", all, "", 200, `"id":"a"`, `"id":"b"`)
	w := ask(s, "GET", all, "", "Authorization", "Bearer two")
	if n := strings.Count(w.Body.String(), `"id"`); n != 1 {
		t.Errorf("bob sees %d sessions: %s", n, w.Body)
	}
	do("one", "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"b","sequence_end":true`), 200)
	do("one", "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"c","sequence_start":true`), 200)
	do("one", "DELETE", all+"/c", "", 204)
	do("one", "POST", all, "", 201)
	do("two", "DELETE", all+"/c", "", 404)
	for range 5 {
		do("two", "POST", all, "", 201)
	}
}

// Where states are for administrators, sessions are still stepped and listed by all.
func TestAdminStates(t *testing.T) {
	s := server(t, serve.Options{AdminStates: true}, accumulate(t, 1, session.TableOptions{}))
	const path = "/v2/models/acc/sessions/a"
	want(t, ask(s, "POST", path+"/steps", `{"x":[1]}`), 200)
	want(t, ask(s, "GET", path, "", "Accept", "application/octet-stream"), 403, "administration")
	w := ask(s.Admin(), "GET", path, "", "Accept", "application/octet-stream")
	want(t, w, 200)
	want(t, ask(s, "PUT", path, w.Body.String()), 403, "administration")
	want(t, ask(s.Admin(), "PUT", path, w.Body.String()), 200)
	want(t, ask(s, "GET", path, ""), 200, `"steps":1`)
}

// Sessions that are in the store alone are listed too.
func TestSessionsInTheStoreAreListed(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{Store: session.NewMemory(), Max: 1}))
	for _, id := range []string{"a", "b"} {
		want(t, ask(s, "POST", "/v2/models/acc/sessions/"+id+"/steps", `{"x":[1]}`), 200)
	}
	want(t, ask(s, "GET", "/v2/models/acc/sessions", ""), 200, `{"id":"a","used":"`, `"where":"store"}`, `{"id":"b","steps":1,"used":"`, `"where":"memory"}`)
	want(t, ask(s, "GET", "/v2/models/acc/sessions/a", ""), 200, `"steps":1`)
}
