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

msgid "%d steps of %v"
msgstr "%[2]v의 %[1]d시점"

msgid "the loss"
msgstr "손실"

msgid "%s: %v"
msgstr "%s = %v"

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
		"the loss: the loss":              "the loss = 손실",
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

func TestText(t *testing.T) {
	for english, want := range map[string]string{
		"Usage:\nExamples:\nno entry": "사용법:\n예시:\nno entry",
		"Usage: · no entry":           "사용법: · no entry",
		"recur trains and uses recurrent neural networks. No entry. The script needs the package bash-completion.": "recur는 순환 신경망을 학습하고 사용하는 프로그램입니다. No entry. 이 스크립트에는 bash-completion 패키지가 필요합니다.",
	} {
		if got := Korean.Text(english); got != want {
			t.Errorf("%q: %q, want %q", english, got, want)
		}
		if got := English.Text(english); got != english {
			t.Errorf("%q in English: %q", english, got)
		}
	}
	if got := Korean.Sprintf("(default %s)", "Usage:"); got != "(기본값 Usage:)" {
		t.Error(got)
	}
	if got := Korean.Sprintf("no entry %d", 3); got != "no entry 3" {
		t.Error(got)
	}
}
