package text

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// Joiner begins a word or mark that stood right after the one before, so that Decode
// puts no space between them.
const Joiner = "\uFFED"

// Split cuts s into words, numbers, and single marks. Apostrophes and hyphens within
// a word, and points and commas within a number, belong to it. A token that follows
// another without white space begins with Joiner.
func Split(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		joined := false
		for s != "" {
			r, n := utf8.DecodeRuneInString(s)
			if unicode.IsSpace(r) {
				s, joined = s[n:], false
				continue
			}
			n = wordLen(s, r, n)
			t := s[:n]
			if joined {
				t = Joiner + t
			}
			if !yield(t) {
				return
			}
			s, joined = s[n:], true
		}
	}
}

// wordLen is the length of the token that s begins with, whose first character is r,
// of n bytes.
func wordLen(s string, r rune, n int) int {
	var same, within func(r rune) bool
	switch {
	case isLetter(r):
		same, within = isLetter, func(r rune) bool { return r == '\'' || r == '’' || r == '-' }
	case unicode.IsDigit(r):
		same, within = unicode.IsDigit, func(r rune) bool { return r == '.' || r == ',' }
	default:
		return n
	}
	for n < len(s) {
		r, w := utf8.DecodeRuneInString(s[n:])
		if same(r) {
			n += w
			continue
		}
		next, more := utf8.DecodeRuneInString(s[n+w:])
		if !within(r) || more == 0 || !same(next) {
			break
		}
		n += w + more
	}
	return n
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
