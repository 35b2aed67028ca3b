package main

import (
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// awaitInput notes that the command reads standard input, where that is a terminal, which would
// else seem to hang.
func awaitInput(cmd *cobra.Command) {
	f, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	end := "Ctrl-D"
	if runtime.GOOS == "windows" {
		end = "Ctrl-Z and Enter"
	}
	noteTo(cmd.ErrOrStderr())("reading standard input; end it with " + end)
}
