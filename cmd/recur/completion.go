package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/bench/accuracy"
	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/data/calendar"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/probabilistic"
	"github.com/recur-go/recur/task/recipe"
)

// flagValues are the values that a shell offers for flags, by the path of the command less
// "recur ", or by the flag alone. --preset, --set and --space depend on the task.
var flagValues = map[string]func() []string{
	"bench --cells":         func() []string { return speed.Grid.Cells },
	"bench --dtype":         func() []string { return []string{"float32", "float16", "int8"} },
	"bench --modes":         func() []string { return speed.Grid.Modes },
	"bench accuracy --case": accuracy.Names,
	"bench accuracy --tier": func() []string { return []string{"A", "B", "all"} },
	"caption --language":    func() []string { return []string{"en", "ko"} },
	"classify --target":     func() []string { return []string{"one", "many", "steps"} },
	"export --to":           interchange.Formats,
	"forecast --data":       setNames,
	"--cell":                func() []string { return texts(rnn.Kinds()) },
	"--decimal":             func() []string { return []string{".", ","} },
	"--format":              func() []string { return texts(labelled.Formats()[1:]) },
	"--freq":                func() []string { return []string{"Y", "Q", "M", "W", "D", "B", "h", "min", "s", "i"} },
	"--holidays":            calendar.Countries,
	"--lang":                func() []string { return texts(lang.All()) },
	"--layout":              func() []string { return []string{"long", "wide", "found"} },
	"--output":              func() []string { return texts(probabilistic.Outputs()) },
	"--weights":             func() []string { return []string{"single", "half", "int8"} },
}

// folderFlags are the flags that name a folder.
var folderFlags = []string{"out", "data"}

func texts[S ~string](list []S) (names []string) {
	for _, s := range list {
		names = append(names, string(s))
	}
	return names
}

func setNames() (names []string) {
	for _, s := range sets.All() {
		names = append(names, s.Name)
	}
	return names
}

// complete has a shell offer the values of the flags of a command and of those under it, and
// files where files go.
func complete(cmd *cobra.Command) {
	path := strings.TrimPrefix(cmd.CommandPath(), "recur ")
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			cmd.RegisterFlagCompletionFunc(f.Name, completeFlag(path, f))
		})
	}
	switch {
	case cmd.ValidArgsFunction != nil:
	case cmd.Name() == "train" || cmd.Name() == "search": // a recipe, beside the tasks
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		}
	case !strings.Contains(cmd.Use, " "): // it takes no arguments
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	case cmd.Name() == "check":
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// completeFlag offers values of a flag.
func completeFlag(path string, f *pflag.Flag) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		values, ok := valuesOf(path, f.Name)
		switch t := taskOf(cmd, args); {
		case ok:
		case f.Name == "preset" && t != nil:
			for _, p := range t.Presets() {
				values = append(values, cobra.CompletionWithDesc(p, task.About(t, p)))
			}
		case (f.Name == "set" || f.Name == "space") && t != nil:
			return settingNames(t, cmd), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		case slices.Contains(folderFlags, f.Name) && f.Value.Type() == "string":
			return nil, cobra.ShellCompDirectiveFilterDirs
		case f.Value.Type() == "string" || strings.HasPrefix(f.Value.Type(), "string"):
			return nil, cobra.ShellCompDirectiveDefault
		}
		if i := strings.LastIndexByte(begun, ',') + 1; i > 0 && f.Value.Type() == "stringSlice" {
			for j := range values { // more than one, with commas between them
				values[j] = begun[:i] + values[j]
			}
		}
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}

// valuesOf are the values of a flag that takes one of a few.
func valuesOf(path, flag string) ([]string, bool) {
	for _, key := range []string{path + " --" + flag, "--" + flag} {
		if f, ok := flagValues[key]; ok {
			return slices.Clone(f()), true
		}
	}
	return nil, false
}

// taskOf is the task of a command, or of its first argument; nil if there is none.
func taskOf(cmd *cobra.Command, args []string) task.Task {
	for _, name := range append([]string{cmd.Name()}, args...) {
		if t, err := task.Find(name); err == nil {
			return t
		}
	}
	return nil
}

// settingNames are the settings of a task's preset, each with a = behind it.
func settingNames(t task.Task, cmd *cobra.Command) (names []string) {
	preset := ""
	if f := cmd.Flags().Lookup("preset"); f != nil {
		preset = f.Value.String()
	}
	cfg, err := t.Config(preset)
	if err != nil {
		return nil
	}
	r, err := recipe.New(t, cfg, task.Data{})
	if err != nil {
		return nil
	}
	for name := range r.Config {
		names = append(names, name+"=")
	}
	slices.Sort(names)
	return names
}

// explainCompletion gives the command completion of cobra, and those of its shells, words of
// their own.
func explainCompletion(root *cobra.Command) {
	c, _, err := root.Find([]string{"completion"})
	if err != nil || c == root {
		return
	}
	c.Short = "Print a completion script for a shell"
	c.Long = c.Short + ", which then completes commands, flags and their values."
	c.Example = "  source <(recur completion bash)"
	c.Args, c.RunE = exactly(0, ""), func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range c.Commands() {
		load := completionScripts[shell.Name()]
		shell.Short = fmt.Sprintf("Print the completion script for %s", shell.Name())
		shell.Long = fmt.Sprintf("Print the completion script for %s. The first example loads it into this shell, the second into each new one.", shell.Name())
		if shell.Name() == "bash" {
			shell.Long += "\n\nThe script needs the package bash-completion."
		}
		shell.Example = "  " + strings.Join(load[:], "\n  ")
		shell.Args = exactly(0, "")
		if f := shell.Flags().Lookup("no-descriptions"); f != nil {
			f.Usage = "complete without descriptions"
		}
	}
}

// completionScripts load the script of a shell: into the one that runs, and into each new one.
var completionScripts = map[string][2]string{
	"bash":       {"source <(recur completion bash)", "recur completion bash > /etc/bash_completion.d/recur"},
	"zsh":        {"source <(recur completion zsh)", `recur completion zsh > "${fpath[1]}/_recur"`},
	"fish":       {"recur completion fish | source", "recur completion fish > ~/.config/fish/completions/recur.fish"},
	"powershell": {"recur completion powershell | Out-String | Invoke-Expression", "recur completion powershell >> $PROFILE"},
}
