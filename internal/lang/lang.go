// Package lang has the words of help and reports in other languages than English. Programs
// write English; what a user reads is looked up by its English in a catalogue, ko.po, in the
// format of gettext. What the catalogue lacks stays English.
package lang

import (
	"cmp"
	"strings"
)

// A Lang is a language. The zero value is English.
type Lang string

// The languages, by their ISO 639 codes.
const (
	English Lang = "en"
	Korean  Lang = "ko"
)

// All are the languages there are.
func All() []Lang { return []Lang{English, Korean} }

// OfLocale is the language of messages in the environment, as POSIX has it: the first of
// LC_ALL, LC_MESSAGES and LANG that is set decides. A locale that is unknown, or that asks for
// letters in another encoding than UTF-8, is English.
func OfLocale(getenv func(string) string) Lang {
	locale := cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"))
	locale, _, _ = strings.Cut(locale, "@")
	name, encoding, named := strings.Cut(locale, ".")
	language, _, _ := strings.Cut(name, "_")
	if named && strings.ReplaceAll(strings.ToLower(encoding), "-", "") != "utf8" {
		return English
	}
	if strings.ToLower(language) == string(Korean) {
		return Korean
	}
	return English
}

// Text is an English text in l: an entry of the catalogue, or an entry with verbs of fmt that
// gives the text, whose values are looked up in turn. A text of no entry stays as it is.
func (l Lang) Text(english string) string {
	text, _ := l.Lookup(english)
	return text
}

// Lookup is Text, and reports whether the catalogue has the text.
func (l Lang) Lookup(english string) (string, bool) {
	if l != Korean {
		return english, true
	}
	return korean().lookup(english)
}

// Keys are the English texts of the catalogue of l, with verbs of fmt for values, in order.
func (l Lang) Keys() (keys []string) {
	if l == Korean {
		for _, e := range entries(koreanPO) {
			keys = append(keys, e.english)
		}
	}
	return keys
}

// Key is the entry of the catalogue that gives a text, "" if there is none.
func (l Lang) Key(english string) string {
	if l != Korean {
		return ""
	}
	return korean().key(english)
}
