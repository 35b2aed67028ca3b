package caption

import (
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data/text"
)

func meaning(t testing.TB, s string) *Meaning {
	m, err := ParseMeaning(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDelexicalise(t *testing.T) {
	for _, c := range []struct {
		kind             text.Kind
		meaning, in, out string
	}{
		{text.Space, "inform(name='red door cafe';area='soma')", "red door cafe is in soma", "<name> is in <area>"},
		{text.Space, "inform(near='chinatown';area='hayes valley or chinatown')", "near chinatown , in chinatown and hayes valley", "near <near> , in <area>"},
		{text.Space, "?select(food=thai;food=dont_care)", "thai or anything", "<food> or anything"},
		{text.Space, "?select(food=thai;food=french)", "french or thai food", "<food> or <food> food"},
		{text.Words, "name[The Vaults], near[Café Adriatic]", "The Vaults, near Café Adriatic.", "<name>, near <near>."},
		{text.Words, "name[Aromi]", "(Aromi) is good", "(<name>) is good"},
		{text.Space, "inform(kidsallowed=yes)", "yes it does", "yes it does"},
	} {
		w := &wording{Tokens: c.kind}
		m := meaning(t, c.meaning)
		words := w.delexicalise(w.cut(c.in), m)
		if got := w.join(words); got != c.out {
			t.Errorf("%s: %q", c.in, got)
		}
	}
}

// Values go back in where they stood.
func TestLexicalise(t *testing.T) {
	w := &wording{Tokens: text.Words, Constant: map[string]string{"type": "restaurant"}}
	m := meaning(t, "inform(name='The Vaults';food=thai;food=french)")
	for in, want := range map[string]string{
		"<name>, a <type>, has <food> or <food>.": "The Vaults, a restaurant, has thai or french.",
		"(<name>) <name>":                         "(The Vaults) The Vaults",
		"<phone>":                                 "<phone>",
	} {
		words := strings.Fields(in)
		if got := w.join(w.lexicalise(marked(words), m)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// marked cuts marks off words that stand between white space, as text.Split would, but
// leaves placeholders whole.
func marked(fields []string) (words []string) {
	for _, f := range fields {
		for first := true; f != ""; first = false {
			t := f[:1]
			if f[0] == '<' {
				t = f[:strings.IndexByte(f, '>')+1]
			} else if i := strings.IndexAny(f, "<(),."); i > 0 {
				t = f[:i]
			} else if i < 0 {
				t = f
			}
			f = f[len(t):]
			if !first {
				t = text.Joiner + t
			}
			words = append(words, t)
		}
	}
	return words
}

func TestFeatures(t *testing.T) {
	w := &wording{Open: []string{"name", "food"}}
	m := meaning(t, "inform(name=x;food=thai;food=french;priceRange='less than £20';kids=true;area)")
	got := w.features(m)
	want := []string{"name#1", "food#1", "food#2", "pricerange=less than £ 20", "kids=yes", "area=?"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	f := learnFeatures(w, []*Meaning{m, meaning(t, "bye()")})
	if act, slots, err := f.of(w, meaning(t, "inform(food=greek)")); err != nil || f.Acts[act] != "inform" || len(slots) != 1 || f.Slots[slots[0]] != "food#1" {
		t.Error(act, slots, err)
	}
	for _, bad := range []string{"hello()", "inform(colour=red)"} {
		if _, _, err := f.of(w, meaning(t, bad)); err == nil || !strings.Contains(err.Error(), "was not in training") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if w.key(meaning(t, "inform(food=a;name=b)")) != w.key(meaning(t, "inform(name=c;food=d)")) {
		t.Error("keys differ by values and order")
	}
}

func TestUntokenise(t *testing.T) {
	for in, want := range map[string]string{
		"It 's near , but not family - friendly . £ 20 .": "It's near, but not family-friendly. £20.",
		"( 5 out of 5 ) !": "(5 out of 5)!",
		"they don 't , 'x": "they don't, 'x",
	} {
		if got := untokenise(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
