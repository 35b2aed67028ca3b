package lang

import (
	"slices"
	"strings"
	"testing"
)

func TestOfLocale(t *testing.T) {
	for _, c := range []struct {
		all, messages, lang string
		want                Lang
	}{
		{"", "", "", English},
		{"", "", "ko_KR.UTF-8", Korean},
		{"", "", "ko_KR.utf8", Korean},
		{"", "", "ko", Korean},
		{"", "", "ko_KR", Korean},
		{"", "", "ko_KR.UTF-8@hangul", Korean},
		{"", "", "ko_KR.eucKR", English}, // whose terminal would show UTF-8 as noise
		{"", "", "kok_IN.UTF-8", English},
		{"", "", "C.UTF-8", English},
		{"", "ko_KR.UTF-8", "en_US.UTF-8", Korean},
		{"", "C", "ko_KR.UTF-8", English},
		{"POSIX", "ko_KR.UTF-8", "ko_KR.UTF-8", English},
		{"ko_KR.UTF-8", "C", "C", Korean},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}
		if got := OfLocale(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %s, want %s", env, got, c.want)
		}
	}
}

// Each entry is there once, has a Korean text, and both have the same values.
func TestCatalogue(t *testing.T) {
	all := entries(koreanPO)
	if len(all) < 200 {
		t.Fatalf("%d entries", len(all))
	}
	seen := map[string]bool{}
	for _, e := range all {
		if seen[e.english] {
			t.Errorf("%q is there twice", e.english)
		}
		seen[e.english] = true
		if strings.TrimSpace(e.text) == "" {
			t.Errorf("%q has no translation", e.english)
		}
		if want, got := values(e.english), values(e.text); !slices.Equal(want, got) {
			t.Errorf("%q has the values %v, its translation %v", e.english, want, got)
		}
		if a, b := strings.Count(e.english, "`"), strings.Count(e.text, "`"); a != b {
			t.Errorf("%q: %d and %d back quotes", e.english, a, b)
		}
		if strings.HasSuffix(e.english, " ") || strings.HasSuffix(e.text, " ") {
			t.Errorf("%q ends in a blank", e.english)
		}
	}
}

// values are the verbs of a text by the values they stand for.
func values(text string) (verbs []string) {
	n := 0
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[0] == "%%" {
			continue
		}
		n++
		if m[1] == "" {
			m[0] = "%[" + string(rune('0'+n)) + "]" + m[0][1:]
		}
		verbs = append(verbs, m[0])
	}
	slices.Sort(verbs)
	return verbs
}

func TestEveryLineIsRead(t *testing.T) {
	for i, line := range strings.Split(koreanPO, "\n") {
		ok := line == "" || strings.HasPrefix(line, "#")
		for _, begin := range []string{`msgid "`, `msgstr "`, `"`} {
			ok = ok || strings.HasPrefix(line, begin) && strings.HasSuffix(line, `"`)
		}
		if !ok {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

func TestFormats(t *testing.T) {
	c := parse(`
# a comment
msgid ""
msgstr "Language: ko\n"

msgid "%d steps of %s"
msgstr "%[2]s의 %[1]d시점"

msgid "the loss"
msgstr "손실"

msgid "%s: %s"
msgstr "%s = %s"

msgid "covers %d %%, on "
"average %.1f"
msgstr "포함 %d %%, "
"평균 %.1f"
`)
	for english, want := range map[string]string{
		"12 steps of the loss":            "손실의 12시점",
		"12 steps of a, b":                "a, b의 12시점",
		"the loss":                        "손실",
		"the losses":                      "the losses",
		"a: 3 steps of it":                "a = it의 3시점",
		"covers 80 %, on average 1.5":     "포함 80 %, 평균 1.5",
		"twelve steps of the loss":        "twelve steps of the loss",
		"covers 80 %, on average unknown": "covers 80 %, on average unknown",
	} {
		if got, _ := c.lookup(english); got != want {
			t.Errorf("%q: %q, want %q", english, got, want)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "한글": 4, "한 a…": 5, "한": 2, "e\u0301": 1, "█": 1} {
		if got := Width(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := Pad("한글", 6); got != "한글  " {
		t.Errorf("%q", got)
	}
	if got := Wrap("하나 둘 셋 pneumonoultramicroscopic  네", 10); !slices.Equal(got, []string{"하나 둘 셋", "pneumonoultramicroscopic", "네"}) {
		t.Errorf("%q", got)
	}
}
