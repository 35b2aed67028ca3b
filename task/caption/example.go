package caption

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// An Example is something to put into words, with sentences that do.
type Example struct {
	Meaning  *Meaning       // meaning to put into words; or, if nil,
	Features []tensor.Float // features to describe, [regions, Width]
	Width    int
	Language string   // language of the sentences; "" if there is only one
	Texts    []string // sentences; none if it is for a model to find them

	File string // file that it comes from
	Row  int    // row of the file, from 1

	strip *strip // strip of digits; nil if it is none
}

// regions is how many of them the features have.
func (e *Example) regions() int { return len(e.Features) / max(e.Width, 1) }

// fail is an error of the example.
func (e *Example) fail(column, reason, hint string) error {
	return &data.Error{File: e.File, Row: e.Row, Column: column, Reason: reason, Hint: hint}
}

// ColumnNames are the names of the columns of tables. Those that are empty are found.
type ColumnNames struct {
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
// All may be packed by gzip. Images that are followed by IDX labels are digits to make
// strips of: see the package.
func ReadFiles(files []string, c ColumnNames) (all []Example, err error) {
	for len(files) > 0 {
		texts := ""
		if len(files) > 1 && strings.HasSuffix(strings.TrimSuffix(files[1], ".gz"), ".txt") {
			texts = files[1]
		}
		some, used, err := readExamples(files[0], texts, c)
		if err != nil {
			return nil, err
		}
		all, files = append(all, some...), files[used:]
	}
	return all, nil
}

// An exampleReader reads the examples of a file.
type exampleReader func(f *data.File) ([]Example, error)

func init() { data.Register(".json", "", exampleReader(readRNNLG)) }

// readExamples reads a file and, if it is an array, its texts, and returns how many files
// it has used.
func readExamples(path, texts string, c ColumnNames) (all []Example, used int, err error) {
	f, err := data.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if array, ok := data.FormatOf[arrayReader](f); ok {
		used = 1
		if texts != "" {
			used = 2
		}
		all, err = readArray(f, array, texts)
		return all, used, err
	}
	if read, ok := data.FormatOf[exampleReader](f); ok {
		all, err = read(f)
	} else {
		all, err = readRecords(path, c)
	}
	return all, 1, err
}

// readRNNLG reads an array of [meaning, sentence, …], which lines of comment may go
// before.
func readRNNLG(f *data.File) ([]Example, error) {
	b, err := f.All()
	if err != nil {
		return nil, err
	}
	for bytes.HasPrefix(b, []byte("#")) {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	fail := func(n int, column, reason, hint string) error {
		return &data.Error{File: f.Name, Row: n, Column: column, Reason: reason, Hint: hint}
	}
	const hint = `it needs rows such as ["inform(name='x';area='y')", "x is in y"]`
	var rows []json.RawMessage
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fail(0, "", "is not a JSON array: "+err.Error(), hint)
	}
	if len(rows) == 0 {
		return nil, fail(0, "", "is empty", hint)
	}
	all := make([]Example, len(rows))
	for i, raw := range rows {
		var row []string
		if err := json.Unmarshal(raw, &row); err != nil || len(row) < 2 {
			return nil, fail(i+1, "", "is not a list of a meaning and a sentence", hint)
		}
		m, err := ParseMeaning(row[0])
		if err != nil {
			return nil, fail(i+1, "1", err.Error(), "")
		}
		if strings.TrimSpace(row[1]) == "" {
			return nil, fail(i+1, "2", "is empty", "give every row a sentence")
		}
		all[i] = Example{Meaning: m, Texts: []string{row[1]}, File: f.Name, Row: i + 1}
	}
	return all, nil
}

// ReadFiles reads examples for m to put into words: files as of the function ReadFiles, and for a
// model of strips PNG pictures. Images are strips to it.
func (m *Model) ReadFiles(files ...string) (all []Example, err error) {
	columns := m.ColumnNames
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

// languages lists the languages of the model.
func (m *Model) languages() string {
	if m.Width == 0 || len(m.features.Acts) == 1 && m.features.Acts[0] == "" {
		return "that of its sentences"
	}
	return strings.Join(m.features.Acts, ", ")
}

// In gives the examples in a language, or if it is "" in each language of the model.
func (m *Model) In(language string, examples []Example) (all []Example, err error) {
	languages := m.features.Acts
	if m.Width == 0 {
		languages = []string{""}
	}
	if language != "" {
		if !slices.Contains(languages, language) {
			return nil, fmt.Errorf("caption: the model has no language %q, only %s", language, m.languages())
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
