package caption

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

// What is wrong with a file is said with its name, row and column, and what to do.
func TestBadFiles(t *testing.T) {
	var array bytes.Buffer
	if err := npy.Write(&array, &npy.Array{Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}); err != nil {
		t.Fatal(err)
	}
	var nan bytes.Buffer
	if err := npy.Write(&nan, &npy.Array{Shape: []int{1, 2}, Data: []float64{1, 1e308}}); err != nil {
		t.Fatal(err)
	}
	var deep bytes.Buffer
	if err := npy.Write(&deep, &npy.Array{Shape: []int{1, 1, 1, 1}, Data: []float32{1}}); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("mr,ref\nf(a=b),x\n"))
	z.Close()
	images := "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01ab"
	for _, c := range []struct{ name, text, says string }{
		{"empty.csv", "", "is empty"},
		{"header.csv", "mr,ref\n", "no rows"},
		{"ragged.csv", "mr,ref\nf(a=b),x\nf(a=b)\n", "row 3: has 1 field"},
		{"long.csv", "mr,ref\nf(a=b)," + strings.Repeat("x", 10<<20), "row 2: is longer"},
		{"quote.csv", "mr,ref\n\"f(a=b),x\n", "row 2: a quotation mark"},
		{"utf16.csv", "\xff\xfem\x00r\x00", "UTF-16"},
		{"latin.csv", "mr,ref\nf(a=b),caf\xe9\n", "row 2: column ref: is not UTF-8"},
		{"meaning.csv", "mr,ref\nnonsense,x\n", `row 2: column mr: "nonsense"`},
		{"sentence.csv", "mr,ref\nf(a=b), \n", "row 2: column ref"},
		{"nothing.csv", "ref\nx\n", "no column has anything"},
		{"blank.csv", "f1,f2,text\n1,2,x\n1,,y\n", "row 3: column f2"},
		{"nan.csv", "f1,f2,text\n1,2,x\n1,NaN,y\n", "row 3: column f2"},
		{"inf.csv", "f1,f2,text\n1,2,x\n1,1e308,y\n", "row 3: column f2"},
		{"text.csv", "f1,f2,text\n1,2,x\n1,two,y\n", `row 3: column f2: "two"`},
		{"comma.csv", "f1;f2;text\n1;2;x\n1;2,5;y\n", "row 3: column f2"},
		{"alone.csv", "mr\nf(a=b)\n", "has no sentence"},
		{"cut.csv.gz", packed.String()[:packed.Len()-12], "unexpected EOF"},
		{"gzip.csv.gz", "\x1f\x8bnonsense", "gzip"},
		{"list.jsonl", "{\"features\": [1, [2]], \"text\": \"x\"}\n", "row 1: column features"},
		{"uneven.jsonl", "{\"features\": [[1, 2], [3]], \"text\": \"x\"}\n", "region 2 has 1 numbers"},
		{"none.jsonl", "{\"features\": [], \"text\": \"x\"}\n", "row 1: column features"},
		{"width.jsonl", "{\"features\": [1, 2], \"text\": \"x\"}\n{\"features\": [1], \"text\": \"y\"}\n", "has regions of 1 features"},
		{"mixed.jsonl", "{\"mr\": \"\", \"text\": \"x\"}\n", "row 1: column mr"},
		{"empty.json", "[]", "is empty"},
		{"object.json", "{}", "not a JSON array"},
		{"row.json", `[["f(a=b)", "x"], ["f(a=b)"]]`, "row 2"},
		{"da.json", `[["f(a=b", "x"]]`, "row 1: column 1"},
		{"said.json", `[["f(a=b)", ""]]`, "row 1: column 2"},
		{"cut.npy", array.String()[:array.Len()-3], "bytes of values"},
		{"deep.npy", deep.String(), "shape [1 1 1 1]"},
		{"huge.npy", nan.String(), "row 1: has the value"},
		{"pickle.npy", "\x93NUMPY\x01\x00\x26\x00{'descr': '|O', 'fortran_order': False}", "pickle"},
		{"alone.npy", array.String(), "has no sentence"},
		{"images.idx", images[:14], "header is cut short"},
	} {
		path := write(t, c.name, []byte(c.text))
		for _, preset := range []string{"sclstm", "vector"} {
			_, err := Fit(context.Background(), small(t, preset), task.Data{Train: []string{path}}, task.Options{})
			var bad *data.Error
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v, want %q", c.name, err, c.says)
			}
		}
	}
	write := func(name, text string) string { return write(t, name, []byte(text)) }
	for _, c := range []struct {
		says  string
		files []string
	}{
		{"has 3 lines", []string{write("a.npy", array.String()), write("a.txt", "x\ny\nz\n")}},
		{"row 2: is empty", []string{write("a.npy", array.String()), write("a.txt", "x\n\n")}},
		{"row 1: is not UTF-8", []string{write("a.npy", array.String()), write("a.txt", "\xff\ny\n")}},
		{"labels of shape [3]", []string{write("i.idx", images), write("l.idx", "\x00\x00\x08\x01\x00\x00\x00\x03abc")}},
		{"row 2: \"12\" is not a digit", []string{write("i.idx", images), write("l.idx", "\x00\x00\x08\x01\x00\x00\x00\x02\x01\x0c")}},
		{"give more digits", []string{write("i.idx", images), write("l.idx", "\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02")}},
		{"has no labels", []string{write("i.idx", images), write("l.idx", "\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02"), write("i.idx", images)}},
		{"give all examples one or the other", []string{write("a.csv", "mr,ref\nf(a=b),x\n"), write("b.csv", "f1,text\n1,x\n")}},
	} {
		cfg := small(t, "strips")
		cfg.HeldOut = 0
		_, err := Fit(context.Background(), cfg, task.Data{Train: c.files, Valid: c.files}, task.Options{})
		var bad *data.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.files, err, c.says)
		}
	}
	if _, err := Fit(context.Background(), small(t, "sclstm"), task.Data{Train: []string{t.TempDir()}}, task.Options{}); err == nil {
		t.Error("a directory was read")
	}
	if _, err := Fit(context.Background(), small(t, "sclstm"), task.Data{Train: []string{"nowhere.csv"}}, task.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	_, err := Fit(context.Background(), small(t, "sclstm"), task.Data{Train: []string{write("a.safetensors", "nonsense")}}, task.Options{})
	var format *safetensors.FormatError
	if !errors.As(err, &format) {
		t.Errorf("%v", err)
	}
}

