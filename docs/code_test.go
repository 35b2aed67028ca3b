package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```")
	comment = regexp.MustCompile(`\s*//.*`)
	program = strings.NewReplacer("package main", "package recur_test", "func main()", "func Example()", "} // prints: ", "// Output: ")
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func blocks(t *testing.T, page string) (code []string) {
	for _, b := range goBlock.FindAllStringSubmatch(read(t, page), -1) {
		code = append(code, b[1])
	}
	return code
}

// lines returns the lines of code that are not empty, without indentation and, if comments
// do not count, without those.
func lines(code string, comments bool) (all []string) {
	for l := range strings.Lines(code) {
		if !comments {
			l = comment.ReplaceAllString(l, "")
		}
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			all = append(all, l)
		}
	}
	return all
}

// holds reports whether source has the lines of code, one after another. A line ... of code
// is any lines of one function.
func holds(source, code string, comments bool) bool {
	for _, decl := range append(strings.SplitAfter(source, "\n}\n"), source) {
		want, gaps := lines(code, comments), strings.Contains(code, "...\n")
		if have := lines(decl, comments); (decl != source || !gaps) && within(have, want) {
			return true
		}
	}
	return false
}

// within reports whether want begins anywhere in have.
func within(have, want []string) bool {
	for i := range have {
		if begins(have[i:], want) {
			return true
		}
	}
	return false
}

func begins(have, want []string) bool {
	for i, w := range want {
		if w == "..." {
			return within(have[i:], want[i+1:])
		}
		if i == len(have) || have[i] != w {
			return false
		}
	}
	return true
}

// The code of a document is compiled and run: it stands in tutorial_test.go, in the example
// of the front page, or in the source of the package.
func TestCode(t *testing.T) {
	compiled := []string{
		read(t, "docs/tutorial_test.go"),
		read(t, "example_test.go"),
		read(t, "rnn/rnn.go"), // the interface Cell
	}
	for page, least := range map[string]int{"README.md": 1, "docs/tutorial.md": 17} {
		code := blocks(t, page)
		if len(code) < least {
			t.Errorf("%s has %d blocks of Go", page, len(code))
		}
		for _, b := range code {
			if !slices.ContainsFunc(compiled, func(source string) bool { return holds(source, program.Replace(b), true) }) {
				t.Errorf("%s: no test compiles\n%s", page, b)
			}
		}
		korean := strings.TrimSuffix(page, ".md") + ".ko.md"
		theirs := blocks(t, korean)
		if len(theirs) != len(code) {
			t.Errorf("%s has %d blocks of Go, and %s has %d", page, len(code), korean, len(theirs))
			continue
		}
		for k, b := range theirs {
			if !slices.Equal(lines(b, false), lines(code[k], false)) {
				t.Errorf("%s: the code is not that of %s:\n%s", korean, page, b)
			}
		}
	}
}

func TestHolds(t *testing.T) {
	source := "func f() {\n\ta := 1 // one\n\tb := 2\n\tc := 3\n}\n\nfunc g() {\n\td := 4\n}\n"
	for code, want := range map[string]bool{
		"a := 1   // one\nb := 2\n":                     true,
		"a := 1 // eins\nb := 2\n":                      false,
		"a := 1 // one\nc := 3\n":                       false,
		"a := 1 // one\n...\nc := 3\n}\n\nfunc g() {\n": false,
		"a := 1 // one\n...\nc := 3\n":                  true,
		"a := 1 // one\n...\nd := 4\n":                  false, // of another function
		"...\nd := 4\n":                                 true,
		"c := 3\n}\n\nfunc g() {\nd := 4\n":             true,
		"d := 4\n}\n":                                   true,
		"d := 4\ne := 5\n":                              false,
		"d := 4\n}\n}\n":                                false,
	} {
		if got := holds(source, code, true); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
	if !holds(source, "a := 1 // 하나\nb := 2\n", false) {
		t.Error("comments count")
	}
}
