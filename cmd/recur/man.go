//go:build man

package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// The program of a release has no command man: its pages are made beforehand, and
// what makes them is not linked.
func init() { commands = append(commands, newMan) }

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages of all commands",
		Hidden: true,
		Args:   exactly(1, "the folder to write them to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			verbatim(root)
			root.Version = strings.TrimPrefix(thisBuild().Version, "v")
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "recur", Manual: "recur"}, args[0])
		},
	}
}

// verbatim keeps the lines of indented lists apart, which are one paragraph in Markdown.
func verbatim(cmd *cobra.Command) {
	cmd.Long = strings.ReplaceAll(cmd.Long, "\n  ", "\n    ")
	for _, c := range cmd.Commands() {
		verbatim(c)
	}
}
