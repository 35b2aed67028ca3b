package data

import (
	"cmp"
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
		if strings.Contains(s, ".") {
			return 0, &Error{Value: s, Reason: "has a point, but commas are the decimal marks", Hint: "write numbers without thousands separators"}
		}
		plain = strings.Replace(s, ",", ".", 1)
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

// marks finds out what marks decimals. Where commas separate fields it is a point;
// elsewhere numbers such as 1,5 show that it is a comma, and 1,500 alone may be
// either.
type marks struct {
	decimal rune
	open    bool   // it is to be found out
	sure    bool   // a comma can be nothing else
	pointed int    // first row of a number with a point
	comma   int    // first row of a number with a comma
	example string // number with that comma
}

func newMarks(given, separator rune) marks {
	return marks{decimal: cmp.Or(given, '.'), open: given == 0 && separator != ','}
}

// learn looks at a number before it is read.
func (m *marks) learn(b *Builder, row int, s string) {
	if !m.open {
		return
	}
	s = strings.TrimSpace(s)
	switch {
	case decimalComma(s):
		if m.comma == 0 {
			m.comma, m.example, m.decimal = row, strings.Clone(s), ','
			b.note("numbers have decimal commas")
			if m.pointed > 0 {
				b.Problem(&Error{Row: row, Value: s, Reason: fmt.Sprintf("has a comma, but the number in row %d has a point", m.pointed), Hint: "write all numbers alike, without thousands separators"})
			}
		}
		whole, part, _ := strings.Cut(s, ",")
		whole = strings.TrimLeft(whole, "+-")
		m.sure = m.sure || len(part) != 3 || whole == "" || whole[0] == '0' || len(whole) > 3
	case m.pointed == 0 && strings.Contains(s, ".") && len(s) > 1:
		m.pointed = row
	}
}

// settle reports commas that may mark thousands.
func (m *marks) settle(b *Builder) error {
	if m.comma > 0 && !m.sure {
		b.Problem(&Error{Row: m.comma, Value: m.example, Reason: "may have a decimal or a thousands separator, and no other number in the file shows which", Hint: "write numbers without thousands separators, or name the decimal mark (--decimal)"})
	}
	return b.err()
}

// decimalComma reports whether s is a number but for a comma in place of a point.
func decimalComma(s string) bool {
	if !strings.Contains(s, ",") {
		return false
	}
	_, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(s), ",", ".", 1), 64)
	return err == nil
}
