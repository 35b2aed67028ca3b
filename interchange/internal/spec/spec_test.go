package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
)

func TestUnmarshal(t *testing.T) {
	type module struct {
		Module string `json:"module"`
		Last   bool   `json:"last"`
	}
	var m module
	if g, err := Unmarshal([]byte(`{"module": "lstm", "last": true}`), &m); g != nil || err != nil || m != (module{"lstm", true}) {
		t.Errorf("%v, %+v, %v", g, m, err)
	}
	g, err := Unmarshal([]byte(`{"from": ["a", "b"], "concat": {}}`), &m)
	if err != nil || g == nil || len(g.From) != 2 {
		t.Fatalf("%+v, %v", g, err)
	}
	if _, ok := g.Op.(*graph.Concat); !ok {
		t.Errorf("the layer is a %T", g.Op)
	}
	for text, says := range map[string]string{
		`{"module": "lstm", "lats": true}`: "lats",
		`{"module": 3}`:                    "module",
		`{"no such layer": {}}`:            "no such layer",
		`[]`:                               "array",
	} {
		if _, err := Unmarshal([]byte(text), &m); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestError(t *testing.T) {
	e := Errorf("torch", "fc", "it lacks its %s", "weight").With(1)
	if want := `torch: module "fc": it lacks its weight`; e.Error() != want || e.Spec != 1 || !errors.Is(e, fault.Model) {
		t.Errorf("got %v with spec %v, want %s", e, e.Spec, want)
	}
	e.Path, e.Module = "net.pt", ""
	if want := "torch: net.pt: it lacks its weight"; e.Error() != want {
		t.Errorf("got %v, want %s", e, want)
	}
}
