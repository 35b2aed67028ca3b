package labelled_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
)

// read lists the examples of a file, each as text.
func read(t testing.TB, name, content string, o labelled.Options) ([]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	var all []string
	for e, err := range labelled.Read([]string{path}, o) {
		if err != nil {
			return all, err
		}
		all = append(all, show(e))
	}
	return all, nil
}

func show(e labelled.Example) string {
	s := e.Text
	switch {
	case e.Tokens != nil:
		s = fmt.Sprintf("%q", e.Tokens)
	case e.Pixels != nil:
		s = fmt.Sprint(e.Pixels, "/", e.Width)
	case e.Width > 0:
		s = fmt.Sprint(e.X, "/", e.Width)
	}
	if e.Part {
		s += " part"
	}
	return fmt.Sprintf("%d %s %q", e.Row, s, e.Labels)
}

func TestFormats(t *testing.T) {
	series := labelled.Options{Series: true}
	tags := labelled.Options{PerStep: true}
	many := labelled.Options{Many: true}
	for _, c := range []struct {
		what, name, content string
		o                   labelled.Options
		want                []string
	}{
		{"CSV", "a.csv", "id,text,label\n1,\"so, good\",yes\n2,bad,no\n", labelled.Options{}, []string{`2 so, good ["yes"]`, `3 bad ["no"]`}},
		{"byte order mark, CRLF", "a.csv", "\ufeffreview,stars\r\nfine,4\r\n", labelled.Options{Text: "review", Label: "stars"}, []string{`2 fine ["4"]`}},
		{"old Mac, semicolons", "a.csv", "label;text\rgood;fine\rbad;not, so\r", labelled.Options{}, []string{`2 fine ["good"]`, `3 not, so ["bad"]`}},
		{"line in quotes", "a.csv", "text,label\n\"two\nlines\",a\nx,b\n", labelled.Options{}, []string{"2 two\nlines [\"a\"]", `4 x ["b"]`}},
		{"TSV without quotes", "ratings.txt", "id\tdocument\tlabel\n1\t\"\"so\" good\t1\n2\t\t0\n", labelled.Options{}, []string{`2 ""so" good ["1"]`, `3  ["0"]`}},
		{"TSV with quotes", "a.tsv", "text\tlabel\n\"so\tgood\"\t1\n", labelled.Options{Quotes: "on"}, []string{"2 so\tgood [\"1\"]"}},
		{"two columns, no header", "a.tsv", "a fine film\t1\nnothing new\t0\n", labelled.Options{}, []string{`1 a fine film ["1"]`, `2 nothing new ["0"]`}},
		{"label first", "a.csv", "ham,see you at noon\nspam,win money now\n", labelled.Options{}, []string{`1 see you at noon ["ham"]`, `2 win money now ["spam"]`}},
		{"lines", "trec.txt", "NUM:dist How far is it ?\n\nHUM:desc Who was he ?\n", labelled.Options{LabelCut: ":"}, []string{`1 How far is it ? ["NUM"]`, `3 Who was he ? ["HUM"]`}},
		{"plain", "a.txt", "so good\n\nbad\n", labelled.Options{Format: labelled.Plain, Unlabelled: true}, []string{`1 so good []`, `2  []`, `3 bad []`}},
		{"JSON", "a.jsonl", `{"text": "so", "label": 1}` + "\n" + `{"tokens": ["a", "b"], "label": true}` + "\n", labelled.Options{}, []string{`1 so ["1"]`, `2 ["a" "b"] ["true"]`}},
		{"many labels", "a.jsonl", `{"text": "so", "labels": ["x", "y"]}` + "\n" + `{"text": "no", "labels": []}` + "\n", many, []string{`1 so ["x" "y"]`, `2 no []`}},
		{"many labels in a cell", "a.csv", "text,label\na,x|y\nb,\n", many, []string{`2 a ["x" "y"]`, `3 b []`}},
		{"map", "a.csv", "text,label\na,0\nb,2\nc,4\n", labelled.Options{Map: map[string]string{"0": "neg", "4": "pos", "2": ""}}, []string{`2 a ["neg"]`, `4 c ["pos"]`}},
		{"tree", "sst.txt", "(3 (2 It) (4 (2 's) (4 good)))\n", labelled.Options{}, []string{`1 ["It" "'s" "good"] ["3"]`}},
		{"phrases", "sst.txt", "(3 (2 It) (4 good))\n", labelled.Options{Phrases: true}, []string{`1 ["It" "good"] ["3"]`, `1 ["It"] part ["2"]`, `1 ["good"] part ["4"]`}},
		{"CoNLL", "a.conll", "-DOCSTART- O\n\nSeoul NNP B-LOC\nshines VBZ O\n\nHe\tO\n", tags, []string{`3 ["Seoul" "shines"] ["B-LOC" "O"]`, `6 ["He"] ["O"]`}},
		{"tags in a table", "a.csv", "text,tags\nSeoul shines,LOC O\n", tags, []string{`2 Seoul shines ["LOC" "O"]`}},
		{"ts", "a.ts", "#c\n@problemName a\n@classLabel true x y\n@data\n1,2:3,4:x\n5,?:7,8:y\n", labelled.Options{}, []string{`5 [1 3 2 4]/2 ["x"]`, `6 [5 7 NaN 8]/2 ["y"]`}},
		{"wide series", "ecg.txt", "1,0.5,0.25\n2.0e+00,1,2\n", series, []string{`1 [0.5 0.25]/1 ["1"]`, `2 [1 2]/1 ["2"]`}},
		{"blanks", "cbf.txt", " 1.0  0.5 0.25\n 2.0  1.5\n", series, []string{`1 [0.5 0.25]/1 ["1"]`, `2 [1.5]/1 ["2"]`}},
		{"wide with header", "a.csv", "v1,v2,v3,class\n1,2,3,a\n4,5,,b\n", series, []string{`2 [1 2 3]/1 ["a"]`, `3 [4 5]/1 ["b"]`}},
		{"long", "a.csv", "id,t,u,v,label\np,1,1,2,a\np,2,3,4,a\nq,1,5,6,b\n", series, []string{`2 [1 2 3 4]/2 ["a"]`, `4 [5 6]/2 ["b"]`}},
		{"long, a label a step", "a.csv", "id,u,label\np,1,a\np,2,b\n", labelled.Options{Series: true, PerStep: true}, []string{`2 [1 2]/1 ["a" "b"]`}},
		{"wide with names", "a.csv", "id,v1,v2,label\np,1,2,a\nq,3,4,b\n", series, []string{`2 [1 2]/1 ["a"]`, `3 [3 4]/1 ["b"]`}},
		{"long by name", "a.csv", "who,u,label\np,1,a\nq,2,b\n", labelled.Options{Series: true, ID: "who"}, []string{`2 [1]/1 ["a"]`, `3 [2]/1 ["b"]`}},
		{"decimal commas", "a.csv", "id;u;label\np;1,5;a\n", series, []string{`2 [1.5]/1 ["a"]`}},
		{"constant and huge", "a.csv", "1,7,7\n2,1e30,-1e30\n", series, []string{`1 [7 7]/1 ["1"]`, `2 [1e+30 -1e+30]/1 ["2"]`}},
		{"series in JSON", "a.jsonl", `{"x": [[1, 2], [null, 4]], "label": "a"}` + "\n" + `{"x": [5], "label": "b"}` + "\n", series, []string{`1 [1 2 NaN 4]/2 ["a"]`, `2 [5]/1 ["b"]`}},
	} {
		got, err := read(t, c.name, c.content, c.o)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v\nwant %q", c.what, got, err, c.want)
		}
	}
}

