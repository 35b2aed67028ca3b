package data

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// largest is what a value may be: beyond it differences of float32 overflow.
const largest = 1e30

// value reads a number. decimal is '.' or ','.
func value(s string, decimal rune) (float64, *Error) {
	if blank(s) {
		return math.NaN(), nil
	}
	return number(strings.TrimSpace(s), decimal)
}

// number reads s with the given decimal mark.
func number(s string, decimal rune) (float64, *Error) {
	plain := s
	if decimal == ',' {
		whole, part, comma := strings.Cut(s, ",")
		if strings.Contains(s, ".") {
			if !grouped(whole, '.') || strings.Contains(part, ".") {
				return 0, &Error{Value: s, Reason: "has a point, but commas are the decimal marks", Hint: "correct it, or name the decimal mark (--decimal .)"}
			}
			whole = strings.ReplaceAll(whole, ".", "")
		}
		if plain = whole; comma {
			plain += "." + part
		}
	} else if whole, _, point := strings.Cut(s, "."); grouped(whole, ',') && (point || strings.Count(whole, ",") > 1) { // 1,201.5, but not 1,201
		plain = strings.ReplaceAll(whole, ",", "") + s[len(whole):]
	}
	v, err := strconv.ParseFloat(plain, 64)
	if errors.Is(err, strconv.ErrRange) { // and v is infinite
		err = nil
	}
	switch {
	case err != nil && decimal == '.' && withCommas(s):
		return 0, &Error{Value: s, Reason: "has a comma", Hint: "write numbers without thousands separators; for decimal commas separate the columns by semicolons, or pass --decimal ,"}
	case err != nil:
		return 0, &Error{Value: s, Reason: "is not a number", Hint: "correct it, or leave the field empty if the value is missing"}
	case math.Abs(v) > largest:
		e := tooLarge(v)
		e.Value = s
		return 0, e
	}
	return v, nil
}

// withCommas reports whether s is a number but for commas.
func withCommas(s string) bool {
	_, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	return err == nil
}

// tooLarge reports a value beyond largest.
func tooLarge(v float64) *Error {
	e := &Error{Value: fmt.Sprint(v), Reason: "is larger than 1e30", Hint: "use a larger unit, or leave the field empty if the value is missing"}
	if math.IsInf(v, 0) {
		e.Reason, e.Hint = "is infinite", "leave the field empty if the value is missing"
	}
	return e
}

// decimalComma reports whether s is a number with a comma in place of a point.
func decimalComma(s string) bool {
	if !strings.Contains(s, ",") {
		return false
	}
	_, e := number(strings.TrimSpace(s), ',')
	return e == nil
}

// grouped reports whether s is a whole number with marks between groups of three digits, such as 1.201
// or -12.345.678.
func grouped(s string, mark byte) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	first := strings.IndexByte(s, mark)
	if first < 1 || first > 3 || s[0] == '0' || (len(s)-first)%4 != 0 {
		return false
	}
	for i, c := range []byte(s) {
		if at := i >= first && (i-first)%4 == 0; at != (c == mark) || !at && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
