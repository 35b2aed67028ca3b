package data_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/recur-go/recur/data"
)

func TestOpen(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, "some text")
	z.Close()
	dir := t.TempDir()
	for name, content := range map[string]string{"plain": "some text", "packed": packed.String(), "cut": packed.String()[:20], "broken": "\x1f\x8bno", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) (string, error) {
		f, err := data.Open(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for name, want := range map[string]string{"plain": "some text", "packed": "some text", "empty": ""} {
		if got, err := read(name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	var bad *data.Error
	for _, name := range []string{"broken", "."} {
		if _, err := read(name); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read("cut"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	if _, err := read("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
}

// A packed file that is cut short is bad data, in all formats; what failed to be read for
// another reason keeps its error.
func TestCutShort(t *testing.T) {
	for ending, content := range map[string]string{
		".csv":   "ds,y\n" + strings.Repeat("2024-01-01,1.5\n", 20000),
		".jsonl": strings.Repeat(`{"ds": 1, "y": 2}`+"\n", 20000),
		".tsf":   "@attribute series_name string\n@data\n" + strings.Repeat("T1:1,2,3,4,5\n", 20000),
	} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		io.WriteString(z, content)
		z.Close()
		path := filepath.Join(t.TempDir(), "cut"+ending+".gz")
		if err := os.WriteFile(path, packed.Bytes()[:packed.Len()/2], 0o666); err != nil {
			t.Fatal(err)
		}
		var bad *data.Error
		_, err := data.ReadFile(path, data.Options{})
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), "cut"+ending) || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%s: %v", ending, err)
		}
	}
	lost := errors.New("the line is dead")
	for name, in := range map[string]io.Reader{"at once": iotest.ErrReader(lost), "later": io.MultiReader(strings.NewReader("ds,y\n1,2\n"), iotest.ErrReader(lost))} {
		if _, err := data.ReadCSV(in, "a", data.Options{}); !errors.Is(err, lost) {
			t.Errorf("CSV %s: %v", name, err)
		}
	}
	if _, err := data.ReadTSF(iotest.ErrReader(lost), "a", data.Options{}); !errors.Is(err, lost) {
		t.Errorf("TSF: %v", err)
	}
	for _, head := range []string{"", "\x00\x00\x08\x01", "\x00\x00\x08\x01\x00\x00\x00\x09a"} {
		if _, err := data.ReadIDX(io.MultiReader(strings.NewReader(head), iotest.ErrReader(lost)), 0); !errors.Is(err, lost) {
			t.Errorf("IDX after %q: %v", head, err)
		}
	}
}

// A program that lacks the reader of Parquet names what to import.
func TestParquetWithoutItsPackage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(path, []byte("PAR1\x15\x04PAR1"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := data.ReadFile(path, data.Options{}); err == nil || !strings.Contains(err.Error(), "import data/parquet") {
		t.Errorf("%v", err)
	}
}
