package translate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func TestPairs(t *testing.T) {
	want := []Pair{{"가 나", "a \"b"}, {"다", "c"}}
	for name, c := range map[string]struct {
		cfg   Config
		files map[string]string // in order of their names
	}{
		"parallel":    {Config{}, map[string]string{"1.ko": "가 나\n다\n", "2.en": "a \"b\nc\n"}},
		"gzip":        {Config{}, map[string]string{"1.ko.gz": zipped("가 나\n다\n"), "2.en.gz": zipped("a \"b\nc")}},
		"windows":     {Config{}, map[string]string{"1": "\ufeff가 나\r\n다\r\n", "2": "a \"b\r\nc\r\n"}},
		"two pairs":   {Config{}, map[string]string{"1": "가 나", "2": "a \"b", "3": "다", "4": "c"}},
		"tsv":         {Config{}, map[string]string{"1.tsv": "# made by hand\n가 나\ta \"b\n\n다\tc\n"}},
		"tabs":        {Config{}, map[string]string{"1.txt": "가 나\ta \"b\tby me\n다\tc\tby you\n"}},
		"header":      {Config{}, map[string]string{"1.tsv": "id\ttgt\tsrc\n1\ta \"b\t가 나\n2\tc\t다\n"}},
		"names":       {Config{Source: "ko", Target: "en"}, map[string]string{"1.tsv": "en\tko\na \"b\t가 나\nc\t다\n"}},
		"numbers":     {Config{Source: "3", Target: "2"}, map[string]string{"1.tsv": "1\ta \"b\t가 나\n2\tc\t다\n"}},
		"csv":         {Config{}, map[string]string{"1.csv": "source,target\n가 나,\"a \"\"b\"\n다,c\n"}},
		"json":        {Config{}, map[string]string{"1.jsonl": `{"source": "가 나", "target": "a \"b"}` + "\n" + `{"target": "c", "source": "다"}` + "\n"}},
		"json, gzip":  {Config{Source: "ko", Target: "en"}, map[string]string{"1.jsonl.gz": zipped(`{"ko": "가 나", "en": "a \"b"}` + "\n" + `{"ko": "다", "en": "c"}` + "\n")}},
		"empty sides": {Config{}, map[string]string{"1.tsv": "가 나\ta \"b\n\tx\ny\t\n다\tc\n"}},
		"mixed":       {Config{}, map[string]string{"1.tsv": "가 나\ta \"b\n", "2.ko": "다", "3.en": "c"}},
	} {
		dir := t.TempDir()
		for f, s := range c.files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(s), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		notes := 0
		got, err := c.cfg.pairs(files, func(string) { notes++ })
		if err != nil || !reflect.DeepEqual(got, want) || (notes > 0) != (name == "empty sides") {
			t.Errorf("%s: %q, %v, %d notes", name, got, err, notes)
		}
	}
}

// What is wrong with a file of pairs is said with file, row and remedy.
func TestBadPairs(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   Config
		files []string
		want  string
	}{
		"empty":             {Config{}, []string{""}, "is empty"},
		"header only":       {Config{}, []string{"source\ttarget\n"}, "has no pairs"},
		"one side":          {Config{}, []string{"a\nb\n"}, "name the file of the other side"},
		"lengths":           {Config{}, []string{"a\nb\nc\n", "x\n"}, "row 2: has 1 line"},
		"lengths, other":    {Config{}, []string{"a\n", "x\ny\nz\n"}, "row 2: has 3 lines"},
		"ragged":            {Config{}, []string{"a\tb\nc\td\te\n"}, "row 2: has 3 fields, but the first row has 2"},
		"tab lost":          {Config{}, []string{"a\tb\nc d\n"}, "row 2: has 1 field,"},
		"long":              {Config{}, []string{"a\tb\n" + strings.Repeat("x", 10<<20)}, "row 2: is longer than"},
		"not UTF-8":         {Config{}, []string{"a\tb\nc\xff\td\n"}, "row 2: is not UTF-8"},
		"UTF-16":            {Config{}, []string{"\xff\xfea\x00\t\x00"}, "UTF-16"},
		"broken gzip":       {Config{}, []string{zipped("a\tb\n")[:20]}, "unexpected EOF"},
		"blank":             {Config{}, []string{"a\t\n\tb\n"}, "has no pairs"},
		"no such column":    {Config{Source: "de", Target: "en"}, []string{"ko\ten\na\tb\n"}, `"de" is not the number of one`},
		"a column for two":  {Config{Source: "ko", Target: "KO"}, []string{"ko\ten\na\tb\n"}, "row 2: one column is named both as the source and as the target; name a column for each: --set source=NAME"},
		"a number for two":  {Config{Source: "2"}, []string{"a\tb\n"}, "one column is named both as the source and as the target"},
		"no such number":    {Config{Source: "3"}, []string{"a\tb\n"}, `"3" is not the number of one`},
		"other side broken": {Config{}, []string{"a\nb\n", "x\n\xff\n"}, "row 2: is not UTF-8"},
	} {
		var files []string
		for _, s := range c.files {
			files = append(files, write(t, "f", s))
		}
		_, err := c.cfg.pairs(files, nil)
		var bad *data.Error
		if !errors.As(err, &bad) || bad.File == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for name, want := range map[string]string{
		"1.csv\nsource,target\na,\"b\n":                          "quotation mark",
		"1.csv\nde,en\na,b\n":                                    "",
		"1.jsonl\n{\"de\": \"a\", \"en\": \"b\"}\n":              "none is named source or src",
		"1.jsonl\n{\"source\": \"a\", \"target\": \"b\"}\n[1]\n": "row 2: is not a JSON object",
		"1.jsonl\n{\"source\": \"a\"}\n":                         "none is named target or tgt",
	} {
		file, s, _ := strings.Cut(name, "\n")
		_, err := new(Config).pairs([]string{write(t, file, s)}, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	if _, err := new(Config).pairs([]string{"nowhere.txt"}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Whatever a file holds, reading it ends with pairs or an error.
func FuzzPairs(f *testing.F) {
	for _, s := range []string{"a\tb\n", "a\nb\n", "source\ttarget\nx\ty", `{"source": "a", "target": "b"}`, "\xff\xfe", "a,b\n\"c"} {
		f.Add(s, ".txt")
		f.Add(s, ".csv")
		f.Add(s, ".jsonl")
	}
	f.Fuzz(func(t *testing.T, s, ext string) {
		if len(ext) > 8 || strings.ContainsAny(ext, "/\x00") {
			return
		}
		path := write(t, "f"+ext, s)
		pairs, err := new(Config).pairs([]string{path, path}, nil)
		if err == nil && len(pairs) == 0 {
			t.Error("no pairs and no error")
		}
	})
}
