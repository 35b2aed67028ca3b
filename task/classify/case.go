package classify

import (
	"iter"
	"strings"
	"unicode"

	"github.com/recur-go/recur/data/text"
)

// What a word's capitals are. Lower case makes one word of Good and good; this keeps
// apart what a name and a shout are.
const (
	noCapitals = iota // good, or no letters
	capitalised
	allCapitals // of two letters or more
	someCapitals
	cases
)

// casesOf gives the case of each of the n words of s, none where they are not found.
func casesOf(s string, kind text.Kind, n int) []uint8 {
	var words iter.Seq[string] = strings.FieldsSeq(s)
	if kind == text.Words {
		words = text.Split(s)
	}
	all := make([]uint8, 0, n)
	for w := range words {
		all = append(all, caseOf(w))
	}
	if len(all) != n { // lower case has changed what a word is
		return make([]uint8, n)
	}
	return all
}

func caseOf(word string) uint8 {
	upper, letters, first := 0, 0, false
	for _, r := range word {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		if unicode.IsUpper(r) {
			upper++
			first = first || letters == 1
		}
	}
	switch {
	case upper == 0:
		return noCapitals
	case upper == letters && upper > 1:
		return allCapitals
	case first && upper == 1:
		return capitalised
	}
	return someCapitals
}
