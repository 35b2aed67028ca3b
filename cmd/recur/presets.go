package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task"
)

// explainPresets adds the presets of its task to the help of each command that has
// --preset, in cmd and under it.
func explainPresets(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		explainPresets(sub)
	}
	if cmd.Flags().Lookup("preset") == nil {
		return
	}
	if t, err := task.Find(cmd.Name()); err == nil {
		cmd.Long = cmp.Or(cmd.Long, cmd.Short) + "\n\n" + presetHelp(t)
	}
}

// presetHelp lists the presets of a task.
func presetHelp(t task.Task) string {
	names, width := t.Presets(), 0
	for _, name := range names {
		width = max(width, len(name))
	}
	var b strings.Builder
	b.WriteString("Presets:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, name, task.About(t, name))
	}
	return b.String()
}
