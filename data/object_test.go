package data_test

import (
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func TestObject(t *testing.T) {
	for in, want := range map[string]int{
		`{}`: 0, ` { "a" : 1 } `: 1, `{"a": [1, {"b": 2, "c": 3}], "d": {"a": ",", "e": 4}}`: 2,
		`{"a,\"b": "}", "c\\": "{,"}`: 2, `{"": 1, "a": 2}`: 2, `{"": 1}`: 1,
	} {
		if row, err := data.Object([]byte(in)); err != nil || len(row) != want {
			t.Errorf("%s: %q, %v, want %d keys", in, row, err, want)
		}
	}
	for in, want := range map[string]string{
		`{"a": 1, "b": {}, "a": 2}`: `the key "a" appears twice`, `{"a": 1, "\u0061": 2}`: `"a" appears twice`,
		`{"a": 1} x`: "after top-level value", `{"a": 1`: "unexpected end", `[1]`: "type array", `null`: "null", ``: "unexpected end",
	} {
		if row, err := data.Object([]byte(in)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "json.") {
			t.Errorf("%s: %q, %v, want an error with %q", in, row, err, want)
		}
	}
}

// A row of JSON lines is one object, each key of it once.
func TestJSONLinesAreObjects(t *testing.T) {
	for _, row := range []string{`{"ds": 2, "y": 1, "y": 2}`, `{"ds": 2, "y": 1} {"ds": 3, "y": 1}`} {
		in := `{"ds": 1, "y": 1}` + "\n" + row + "\n"
		if _, err := data.ReadJSON(strings.NewReader(in), "a.jsonl", data.Options{}); err == nil || !strings.Contains(err.Error(), "row 2") {
			t.Errorf("%s: %v", row, err)
		}
	}
}
