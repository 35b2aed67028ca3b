package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task"
)

// explainPresets adds the presets of its task to the help of each command that has
// --preset, in cmd and under it. Commands that take a task as an argument add those of the
// one that is given.
func explainPresets(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		explainPresets(sub)
	}
	if cmd.Flags().Lookup("preset") == nil {
		return
	}
	if t, err := task.Find(cmd.Name()); err == nil {
		cmd.Long = strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short) + "\n\n" + presetHelp(t))
		return
	}
	help, long := cmd.HelpFunc(), cmd.Long
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		if t := taskOf(c, args); c == cmd && t != nil {
			c.Long = long + "\n\n" + presetHelp(t)
		}
		help(c, args)
	})
}

// presetHelp describes the presets of a task, one in a line.
func presetHelp(t task.Task) string {
	names, width := t.Presets(), 0
	for _, name := range names {
		width = max(width, len(name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Presets of %s:\n", t.Name())
	for _, name := range names {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, name, task.About(t, name))
	}
	return b.String()
}
