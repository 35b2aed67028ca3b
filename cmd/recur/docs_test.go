package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts that name commands, with the fewest that each has. The texts in
// Korean have those of the English ones.
var documents = map[string]int{
	"README.md": 20, "docs/tutorial.md": 15, "CONTRIBUTING.md": 2, "SECURITY.md": 1, "CHANGELOG.md": 0,
	"docs/serving.md": 10, "docs/benchmarks.md": 2, "docs/accuracy.md": 1, "bench/README.md": 6, "examples/clients/README.md": 1, ".goreleaser.yaml": 2, "Dockerfile": 2,
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	codeSpan     = regexp.MustCompile("`([^`\n]+)`")
	codeLine     = regexp.MustCompile(`(?m)^(?: {4}|\t)(.*)$`)
	codeFence    = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	shellComment = regexp.MustCompile(`(?m)(?:^|\s)#.*$`)
	// A command is recur, by name or run from its source, up to what the shell does next.
	recurCommand = regexp.MustCompile(`(?m)(?:^|[|"\s])(?:go run(?: -trimpath)?(?: -tags \w+)? \./cmd/)?recur +((?:[a-z]|--)[^|>;&"\n]*)`)
	longFlag     = regexp.MustCompile(`(?:^|\s)--([a-z][a-z-]*)`)
	shellVar     = regexp.MustCompile(`\$\w+`)
)

// commandsOf returns what a document writes after recur: in its code if it is of Markdown, and
// in what it runs if it is not.
func commandsOf(name, text string) (all []string) {
	var parts []string
	if strings.HasSuffix(name, ".md") {
		for _, m := range codeFence.FindAllStringSubmatch(text, -1) {
			if m[1] == "" || m[1] == "sh" {
				parts = append(parts, m[2])
			}
		}
		text = codeFence.ReplaceAllString(text, "")
		for _, form := range []*regexp.Regexp{codeLine, codeSpan} {
			for _, m := range form.FindAllStringSubmatch(text, -1) {
				parts = append(parts, m[1])
			}
		}
	} else {
		for l := range strings.Lines(text) {
			if strings.Contains(l, " run ") {
				parts = append(parts, strings.TrimLeft(l, "# "))
			}
		}
	}
	code := shellComment.ReplaceAllString(strings.Join(parts, "\n"), "")
	for _, m := range recurCommand.FindAllStringSubmatch(code, -1) {
		all = append(all, strings.TrimSpace(m[1]))
	}
	return all
}

// The commands of the documents are those of the program, with flags that they have.
func TestDocumentsNameFlags(t *testing.T) {
	for name, least := range documents {
		found := commandsOf(name, document(t, name))
		if len(found) < least {
			t.Errorf("%s: %d commands: %q", name, len(found), found)
		}
		for _, line := range found {
			if err := unknown(line); err != "" {
				t.Errorf("%s: recur %s: %s", name, line, err)
			}
		}
	}
}

// unknown returns what the program does not know of a command.
func unknown(line string) string {
	root := newRoot()
	root.InitDefaultVersionFlag()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("recur")
	if strings.HasPrefix(line, "man ") {
		return "" // of the build with -tags man
	}
	cmd, _, err := root.Find(strings.Fields(shellVar.ReplaceAllString(line, "x")))
	if err != nil || cmd == root && !strings.HasPrefix(line, "--") {
		return "there is no such command"
	}
	for _, f := range longFlag.FindAllStringSubmatch(line, -1) {
		if f[1] != "help" && cmd.Flags().Lookup(f[1]) == nil && cmd.InheritedFlags().Lookup(f[1]) == nil {
			return cmd.CommandPath() + " has no flag --" + f[1]
		}
	}
	return ""
}

// A document has the same commands, in the same order, in both languages.
func TestDocumentsInKorean(t *testing.T) {
	for _, name := range []string{"README.md", "docs/tutorial.md", "docs/serving.md"} {
		korean := strings.TrimSuffix(name, ".md") + ".ko.md"
		mine, theirs := commandsOf(name, document(t, name)), commandsOf(korean, document(t, korean))
		// Sentences turn round in Korean, so what stands in them may come in another order.
		slices.Sort(mine)
		slices.Sort(theirs)
		for _, c := range mine {
			if !slices.Contains(theirs, c) {
				t.Errorf("%s lacks: recur %s", korean, c)
			}
		}
		for _, c := range theirs {
			if !slices.Contains(mine, c) {
				t.Errorf("%s alone has: recur %s", korean, c)
			}
		}
		if len(mine) != len(theirs) {
			t.Errorf("%s has %d commands, and %s %d", name, len(mine), korean, len(theirs))
		}
	}
}

func TestCommands(t *testing.T) {
	page := "A recur of words, `recur show MODEL` and `recur TASK --help`.\n\n    cat a | recur forecast - --json   # recur train\n    docker run --rm recur --help\n\n" +
		"```sh\ngo build -o recur ./cmd/recur && recur bench\n```\n```go\n// recur nothing\n```\n| recur | x |\n"
	want := []string{"bench", "forecast - --json", "--help", "show MODEL"}
	if got := commandsOf("a.md", page); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := commandsOf("Dockerfile", "#   docker run recur eval a b\nRUN go build -o /recur ./cmd/recur\n"); !slices.Equal(got, []string{"eval a b"}) {
		t.Errorf("%q", got)
	}
	for line, known := range map[string]bool{
		"bench accuracy --list": true, "bench --list": false, "forecast a.csv --preset qrnn": true,
		"forecat a.csv": false, "forecast --none": false, "completion $s": true, "--help": true, "--version": true, "version --json": true,
	} {
		if err := unknown(line); (err == "") != known {
			t.Errorf("%s: %q", line, err)
		}
	}
}
