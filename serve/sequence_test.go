package serve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// What Triton answers to START, END and ids.
func TestSequencesFollowTriton(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	for i, c := range []struct {
		x, params string
		status    int
		part      string
	}{
		{"1", ``, 400, "must specify a non-zero or non-empty correlation ID"},
		{"1", `"sequence_id":0,"sequence_start":true`, 400, "must specify a non-zero or non-empty correlation ID"},
		{"1", `"sequence_id":""`, 400, "must specify a non-zero or non-empty correlation ID"},
		{"1", `"sequence_id":5`, 400, "inference request for sequence 5 to model 'acc' must specify the START flag on the first request of the sequence"},
		{"1", `"sequence_id":5,"sequence_end":true`, 400, "must specify the START flag"},
		{"1", `"sequence_id":5,"sequence_start":true`, 200, `"data":[1]`},
		{"2", `"sequence_id":5`, 200, `"data":[3]`},
		{"7", `"sequence_id":5,"sequence_start":true`, 200, `"data":[7]`}, // begins anew
		{"1", `"sequence_id":5,"sequence_end":true`, 200, `"data":[8]`},
		{"1", `"sequence_id":5`, 400, "must specify the START flag"},
		{"4", `"sequence_id":6,"sequence_start":true,"sequence_end":true`, 200, `"data":[4]`},
		{"1", `"sequence_id":6`, 400, "must specify the START flag"},
		{"4", `"sequence_id":"a b","sequence_start":true`, 200, `"data":[4]`},
		{"4", `"sequence_id":"a b"`, 200, `"data":[8]`},
		{"4", `"sequence_id":18446744073709551615,"sequence_start":true`, 200, `"data":[4]`},
		{"1", `"sequence_id":18446744073709551616`, 400, "sequence_id"},
		{"1", `"sequence_id":-1`, 400, "sequence_id"},
		{"1", `"sequence_id":1.5`, 400, "sequence_id"},
		{"1", `"sequence_id":true`, 400, "sequence_id"},
		{"1", `"sequence_id":"a","sequence_start":1`, 400, "sequence_start"},
		{"1", `"sequence_id":"` + strings.Repeat("x", 257) + `"`, 400, "256"},
		{"1", `"sequence_id":"a\u0001"`, 400, "control"},
	} {
		w := ask(s, "POST", "/v2/models/acc/infer", step(c.x, c.params))
		if want(t, w, c.status, c.part); t.Failed() {
			t.Fatalf("request %d: %s", i, c.params)
		}
	}
	w := ask(s, "POST", "/v2/models/acc/infer", `{"parameters":{"sequence_id":1,"sequence_start":true},"inputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[1,2]}]}`)
	want(t, w, 400, "must specify batch-size 1 due to requirements of sequence batcher")
	w = ask(s, "POST", "/v2/models/acc/infer", `{"parameters":{"sequence_id":1,"sequence_start":true},"inputs":[{"name":"x","datatype":"FP32","shape":[0,1],"data":[]}]}`)
	want(t, w, 400, "no row")
}

// A step with a number can be sent again: it is done once and answered alike.
func TestStepsAreSafeToRepeat(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	send := func(x string, n int, status int, parts ...string) {
		t.Helper()
		want(t, ask(s, "POST", "/v2/models/acc/infer", step(x, fmt.Sprintf(`"sequence_id":"a","sequence_step":%d`, n))), status, parts...)
	}
	send("1", 1, 200, `"data":[1]`, `"sequence_step":1`)
	send("2", 2, 200, `"data":[3]`, `"sequence_step":2`)
	send("2", 2, 200, `"data":[3]`, `"sequence_step":2`)
	send("2", 1, 409, `"code":"step"`, `"have":2`)
	send("2", 5, 409, `"have":2`)
	send("4", 3, 200, `"data":[7]`)
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"b","sequence_step":9`)), 400, "must specify the START flag")
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"a","sequence_step":18446744073709551615`)), 409, `"have":3`)
}

// The last step of a sequence can be sent again too, if it has a number; without one it is that
// of a sequence that has not begun.
func TestEndIsSafeToRepeat(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	send := func(x, params string, status int, parts ...string) {
		t.Helper()
		want(t, ask(s, "POST", "/v2/models/acc/infer", step(x, params)), status, parts...)
	}
	send("1", `"sequence_id":"a","sequence_step":1`, 200, `"data":[1]`)
	for range 3 {
		send("2", `"sequence_id":"a","sequence_step":2,"sequence_end":true`, 200, `"data":[3]`, `"sequence_step":2`)
	}
	send("2", `"sequence_id":"a","sequence_step":2`, 400, "must specify the START flag")
	send("2", `"sequence_id":"a","sequence_end":true`, 400, "must specify the START flag")

	send("1", `"sequence_id":"b","sequence_step":1`, 200, `"data":[1]`)
	send("1", `"sequence_id":"b","sequence_step":1,"sequence_end":true`, 200, `"data":[1]`) // ends it
	send("2", `"sequence_id":"b","sequence_step":2`, 400, "must specify the START flag")

	for range 2 {
		want(t, ask(s, "POST", "/v2/models/acc/sessions/c/steps", `{"x":[4],"step":1,"end":true}`), 200, `"y":[[4]]`)
	}
}

// A repeated end gives a token no room for one more session.
func TestRepeatedEndAndQuota(t *testing.T) {
	s := server(t, serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "x", Sessions: 2}}}, accumulate(t, 1, session.TableOptions{}))
	send := func(params string, status int) {
		t.Helper()
		want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", params), "Authorization", "Bearer x"), status)
	}
	send(`"sequence_id":"1","sequence_start":true`, 200)
	send(`"sequence_id":"2","sequence_step":1`, 200)
	for range 3 {
		send(`"sequence_id":"2","sequence_step":2,"sequence_end":true`, 200)
	}
	send(`"sequence_id":"3","sequence_start":true`, 200)
	send(`"sequence_id":"4","sequence_start":true`, 429)
}

func TestImplicitStart(t *testing.T) {
	m := accumulate(t, 1, session.TableOptions{})
	m.ImplicitStart = true
	s := server(t, serve.Options{}, m)
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":5`)), 200, `"data":[1]`)
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":5`)), 200, `"data":[2]`)
}

// An input that is no number is an error of its session alone, which stays as it was.
func TestNotANumberChangesNothing(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("3", `"sequence_id":1,"sequence_start":true`)), 200, `"data":[3]`)
	nan := "\x00\x00\xc0\x7f"
	head := `{"parameters":{"sequence_id":1},"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":4}}]}`
	w := ask(s, "POST", "/v2/models/acc/infer", head+nan, "Inference-Header-Content-Length", fmt.Sprint(len(head)))
	want(t, w, 400, `"code":"not_a_number"`)
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("3", `"sequence_id":1`)), 200, `"data":[6]`)
}

// A model that panics is an error of the request, and what it was told is not told to clients.
func TestModelThatPanics(t *testing.T) {
	s := server(t, serve.Options{}, accumulate(t, 1, session.TableOptions{}))
	w := ask(s, "POST", "/v2/models/acc/infer", step("666", `"sequence_id":1,"sequence_start":true`))
	want(t, w, 500)
	if strings.Contains(w.Body.String(), "666") {
		t.Errorf("a client is told what the model panicked with: %s", w.Body)
	}
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("3", `"sequence_id":2,"sequence_start":true`)), 200, `"data":[3]`)
}
