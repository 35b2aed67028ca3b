package data_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func TestLines(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("a\nb\n"))
	z.Close()
	for in, want := range map[string][]string{
		"":                       nil,
		"a":                      {"a"},
		"a\n\nb\n":               {"a", "", "b"},
		"a\r\nb\r\n":             {"a", "b"},
		"\xef\xbb\xbf가\rb \"x\n": {"가", "b \"x"},
		packed.String():          {"a", "b"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(in), 0o666); err != nil {
			t.Fatal(err)
		}
		var got []string
		var err error
		for n, line := range data.Lines(path, &err) {
			if got = append(got, line); n != len(got) {
				t.Errorf("%q: line %d has the number %d", in, len(got), n)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
		for range data.Lines(path, &err) {
			break
		}
		if err != nil {
			t.Errorf("%q: %v after stopping", in, err)
		}
	}
	for in, want := range map[string]string{
		"a\nb\xffc\n":                       "row 2: is not UTF-8",
		"\xff\xfea\x00":                     "UTF-16",
		"a\n" + strings.Repeat("x", 10<<20): "row 2: is longer than",
		packed.String()[:packed.Len()-6]:    "row 3: is cut short or damaged: unexpected EOF",
		"\x1f\x8bnot":                       "is damaged gzip",
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(in), 0o666); err != nil {
			t.Fatal(err)
		}
		var err error
		for range data.Lines(path, &err) {
		}
		var bad *data.Error
		if !errors.As(err, &bad) || bad.File != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: %v, want %s", in, err, want)
		}
	}
}
