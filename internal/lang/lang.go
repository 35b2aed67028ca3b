// Package lang has the words of help and reports in other languages than English. Programs
// write English; what a user reads is looked up by its English in a catalogue, ko.po, in the
// format of gettext. What the catalogue lacks stays English.
package lang

import (
	"cmp"
	"fmt"
	"regexp"
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
// gives the text. A text of no entry of its own is looked up by lines, by what " · " separates,
// and by sentences. What has no entry stays as it is.
func (l Lang) Text(english string) string {
	if l != Korean {
		return english
	}
	c := korean()
	if text, ok := c.exact[english]; ok {
		return text
	}
	for _, apart := range []string{"\n", " · "} {
		if parts := strings.Split(english, apart); len(parts) > 1 {
			for i, part := range parts {
				parts[i] = l.Text(part)
			}
			return strings.Join(parts, apart)
		}
	}
	sentences := Sentences(english)
	known := true
	for i, s := range sentences {
		text, ok := c.lookup(s)
		sentences[i], known = text, known && ok
	}
	if !known {
		if text, ok := c.lookup(english); ok {
			return text
		}
	}
	return strings.Join(sentences, " ")
}

// Sprintf is fmt.Sprintf by a format in l.
func (l Lang) Sprintf(format string, values ...any) string {
	if l == Korean {
		if f := korean().of[format]; f != nil {
			format = f.text
		}
	}
	return fmt.Sprintf(format, values...)
}

// Sentences are those of a text.
func Sentences(text string) (all []string) {
	from := 0
	for _, at := range sentence.FindAllStringIndex(text, -1) {
		all = append(all, text[from:at[0]+1])
		from = at[1] - 1
	}
	return append(all, text[from:])
}

// sentence is where one ends and the next begins.
var sentence = regexp.MustCompile(`[.?!] +[A-Z]`)

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
