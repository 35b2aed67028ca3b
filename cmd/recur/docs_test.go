package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var documents = []string{"README.md", "README.ko.md", "docs/tutorial.md", "docs/tutorial.ko.md"}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The commands of the documents are those of the program, with flags that they have.
func TestDocumentsNameFlags(t *testing.T) {
	command, flag := regexp.MustCompile("(?m)(?:^    |[|`] ?)recur ([a-z][^#|`\n]*)"), regexp.MustCompile(`(?:^|\s)--([a-z-]+)`)
	for _, name := range documents {
		found := command.FindAllStringSubmatch(document(t, name), -1)
		if len(found) < 10 {
			t.Errorf("%s: %d commands", name, len(found))
		}
		for _, line := range found {
			root := newRoot()
			root.InitDefaultVersionFlag()
			words := strings.Fields(line[1])
			cmd, _, err := root.Find(words[:1])
			if err != nil || cmd == root {
				t.Errorf("%s: recur %s: there is no such command", name, line[1])
				continue
			}
			if len(words) > 1 && cmd.HasSubCommands() {
				if sub, _, err := cmd.Find(words[1:2]); err == nil {
					cmd = sub
				}
			}
			for _, f := range flag.FindAllStringSubmatch(line[1], -1) {
				if f[1] != "help" && cmd.Flags().Lookup(f[1]) == nil {
					t.Errorf("%s: recur %s: %s has no flag --%s", name, line[1], cmd.CommandPath(), f[1])
				}
			}
		}
	}
}

// The code of a document parses, and is the same in both languages.
func TestDocumentsCode(t *testing.T) {
	block, comment := regexp.MustCompile("(?s)```go\n(.*?)```"), regexp.MustCompile(` *//.*`)
	code := map[string][]string{}
	for _, name := range documents {
		for _, b := range block.FindAllStringSubmatch(document(t, name), -1) {
			text := strings.ReplaceAll(b[1], "...\n", "\n")
			code[name] = append(code[name], comment.ReplaceAllString(text, ""))
			if strings.HasPrefix(text, "package ") {
				continue // a whole program, which its example compiles
			}
			_, whole := parser.ParseFile(token.NewFileSet(), name, "package p\n"+text, 0)
			_, body := parser.ParseFile(token.NewFileSet(), name, "package p\nfunc f() {\n"+text+"}\n", 0)
			if whole != nil && body != nil {
				t.Errorf("%s: %v\n%s", name, body, b[1])
			}
		}
	}
	for _, name := range documents {
		korean := strings.TrimSuffix(name, ".md") + ".ko.md"
		if mine, theirs := code[name], code[korean]; len(theirs) > 0 && strings.Join(mine, "\n") != strings.Join(theirs, "\n") {
			t.Errorf("the code of %s and %s differs", name, korean)
		}
	}
}
