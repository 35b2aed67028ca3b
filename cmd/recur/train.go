package main

import "github.com/spf13/cobra"

func init() { commands = append(commands, newTrain) }

func newTrain() *cobra.Command {
	f := &trainFlags{}
	cmd := &cobra.Command{
		Use:   "train RECIPE | train TASK FILE...",
		Short: "Train a model by a recipe, or for a task",
		Long: `Train a model by a recipe, a file in TOML or JSON with a task, data and settings, or for
a task on files. A recipe.json is left beside each model; to train by it gives the same
model again, to the bit. Tasks are
` + taskNames() + `.

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
			r, t, cfg, err := f.recipe(cmd, args)
			if err != nil {
				return err
			}
			return trainCommand(cmd, t, cfg, r.Data, f)
		},
	}
	f.bind(cmd.Flags(), "those of the task")
	return cmd
}
