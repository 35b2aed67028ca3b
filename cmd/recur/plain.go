package main

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/recur-go/recur/internal/setting"
)

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
		problem := " is no number"
		if errors.Is(number, strconv.ErrRange) {
			problem = " is too large or too small a number"
		}
		replace(number, strconv.Quote(setting.Cut(number.Num))+problem)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		replace(io.ErrUnexpectedEOF, "it ends too early")
	}
	text = strings.ReplaceAll(text, "unexpected end of JSON input", "it ends too early")
	return strings.ReplaceAll(text, "json: unknown field", "there is no field")
}
