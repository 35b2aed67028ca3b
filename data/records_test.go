package data_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func file(t testing.TB, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	if strings.HasSuffix(name, ".gz") {
		var b strings.Builder
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		text = b.String()
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows reads all, as columns|row: field|field.
func rows(path string) (all []string, err error) {
	err = data.Records(path, func(first []string) bool { return first[0] == "mr" }, func(columns []string, r data.Record) error {
		all = append(all, fmt.Sprintf("%s %d: %s", strings.Join(columns, "|"), r.Row, strings.Join(r.Fields, "|")))
		return nil
	})
	return all, err
}

func TestRecords(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "mr,ref\n\"x, y\",two\r\n\"a \"\"b\"\"\nc\",d\n", "mr|ref 2: x, y|two / mr|ref 3: a \"b\"\nc|d"},
		{"a.csv", "\ufeffmr;ref\nx;y", "mr|ref 2: x|y"},
		{"a.csv", "sep=;\nmr;ref\nx;y\n", "mr|ref 3: x|y"},
		{"a.csv", "x,y\nz,w\n", " 1: x|y /  2: z|w"},
		{"a.csv.gz", "mr,ref\nx,y", "mr|ref 2: x|y"},
		{"a.tsv", "x, \"y\t1\n\nz\"\t2\n", " 1: x, \"y|1 /  3: z\"|2"},
		{"a.jsonl", "{\"mr\": \"x\", \"n\": [1, 2]}\n\n{\"n\": null}\n", "mr|n 1: x|[1, 2] / mr|n 3: |"},
	} {
		got, err := rows(file(t, c.name, c.text))
		if s := strings.Join(got, " / "); err != nil || s != c.want {
			t.Errorf("%s %q: %q, %v, want %q", c.name, c.text, s, err, c.want)
		}
	}
}

func TestBadRecords(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"a.csv", "", "empty"},
		{"a.csv", " \n", "empty"},
		{"a.csv", "mr,ref\nx,y\nz\n", "row 3: has 1 field"},
		{"a.csv", "mr,ref\n\"x,y\n", "row 2: a quotation mark"},
		{"a.csv", "m\x00r\x00", "UTF-16"},
		{"a.csv", "mr,ref\nx,\xff\n", "row 2: column ref"},
		{"a.csv", "mr,ref\n" + strings.Repeat("x", 2<<20), "row 2: is longer"},
		{"a.tsv", "a\tb\n" + strings.Repeat("x", 2<<20), "row 2: is longer"},
		{"a.csv", "PK\x03\x04", "spreadsheet"},
		{"a.csv", "\x1f\x8bxx", "gzip"},
		{"a.jsonl", "[1]\n", "row 1: is not a JSON object"},
		{"a.jsonl", "{\"a\": 1}\n{\"b\": 1}\n", "row 2: column b"},
		{"a.jsonl", "{\"a\": 1, \"a\": 2}\n", "column a: appears twice"},
		{"a.jsonl", "{\"a\": ", "row 1"},
		{"a.jsonl", "\n{}\n", "row 2: is an object without keys"},
	} {
		path := file(t, c.name, c.text)
		_, err := rows(path)
		var e *data.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s %.20q: %v, want %q", c.name, c.text, err, c.says)
		}
	}
	if _, err := rows(t.TempDir()); err == nil {
		t.Error("a directory was read")
	}
	if err := data.Records(file(t, "a.csv", "x,y\n"), func([]string) bool { return false }, func([]string, data.Record) error {
		return &data.Error{Column: "c", Reason: "is wrong"}
	}); err == nil || !strings.Contains(err.Error(), "a.csv: row 1: column c: is wrong") {
		t.Error(err)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add("mr,ref\n\"x\",y\n", ".csv")
	f.Add("{\"a\": \"b\"}\n", ".jsonl")
	f.Add("a\tb\n", ".tsv")
	f.Fuzz(func(t *testing.T, text, ext string) {
		if !slices.Contains([]string{".csv", ".tsv", ".jsonl"}, ext) {
			return
		}
		width := -1
		_ = data.Records(file(t, "f"+ext, text), func([]string) bool { return true }, func(columns []string, r data.Record) error {
			if width < 0 {
				width = len(r.Fields)
			}
			if len(r.Fields) != width || len(columns) != width || r.Row < 1 {
				t.Errorf("%v of %v", r, columns)
			}
			return nil
		})
	})
}

func ExampleRecords() {
	path := filepath.Join(os.TempDir(), "example-records.csv")
	if err := os.WriteFile(path, []byte("mr,ref\n\"name[The Vaults], food[English]\",The Vaults is English.\n"), 0o666); err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(path)
	hasHeader := func(first []string) bool { return true }
	err := data.Records(path, hasHeader, func(columns []string, r data.Record) error {
		fmt.Println(r.Row, columns[1], r.Fields[1])
		return nil
	})
	fmt.Println(err)
	// Output:
	// 2 ref The Vaults is English.
	// <nil>
}
