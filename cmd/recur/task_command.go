package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// A taskCommand is a task on the command line: recur TASK trains a model on files or, with
// --model, uses one; recur train TASK and recur search TASK have its flags of training. A flag
// is in one of three sets, by which one that does not apply is refused.
type taskCommand struct {
	trainFlags
	task     string // name of the task
	help     cobra.Command
	training *pflag.FlagSet // flags that go without --model
	using    *pflag.FlagSet // flags that go with --model
	both     *pflag.FlagSet
	settings []settingFlag
	model    string

	// data are the files to train on; nil for those that are named. It may choose a preset.
	data func(cmd *cobra.Command, files []string) (task.Data, error)

	// use does what the command does with --model.
	use func(cmd *cobra.Command, files []string) error

	// printer shows a run; nil for what all tasks have.
	printer func(r *training) (printer, error)
}

// tasks make the commands of tasks, anew for each command that has their flags.
var tasks []func() *taskCommand

// addTask adds a task to the program. Each does so in its file.
func addTask(make func() *taskCommand) {
	tasks = append(tasks, make)
	commands = append(commands, func() *cobra.Command { return make().command() })
}

// newTaskCommand is a task's command with the flags that all have.
func newTaskCommand(name string, presets []string, model string) *taskCommand {
	set := func() *pflag.FlagSet { return pflag.NewFlagSet(name, pflag.ContinueOnError) }
	c := &taskCommand{task: name, training: set(), using: set(), both: set()}
	c.bind(c.training, c.both, strings.Join(presets, ", ")+" (default the first)")
	c.both.StringVar(&c.model, "model", "", model)
	return c
}

// usingToo has flags of training go with --model too.
func (c *taskCommand) usingToo(names ...string) {
	all := c.training
	c.training = pflag.NewFlagSet(c.task, pflag.ContinueOnError)
	all.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(names, f.Name) {
			c.both.AddFlag(f)
		} else {
			c.training.AddFlag(f)
		}
	})
}

// setting notes that a flag changes the setting of its name. It returns the flag's name.
func (c *taskCommand) setting(flag string) string { return c.settingOf(flag, "") }

// settingOf is setting for a setting of another name.
func (c *taskCommand) settingOf(flag, name string) string {
	c.settings = append(c.settings, settingFlag{flag, name})
	return flag
}

// command is recur TASK.
func (c *taskCommand) command() *cobra.Command {
	cmd := c.help
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		wrong, why := c.using, "goes with --model only"
		if c.model != "" {
			wrong, why = c.training, "is for training: leave it out, or leave --model out"
		}
		var err error
		wrong.VisitAll(func(f *pflag.Flag) {
			if f.Changed && f.Annotations[ofVariable] == nil && err == nil {
				err = usage("--%s %s", f.Name, why)
			}
		})
		switch {
		case err != nil:
			return err
		case c.model != "":
			if err := noRunFolder(c.model); err != nil {
				return err
			}
			named := slices.DeleteFunc(slices.Clone(files), func(file string) bool { return file == data.Stdin })
			noteEncodings(c.task, named, noteTo(cmd.ErrOrStderr()))
			return c.use(cmd, files)
		}
		if slices.Contains(files, data.Stdin) {
			awaitInput(cmd)
		}
		return c.train(cmd, files)
	}
	for _, set := range []*pflag.FlagSet{c.training, c.both, c.using} {
		cmd.Flags().AddFlagSet(set)
	}
	putIn(trainingGroup, c.training)
	putIn(usingGroup, c.using)
	return &cmd
}

// under is recur train TASK or the like: the task's flags of training, beside more, for run.
func (c *taskCommand) under(short string, run func(cmd *cobra.Command, files []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: c.task + " FILE...", Short: short, RunE: run}
	cmd.Flags().AddFlagSet(c.training)
	c.both.VisitAll(func(f *pflag.Flag) {
		if f.Name != "model" {
			cmd.Flags().AddFlag(f)
		}
	})
	return cmd
}

// asked is the task with the config and the files that the flags ask for.
func (c *taskCommand) asked(cmd *cobra.Command, files []string) (t task.Task, cfg any, d task.Data, err error) {
	if c.data != nil {
		if d, err = c.data(cmd, files); err != nil {
			return nil, nil, d, err
		}
	} else {
		d.Train = files
	}
	if len(d.Train) == 0 {
		return nil, nil, d, usage("%s takes a FILE to train on%s; see %s --help", cmd.CommandPath(), c.orModel(cmd), cmd.CommandPath())
	}
	if d.Valid == nil {
		d.Valid = c.valid
	}
	if d.Test == nil {
		d.Test = c.test
	}
	t, cfg, err = c.config(cmd)
	return t, cfg, d, err
}

func (c *taskCommand) orModel(cmd *cobra.Command) string {
	if cmd.Flags().Lookup("model") == nil {
		return ""
	}
	return ", or --model"
}

// config is the task with the config that the flags ask for.
func (c *taskCommand) config(cmd *cobra.Command) (task.Task, any, error) {
	t, err := task.Find(c.task)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := t.Config(c.preset)
	if err != nil {
		return nil, nil, usage("--preset: %v", err)
	}
	for _, s := range c.settings {
		if f := cmd.Flags().Lookup(s.flag); f != nil && f.Changed && !hasSetting(t, cfg, s.name()) {
			return nil, nil, usage("--%s: preset %s has no such setting%s", s.flag, cmp.Or(c.preset, t.Presets()[0]), presetsWith(t, s.name()))
		}
	}
	return t, cfg, c.override(cfg, cmd.Flags(), c.settings...)
}

// hasSetting reports whether a config has a setting.
func hasSetting(t task.Task, cfg any, name string) bool {
	r, err := recipe.New(t, cfg, task.Data{})
	if err != nil {
		return false
	}
	_, ok := r.Config[name]
	return ok
}

// presetsWith names the presets that have a setting, as the end of an error.
func presetsWith(t task.Task, name string) string {
	var with []string
	for _, preset := range t.Presets() {
		if cfg, err := t.Config(preset); err == nil && hasSetting(t, cfg, name) {
			with = append(with, preset)
		}
	}
	if with == nil {
		return ""
	}
	return "; those that do: " + strings.Join(with, ", ")
}

// train trains a model of the task.
func (c *taskCommand) train(cmd *cobra.Command, files []string) error {
	t, cfg, d, err := c.asked(cmd, files)
	if err != nil {
		return err
	}
	return trainCommand(cmd, t, cfg, d, &c.trainFlags, c.printer)
}
