package music

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/recur-go/recur/data"
)

// Keys is the number of a piano's keys. Key 0 is the A of 27.5 Hz, note 21 of MIDI.
const Keys = 88

// A Piece is the keys that sound at each step, in order.
type Piece [][]int

// A Book is pieces, perhaps parted to train, validate and test on.
type Book struct {
	All                []Piece // pieces that are not parted
	Train, Valid, Test []Piece
}

const layout = `give MIDI, or JSON such as [[[39, 51], [41]], …], a list of pieces, of steps, of keys from 0 to 87, or {"train": …, "valid": …, "test": …} of such lists`

// ReadFile reads pieces from a file, gzip or not: a piece of MIDI, in steps of eighth notes,
// or JSON with a list of pieces, or an object with such lists for train, valid and test.
func ReadFile(path string) (*Book, error) {
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := f.All()
	if err != nil {
		return nil, err
	}
	return read(b, path)
}

func read(b []byte, name string) (book *Book, err error) {
	book = new(Book)
	if bytes.HasPrefix(b, []byte("MThd")) {
		p, err := readMIDI(b)
		if err == nil && len(p) == 0 {
			err = errors.New("the MIDI file has no notes of a piano")
		}
		if err != nil {
			return nil, &data.Error{File: name, Reason: err.Error()}
		}
		book.All = []Piece{p}
		return book, nil
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		var parts struct{ Train, Valid, Test []Piece }
		err = json.Unmarshal(b, &parts)
		book.Train, book.Valid, book.Test = parts.Train, parts.Valid, parts.Test
	} else {
		err = json.Unmarshal(b, &book.All)
	}
	if err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, &data.Error{File: name, Reason: fmt.Sprintf("is not JSON: %v at byte %d", err, syntax.Offset), Hint: layout}
		}
		return nil, &data.Error{File: name, Reason: "holds no pieces: " + err.Error(), Hint: layout}
	}
	n := 0
	for _, part := range []struct {
		name   string
		pieces []Piece
	}{{"", book.All}, {"train ", book.Train}, {"valid ", book.Valid}, {"test ", book.Test}} {
		for i, p := range part.pieces {
			if part.pieces[i], err = p.sorted(); err != nil {
				return nil, &data.Error{File: name, Reason: fmt.Sprintf("%spiece %d: %v", part.name, i+1, err), Hint: layout}
			}
			n += len(p)
		}
	}
	if n == 0 {
		return nil, &data.Error{File: name, Reason: "holds no steps of music", Hint: layout}
	}
	return book, nil
}

// sorted is p with the keys of each step in order, each once.
func (p Piece) sorted() (Piece, error) {
	s := make(Piece, len(p))
	for t, keys := range p {
		s[t] = slices.Compact(slices.Sorted(slices.Values(keys)))
		if n := len(s[t]); n > 0 && (s[t][0] < 0 || s[t][n-1] >= Keys) {
			return nil, fmt.Errorf("the keys %v of step %d are not all from 0 to %d", keys, t+1, Keys-1)
		}
	}
	return s, nil
}

// span is the lowest and the highest key of a piece; of silence the middle.
func (p Piece) span() (low, high int) {
	low, high = Keys, -1
	for _, keys := range p {
		for _, k := range keys {
			low, high = min(low, k), max(high, k)
		}
	}
	if high < 0 {
		return Keys / 2, Keys / 2
	}
	return low, high
}

// names of the keys of an octave, beginning with key 0.
var names = [12]string{"A", "A♯", "B", "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯"}

// KeyName is the name of a key with its octave, such as C4 for the middle C, key 39.
func KeyName(key int) string { return fmt.Sprintf("%s%d", names[key%12], (key+9)/12) }
