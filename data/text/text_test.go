package text

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var corpus = []string{
	"The cat sat on the mat.", "The dog's bone costs 3.50, or 1,200 won!", "a state-of-the-art (very good) net",
	"이 영화는 정말 재미있었어요 ㅋㅋㅋ", "재미없다. 돈이 아깝다...", "값을 깎다", "naïve café 😀",
}

func learn(t testing.TB, o Options) *Codec {
	c, err := Learn(slices.Values(corpus), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoundTrips(t *testing.T) {
	for _, k := range Kinds() {
		c := learn(t, Options{Kind: k})
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back := new(Codec)
		if err := json.Unmarshal(b, back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c, back) {
			t.Errorf("%s: another codec came back from JSON", k)
		}
		for _, s := range corpus {
			ids := c.Encode(s)
			if got := back.Decode(ids); got != s {
				t.Errorf("%s: %q became %q by way of %q", k, s, got, c.Tokens(s))
			}
			if slices.Contains(ids, Unknown) || slices.Max(ids) >= c.Size() {
				t.Errorf("%s: ids %v of a vocabulary of %d", k, ids, c.Size())
			}
			if n := len(c.Tokens(s)); n != len(ids) {
				t.Errorf("%s: %d tokens, %d ids", k, n, len(ids))
			}
		}
	}
}

func TestSplit(t *testing.T) {
	for s, want := range map[string]string{
		"The dog's bone, 1,200.5 won!": "The dog's bone _, 1,200.5 won _!",
		"(state-of-the-art) -- well-":  "( _state-of-the-art _) - _- well _-",
		" 영화가...  좋다 ":                 "영화가 _. _. _. 좋다",
		"3,":                           "3 _,",
		"":                             "",
	} {
		got := strings.ReplaceAll(strings.Join(slices.Collect(Split(s)), " "), Joiner, "_")
		if got != want {
			t.Errorf("%q is cut into %q, want %q", s, got, want)
		}
	}
}

func TestJamo(t *testing.T) {
	for s, want := range map[string]string{"값": "\u1100\u1161\u11b9", "아a": "\u110b\u1161a", "힣": "\u1112\u1175\u11c2", "ㅋ": "ㅋ"} {
		if got := decompose(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	// Jamo that make no syllable stay as they are.
	for _, s := range []string{"\u1100\u1100", "\u1161", "\u11a8x", "\u1100x\u1161"} {
		if got := compose(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestVocabulary(t *testing.T) {
	lines := []string{"b b b a a c", "a C"}
	c, err := Learn(slices.Values(lines), Options{Kind: Space, Max: 5, Lower: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{c.Token(3), c.Token(4)}; c.Size() != 5 || got[0] != "a" || got[1] != "b" {
		t.Errorf("%d tokens, %q: want the two most frequent, a before b", c.Size(), got)
	}
	if got := c.Encode("a C"); got[0] != 3 || got[1] != Unknown {
		t.Errorf("a C is %v", got)
	}
	if got := c.Decode([]int{Start, 4, 0, 3, End, 4}); got != "b <unk> a" {
		t.Errorf("%q", got)
	}
	c, _ = Learn(slices.Values(lines), Options{Kind: Space, Min: 2, Lower: true})
	if c.Size() != 6 {
		t.Errorf("%d tokens stand twice at least, want 3", c.Size()-3)
	}
	for _, o := range []Options{{}, {Kind: "bytes"}, {Kind: Chars, Max: 3}, {Kind: BPE, Max: 200}} {
		if _, err := Learn(slices.Values(lines), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// The example of Sennrich, Haddow & Birch 2016: low lowest newer wider.
func TestPairs(t *testing.T) {
	var lines []string
	for w, n := range map[string]int{"low": 5, "lowest": 2, "newer": 6, "wider": 3} {
		lines = append(lines, slices.Repeat([]string{w}, n)...)
	}
	c, err := Learn(slices.Values(lines), Options{Kind: BPE, Max: 3 + 256 + 4})
	if err != nil {
		t.Fatal(err)
	}
	// e r stands 9 times; then l o and o w 7 times, the older token first; e w 6 times
	if got := strings.Join(c.Tokens("lower newest"), " "); got != "low er Ġ n ew e s t" {
		t.Errorf("%q by %v", got, c.merges)
	}
	again, _ := Learn(slices.Values(lines), Options{Kind: BPE, Max: 3 + 256 + 4})
	if !reflect.DeepEqual(c, again) {
		t.Error("another order of words gives other merges")
	}
}

func TestBadJSON(t *testing.T) {
	for _, s := range []string{
		`{"kind":"morse"}`, `{"kind":"word","tokens":["a","a"]}`, `{"kind":"bpe","merges":["ab c"]}`, `{"kind":"bpe","merges":["a b","a b"]}`, `[]`,
	} {
		if err := json.Unmarshal([]byte(s), new(Codec)); err == nil {
			t.Errorf("%s was taken", s)
		}
	}
}

func FuzzBPE(f *testing.F) {
	c := learn(f, Options{Kind: BPE})
	for _, s := range append(corpus, "", "  two  spaces\n\tand lines ", strings.Repeat("long", 100)) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := c.Decode(c.Encode(s)); utf8.ValidString(s) && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, s := range corpus {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Learn(slices.Values([]string{s}), Options{Kind: Words, Max: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		got := c.Decode(c.Encode(s))
		if want := strings.Join(strings.Fields(s), " "); utf8.ValidString(s) && !strings.Contains(s, Joiner) && got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}

func FuzzJamo(f *testing.F) {
	for _, s := range corpus {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		jamo := func(r rune) bool { return r >= leads && r < 0x1200 }
		if !utf8.ValidString(s) || strings.ContainsFunc(s, jamo) {
			return
		}
		cut := decompose(s)
		if got := compose(cut); got != s {
			t.Errorf("%q became %q", s, got)
		}
		if strings.ContainsFunc(cut, func(r rune) bool { return r >= syllables && r < syllables+syllableCount }) {
			t.Errorf("%q still has syllables", cut)
		}
	})
}

func TestDecoder(t *testing.T) {
	for _, k := range Kinds() {
		c := learn(t, Options{Kind: k, Max: 300})
		for _, s := range corpus {
			ids := append(append([]int{Start}, c.Encode(s)...), End)
			d, said := NewDecoder(c), ""
			for _, id := range ids {
				said += d.Next(id)
				if !utf8.ValidString(said) {
					t.Errorf("%s: half a character in %q", k, said)
				}
			}
			if said += d.Rest(); said != c.Decode(ids) {
				t.Errorf("%s: %q piece by piece, %q as a whole", k, said, c.Decode(ids))
			}
		}
	}
}
