// Package columns sets texts in the columns of a terminal, where letters of East Asia take two.
package columns

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is how many columns of a terminal a text takes: two for the letters of East Asia, none
// for what is put on the letter before.
func Width(text string) (columns int) {
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			columns += 2
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		default:
			columns++
		}
	}
	return columns
}

// Pad is a text with spaces behind it up to a width in columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Width(text)))
}

// PadLeft is a text with spaces before it up to a width in columns.
func PadLeft(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-Width(text))) + text
}

// Wrap breaks a text between words into lines of at most so many columns. A word that is
// longer has a line of its own.
func Wrap(text string, columns int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && Width(line)+1+Width(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
