package caption

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
)

// Words of a sentence are cut by white space or as text.Split does. The values of open
// slots, such as names and telephone numbers, do not enter the vocabulary: where a
// sentence says one, it has the slot's placeholder, such as <name>, and the value is put
// back in when the model has spoken (delexicalisation; Mairesse et al. 2010).

// A wording is how sentences are cut and which slots are open. It is part of a model.
type wording struct {
	Tokens   text.Kind         `json:"tokens"` // word or space
	Lower    bool              `json:"lower,omitempty"`
	Open     []string          `json:"open,omitempty"`     // names of slots; nil for all
	Constant map[string]string `json:"constant,omitempty"` // values of slots that have but one in all data
}

// cut cuts a sentence into words.
func (w *wording) cut(s string) []string {
	if w.Lower {
		s = strings.ToLower(s)
	}
	if w.Tokens == text.Space {
		return strings.Fields(s)
	}
	return slices.Collect(text.Split(s))
}

// join makes a sentence of words.
func (w *wording) join(words []string) string {
	var b strings.Builder
	for _, t := range words {
		rest, joined := t, false
		if w.Tokens != text.Space {
			rest, joined = strings.CutPrefix(t, text.Joiner)
		}
		if b.Len() > 0 && !joined {
			b.WriteByte(' ')
		}
		b.WriteString(rest)
	}
	return b.String()
}

// special is what a value means that is no value of its own: yes, no, none, dontcare,
// or ? for a slot that is asked for.
func special(value string) string {
	switch strings.ToLower(value) {
	case "", "?":
		return "?"
	case "yes", "true":
		return "yes"
	case "no", "false":
		return "no"
	case "none":
		return "none"
	case "dontcare", "dont_care", "dont care", "don't care":
		return "dontcare"
	}
	return ""
}

// open reports whether the value of a slot is put in where its placeholder stands.
func (w *wording) open(s Slot) bool {
	return special(s.Value) == "" && (w.Open == nil || slices.ContainsFunc(w.Open, func(o string) bool { return strings.EqualFold(slotName(o), s.Name) }))
}

func placeholder(slot string) string { return "<" + strings.ToLower(slot) + ">" }

// delexicalise puts placeholders where the words are the values of m, longer values
// first. A value of several, joined by and or or, is found in any order.
func (w *wording) delexicalise(words []string, m *Meaning) []string {
	type value struct {
		slot  string
		words [][]string // its words in each form
	}
	var values []value
	for _, s := range m.Slots {
		if w.open(s) {
			values = append(values, value{s.Name, w.orders(s.Value)})
		}
	}
	slices.SortStableFunc(values, func(a, b value) int { return cmp.Compare(len(b.words[0]), len(a.words[0])) })
	for _, v := range values {
		for _, way := range v.words {
			if at := find(words, way); at >= 0 {
				mark := placeholder(v.slot)
				if strings.HasPrefix(words[at], text.Joiner) {
					mark = text.Joiner + mark
				}
				words = slices.Concat(words[:at], []string{mark}, words[at+len(way):])
				break
			}
		}
	}
	return words
}

// orders cuts a value into words, in every order of its parts, the given one first.
func (w *wording) orders(value string) (all [][]string) {
	all = append(all, w.cut(value))
	parts := strings.Split(strings.ReplaceAll(value, " or ", " and "), " and ")
	if len(parts) < 2 || len(parts) > 4 {
		return all
	}
	for _, p := range permutations(parts) {
		all = append(all, w.cut(strings.Join(p, " and ")), w.cut(strings.Join(p, " or ")))
	}
	return all
}

func permutations(parts []string) (all [][]string) {
	if len(parts) == 1 {
		return [][]string{parts}
	}
	for i, first := range parts {
		for _, rest := range permutations(slices.Concat(parts[:i], parts[i+1:])) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}

// find is where part begins in words, -1 if it does not. What stands before its first
// word does not matter.
func find(words, part []string) int {
	if len(part) == 0 {
		return -1
	}
	for i := 0; i+len(part) <= len(words); i++ {
		if strings.TrimPrefix(words[i], text.Joiner) == part[0] && slices.Equal(words[i+1:i+len(part)], part[1:]) {
			return i
		}
	}
	return -1
}

// lexicalise puts the values of m in for placeholders: of a slot with several the first
// for the first, and the last for all that are left. A slot that m does not have keeps
// its placeholder, unless its value is always the same.
func (w *wording) lexicalise(words []string, m *Meaning) []string {
	values := map[string][]string{} // by placeholder
	for slot, v := range w.Constant {
		values[placeholder(slot)] = []string{v}
	}
	own := map[string]bool{}
	for _, s := range m.Slots {
		if !w.open(s) {
			continue
		}
		mark := placeholder(s.Name)
		if !own[mark] {
			own[mark], values[mark] = true, nil
		}
		values[mark] = append(values[mark], s.Value)
	}
	var out []string
	for _, t := range words {
		mark := strings.TrimPrefix(t, text.Joiner)
		v, ok := values[mark]
		if !ok {
			out = append(out, t)
			continue
		}
		value := w.cut(v[0])
		if len(value) > 0 && mark != t {
			value[0] = text.Joiner + value[0]
		}
		out = append(out, value...)
		if len(v) > 1 {
			values[mark] = v[1:]
		}
	}
	return out
}

// canonical is a value of a slot that is not open, as it enters a feature.
func canonical(value string) string {
	var words []string
	for t := range text.Split(strings.ToLower(value)) {
		words = append(words, strings.TrimPrefix(t, text.Joiner))
	}
	return strings.Join(words, " ")
}
