package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

func init() { commands = append(commands, newTrain) }

func newTrain() *cobra.Command {
	f := &trainFlags{}
	cmd := &cobra.Command{
		Use:   "train RECIPE | train TASK FILE...",
		Short: "Train a model from a recipe or for a task",
		Long: `Train a model from a recipe, a TOML or JSON file with a task, data and settings, or for
a task on files. Each model has a recipe.json beside it; training from that gives the
same model again, bit for bit.

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
		Args: func(cmd *cobra.Command, args []string) error { return oneRecipe(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			r, t, cfg, err := f.recipe(cmd, args[0])
			if err != nil {
				return err
			}
			f.repeats = r
			return trainCommand(cmd, t, cfg, r.Data, f, printerOf(t.Name()))
		},
	}
	f.bindRecipe(cmd.Flags())
	for _, make := range tasks {
		c := make()
		cmd.AddCommand(c.under("Train as recur "+c.task+" does", c.train))
	}
	return cmd
}

// bindRecipe declares the flags of a run by a recipe, whose data and preset are its own.
func (f *trainFlags) bindRecipe(flags *pflag.FlagSet) {
	f.bind(flags, flags, "")
	for _, name := range []string{"preset", "valid", "test"} {
		flags.MarkHidden(name)
	}
}

func taskNames() string { return strings.Join(task.Names(), ", ") }

// oneRecipe asks for one argument, the file of a recipe.
func oneRecipe(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("%s takes a RECIPE, or a TASK and its FILEs; tasks are %s", cmd.Name(), taskNames())
	}
	if len(args) > 1 {
		_, err := task.Find(args[0])
		return usage("%v", err)
	}
	return nil
}

// recipe is that of a file, with the task and its config as the flags ask for.
func (f *trainFlags) recipe(cmd *cobra.Command, path string) (r *recipe.Recipe, t task.Task, cfg any, err error) {
	for _, name := range []string{"preset", "valid", "test"} {
		if cmd.Flags().Changed(name) {
			return nil, nil, nil, usage("--%s goes with a TASK and its FILEs; a recipe has its own", name)
		}
	}
	if r, err = recipe.Read(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(path, `./\`) { // it was to be a task
			_, none := task.Find(path)
			return nil, nil, nil, usage("%v, nor a recipe of this name", none)
		}
		return nil, nil, nil, err
	}
	if t, cfg, err = r.Settings(); err != nil {
		return nil, nil, nil, usage("%s: %v", path, err)
	}
	if len(r.Data.Train) == 0 {
		return nil, nil, nil, usage("%s: its data lack train, the files to train on", path)
	}
	return r, t, cfg, f.override(cfg, cmd.Flags())
}

// printerOf is how a task shows a run.
func printerOf(name string) func(r *training) (printer, error) {
	for _, make := range tasks {
		if c := make(); c.task == name {
			return c.printer
		}
	}
	return nil
}
