package setting

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	errEmpty = errors.New("it is empty; give JSON")
	errEarly = errors.New("it is JSON that ends too early: a bracket or a quote is left open")
)

// JSONError is err, of decoding the JSON text b, in words that need no knowledge of Go:
// with line and column where they are known, and the field that has the wrong kind of
// value. What it does not know stays as it is.
func JSONError(b []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var value *json.UnsupportedValueError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		if len(bytes.TrimSpace(b)) == 0 {
			return errEmpty
		}
		if int(syntax.Offset) >= len(b) && strings.Contains(syntax.Error(), "unexpected end") {
			return errEarly
		}
		return fmt.Errorf("%s: it is not JSON: %v", Place(b, syntax.Offset), syntax)
	case errors.As(err, &kind):
		name, problem, _ := Takes(kind)
		return fmt.Errorf("%s: %s %s", Place(b, kind.Offset), Cut(cmp.Or(name, "the whole")), problem)
	case errors.As(err, &value):
		return fmt.Errorf("a number is %s, which JSON does not have", Cut(value.Str))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errEarly
	case errors.Is(err, io.EOF):
		return errEmpty
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("there is no field %s", Cut(name))
	}
	return err
}

// Takes is what is wrong with a setting's value, if err is about that.
func Takes(err error) (name, problem string, ok bool) {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return "", "", false
	}
	parts := strings.Split(kind.Field, ".")
	last := len(parts) - 1
	parts = append(slices.DeleteFunc(parts[:last:last], embedded), parts[last])
	return strings.Join(parts, "."), fmt.Sprintf("takes %s, not %s", kindOf(kind.Type), given(kind.Value)), true
}

// embedded reports whether a part of a path is the Go name of a struct within another, which
// encoding/json puts before its fields. Settings begin with small letters.
func embedded(part string) bool { return part != "" && unicode.IsUpper(rune(part[0])) }

// Place is the line and column of the byte before offset.
func Place(b []byte, offset int64) string {
	b = b[:min(max(int(offset)-1, 0), len(b))]
	line := bytes.LastIndexByte(b, '\n') + 1
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(b, []byte("\n")), 1+utf8.RuneCount(b[line:]))
}

// kindOf names what goes into a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Pointer:
		return kindOf(t.Elem())
	}
	return "names with values"
}

// given names a value as encoding/json describes it.
func given(value string) string {
	switch value {
	case "string":
		return "text"
	case "number":
		return "a number"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "names with values"
	}
	return Cut(strings.TrimPrefix(value, "number "))
}
