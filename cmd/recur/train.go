package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

func newTrain() *cobra.Command {
	f := &trainFlags{}
	cmd := &cobra.Command{
		Use:   "train RECIPE | train TASK FILE...",
		Short: "Train a model by a recipe, or for a task",
		Long: `Train a model by a recipe, a file in TOML or JSON that says task, data and settings,
or for a task on files. A recipe.json is left beside each model; to train by it gives
the same model again, to the bit.

    version = 2
    task = "generate"
    preset = "char-small"

    [data]
    train = ["shakespeare.txt"]

    [config]
    epochs = 5`,
		Example: `  recur train recipe.toml
  recur train recur-out/generate-shakespeare/recipe.json --out again
  recur train generate shakespeare.txt --preset char-small --set hidden=256`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("train takes a RECIPE, or a TASK and its FILEs; tasks are %s", strings.Join(task.Names(), ", "))
			}
			if t, err := task.Find(args[0]); err == nil {
				if len(args) == 1 {
					return usage("train %s takes a FILE to train on", args[0])
				}
				cfg, err := f.config(cmd, t)
				if err != nil {
					return err
				}
				return trainCommand(cmd, t, cfg, f.data(args[1:]), f)
			}
			if len(args) > 1 {
				return usage("there is no task %q; tasks are %s", args[0], strings.Join(task.Names(), ", "))
			}
			r, err := recipe.Read(args[0])
			if err != nil {
				return err
			}
			t, cfg, err := r.Settings()
			if err != nil {
				return usage("%s: %v", args[0], err)
			}
			if len(r.Data.Train) == 0 {
				return usage("%s: data has no train", args[0])
			}
			if err := f.override(cmd.Flags(), cfg); err != nil {
				return err
			}
			return trainCommand(cmd, t, cfg, r.Data, f)
		},
	}
	f.bind(cmd.Flags(), "those of the task")
	return cmd
}
