package lang

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed ko.po
var koreanPO string

var korean = sync.OnceValue(func() *catalogue { return parse(koreanPO) })

// A catalogue is the entries of a language.
type catalogue struct {
	exact   map[string]string
	of      map[string]*format
	formats []*format // those with more letters of their own first
}

// A format is an entry whose English has verbs of fmt. A value of %v is a word of the catalogue,
// and is looked up; one of %s may be the user's, and is not.
type format struct {
	english, text string
	match         *regexp.Regexp
	letters       int    // outside of verbs
	verbs         []byte // kinds of its values
}

// An entry is a pair of texts.
type entry struct{ english, text string }

// verb is a verb of fmt as the catalogue has them, with the number of its value, or %%.
var verb = regexp.MustCompile(`%%|%(?:\[(\d+)\])?[-+#0]?\d*(?:\.\d+)?([dsqvgf])`)

func parse(po string) *catalogue {
	c := &catalogue{exact: map[string]string{}, of: map[string]*format{}}
	for _, e := range entries(po) {
		if !verb.MatchString(e.english) {
			c.exact[e.english] = e.text
			continue
		}
		var pattern strings.Builder
		f, end := &format{english: e.english, text: e.text}, 0
		for _, at := range verb.FindAllStringSubmatchIndex(e.english, -1) {
			pattern.WriteString(regexp.QuoteMeta(e.english[end:at[0]]))
			f.letters += at[0] - end
			kind := e.english[at[1]-1]
			if kind != '%' {
				f.verbs = append(f.verbs, kind)
			}
			switch end = at[1]; kind {
			case '%':
				pattern.WriteString("%")
			case 'd', 'g', 'f':
				pattern.WriteString(`([-+]?[0-9][0-9.,e+-]*|NaN)`)
			default:
				pattern.WriteString(`(.*?)`)
			}
		}
		pattern.WriteString(regexp.QuoteMeta(e.english[end:]))
		f.letters += len(e.english) - end
		f.match = regexp.MustCompile(`(?s)^` + pattern.String() + `$`)
		c.formats, c.of[f.english] = append(c.formats, f), f
	}
	slices.SortStableFunc(c.formats, func(a, b *format) int { return b.letters - a.letters })
	return c
}

// entries are those of a file, without its header: msgid and msgstr with strings that may go
// on in the lines below. A line that is none of these is a comment.
func entries(po string) (all []entry) {
	var e entry
	into := &e.english
	for line := range strings.Lines(po) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "msgid "); ok {
			if e.english != "" {
				all = append(all, e)
			}
			e, into, line = entry{}, &e.english, rest
		} else if rest, ok := strings.CutPrefix(line, "msgstr "); ok {
			into, line = &e.text, rest
		}
		if text, err := strconv.Unquote(line); err == nil {
			*into += text
		}
	}
	if e.english != "" {
		all = append(all, e)
	}
	return all
}

// key is the English of the entry that gives a text.
func (c *catalogue) key(english string) string {
	if _, ok := c.exact[english]; ok {
		return english
	}
	if f, _ := c.format(english); f != nil {
		return f.english
	}
	return ""
}

// format is the entry with verbs that gives a text, nil if there is none, and its match.
func (c *catalogue) format(english string) (*format, []string) {
	for _, f := range c.formats {
		if values := f.match.FindStringSubmatch(english); values != nil {
			return f, values
		}
	}
	return nil, nil
}

func (c *catalogue) lookup(english string) (string, bool) {
	if text, ok := c.exact[english]; ok {
		return text, true
	}
	f, values := c.format(english)
	if f == nil {
		return english, false
	}
	n := 0
	return verb.ReplaceAllStringFunc(f.text, func(v string) string {
		if v == "%%" {
			return "%"
		}
		n++
		at := n
		if index := verb.FindStringSubmatch(v)[1]; index != "" {
			at, _ = strconv.Atoi(index)
		}
		if at >= len(values) {
			return v
		}
		if f.verbs[at-1] != 'v' {
			return values[at]
		}
		text, _ := c.lookup(values[at])
		return text
	}), true
}
