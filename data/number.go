package data

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// largest is what a value may be: beyond it differences of float32 overflow.
const largest = 1e30

// number reads s with the given decimal mark.
func number(s string, decimal rune) (float64, *Error) {
	plain := s
	if decimal == ',' {
		if strings.Contains(s, ".") {
			return 0, &Error{Value: s, Reason: "has a point where commas mark decimals", Hint: "write numbers without marks of thousands"}
		}
		plain = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(plain, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || math.IsInf(v, 0):
		return 0, &Error{Value: s, Reason: "is infinite", Hint: "leave the field empty if the value is not known"}
	case err != nil && decimal == '.' && strings.Contains(s, ","):
		return 0, &Error{Value: s, Reason: "has a comma", Hint: "write numbers without marks of thousands; for decimal commas separate the columns by semicolons"}
	case err != nil:
		return 0, &Error{Value: s, Reason: "is no number", Hint: "correct it, or leave the field empty if the value is not known"}
	case math.Abs(v) > largest:
		return 0, &Error{Value: s, Reason: "is larger than 1e30", Hint: "bring the values to another unit, or leave the field empty if it is not known"}
	}
	return v, nil
}
