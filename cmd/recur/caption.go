package main

import (
	"strings"

	"github.com/recur-go/recur/caption"
	"github.com/recur-go/recur/task"
	"github.com/spf13/cobra"
)

func newCaption() *cobra.Command {
	f := &trainFlags{}
	cmd := &cobra.Command{
		Use:     "caption [FILE...]",
		Short:   "Put vectors or meanings into words",
		Example: `  recur caption`,
		RunE: func(cmd *cobra.Command, files []string) error {
			t, err := task.Find(caption.Name)
			if err != nil {
				return err
			}
			cfg, err := f.config(cmd, t)
			if err != nil {
				return err
			}
			return trainCommand(cmd, t, cfg, f.data(files), f)
		},
	}
	f.bind(cmd.Flags(), strings.Join(caption.Presets(), ", "))
	return cmd
}
