package caption

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
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

// Read reads examples. Files may be
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
func Read(files []string, c Columns) (all []Example, err error) {
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

// names that columns go by.
var (
	textNames     = []string{"text", "ref", "caption", "sentence"}
	meaningNames  = []string{"mr", "da", "meaning"}
	languageNames = []string{"lang", "language"}
)

const featuresName = "features" // of a column with lists of numbers

// readRecords reads a table.
func readRecords(path string, c Columns) (all []Example, err error) {
	var t *table
	err = data.Records(path, func(first []string) bool {
		if len(first) == 2 && !known(first, c) {
			if _, err := ParseMeaning(first[0]); err == nil {
				return false
			}
		}
		return true
	}, func(columns []string, r data.Record) error {
		if t == nil {
			if t, err = newTable(columns, r.Fields, c); err != nil {
				return err
			}
		}
		e, err := t.example(r.Fields)
		if err != nil {
			return err
		}
		e.File, e.Row = path, r.Row
		all = append(all, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &data.Error{File: path, Reason: "has a header and no rows", Hint: "it needs a row for each example"}
	}
	return all, nil
}

// known tells whether one of the names is that of a column.
func known(first []string, c Columns) bool {
	return slices.ContainsFunc(first, func(s string) bool {
		s = strings.ToLower(strings.TrimSpace(s))
		return slices.Contains(textNames, s) || slices.Contains(meaningNames, s) || s == c.Text || s == c.Meaning
	})
}

// A table says what its columns mean.
type table struct {
	names                   []string
	text, meaning, language int // columns; -1 for none
	features                int // the column of lists, -1 if features are columns of numbers
	rest                    []int
	numbers                 bool // whether the rest are numbers, else slots
}

// newTable finds out by the names of the columns and by the first row.
func newTable(columns, first []string, c Columns) (*table, error) {
	if columns == nil {
		return &table{names: []string{"1", "2"}, meaning: 0, text: 1, language: -1, features: -1}, nil
	}
	t := &table{features: -1}
	for _, n := range columns {
		t.names = append(t.names, strings.TrimSpace(n))
	}
	var err error
	at := func(given string, usual []string) int {
		for i, n := range t.names {
			if n == given || given == "" && slices.Contains(usual, strings.ToLower(n)) {
				return i
			}
		}
		if given != "" && !(c.asking && given == c.Text) {
			err = &data.Error{Row: 1, Column: given, Reason: "is not there; there are " + strings.Join(t.names, ", ")}
		}
		return -1
	}
	t.text, t.meaning, t.language = at(c.Text, textNames), at(c.Meaning, meaningNames), at(c.Language, languageNames)
	if err != nil {
		return nil, err
	}
	if t.meaning >= 0 {
		return t, nil
	}
	t.numbers = true
	for i, n := range t.names {
		switch {
		case i == t.text || i == t.language:
		case strings.ToLower(n) == featuresName:
			t.features = i
		default:
			t.rest = append(t.rest, i)
			_, err := strconv.ParseFloat(strings.TrimSpace(first[i]), 64)
			t.numbers = t.numbers && err == nil
		}
	}
	if t.features < 0 && len(t.rest) == 0 {
		return nil, &data.Error{Row: 1, Reason: "no column holds anything to put into words; there are " + strings.Join(t.names, ", "), Hint: "it needs a column mr of meanings, or columns of numbers or of slots"}
	}
	return t, nil
}

// example reads a row.
func (t *table) example(fields []string) (e Example, err error) {
	if t.text >= 0 {
		if e.Texts, err = texts(fields[t.text]); err != nil {
			return e, &data.Error{Column: t.names[t.text], Value: fields[t.text], Reason: err.Error(), Hint: "give every row a sentence"}
		}
	}
	if t.language >= 0 {
		e.Language = strings.TrimSpace(fields[t.language])
	}
	switch {
	case t.meaning >= 0:
		if strings.HasPrefix(fields[t.meaning], tagStart) {
			for i, s := range e.Texts {
				e.Texts[i] = untokenise(s)
			}
		}
		if e.Meaning, err = ParseMeaning(fields[t.meaning]); err != nil {
			return e, &data.Error{Column: t.names[t.meaning], Value: fields[t.meaning], Reason: err.Error(), Hint: "write inform(name='x';area='y') or name[x], area[y]"}
		}
	case t.features >= 0:
		if e.Features, e.Width, err = vectors(fields[t.features]); err != nil {
			return e, &data.Error{Column: t.names[t.features], Value: fields[t.features], Reason: err.Error(), Hint: "write [1, 2] or, for several regions, [[1, 2], [3, 4]]"}
		}
	case t.numbers:
		e.Width = len(t.rest)
		for _, i := range t.rest {
			v, err := strconv.ParseFloat(strings.TrimSpace(fields[i]), 64)
			if err != nil || !fits(v) {
				return e, &data.Error{Column: t.names[i], Value: fields[i], Reason: "is no number that a feature can be", Hint: "features are numbers with decimal points, up to 1e30, and none may be missing"}
			}
			e.Features = append(e.Features, tensor.Float(v))
		}
	default:
		e.Meaning = &Meaning{}
		for _, i := range t.rest {
			if v := strings.TrimSpace(fields[i]); v != "" {
				e.Meaning.Slots = append(e.Meaning.Slots, Slot{slotName(t.names[i]), v})
			}
		}
	}
	return e, nil
}

// untokenise takes away the spaces that a tokeniser has put around marks.
func untokenise(s string) string {
	var b strings.Builder
	glue := true
	for t := range strings.FieldsSeq(s) {
		if !glue && t != "-" && !slices.Contains(clings, t) {
			b.WriteByte(' ')
		}
		b.WriteString(t)
		glue = t == "-" || t == "(" || t == "£" || t == "$"
	}
	return b.String()
}

// clings are tokens that cling to the one before.
var clings = strings.Fields(", . ; : ! ? ) % ' 's 't 're 'll 've 'm 'd n't")

// fits tells whether v is a finite number that float32 can square.
func fits(v float64) bool { return math.Abs(v) <= 1e30 }

// texts reads a sentence, or a JSON list of some.
func texts(s string) (all []string, err error) {
	if strings.HasPrefix(strings.TrimSpace(s), "[") && json.Unmarshal([]byte(s), &all) == nil {
		if len(all) == 0 {
			return nil, errors.New("is an empty list")
		}
	} else {
		all = []string{s}
	}
	for _, t := range all {
		if strings.TrimSpace(t) == "" {
			return nil, errors.New("is empty")
		}
	}
	return all, nil
}

// vectors reads a JSON list of numbers, or of lists of the same length.
func vectors(s string) (values []tensor.Float, width int, err error) {
	var rows [][]float64
	var one []float64
	if json.Unmarshal([]byte(s), &one) == nil {
		rows = [][]float64{one}
	} else if err := json.Unmarshal([]byte(s), &rows); err != nil {
		return nil, 0, errors.New("is no list of numbers")
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, 0, errors.New("is an empty list")
	}
	for i, r := range rows {
		if len(r) != len(rows[0]) {
			return nil, 0, fmt.Errorf("region %d has %d numbers, the first has %d", i+1, len(r), len(rows[0]))
		}
		for _, v := range r {
			if !fits(v) {
				return nil, 0, fmt.Errorf("%v is no number that a feature can be", v)
			}
			values = append(values, tensor.Float(v))
		}
	}
	return values, len(rows[0]), nil
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

// Read reads examples for m to put into words: files as of the function Read, and for a
// model of strips PNG pictures. Images are strips to it.
func (m *Model) Read(files ...string) (all []Example, err error) {
	columns := m.Columns
	columns.asking = true
	for i := 0; i < len(files); i++ {
		var some []Example
		switch {
		case m.StripMax == 0 || m.Width == 0:
			return Read(files, columns)
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
