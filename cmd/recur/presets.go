package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task"
)

// explainPresets adds the presets of its task to the help of each command that has
// --preset. Commands that take a task as an argument add those of the one that is given.
func explainPresets(cmd *cobra.Command) {
	if cmd.Flags().Lookup("preset") == nil {
		return
	}
	if t, err := task.Find(cmd.Name()); err == nil {
		cmd.Long += "\n\n" + presetHelp(t)
		return
	}
	help, long := cmd.HelpFunc(), cmd.Long
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		c.Long = long
		for _, a := range args {
			if t, err := task.Find(a); err == nil {
				c.Long = long + "\n\n" + presetHelp(t)
				break
			}
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
