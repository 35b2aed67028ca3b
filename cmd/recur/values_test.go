package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange"
)

func TestFromJSON(t *testing.T) {
	for in, want := range map[string]string{
		"[[1, 2]]\n": "[1 2]", "[1.5, 2]": "[2]", "3": "[]", `["a"]`: "[1]", "[true]": "[1]",
	} {
		if got, err := fromJSON([]byte(in)); err != nil || fmt.Sprint(got.Shape) != want {
			t.Errorf("%s: %v, %v, want the shape %s", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"[[1, 2]] garbage": "line 1, column 9: something follows the value", "[1,\n2]\n\n[3]": "line 4",
		"[[1, 2]": "ends too early", "": "it is empty", "[1,\nx]": "line 2", "[1, null]": "null is not a number",
		"[1e999]": "out of the range", "[{}]": "an object stands", "[[1], [1, 2]]": "a list of 2", "[1, true]": "mixed", "[[1], 2]": "2 stands where",
	} {
		if got, err := fromJSON([]byte(in)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "json.") {
			t.Errorf("%s: %v, %v, want an error with %q", in, got, err, want)
		}
	}
}

func TestFromCSV(t *testing.T) {
	v := interchange.TensorInfo{}
	if got, err := fromCSV([]byte("a,b\n1,2\n3,nan\n"), v); err != nil || fmt.Sprint(got.Shape) != "[2 2]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, in := range []string{"1,2\n3,1e999\n", "1e999,1\n2,3\n", "1,2\n3,x\n", "1,2\n3\n"} {
		if got, err := fromCSV([]byte(in), v); err == nil {
			t.Errorf("%q: %v was read", in, got)
		}
	}
}
