package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// trainFlags are those that all commands that train share.
type trainFlags struct {
	preset       string
	set          []string
	valid, test  []string
	epochs       int
	seed         uint64
	out          string
	resume, json bool
}

// settingFlags are the flags of training that change the setting of their name.
var settingFlags = []string{"epochs"}

// trainingOnly are the flags that do not go with a trained model.
var trainingOnly = slices.Concat([]string{"preset", "set", "valid", "test", "resume"}, settingFlags)

// bind declares the flags of commands that train on files.
func (f *trainFlags) bind(flags *pflag.FlagSet, presets string) {
	f.bindShared(flags)
	flags.Lookup("preset").Usage = "settings to begin with: " + presets + " (default the first)"
	flags.StringSliceVar(&f.valid, "valid", nil, "files to validate on (default a part of the training data)")
	flags.StringSliceVar(&f.test, "test", nil, "files to score the model on at the end")
	flags.IntVar(&f.epochs, "epochs", 0, "epochs to train (default by preset)")
}

// bindShared declares those of them that forecast has too.
func (f *trainFlags) bindShared(flags *pflag.FlagSet) {
	flags.StringVar(&f.preset, "preset", "", "settings to begin with")
	flags.StringArrayVar(&f.set, "set", nil, "change a setting, such as --set hidden=256; recipe.json beside a model lists them all")
	flags.Uint64Var(&f.seed, "seed", 1, "seed: the same gives the same numbers")
	flags.StringVar(&f.out, "out", "", "folder for model, report and the rest (default recur-out/NAME)")
	flags.BoolVar(&f.resume, "resume", false, "go on with a run that was stopped")
	flags.BoolVar(&f.json, "json", false, "print JSON instead of text")
}

// train trains the model of a task on files, as the flags ask and with the given settings.
func (f *trainFlags) train(cmd *cobra.Command, name string, files []string, settings map[string]any) error {
	if len(files) == 0 {
		return usage("%s takes a FILE to train on, or --model; see %s --help", cmd.Name(), cmd.CommandPath())
	}
	t, err := task.Find(name)
	if err != nil {
		return err
	}
	cfg, err := f.config(cmd, t)
	if err != nil {
		return err
	}
	if err := recipe.Override(cfg, settings); err != nil {
		return usage("%v", err)
	}
	return trainCommand(cmd, t, cfg, f.data(files), f)
}

// recipe is what arguments RECIPE or TASK FILE... ask for, with the task and its config.
func (f *trainFlags) recipe(cmd *cobra.Command, args []string) (r *recipe.Recipe, t task.Task, cfg any, err error) {
	if len(args) == 0 {
		return nil, nil, nil, usage("%s takes a RECIPE, or a TASK and its FILEs; tasks are %s", cmd.Name(), taskNames())
	}
	if t, err = task.Find(args[0]); err == nil {
		if len(args) == 1 {
			return nil, nil, nil, usage("%s %s takes a FILE to train on", cmd.Name(), args[0])
		}
		cfg, err = f.config(cmd, t)
		return &recipe.Recipe{Data: f.data(args[1:])}, t, cfg, err
	}
	if len(args) > 1 {
		return nil, nil, nil, err
	}
	if r, err = recipe.Read(args[0]); err != nil {
		return nil, nil, nil, err
	}
	if t, cfg, err = r.Settings(); err != nil {
		return nil, nil, nil, usage("%s: %v", args[0], err)
	}
	if len(r.Data.Train) == 0 {
		return nil, nil, nil, usage("%s: data has no train", args[0])
	}
	return r, t, cfg, f.override(cmd.Flags(), cfg)
}

func taskNames() string { return strings.Join(task.Names(), ", ") }

// config is the config that the flags ask for.
func (f *trainFlags) config(cmd *cobra.Command, t task.Task) (any, error) {
	cfg, err := t.Config(f.preset)
	if err != nil {
		return nil, usage("--preset: %v", err)
	}
	return cfg, f.override(cmd.Flags(), cfg)
}

// override changes the settings of cfg that flags name.
func (f *trainFlags) override(flags *pflag.FlagSet, cfg any) error {
	for _, s := range f.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return usage("--set takes NAME=VALUE, not %q", s)
		}
		if err := recipe.Set(cfg, name, value); err != nil {
			return usage("--set %s: %v", s, err)
		}
	}
	for _, name := range slices.Concat(settingFlags, []string{"seed"}) {
		if !flags.Changed(name) {
			continue
		}
		if err := recipe.Set(cfg, name, flags.Lookup(name).Value.String()); err != nil {
			return usage("--%s: %v", name, err)
		}
	}
	return nil
}

// apart is an error if flags are given that do not go with what is done: those of training
// with a --model, those of using one without.
func (f *trainFlags) apart(cmd *cobra.Command, training bool, using ...string) error {
	wrong, why := using, "goes with --model only"
	if !training {
		wrong, why = slices.Concat(trainingOnly, []string{"out"}), "is for training, and does not go with --model"
	}
	for _, name := range wrong {
		if cmd.Flags().Changed(name) {
			return usage("--%s %s", name, why)
		}
	}
	return nil
}

// data are the files of a run.
func (f *trainFlags) data(files []string) task.Data {
	return task.Data{Train: files, Valid: f.valid, Test: f.test}
}
