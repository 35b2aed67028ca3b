package caption

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// An Example is something to put into words, with sentences that do.
type Example struct {
	Meaning  *Meaning       // what to say; or, if nil,
	Features []tensor.Float // what there is to see, [regions, Width]
	Width    int
	Language string   // of the sentences; "" if there is only one
	Texts    []string // sentences; none if it is for a model to find them

	File string // where it comes from
	Row  int    // from 1

	strip *strip // if it is one
}

// Regions is how many of them the features have.
func (e *Example) Regions() int { return len(e.Features) / max(e.Width, 1) }

// fail is an error of the example.
func (e *Example) fail(column, reason, hint string) error {
	return &data.Error{File: e.File, Row: e.Row, Column: column, Reason: reason, Hint: hint}
}

// Columns name those of tables. The zero value finds out.
type Columns struct {
	Text     string `json:"text_column,omitempty"`     // sentences; default text, ref, caption or sentence
	Meaning  string `json:"meaning_column,omitempty"`  // meanings; default mr, da or meaning
	Language string `json:"language_column,omitempty"` // languages; default lang or language

	asking bool // sentences need not be there
}

// ReadFiles reads examples. Files may be
//
//   - CSV, TSV or JSON lines (see data.Records): a row has a sentence and a meaning in
//     one of the forms of ParseMeaning. Without a column of meanings, columns of numbers
//     are the features, or else each column is a slot with its value. TSV of two columns
//     needs no header. In JSON lines, features may be a list of numbers, or one such for
//     each region, and text a list of sentences.
//   - JSON of RNNLG: [["inform(name='x')", "a sentence", …], …].
//   - arrays of features, .npy, .safetensors or IDX images, [examples, width],
//     [examples, regions, width] or, as the columns of an image are its regions, [images,
//     rows, columns]. If a file .txt follows, it holds a line of sentences for each
//     example, separated by tabs.
//
// All but arrays may be packed by gzip, IDX too. Images that are followed by IDX labels
// are digits to make strips of: see Strips.
func ReadFiles(files []string, c Columns) (all []Example, err error) {
	for i := 0; i < len(files); i++ {
		kind, err := kindOf(files[i])
		if err != nil {
			return nil, err
		}
		var some []Example
		switch kind {
		case kindArray, kindIDX:
			path, texts := files[i], ""
			if i+1 < len(files) && strings.HasSuffix(strings.TrimSuffix(files[i+1], ".gz"), ".txt") {
				i++
				texts = files[i]
			}
			some, err = readArray(path, kind, texts)
		case kindJSON:
			some, err = readRNNLG(files[i])
		default:
			some, err = readRecords(files[i], c)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// A kind of file.
type fileKind int

const (
	kindRecords fileKind = iota
	kindJSON             // an array
	kindArray            // npy or safetensors
	kindIDX
)

// kindOf looks at the name of a file and at its first bytes.
func kindOf(path string) (fileKind, error) {
	name := strings.TrimSuffix(strings.ToLower(path), ".gz")
	switch {
	case strings.HasSuffix(name, ".npy") || strings.HasSuffix(name, ".safetensors"):
		return kindArray, nil
	case strings.HasSuffix(name, ".json"):
		return kindJSON, nil
	}
	f, err := data.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var head [4]byte
	if n, _ := io.ReadFull(f, head[:]); n == 4 && head[0] == 0 && head[1] == 0 && head[2] == 8 && (head[3] == 1 || head[3] == 3) {
		return kindIDX, nil
	}
	return kindRecords, nil
}

// maxFile is the most bytes of a file that is read as a whole.
const maxFile = 1 << 30

// readAll reads a file that is not too large.
func readAll(path string) ([]byte, error) {
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, &data.Error{File: path, Reason: err.Error()}
	case len(b) > maxFile:
		return nil, &data.Error{File: path, Reason: fmt.Sprintf("has more than %d bytes", maxFile), Hint: "cut it into several files"}
	}
	return b, nil
}

// readRNNLG reads an array of [meaning, sentence, …], which lines of comment may go
// before.
func readRNNLG(path string) ([]Example, error) {
	b, err := readAll(path)
	if err != nil {
		return nil, err
	}
	for bytes.HasPrefix(b, []byte("#")) {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	fail := func(n int, column, reason, hint string) error {
		return &data.Error{File: path, Row: n, Column: column, Reason: reason, Hint: hint}
	}
	const hint = `it needs rows such as ["inform(name='x';area='y')", "x is in y"]`
	var rows []json.RawMessage
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fail(0, "", "is no JSON array: "+err.Error(), hint)
	}
	if len(rows) == 0 {
		return nil, fail(0, "", "is empty", hint)
	}
	all := make([]Example, len(rows))
	for i, raw := range rows {
		var row []string
		if err := json.Unmarshal(raw, &row); err != nil || len(row) < 2 {
			return nil, fail(i+1, "", "is no list of a meaning and a sentence", hint)
		}
		m, err := ParseMeaning(row[0])
		if err != nil {
			return nil, fail(i+1, "1", err.Error(), "")
		}
		if strings.TrimSpace(row[1]) == "" {
			return nil, fail(i+1, "2", "is empty", "give every row a sentence")
		}
		all[i] = Example{Meaning: m, Texts: []string{row[1]}, File: path, Row: i + 1}
	}
	return all, nil
}

// lines reads the lines of a text, without their ends.
func lines(path string) ([]string, error) {
	b, err := readAll(path)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n"), "\n")
	all := strings.Split(text, "\n")
	for i, l := range all {
		if !utf8.ValidString(l) || strings.ContainsRune(l, 0) {
			return nil, &data.Error{File: path, Row: i + 1, Reason: "is not UTF-8", Hint: "convert it"}
		}
	}
	return all, nil
}

// Say makes an example of a meaning in one of the forms of ParseMeaning.
func Say(meaning string) (Example, error) {
	m, err := ParseMeaning(meaning)
	return Example{Meaning: m}, err
}

// ReadFiles reads examples for m to put into words: files as of the function ReadFiles, and for a
// model of strips PNG pictures. Images are strips to it.
func (m *Model) ReadFiles(files ...string) (all []Example, err error) {
	columns := m.Columns
	columns.asking = true
	for i := 0; i < len(files); i++ {
		var some []Example
		switch {
		case !m.ofStrips():
			return ReadFiles(files, columns)
		case strings.HasSuffix(strings.ToLower(files[i]), ".png"):
			st, err := m.readPNG(files[i])
			if err != nil {
				return nil, err
			}
			some = []Example{m.seen(st, files[i], 1)}
		default:
			if some, err = m.readImages(files[i]); err != nil {
				return nil, err
			}
		}
		all = append(all, some...)
	}
	return all, nil
}

// speaks lists the languages of the model.
func (m *Model) speaks() string {
	if m.Width == 0 || len(m.features.Acts) == 1 && m.features.Acts[0] == "" {
		return "that of its sentences only"
	}
	return strings.Join(m.features.Acts, ", ")
}

// In gives the examples in a language, or if it is "" in each that the model speaks.
func (m *Model) In(language string, examples []Example) (all []Example, err error) {
	languages := m.features.Acts
	if m.Width == 0 {
		languages = []string{""}
	}
	if language != "" {
		if !slices.Contains(languages, language) {
			return nil, fmt.Errorf("caption: the model does not speak %q; it speaks %s", language, m.speaks())
		}
		languages = []string{language}
	}
	for _, e := range examples {
		if e.Language != "" && language == "" {
			all = append(all, e)
			continue
		}
		for _, e.Language = range languages {
			all = append(all, e)
		}
	}
	return all, nil
}
