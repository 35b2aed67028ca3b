package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A command that waits for what is typed tells so; one that reads a pipe does not.
func TestAwaitInput(t *testing.T) {
	terminal, other := pseudoTerminal(t, 80)
	defer other.Close()
	defer terminal.Close()
	var stderr bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetErr(&stderr)
	cmd.SetIn(strings.NewReader("a\n"))
	if awaitInput(cmd); stderr.Len() > 0 {
		t.Errorf("%q", &stderr)
	}
	cmd.SetIn(terminal)
	if awaitInput(cmd); stderr.String() != "  reading standard input; end it with Ctrl-D\n" {
		t.Errorf("%q", &stderr)
	}
}
