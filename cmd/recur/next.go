package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode"

	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/internal/lang"
)

// printNext prints commands to go on with, each with what it does behind the mark of a comment,
// so that a line can be typed as it is.
func printNext(w io.Writer, l lang.Lang, commands [][2]string) {
	const widest = 80 // a longer one moves no other
	width := 0
	for _, c := range commands {
		if n := columns.Width(c[0]); n <= widest {
			width = max(width, n)
		}
	}
	fmt.Fprintf(w, "\n%s\n", l.Text("Next:"))
	for _, c := range commands {
		fmt.Fprintf(w, "  %s  # %s\n", columns.Pad(c[0], width), l.Text(c[1]))
	}
}

// opener is the command that opens a file in the program that is for it.
func opener() string { return openerOn(runtime.GOOS) }

func openerOn(system string) string {
	switch system {
	case "darwin":
		return "open"
	case "windows":
		return "explorer" // start takes what is in quotes for a title
	}
	return "xdg-open"
}

// shell is a command to type: words that the shell would take apart are in quotes.
func shell(words ...string) string {
	for i, w := range words {
		words[i] = quoted(w)
	}
	return strings.Join(words, " ")
}

// quoted is a word as the shell of the system reads it.
func quoted(word string) string { return quotedOn(runtime.GOOS, word) }

func quotedOn(system, word string) string {
	mark, plain := "'", "_@%+=:,./-"
	if system == "windows" {
		mark, plain = `"`, "_@+=:./-\\"
	}
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(plain, r)
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	if system != "windows" { // where no name has a double quote
		word = strings.ReplaceAll(word, "'", `'\''`)
	}
	return mark + word + mark
}
