package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	var config struct {
		Layers []struct{ Units int } `json:"layers"`
	}
	kind := json.Unmarshal([]byte(`{"layers": 3}`), &config)
	inner := json.Unmarshal([]byte(`{"layers": [{"Units": "x"}]}`), &config)
	whole := json.Unmarshal([]byte(`[]`), &config)
	ends := json.Unmarshal([]byte(`{"layers"`), &config)
	bad := func(text string) error {
		var v any
		return fmt.Errorf("a: %w; b", json.Unmarshal([]byte(text), &v))
	}
	_, value := json.Marshal(math.NaN())
	_, number := strconv.Atoi("x" + strings.Repeat("y", 1000))
	_, large := strconv.ParseFloat("1e999", 64)
	for want, err := range map[string]error{
		"a: layers takes a list, not a number":                   fmt.Errorf("a: %w", kind),
		"a: layers.Units takes a whole number, not text":         fmt.Errorf("a: %w", inner),
		"the JSON takes names with values, not a list":           whole,
		"a: it ends too early; b":                                fmt.Errorf("a: %w; b", ends),
		"a: it ends too early":                                   fmt.Errorf("a: %w", io.ErrUnexpectedEOF),
		"a number is NaN, which JSON does not have":              value,
		`a: "x` + strings.Repeat("y", 58) + `…" is not a number`: fmt.Errorf("a: %w", number),
		`"1e999" is too large or too small a number`:             large,
		"no file: absent":                                        &fs.PathError{Op: "lstat", Path: "no file", Err: errors.New("absent")},
		"b.csv: absent":                                          fmt.Errorf("b.csv: %w", &fs.PathError{Op: "open", Path: "b.csv", Err: errors.New("absent")}),
		"a: 'e' is out of place; b":                              bad("text"),
		"a: 'x' is out of place; b":                              bad(`{"a": x}`),
		"a: '}' is out of place; b":                              bad(`{"a"}`),
		"a: ']' is out of place; b":                              bad(`{"a": 1]`),
		"a: '2' is out of place; b":                              bad(`[1 2]`),
		"a: '3' is out of place; b":                              bad(`{} 3`),
		`a: '\'' is out of place; b`:                             bad(`{'a': 1}`),
		"a: 'q' is out of place; b":                              bad(`"\q"`),
		"a: 'z' is out of place; b":                              bad(`"\uzzzz"`),
		"a: '-' is out of place; b":                              bad(`--1`),
		`a: '\n' is out of place; b`:                             bad("\"\n\""),
		"row 3: nothing of Go":                                   errors.New("row 3: nothing of Go"),
	} {
		if got := plain(err); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestShortened(t *testing.T) {
	long := strings.Repeat("x", 100000)
	for text, want := range map[string]string{
		"short \"x\"":                          "short \"x\"",
		"--set a=" + long + ": no b":           "--set a=" + strings.Repeat("x", 48) + "…" + strings.Repeat("x", 19) + ": no b",
		"begin with\n{\"a\":\"" + long + "\"}": "begin with\n{\"a\":\"" + long + "\"}",
	} {
		if got := shortened(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestHintOnce(t *testing.T) {
	for text, want := range map[string]string{
		"a; give b": "a; give b",
		"row 1: a; give b\nrow 2: a; give b\nand 3 more": "row 1: a; give b\nrow 2: a\nand 3 more",
		"row 1: a; give b\nrow 2: c; give d":             "row 1: a; give b\nrow 2: c; give d",
		"row 1: a\nrow 2: b":                             "row 1: a\nrow 2: b",
	} {
		if got := hintOnce(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
