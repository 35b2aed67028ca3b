package spec

import (
	"strings"
	"testing"

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
