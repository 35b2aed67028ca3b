package text

import "strings"

// A Hangul syllable is a leading consonant, a vowel, and a final consonant or none
// (Unicode 3.12): S = base + (L·21 + V)·28 + T.
const (
	syllables, leads, vowels, finals = 0xAC00, 0x1100, 0x1161, 0x11A7

	vowelCount, finalCount = 21, 28
	syllableCount          = 19 * vowelCount * finalCount
	leadCount              = 19
)

// decompose cuts the Hangul syllables of s into conjoining jamo, as Unicode's NFD
// does, and leaves all else.
func decompose(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < syllables || r >= syllables+syllableCount {
			b.WriteRune(r)
			continue
		}
		i := r - syllables
		b.WriteRune(leads + i/(vowelCount*finalCount))
		b.WriteRune(vowels + i/finalCount%vowelCount)
		if t := i % finalCount; t > 0 {
			b.WriteRune(finals + t)
		}
	}
	return b.String()
}

// compose joins conjoining jamo to syllables.
func compose(s string) string {
	var b strings.Builder
	lead, syllable := rune(-1), rune(-1) // that may go on
	flush := func() {
		if lead >= 0 {
			b.WriteRune(leads + lead)
		}
		if syllable >= 0 {
			b.WriteRune(syllable)
		}
		lead, syllable = -1, -1
	}
	for _, r := range s {
		switch {
		case r >= leads && r < leads+leadCount:
			flush()
			lead = r - leads
		case r >= vowels && r < vowels+vowelCount && lead >= 0:
			lead, syllable = -1, syllables+(lead*vowelCount+r-vowels)*finalCount
		case r > finals && r < finals+finalCount && syllable >= 0:
			syllable += r - finals
			flush()
		default:
			flush()
			b.WriteRune(r)
		}
	}
	flush()
	return b.String()
}
