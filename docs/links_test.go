package docs_test

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// pages are the texts whose links must lead somewhere.
func pages(t *testing.T) []string {
	all := []string{"README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bench/README.md", "bench/serve/README.md", "examples/clients/README.md", "examples/vad/README.md"}
	docs, err := filepath.Glob("*.md")
	if err != nil || len(docs) < 4 {
		t.Fatal(docs, err)
	}
	for _, d := range docs {
		all = append(all, "docs/"+d)
	}
	return all
}

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```$")
	indented = regexp.MustCompile(`(?m)^(?: {4}|\t).*$`)
	span     = regexp.MustCompile("`[^`\n]*`")
	inline   = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)`)
	defined  = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)`)
	auto     = regexp.MustCompile(`<([a-z]+:[^\s>]+)>`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.*?)(?: +#+)?$`)
	linked   = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	named    = regexp.MustCompile(`<a [^>]*(?:id|name)="([^"]+)"`)
)

// links returns where the links of a page lead to.
func links(text string) (to []string) {
	text = span.ReplaceAllString(indented.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), "")
	for _, form := range []*regexp.Regexp{inline, defined, auto} {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			to = append(to, m[1])
		}
	}
	return to
}

// anchors returns the names of the headings of a page, as GitHub makes them: small letters,
// hyphens for spaces, no punctuation, and a number if the name is taken.
func anchors(text string) (names []string) {
	text = fenced.ReplaceAllString(text, "")
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || unicode.Is(unicode.Pc, r):
				return unicode.ToLower(r)
			}
			return -1
		}, linked.ReplaceAllString(h[1], "$1"))
		unique := name
		for n := 1; slices.Contains(names, unique); n++ {
			unique = fmt.Sprintf("%s-%d", name, n)
		}
		names = append(names, unique)
	}
	return names
}

// check returns what is wrong with a link of a page.
func check(page, link string, readFile func(string) ([]byte, error)) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	if u.Scheme != "" || u.Host != "" {
		if u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(u.Host, ".") || strings.ContainsAny(link, `"{}|\^[] `) {
			return fmt.Errorf("is not an address of http or https")
		}
		return nil
	}
	file := page
	if u.Path != "" {
		if file = path.Join(path.Dir(page), u.Path); path.IsAbs(u.Path) || !filepath.IsLocal(file) {
			return fmt.Errorf("leads out of the repository")
		}
		if info, err := os.Stat("../" + file); err != nil {
			return err
		} else if info.IsDir() && u.Fragment == "" {
			return nil
		}
	}
	if u.Fragment == "" {
		return nil
	}
	text, err := readFile(file)
	if err != nil {
		return err
	}
	if !slices.Contains(anchors(string(text)), u.Fragment) {
		return fmt.Errorf("%s has no heading of that name", file)
	}
	return nil
}

func readPage(name string) ([]byte, error) { return os.ReadFile("../" + name) }

// A link within the repository leads to a file, and to a heading of it.
func TestLinks(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		for _, link := range links(read(t, page)) {
			n++
			if err := check(page, link, readPage); err != nil {
				t.Errorf("%s: %s: %v", page, link, err)
			}
		}
	}
	if n < 80 {
		t.Errorf("%d links", n)
	}
}

func TestCheckLink(t *testing.T) {
	page := "# 1. Two steps, by `hand`\n# 한 줄, 두 줄!\n# Same\n## Same\n```sh\n# No\n```\n<a id=\"x\"></a>\n"
	for link, good := range map[string]bool{
		"#1-two-steps-by-hand": true, "#한-줄-두-줄": true, "#same": true, "#same-1": true, "#same-2": false, "#no": false, "#x": true,
		"tutorial.md": true, "tutorial.ko.md#same": true, "../README.md": true, "img": true, "img/none.svg": false, "../../main": false, "/etc": false,
		"https://example.org/a": true, "http://": false, "ftp://example.org": false, "mailto:a@example.org": false, "https://x": false, "//example.org": false,
	} {
		err := check("docs/tutorial.md", link, func(string) ([]byte, error) { return []byte(page), nil })
		if (err == nil) != good {
			t.Errorf("%s: %v", link, err)
		}
	}
	text := "[a](b.md \"t\") ![p](c.png) [![q](d.svg)](e.md) `[x](f.md)`\n\n    [y](g.md)\n\n```\n[z](h.md)\n```\n[k]: i.md\n<https://j.org>\n"
	if got := strings.Join(links(text), " "); got != "b.md c.png d.svg e.md i.md https://j.org" {
		t.Error(got)
	}
}

// The contents of a long page name each section once, in order, in both languages.
func TestContents(t *testing.T) {
	for _, name := range []string{"docs/tutorial", "docs/serving"} {
		testContents(t, name+".md", name+".ko.md")
	}
}

func testContents(t *testing.T, both ...string) {
	sections := regexp.MustCompile(`(?m)^## .*$`)
	count := 0
	for _, page := range both {
		text := read(t, page)
		head, body, _ := strings.Cut(text, "\n## ")
		var want, have []string
		for _, h := range sections.FindAllString("## "+body, -1) {
			want = append(want, "#"+anchors(h)[0])
		}
		for _, l := range links(head) {
			if strings.HasPrefix(l, "#") {
				have = append(have, l)
			}
		}
		if !slices.Equal(have, want) {
			t.Errorf("%s: the contents are\n%s\nand the sections\n%s", page, have, want)
		}
		if count == 0 {
			count = len(want)
		} else if count != len(want) {
			t.Errorf("%s has %d sections, not %d", page, len(want), count)
		}
	}
}