// A trained model says what it cannot put into words.
func TestUnknown(t *testing.T) {
	m := fit(t, small(t, "sclstm"), restaurants(t))
	for _, c := range []struct {
		e    Example
		says string
	}{
		{Example{Meaning: meaning(t, "hello()"), File: "f", Row: 3}, `f: row 3: the act "hello" was not in training; known are ?request, goodbye, inform`},
		{Example{Meaning: meaning(t, "inform(stars=5)")}, `"stars#1"`},
		{Example{Features: []tensor.Float{1}, Width: 1}, "the model reads meanings"},
	} {
		if _, err := m.Caption(context.Background(), []Example{c.e}, seq2seq.Decoding{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	if _, err := m.Evaluate(context.Background(), write(t, "a.csv", []byte("mr,ref\nhello(),hi\n"))); err == nil || !strings.Contains(err.Error(), "not seen in training") {
		t.Error(err)
	}
	if _, err := m.Evaluate(context.Background(), blocks(t, 10)...); err == nil || !strings.Contains(err.Error(), "unlike the training data") {
		t.Error(err)
	}
	apart := task.Data{Train: []string{restaurants(t)}, Valid: []string{write(t, "a.csv", []byte("mr,ref\nhello(),hi\n"))}}
	if _, err := Fit(context.Background(), small(t, "sclstm"), apart, task.Options{}); err == nil || !strings.Contains(err.Error(), "every other validation example") {
		t.Error(err)
	}
	r, err := m.Evaluate(context.Background(), write(t, "a.csv", []byte("mr,ref\nhello(),hi\ngoodbye(),goodbye\n")))
	if err != nil || !strings.Contains(r.Text, "1 examples are left out") {
		t.Errorf("%v, %v", r, err)
	}
}

func TestBadConfigs(t *testing.T) {
	path := restaurants(t)
	for name, change := range map[string]func(*Config){
		"decoder": func(c *Config) { c.Decoder = "best" }, "tokens": func(c *Config) { c.Tokens = "bits" }, "hidden": func(c *Config) { c.Hidden = 0 },
		"rate": func(c *Config) { c.Rate = 0 }, "attention": func(c *Config) { c.Attention = "all" }, "dropout": func(c *Config) { c.Dropout = 1 },
		"feed": func(c *Config) { c.Decoder, c.Feed, c.Cell = Plain, "never", "lstm" }, "cell": func(c *Config) { c.Decoder, c.Feed, c.Cell = Plain, Both, "lstn" },
		"languages": func(c *Config) { c.Languages = []string{"fr"} }, "step_base": func(c *Config) { c.StepBase = 0.5 },
	} {
		c := small(t, "sclstm")
		change(&c)
		if _, err := Fit(context.Background(), c, task.Data{Train: []string{path}}, task.Options{}); err == nil || !strings.Contains(err.Error(), strings.Split(name, "_")[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Preset("best"); err == nil {
		t.Error("there is a preset best")
	}
	for _, name := range Presets() {
		c, err := Preset(name)
		if err != nil || c.check() != nil {
			t.Errorf("%s: %v, %v", name, err, c.check())
		}
	}
	c := small(t, "sclstm")
	if _, err := Fit(context.Background(), c, task.Data{Train: []string{write(t, "a.csv", []byte("f1,text\n1,x\n2,y\n"))}, Valid: []string{write(t, "a.csv", []byte("f1,text\n1,x\n"))}}, task.Options{}); err == nil || !strings.Contains(err.Error(), "takes meanings, not features") {
		t.Error(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("a file of data was loaded")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("mr,ref\n\"f(a=b)\",x\n", ".csv")
	f.Add("f1;f2;text\n1;2;x\n", ".csv")
	f.Add("{\"features\": [[1, 2]], \"text\": [\"x\"], \"lang\": \"en\"}\n", ".jsonl")
	f.Add(`[["f(a=b)", "x"]]`, ".json")
	f.Add("name[x]\tx is x\n", ".tsv")
	f.Add("\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01a", ".idx")
	f.Add("{}", ".jsonl")
	f.Add("\x00\x00\x08\x03\x00\x00\x00\x00\x7f\x00\x00\x00\x7f\x00\x00\x00", ".idx")
	f.Fuzz(func(t *testing.T, text, ext string) {
		switch ext {
		case ".csv", ".tsv", ".json", ".jsonl", ".idx", ".npy", ".safetensors":
		default:
			return
		}
		path := filepath.Join(t.TempDir(), "f"+ext)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		all, err := ReadFiles([]string{path}, ColumnNames{})
		if err != nil {
			return
		}
		for _, e := range all {
			if e.Row < 1 || e.Meaning == nil && (e.Width < 1 || len(e.Features)%e.Width != 0 || len(e.Features) == 0) {
				t.Errorf("%+v", e)
			}
		}
	})
}

// A column has one meaning.
func TestAColumnForTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("mr,ref,lang\nf(a=b),x,en\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []ColumnNames{{Text: "mr"}, {Meaning: "ref"}, {Language: "ref"}, {Language: "mr"}} {
		if _, err := ReadFiles([]string{path}, c); err == nil || !strings.Contains(err.Error(), "is named twice; name a different column for each (--set text_column=NAME") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
