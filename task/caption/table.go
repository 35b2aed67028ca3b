package caption

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// names that columns go by.
var (
	textNames     = []string{"text", "ref", "caption", "sentence"}
	meaningNames  = []string{"mr", "da", "meaning"}
	languageNames = []string{"lang", "language"}
)

const featuresName = "features" // of a column with lists of numbers

// readRecords reads a table.
func readRecords(path string, c ColumnNames) (all []Example, err error) {
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
		return nil, &data.Error{File: path, Reason: "has a header but no rows", Hint: "it needs a row for each example"}
	}
	return all, nil
}

// known reports whether one of the names is that of a column.
func known(first []string, c ColumnNames) bool {
	return slices.ContainsFunc(first, func(s string) bool {
		s = strings.ToLower(strings.TrimSpace(s))
		return slices.Contains(textNames, s) || slices.Contains(meaningNames, s) || s == c.Text || s == c.Meaning
	})
}

// A table is what the columns of a file mean.
type table struct {
	names                   []string
	text, meaning, language int // columns; -1 for none
	features                int // the column of lists, -1 if features are columns of numbers
	rest                    []int
	numbers                 bool // whether the rest are numbers, else slots
}

// newTable finds out by the names of the columns and by the first row.
func newTable(columns, first []string, c ColumnNames) (*table, error) {
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
			err = &data.Error{Row: 1, Column: given, Reason: "is missing; the columns are " + strings.Join(t.names, ", ")}
		}
		return -1
	}
	t.text, t.meaning, t.language = at(c.Text, textNames), at(c.Meaning, meaningNames), at(c.Language, languageNames)
	if err != nil {
		return nil, err
	}
	for _, two := range [][2]int{{t.text, t.meaning}, {t.text, t.language}, {t.meaning, t.language}} {
		if two[0] >= 0 && two[0] == two[1] {
			return nil, &data.Error{Row: 1, Column: t.names[two[0]], Reason: "is named twice", Hint: "name a different column for each (--set text_column=NAME, --set meaning_column=NAME, --set language_column=NAME)"}
		}
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
		return nil, &data.Error{Row: 1, Reason: "no column has anything to caption; the columns are " + strings.Join(t.names, ", "), Hint: "it needs a column mr of meanings, or columns of numbers or of slots"}
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
				return e, &data.Error{Column: t.names[i], Value: fields[i], Reason: "is not a valid feature", Hint: "features are numbers with decimal points, at most 1e30, and none may be missing"}
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

// fits reports whether v is a finite number that float32 can square.
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
		return nil, 0, errors.New("is not a list of numbers")
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, 0, errors.New("is an empty list")
	}
	for i, r := range rows {
		if len(r) != len(rows[0]) {
			return nil, 0, fmt.Errorf("region %d has %d numbers, but the first has %d", i+1, len(r), len(rows[0]))
		}
		for _, v := range r {
			if !fits(v) {
				return nil, 0, fmt.Errorf("%v is not a valid feature", v)
			}
			values = append(values, tensor.Float(v))
		}
	}
	return values, len(rows[0]), nil
}
