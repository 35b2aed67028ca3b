// Package labelled reads files of sequences with labels: texts in tables, JSON lines,
// lines, trees or columns of tokens, series of numbers in tables and .ts files, and
// images. It reads an example at a time, so that memory does not grow with a file (but
// for images).
package labelled

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/tensor"
)

// An Example is a sequence and its labels. It has Text or Tokens, or else X or Pixels.
type Example struct {
	File string
	Row  int // line of the file, or item, from 1

	Text   string
	Tokens []string       // tokens of a text that is cut already
	X      []tensor.Float // [steps, Width]; NaN where a value is missing
	Pixels []byte         // [steps, Width], 0 to 255: the rows of an image
	Width  int

	Labels []string // one, any number, or one for each step; nil if none is known
	Part   bool     // it is a part of the example of its row, as a phrase is of a sentence
}

// Steps is how many steps a series has.
func (e *Example) Steps() int { return (len(e.X) + len(e.Pixels)) / max(e.Width, 1) }

// A Format is how a file holds examples.
type Format string

const (
	Auto  Format = ""      // found from the name and the first bytes
	Table Format = "table" // CSV or TSV: columns for text and label; or numbers
	JSON  Format = "json"  // lines such as {"text": "…", "label": "…"}
	Lines Format = "lines" // a line begins with its label, then comes the text
	Plain Format = "text"  // a line is a text without label
	Trees Format = "trees" // bracketed trees with a label at each node, as the Stanford Sentiment Treebank has them
	CoNLL Format = "conll" // a token a line, its label last; a blank line ends a sentence
	TS    Format = "ts"    // series as sktime and the UEA archive write them
	IDX   Format = "idx"   // images and labels as those of MNIST
)

// Formats lists all formats.
func Formats() []Format { return []Format{Auto, Table, JSON, Lines, Plain, Trees, CoNLL, TS, IDX} }

// Options are how to read. The zero value reads one label for each text.
type Options struct {
	Format Format
	Series bool // sequences are of numbers, not texts

	Text, Label, ID string // columns of tables and keys of JSON; by default those with the usual names

	// Quotes "off" takes quotation marks in tables as they stand, "on" as around
	// fields. By default they are on in CSV, and off where tabs part the columns.
	Quotes string

	PerStep  bool   // there is a label for each step
	Many     bool   // there may be any number of labels
	LabelSep string // separator of labels in a cell of a table, default |
	LabelCut string // text at which a label is cut: with ":" NUM:dist is NUM

	// Map renames labels; examples whose label becomes "" are left out.
	Map map[string]string

	Phrases    bool // every labelled phrase of a tree is an example, not just the sentence
	Unlabelled bool // labels need not be there
}

func (o *Options) check() error {
	if !slices.Contains(Formats(), o.Format) {
		return setting.Unknown("format", o.Format, Formats()[1:])
	}
	if !slices.Contains([]string{"", "on", "off"}, o.Quotes) {
		return fmt.Errorf("quotes are on or off, not %q", o.Quotes)
	}
	return nil
}

// Read yields the examples of files, packed by gzip or not. An error ends it: a
// *data.Error if a file is wrong. Images of IDX are in one file and their labels in
// the next, or in one whose name has labels-idx1 for images-idx3.
func Read(files []string, o Options) iter.Seq2[Example, error] {
	return examples(o, func(r *reader) error {
		for _, path := range files {
			if err := r.file(path); err != nil {
				return err
			}
		}
		return nil
	})
}

// examples yields what read emits.
func examples(o Options, read func(r *reader) error) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		r := &reader{Options: o, emit: func(e Example) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		}}
		err := r.check()
		if err == nil {
			err = read(r)
		}
		if err == nil {
			err = r.endImages()
		}
		if err == nil {
			err = r.empty()
		}
		if err != nil && err != errStop {
			yield(Example{}, err)
		}
	}
}

// errStop ends the reading: no more examples are wanted.
var errStop = errors.New("labelled: stop")

// A reader reads files and emits their examples.
type reader struct {
	Options
	emit  func(Example) error
	image images
	blank Example // first text that is empty
	texts int     // texts that are not
}

// empty reports texts that are empty without exception, as those of a wrong column are.
// Lines that come to be answered, one by one, may all be.
func (r *reader) empty() error {
	if r.texts > 0 || r.blank.Row == 0 || r.Format == Plain || r.Format == JSON && r.Unlabelled {
		return nil
	}
	return &data.Error{File: r.blank.File, Row: r.blank.Row, Reason: "has an empty text, like every other row", Hint: "name the column of the texts (--text)"}
}

// add emits an example, its labels cut and renamed by the options.
func (r *reader) add(e Example) error {
	if e.X == nil && e.Pixels == nil {
		if len(e.Tokens) > 0 || strings.TrimSpace(e.Text) != "" {
			r.texts++
		} else if r.blank.Row == 0 {
			r.blank = Example{File: e.File, Row: e.Row}
		}
	}
	var labels []string
	for _, l := range e.Labels {
		if r.LabelCut != "" {
			l, _, _ = strings.Cut(l, r.LabelCut)
		}
		if to, ok := r.Map[l]; ok {
			l = to
		}
		if l == "" && !r.PerStep {
			if !r.Many {
				return nil
			}
			continue
		}
		labels = append(labels, l)
	}
	if e.Labels != nil && labels == nil {
		labels = []string{}
	}
	e.Labels = labels
	return r.emit(e)
}

// labels cuts a cell into labels. Empty cells are errors but where labels need not be
// there, or where there may be any number.
func (r *reader) labels(cell string) ([]string, *data.Error) {
	cell = strings.TrimSpace(cell)
	switch {
	case r.PerStep:
		return strings.Fields(cell), nil
	case r.Many:
		labels := []string{}
		for l := range strings.SplitSeq(cell, cmp.Or(r.LabelSep, "|")) {
			if l = strings.TrimSpace(l); l != "" {
				labels = append(labels, l)
			}
		}
		return labels, nil
	case cell == "" && r.Unlabelled:
		return nil, nil
	case cell == "":
		return nil, &data.Error{Reason: "the label is empty", Hint: "give every row a label, or take the row out"}
	}
	return []string{cell}, nil
}

// number reads a value of a series; one that is missing is NaN.
func number(s string, comma bool) (tensor.Float, *data.Error) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "", "?", "na", "nan", "null", "none":
		return tensor.Float(math.NaN()), nil
	}
	plain := s
	if comma && !strings.Contains(s, ".") {
		plain = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(plain, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		e := &data.Error{Value: s, Reason: "is not a number", Hint: "correct it, or leave the field empty if the value is missing"}
		if _, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64); err == nil {
			e.Hint = "use decimal points, or separate the columns by semicolons"
		}
		return 0, e
	case math.Abs(v) > largest:
		return 0, &data.Error{Value: s, Reason: "is larger than 1e30", Hint: "use a larger unit, or leave the field empty if the value is missing"}
	}
	return tensor.Float(v), nil
}

// largest is what a value may be: beyond it sums of squares overflow.
const largest = 1e30

// plainLabel writes a label that is a whole number plainly: 1.0e+00 is 1.
func plainLabel(s string) string {
	s = strings.TrimSpace(s)
	if v, err := strconv.ParseFloat(s, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatInt(int64(v), 10)
	}
	return s
}
