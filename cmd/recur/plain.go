package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

// outOfPlace is how encoding/json reports a character that JSON does not have there.
var outOfPlace = regexp.MustCompile(`invalid character ('(?:\\.|[^'\\])+') (?:looking for beginning of (?:value|object key string)|in literal \w+ \(expecting '.'\)|in [\w ]*literal|in string escape code|in \\u hexadecimal character escape|after (?:top-level value|array element|object key(?::value pair)?|decimal point in numeric literal))`)

// plain is the text of an error without the words of Go that errors of its libraries bring.
func plain(err error) string {
	text := err.Error()
	replace := func(inner error, by string) { text = strings.ReplaceAll(text, inner.Error(), by) }
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		name, problem, _ := setting.Takes(kind)
		if name == "" {
			name = "the JSON"
		}
		replace(kind, name+" "+problem)
	}
	var value *json.UnsupportedValueError
	if errors.As(err, &value) {
		replace(value, setting.JSONError(nil, value).Error())
	}
	var number *strconv.NumError
	if errors.As(err, &number) {
		problem := " is not a number"
		if errors.Is(number, strconv.ErrRange) {
			problem = " is too large or too small a number"
		}
		replace(number, strconv.Quote(setting.Cut(number.Num))+problem)
	}
	var file *fs.PathError
	if errors.As(err, &file) { // without the call that failed
		replace(file, file.Path+": "+file.Err.Error())
		text = strings.ReplaceAll(text, file.Path+": "+file.Path+": ", file.Path+": ")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		replace(io.ErrUnexpectedEOF, "it ends too early")
	}
	text = strings.ReplaceAll(text, "unexpected end of JSON input", "it ends too early")
	text = outOfPlace.ReplaceAllString(text, "$1 is out of place")
	text = strings.ReplaceAll(text, "json: unknown field", "there is no field")
	return shortened(hintOnce(text))
}

// hintOnce leaves the hint behind "; " that several lines after one another share to the first.
func hintOnce(text string) string {
	lines := strings.Split(text, "\n")
	last := ""
	for i, line := range lines {
		problem, hint, _ := strings.Cut(line, "; ")
		if hint != "" && hint == last {
			lines[i] = problem
		}
		last = hint
	}
	return strings.Join(lines, "\n")
}

// shortened cuts words that are longer than any message needs: they are of the input. A line
// of JSON to copy stays.
func shortened(text string) string {
	const most = 200
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) <= most || strings.HasPrefix(line, "{") {
			continue
		}
		words := strings.Split(line, " ")
		for j, w := range words {
			if r := []rune(w); len(r) > most {
				words[j] = string(r[:most/4]) + "…" + string(r[len(r)-most/10:])
			}
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}
