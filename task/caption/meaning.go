package caption

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Meaning is what a sentence is about: a dialogue act, such as inform or request,
// and slots.
type Meaning struct {
	Act   string `json:"act,omitempty"` // may be empty
	Slots []Slot `json:"slots,omitempty"`
}

// A Slot is a property with its value. A slot with the value "" or "?" is asked for.
type Slot struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Limits of what ParseMeaning accepts.
const (
	maxMeaning = 64 << 10 // bytes
	maxSlots   = 256
)

// ParseMeaning reads a meaning in one of the forms of the usual data sets:
//
//	inform(name='red door cafe';area=?;kidsallowed=yes)     RNNLG
//	name[The Vaults], eatType[pub], near[Café Adriatic]     E2E challenge
//	__start_name__ The Vaults __end_name__ …                the same, tokenised
//	{"act": "inform", "slots": [{"name": "area", "value": "soma"}]}
//
// Names of slots lose their spaces and underlines.
func ParseMeaning(s string) (*Meaning, error) {
	switch {
	case len(s) > maxMeaning:
		return nil, fmt.Errorf("caption: a meaning of %d bytes is longer than %d", len(s), maxMeaning)
	case !utf8.ValidString(s):
		return nil, fmt.Errorf("caption: the meaning is not UTF-8")
	}
	p := &parser{s: s}
	var m *Meaning
	var err error
	p.space()
	switch {
	case p.at(p.i) == '{':
		m, err = parseJSON(s)
	case strings.HasPrefix(s[p.i:], tagStart):
		m, err = p.tagged()
	case p.at(max(0, strings.IndexAny(s, "(["))) == '(':
		m, err = p.act()
	default:
		m, err = p.brackets()
	}
	if err != nil {
		return nil, err
	}
	if len(m.Slots) > maxSlots {
		return nil, fmt.Errorf("caption: a meaning of %d slots has more than %d", len(m.Slots), maxSlots)
	}
	return m, nil
}

// UnmarshalJSON reads an object, or a string as ParseMeaning does.
func (m *Meaning) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	got, err := ParseMeaning(s)
	if err == nil {
		*m = *got
	}
	return err
}

func parseJSON(s string) (*Meaning, error) {
	type plain Meaning // without UnmarshalJSON
	var m plain
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("caption: meaning: %w", err)
	}
	for i := range m.Slots {
		if m.Slots[i].Name = slotName(m.Slots[i].Name); m.Slots[i].Name == "" {
			return nil, fmt.Errorf("caption: slot %d of the meaning has no name", i+1)
		}
	}
	return (*Meaning)(&m), nil
}

// String is the meaning as RNNLG writes it.
func (m *Meaning) String() string {
	var b strings.Builder
	b.WriteString(m.Act + "(")
	for i, s := range m.Slots {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(s.Name)
		if s.Value != "" {
			b.WriteString("='" + s.Value + "'")
		}
	}
	return b.String() + ")"
}

// slotName is a name without spaces and underlines.
func slotName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, s)
}

// A parser reads a meaning from its beginning.
type parser struct {
	s string
	i int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("caption: meaning %.60q, at byte %d: %s", p.s, p.i+1, fmt.Sprintf(format, args...))
}

// at is byte i, 0 past the end.
func (p *parser) at(i int) byte {
	if i < len(p.s) {
		return p.s[i]
	}
	return 0
}

func (p *parser) space() {
	for p.at(p.i) == ' ' || p.at(p.i) == '\t' {
		p.i++
	}
}

// until takes what stands before one of the stops.
func (p *parser) until(stops string) string {
	n := strings.IndexAny(p.s[p.i:], stops)
	if n < 0 {
		n = len(p.s) - p.i
	}
	t := p.s[p.i : p.i+n]
	p.i += n
	return strings.TrimSpace(t)
}

// end expects nothing more.
func (p *parser) end() error {
	if p.space(); p.i < len(p.s) {
		return p.fail("%.20q follows the end", p.s[p.i:])
	}
	return nil
}

// act reads act(slot=value;slot='value';slot).
func (p *parser) act() (*Meaning, error) {
	m := &Meaning{Act: p.until("(")}
	if m.Act == "" {
		return nil, p.fail("there is no act before the bracket")
	}
	p.i++
	for {
		p.space()
		if p.at(p.i) == ')' {
			p.i++
			return m, p.end()
		}
		name := slotName(p.until("=;)"))
		if name == "" {
			return nil, p.fail("a slot has no name")
		}
		value := ""
		if p.at(p.i) == '=' {
			p.i++
			value = p.value()
		}
		m.Slots = append(m.Slots, Slot{name, value})
		switch p.at(p.i) {
		case ';':
			p.i++
		case ')':
		default:
			return nil, p.fail("the bracket is not closed")
		}
	}
}

// value reads one that may stand in quotation marks, which end where a slot can end, so
// that marks within it do no harm.
func (p *parser) value() string {
	p.space()
	quote := p.at(p.i)
	if quote != '\'' && quote != '"' {
		return p.until(";)")
	}
	for end := p.i + 1; end < len(p.s); end++ {
		if p.s[end] != quote {
			continue
		}
		next := end + 1
		for p.at(next) == ' ' {
			next++
		}
		if p.at(next) == ';' || p.at(next) == ')' && strings.TrimSpace(p.s[next+1:]) == "" {
			value := p.s[p.i+1 : end]
			p.i = next
			return strings.TrimSpace(value)
		}
	}
	return strings.Trim(p.until(";)"), `'"`)
}

// brackets reads slot[value], slot[value].
func (p *parser) brackets() (*Meaning, error) {
	m := &Meaning{}
	for p.space(); p.i < len(p.s); {
		name := slotName(p.until("[],"))
		if name == "" || p.at(p.i) != '[' {
			return nil, p.fail("there is no slot[value]; other forms are act(slot=value;slot) and JSON")
		}
		p.i++
		value := p.until("]")
		if p.at(p.i) != ']' {
			return nil, p.fail("the bracket is not closed")
		}
		p.i++
		m.Slots = append(m.Slots, Slot{name, value})
		if p.space(); p.at(p.i) == ',' {
			p.i++
		} else if p.i < len(p.s) {
			return nil, p.fail("a comma is missing between slots")
		}
		p.space()
	}
	if len(m.Slots) == 0 {
		return nil, p.fail("it is empty")
	}
	return m, nil
}

const tagStart, tagEnd = "__start_", "__end_"

// tagged reads __start_slot__ value __end_slot__.
func (p *parser) tagged() (*Meaning, error) {
	m := &Meaning{}
	for p.space(); p.i < len(p.s); p.space() {
		rest, ok := strings.CutPrefix(p.s[p.i:], tagStart)
		tag, rest, ok2 := strings.Cut(rest, "__")
		value, after, ok3 := strings.Cut(rest, tagEnd+tag+"__")
		if !ok || !ok2 || !ok3 || slotName(tag) == "" {
			return nil, p.fail("want %sslot__ value %sslot__", tagStart, tagEnd)
		}
		p.i = len(p.s) - len(after)
		m.Slots = append(m.Slots, Slot{slotName(tag), untokenise(value)})
	}
	return m, nil
}
