package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Object reads a JSON object: its values by key. A key that appears twice is an error,
// and so is what follows the object.
func Object(b []byte) (map[string]json.RawMessage, error) {
	var row map[string]json.RawMessage
	if err := json.Unmarshal(b, &row); err != nil {
		return nil, plainJSON(err)
	}
	if row == nil {
		return nil, errors.New("it is null")
	}
	if keys(b) != len(row) {
		return nil, fmt.Errorf("the key %q appears twice", doubled(b))
	}
	return row, nil
}

// keys counts those of a sound object, by the commas between them.
func keys(b []byte) int {
	n, depth, text, any := 0, 0, false, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text, any = !text, true
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 1:
			n++
		}
	}
	if any {
		n++
	}
	return n
}

// doubled is the first key of a sound object that it has twice.
func doubled(b []byte) string {
	d := json.NewDecoder(bytes.NewReader(b))
	d.Token()
	seen := map[string]bool{}
	for d.More() {
		tok, _ := d.Token()
		key, _ := tok.(string)
		if seen[key] {
			return key
		}
		seen[key] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
	}
	return ""
}

// names are the keys of a sound object, in its order.
func names(b []byte) (list []string) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.Token()
	for d.More() {
		tok, _ := d.Token()
		key, _ := tok.(string)
		list = append(list, key)
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
	}
	return list
}

// plainJSON is an error of package json without the names of Go's types.
func plainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("it is of the type %s", kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %s", syntax.Offset, syntax.Error())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut short")
	}
	return err
}
