package serve_test

import (
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// The holder of a session is found whatever has become of the version that was the highest a
// moment ago.
func TestHolder(t *testing.T) {
	version := func(n string, sessions *session.Table) *serve.Model {
		return &serve.Model{Name: "acc", Version: n, Sessions: sessions}
	}
	a, b := accumulate(t, 1, session.TableOptions{}).Sessions, accumulate(t, 1, session.TableOptions{}).Sessions
	s := server(t, serve.Options{}, version("1", a))
	holds := func(m *serve.Model, id, want string) {
		t.Helper()
		if got := s.Holder(t.Context(), m, id); got.Version != want {
			t.Errorf("version %s holds session %s, want %s", got.Version, id, want)
		}
	}
	for id, table := range map[string]*session.Table{"in a": a, "in b": b} {
		if err := table.Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	one := s.Models()[0]
	s.Retire("acc", "1")
	holds(one, "in a", "1")
	if err := s.Add(version("2", b)); err != nil {
		t.Fatal(err)
	}
	two := s.Models()[0]
	for _, m := range []*serve.Model{one, two} {
		holds(m, "in a", "1")
		holds(m, "in b", "2")
		holds(m, "new", m.Version)
	}
	s.Retire("acc", "2")
	holds(two, "in a", "1")
	if err := s.Replace("1", version("3", a)); err != nil { // with the sessions of 1
		t.Fatal(err)
	}
	holds(two, "in a", "3")
	holds(two, "in b", "2")
	s.Restore("acc", "2") // is one of the others then, which is named by who wants it
	holds(s.Models()[0], "in b", "3")
}

// A sequence that begins anew begins in the highest version, and nothing is left of it in the
// retired one.
func TestStartLeavesTheRetired(t *testing.T) {
	one, two := accumulate(t, 1, session.TableOptions{}), accumulate(t, 1, session.TableOptions{})
	two.Version = "2"
	s := server(t, serve.Options{}, one)
	send := func(x, params, answer, version string) {
		t.Helper()
		want(t, ask(s, "POST", "/v2/models/acc/infer", step(x, `"sequence_id":"a",`+params)), 200, answer, `"model_version":"`+version+`"`)
	}
	send("1", `"sequence_start":true`, `"data":[1]`, "1")
	s.Retire("acc", "1")
	if err := s.Add(two); err != nil {
		t.Fatal(err)
	}
	send("1", `"sequence_start":false`, `"data":[2]`, "1")
	send("5", `"sequence_start":true`, `"data":[5]`, "2")
	if n := one.Sessions.Len(); n != 0 {
		t.Errorf("%d sessions are left in the retired version", n)
	}
	send("5", `"sequence_end":true`, `"data":[10]`, "2")
	want(t, ask(s, "POST", "/v2/models/acc/infer", step("1", `"sequence_id":"a"`)), 400, "START")
}