const tsHead = "@problemName x\n@univariate true\n@seriesLength 2\n@classLabel true a b\n@data\n"

// Files of data that are wrong get an error with the place and a hint (the named
// cases of the design, and more).
func TestBadFiles(t *testing.T) {
	series := labelled.Options{Series: true}
	for _, c := range []struct {
		what, name, content string
		o                   labelled.Options
		want                string // in the error
	}{
		{"empty", "a.csv", "", labelled.Options{}, "is empty"},
		{"header only", "a.csv", "text,label\n", labelled.Options{}, "no examples"},
		{"ragged", "a.csv", "text,label\na,b\na,b,c\n", labelled.Options{}, "row 3: has 3 fields, but the first row has 2"},
		{"ragged TSV", "a.tsv", "text\tlabel\na\tb\tc\n", labelled.Options{}, "take tabs out"},
		{"ragged series", "a.csv", "id,u,label\np,1\n", series, "row 2: has 2 fields, but the header has 3"},
		{"10 MB in a line", "a.txt", "x " + strings.Repeat("ab ", 10<<20/3), labelled.Options{}, "longer than"},
		{"10 MB in a row", "a.csv", "text,label\n\"" + strings.Repeat("ab\n", 10<<20/3), labelled.Options{}, "longer than"},
		{"quotes unclosed", "a.csv", "text,label\n\"a,b\nc,d\n", labelled.Options{}, "quotation mark"},
		{"Inf", "a.csv", "1,2,inf\n", series, "column 3: \"inf\" is larger than 1e30"},
		{"1e308", "a.csv", "1,2,1e308\n", series, "larger than 1e30"},
		{"1e999", "a.csv", "1,2,1e999\n", series, "larger than 1e30"},
		{"text in number", "a.csv", "1,2,3\n1,two,3\n", series, "row 2: column 2: \"two\" is not a number"},
		{"thousands", "a.csv", "id,u,label\np,\"1,5\",a\n", series, "decimal points"},
		{"no steps", "a.csv", "1,2\n2,\n", series, "row 2: has no values"},
		{"UTF-16", "a.csv", "\xff\xfet\x00e\x00", labelled.Options{}, "UTF-16"},
		{"UTF-16 plain", "a.txt", "\xff\xfet\x00e\x00", labelled.Options{Format: labelled.Plain}, "UTF-16"},
		{"Latin-1", "a.csv", "text,label\ncaf\xe9,b\n", labelled.Options{}, "row 2: field 1 is not UTF-8"},
		{"Latin-1 lines", "a.txt", "x caf\xe9\n", labelled.Options{}, "row 1: is not UTF-8"},
		{"gzip cut short", "a.csv.gz", packed("text,label\na,b\n")[:20], labelled.Options{}, "cut short"},
		{"no gzip", "a.csv.gz", "\x1f\x8bxx", labelled.Options{}, "gzip"},
		{"spreadsheet", "a.csv", "PK\x03\x04....", labelled.Options{}, "save the table as CSV"},
		{"no label", "a.csv", "text,label\na,\n", labelled.Options{}, "row 2: column label: the label is empty"},
		{"columns unclear", "a.csv", "x,y,z\n1,2,3\n", labelled.Options{}, "not clear"},
		{"column not there", "a.csv", "text,label\na,b\n", labelled.Options{Label: "stars"}, "not clear"},
		{"one column", "a.csv", "abc\ndef\n", labelled.Options{}, "one column"},
		{"no text", "a.txt", "abc\n", labelled.Options{}, "row 1: has a label but no text"},
		{"not JSON", "a.jsonl", "{\"text\": \n", labelled.Options{}, "row 1: is not a JSON object"},
		{"JSON, no text", "a.jsonl", `{"label": "a"}`, labelled.Options{}, "is missing"},
		{"JSON, no label", "a.jsonl", `{"text": "a"}`, labelled.Options{}, "column label: is missing"},
		{"JSON, two labels", "a.jsonl", `{"text": "a", "label": ["x", "y"]}`, labelled.Options{}, "has 2 labels"},
		{"JSON, wrong label", "a.jsonl", `{"text": "a", "label": {"x": 1}}`, labelled.Options{}, "neither a label"},
		{"JSON, ragged steps", "a.jsonl", `{"x": [[1], [1, 2]], "label": "a"}`, series, "step 2 has 2 values"},
		{"JSON, words for numbers", "a.jsonl", `{"x": ["a"], "label": "a"}`, series, "not a list of numbers"},
		{"tree", "a.txt", "(1 (0 not) (1 bad)\n", labelled.Options{}, "is not a tree"},
		{"tree of nothing", "a.txt", "(1 (0) (1 bad))\n", labelled.Options{Format: labelled.Trees}, "is not a tree"},
		{"token without tag", "a.conll", "a X\nb\n", labelled.Options{PerStep: true}, "row 2: has a token but no label"},
		{"ts, times", "a.ts", "@timeStamps true\n@data\n", labelled.Options{}, "timestamps"},
		{"ts, no labels", "a.ts", "@classLabel false\n@data\n1:2\n", labelled.Options{}, "no labels"},
		{"ts, channels", "a.ts", "@classLabel true a\n@data\n1:2:a\n1:a\n", labelled.Options{}, "row 4: has 1 channel"},
		{"ts, lengths", "a.ts", "@classLabel true a\n@data\n1,2:2:a\n", labelled.Options{}, "column 2: has 1 value"},
		{"ts, no header", "a.ts", "1,2:2:a\n", labelled.Options{}, "before @data"},
		{"label changes", "a.csv", "id,u,label\np,1,a\np,2,b\n", series, "had the label"},
		{"series comes back", "a.csv", "id,u,label\np,1,a\nq,2,b\np,3,a\n", series, "continues after"},
		{"IDX cut short", "a.idx", "\x00\x00\x08\x03\x00\x00\x00\x02", series, "cut short"},
		{"IDX too large", "a.idx", "\x00\x00\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", series, "declares more"},
		{"images alone", "a.idx", "\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x05", series, "without labels"},
		{"IDX too long", "a.idx", "\x00\x00\x08\x01\x00\x00\x00\x01\x05\x06", series, "more bytes than the 1"},
		{"label that is not listed", "a.ts", tsHead + "1,2:a\n3,4:c\n", series, `row 7: "c" is not one of the labels that @classLabel lists: a b`},
		{"series too short", "a.ts", tsHead + "1,2:a\n3:b\n", series, "row 7: has 1 value, and @seriesLength is 2"},
		{"series too long", "a.ts", tsHead + "1,2,3:a\n", series, "row 6: has 3 values"},
		{"channels", "a.ts", tsHead + "1,2:1,2:a\n", series, "has 2 channels, but the header declares 1"},
		{"line of a header twice", "a.ts", "@problemName x\n@classLabel true a\n@classLabel false\n@data\n1:a\n", series, `"@classLabel" appears twice`},
		{"length of no number", "a.ts", "@seriesLength many\n@data\n1:a\n", series, "needs a whole number"},
		{"empty texts", "a.csv", "text,label\n,a\n \t,b\n", labelled.Options{}, "row 2: has an empty text, like every other row"},
		{"JSON, empty texts", "a.jsonl", `{"text": "", "label": "a"}`, labelled.Options{}, "has an empty text"},
		{"JSON, key twice", "a.jsonl", `{"text": "a", "label": "b", "te\u0078t": "c"}`, labelled.Options{}, `the key "text" appears twice`},
		{"JSON, more", "a.jsonl", `{"text": "a", "label": "b"} x`, labelled.Options{}, "is not a JSON object"},
		{"a column for two", "a.csv", "text,label\na,b\n", labelled.Options{Text: "label"}, `row 1: the column "label" is named both as the text column and as the label column; name a different column for each (--text, --label)`},
		{"the other for two", "a.tsv", "text\tlabel\na\tb\n", labelled.Options{Label: "Text"}, `the column "text" is named`},
		{"a key for two", "a.jsonl", `{"text": "a", "label": "b"}`, labelled.Options{Text: "text", Label: "text"}, "row 1: column text: is named both as the text column and as the label column"},
		{"a column for series and labels", "a.csv", "id,u,label\np,1,a\n", labelled.Options{Series: true, ID: "label"}, `the column "label" is named both as the series column and as the label column`},
		{"labels alone", "a.idx", "\x00\x00\x08\x01\x00\x00\x00\x01\x05", series, "have no images"},
	} {
		got, err := read(t, c.name, c.content, c.o)
		var bad *data.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || bad.Hint == "" && bad.Value == "" {
			t.Errorf("%s: %.200q, %v\nwant %q and a remedy", c.what, got, err, c.want)
		}
	}
	for e, err := range labelled.Read([]string{"nowhere.csv"}, labelled.Options{}) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v, %v", e, err)
		}
	}
	for _, o := range []labelled.Options{{Format: "xml"}, {Quotes: "maybe"}} {
		if _, err := read(t, "a.csv", "text,label\na,b\n", o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// Texts without labels may be in a column that is usually that of labels.
func TestTextInAColumnOfLabels(t *testing.T) {
	for name, content := range map[string]string{"a.csv": "label\nso good\n", "a.jsonl": `{"label": "so good"}`} {
		got, err := read(t, name, content, labelled.Options{Text: "label", Unlabelled: true})
		if err != nil || len(got) != 1 || !strings.Contains(got[0], "so good []") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func packed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

// Korean in CP949 is read by all formats of text; what is neither that nor UTF-8 is not.
func TestKorean(t *testing.T) {
	const csv, want = "text,label\n\xb3\xaa\xbb\xdb \xbf\xb5\xc8\xad,\xba\xce\xc1\xa4\n", `나쁜 영화 ["부정"]`
	for name, content := range map[string]string{
		"a.csv": csv, "a.tsv": strings.ReplaceAll(csv, ",", "\t"), "a.csv.gz": packed(csv),
		"a.jsonl": "{\"text\": \"\xb3\xaa\xbb\xdb \xbf\xb5\xc8\xad\", \"label\": \"\xba\xce\xc1\xa4\"}\n", "a.txt": "\xba\xce\xc1\xa4 \xb3\xaa\xbb\xdb \xbf\xb5\xc8\xad\n",
	} {
		got, err := read(t, name, content, labelled.Options{})
		if err != nil || len(got) != 1 || !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := read(t, "a.csv", "text,label\nna\xefve,caf\xe9\n", labelled.Options{}); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestGzip(t *testing.T) {
	got, err := read(t, "a.csv.gz", packed("text,label\na,b\n"), labelled.Options{})
	if err != nil || !slices.Equal(got, []string{`2 a ["b"]`}) {
		t.Errorf("%q, %v", got, err)
	}
}

// Images find their labels in the file that is named next, or by name.
func TestImages(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pixels := write("train-images-idx3-ubyte", "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x01\x02\x03\x04")
	labels := write("train-labels-idx1-ubyte", "\x00\x00\x08\x01\x00\x00\x00\x02\x07\x09")
	want := []string{`1 [1 2]/2 ["7"]`, `2 [3 4]/2 ["9"]`}
	for _, files := range [][]string{{pixels, labels}, {labels, pixels}, {pixels}} {
		var got []string
		for e, err := range labelled.Read(files, labelled.Options{Series: true}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, show(e))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q", files, got)
		}
	}
	three := write("three", "\x00\x00\x08\x01\x00\x00\x00\x03\x07\x09\x01")
	for _, err := range labelled.Read([]string{pixels, three}, labelled.Options{Series: true}) {
		if err == nil || !strings.Contains(err.Error(), "2 images, but there are 3 labels") {
			t.Errorf("%v", err)
		}
	}
}

// Whatever a file holds, reading ends, in an error or in examples that make sense.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"text,label\na,b\n", "a\tb\n", "(1 (0 a) (2 b))", "{\"text\": \"a\", \"label\": [1]}", "x a b\n", "a X\n\nb Y\n",
		"@problemName x\n@classLabel true a\n@data\n1,2:3,?:a\n", "id,t,u,label\np,1,2,a\n", "1,2,3\n", "\x00\x00\x08\x01\x00\x00\x00\x01\x05", "\ufefftext;label\ra;b\r", packed("a,b\n"),
	} {
		for _, format := range labelled.Formats() {
			f.Add([]byte(s), string(format), true, false)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, format string, series, perStep bool) {
		o := labelled.Options{Format: labelled.Format(format), Series: series, PerStep: perStep, Phrases: true}
		for e, err := range labelled.ReadFrom(bytes.NewReader(content), "fuzz", o) {
			if err != nil {
				return
			}
			if e.Width > 0 && len(e.X)%e.Width != 0 || e.Width == 0 && len(e.X) > 0 {
				t.Fatalf("%d values in steps of %d", len(e.X), e.Width)
			}
			for _, v := range e.X {
				if math.IsInf(float64(v), 0) {
					t.Fatal("a value is infinite")
				}
			}
			if e.Tokens != nil && e.Part && len(e.Tokens) == 0 {
				t.Fatal("a phrase of nothing")
			}
		}
	})
}
