package text

import (
	"strings"
	"unicode/utf8"
)

// A Decoder writes text as its tokens come, one by one from a model.
type Decoder struct {
	c       *Codec
	pending strings.Builder // beginning of a character or a syllable, not given yet
	begun   bool
}

// NewDecoder begins a text.
func NewDecoder(c *Codec) *Decoder { return &Decoder{c: c} }

// Next is the text that is complete with the token id: what all calls give, and then
// Rest, is what Decode gives of all ids. End and Start give nothing.
func (d *Decoder) Next(id int) string {
	if id == Start || id == End {
		return ""
	}
	var b strings.Builder
	if d.begun {
		b.WriteByte('x') // so that the token is not the first
	}
	d.c.write(&b, id)
	t := b.String()
	if d.begun {
		t = t[1:]
	}
	d.begun = true
	d.pending.WriteString(t)
	all := d.pending.String()
	n := len(all)
	switch d.c.Kind {
	case Jamo:
		n = lastSyllable(all)
	case BPE:
		n = lastWhole(all)
	}
	d.pending.Reset()
	d.pending.WriteString(all[n:])
	return d.clean(all[:n])
}

// Rest is what is left at the end.
func (d *Decoder) Rest() string {
	defer d.pending.Reset()
	return d.clean(d.pending.String())
}

func (d *Decoder) clean(s string) string {
	switch d.c.Kind {
	case Jamo:
		return compose(s)
	case BPE:
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// lastSyllable is where jamo begin at the end of s that may go on.
func lastSyllable(s string) int {
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if r < leads || r >= finals+finalCount {
			return i
		}
		if i -= n; r < leads+leadCount {
			return i
		}
	}
	return 0
}

// lastWhole is where a character begins at the end of s of which bytes are missing.
func lastWhole(s string) int {
	for i := len(s) - 1; i >= 0 && i > len(s)-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return i
			}
			break
		}
	}
	return len(s)
}
