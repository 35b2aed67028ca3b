package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/search"
)

func init() { commands = append(commands, newSearch) }

// searchFlags are those of a search beside the ones of training.
type searchFlags struct {
	*trainFlags
	search.Options
	space    []string
	drawSeed uint64
}

func newSearch() *cobra.Command {
	f := &searchFlags{trainFlags: &trainFlags{}}
	cmd := &cobra.Command{
		Use:   "search RECIPE | search TASK FILE...",
		Short: "Search for the best settings of a task",
		Long: `Search for settings by successive halving: train many for a few epochs, the best third
of them for three times as many epochs, and so on until a few have been trained in full.
Runs go in parallel on all cores. --space sets what to search; without it, the space of
the recipe or of the task is searched.

  --space rate=1e-4..1e-2:log  a number, searched by its logarithm
  --space dropout=0..0.6       a number; whole if the setting is
  --space cell=lstm,gru        one of these

In a recipe, the same space is:

    [space]
    rate = {min = 1e-4, max = 1e-2, log = true}
    cell = {values = ["lstm", "gru"]}

The first trial has the settings of the preset or recipe. Trials are compared by their
validation score; --test scores the winner alone. --resume continues a search that was
stopped, to the same winner. Its folder has all runs in journal.jsonl, and recipe.json
and model.safetensors of the best.`,
		Example: `  recur search generate shakespeare.txt --preset char-small --trials 9 --epochs 9
  recur search music JSB_Chorales.json.gz --space rate=1e-3..1e-2:log --space hidden=100,200
  recur search recipe.toml --out found --resume`,
		Args: oneRecipe,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, t, cfg, err := f.recipe(cmd, args[0])
			if err != nil {
				return err
			}
			f.Task, f.Base, f.Data, f.Space = t, cfg, r.Data, r.Space
			return f.run(cmd)
		},
	}
	f.bindRecipe(cmd.Flags())
	f.bindSearch(cmd.Flags())
	for _, make := range tasks {
		c := make()
		sub := &searchFlags{trainFlags: &c.trainFlags}
		under := c.under("Search for settings of recur "+c.task+", on all cores", func(cmd *cobra.Command, files []string) (err error) {
			if sub.Task, sub.Base, sub.Data, err = c.asked(cmd, files); err != nil {
				return err
			}
			return sub.run(cmd)
		})
		sub.bindSearch(under.Flags())
		cmd.AddCommand(under)
	}
	return cmd
}

// bindSearch declares the flags of a search, and changes the help of those of a run.
func (f *searchFlags) bindSearch(flags *pflag.FlagSet) {
	flags.Lookup("epochs").Usage = "epochs of the longest runs (default by preset)"
	flags.Lookup("seed").Usage = "seed of each run"
	flags.StringArrayVar(&f.space, "space", nil, "values to search for a setting, `NAME=VALUES`; may be repeated (default by task)")
	flags.IntVar(&f.Trials, "trials", 27, "settings to try")
	flags.IntVar(&f.Eta, "eta", 3, "one in this many goes on to the next rung")
	flags.IntVar(&f.Workers, "workers", 0, "runs at a time (default the number of cores)")
	flags.Uint64Var(&f.drawSeed, "search-seed", 1, "seed of the settings to try")
}

// run searches as the flags ask.
func (f *searchFlags) run(cmd *cobra.Command) error {
	for _, s := range f.space {
		name, text, ok := strings.Cut(s, "=")
		if !ok {
			return usage("--space takes NAME=RANGE, not %q", s)
		}
		if f.Space == nil {
			f.Space = map[string]task.Range{}
		}
		var err error
		if f.Space[name], err = search.ParseRange(text); err != nil {
			return usage("--space %s: %v", s, err)
		}
	}
	for _, n := range []struct {
		flag  string
		value int
		least int
	}{{"trials", f.Trials, 1}, {"eta", f.Eta, 2}, {"workers", f.Workers, 0}, {"epochs", f.epochs, 0}} {
		if n.value < n.least || cmd.Flags().Changed(n.flag) && n.value < max(n.least, 1) {
			return usage("--%s is %d, want at least %d", n.flag, n.value, max(n.least, 1))
		}
	}
	f.Epochs, f.Seed = f.epochs, f.drawSeed
	return searchCommand(cmd, f.Options, f.trainFlags)
}

// searchCommand searches and prints what was found.
func searchCommand(cmd *cobra.Command, o search.Options, f *trainFlags) (err error) {
	log := cmd.ErrOrStderr()
	l, err := language(cmd)
	if err != nil {
		return err
	}
	where, err := openFolder(ask{
		out: f.out, base: filepath.Join("recur-out", "search-"+cmp.Or(f.base, baseName(o.Task.Name(), o.Data.Train[0]))), resume: f.resume, force: f.force,
		data: o.Data.Files(), same: hasJournal,
		note: noteTo(log),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, where.close()) }()
	o.Dir = where.dir
	o.Begin = where.begin
	journal := where.path(journalFile)
	metric := o.Task.Metric(o.Base)
	o.OnRun = func(r search.Run) {
		score := fmt.Sprintf("%s %.4f", metric.Name, r.Score)
		if r.Error != "" {
			score = r.Error
		}
		fmt.Fprintf(log, "  trial %d, %s, %.0f s: %s  %s\n", r.Trial, setting.Plural(r.Epochs, "epoch"), r.Seconds, score, settingsText(r))
	}
	out, err := search.Search(cmd.Context(), o)
	if err != nil {
		if cmd.Context().Err() != nil {
			where.noteStopped(log)
		}
		return err
	}
	var test *task.Result
	if len(o.Data.Test) > 0 {
		m, err := o.Task.Load(out.Model)
		if err != nil {
			return err
		}
		if test, err = m.Evaluate(cmd.Context(), o.Data.Test...); err != nil {
			return err
		}
	}
	if f.json {
		report := struct {
			Task   string       `json:"task"`
			Metric string       `json:"metric"`
			Best   search.Run   `json:"best"`
			Test   task.Scores  `json:"test,omitempty"`
			Epochs int          `json:"epochs"` // trained in all
			Board  []search.Run `json:"board"`
			Files  []string     `json:"files"`
		}{o.Task.Name(), metric.Name, out.Best, nil, out.Epochs, out.Board, []string{filepath.Join(o.Dir, recipeFile), out.Model, journal}}
		if test != nil {
			report.Test = test.Scores
		}
		return newEncoder(cmd.OutOrStdout()).Encode(report)
	}
	return printSearch(cmd.OutOrStdout(), l, o, out, test)
}

// hasJournal is an error for the folder of a run that is no search. Of which search it is, its
// journal knows.
func hasJournal(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, journalFile)); err != nil {
		return usage("--resume: %s holds no search: give another --out, or --force to begin one there", dir)
	}
	return nil
}

// shownTrials is how many rows of the board a terminal gets.
const shownTrials = 15

func printSearch(w io.Writer, l lang.Lang, o search.Options, out *search.Outcome, test *task.Result) error {
	var b strings.Builder
	summary := fmt.Sprintf("%s, %d epochs in all; the best by %s:", setting.Plural(len(out.Board), "trial"), out.Epochs, out.Metric.Name)
	fmt.Fprintf(&b, "\n%s\n\n", l.Text(summary))
	fmt.Fprintf(&b, "%s %s %10s  %s\n", columns.PadLeft(l.Text("trial"), 6), columns.PadLeft(l.Text("epochs"), 7), out.Metric.Name, l.Text("settings"))
	for i, r := range out.Board {
		if i == shownTrials {
			fmt.Fprintf(&b, "%6s %s\n", "", l.Sprintf("and %d more in %s", len(out.Board)-i, journalFile))
			break
		}
		score := fmt.Sprintf("%10.4f", r.Score)
		if r.Error != "" {
			score = columns.PadLeft(l.Text("failed"), 10)
		}
		fmt.Fprintf(&b, "%6d %7d %s  %s\n", r.Trial, r.Epochs, score, l.Text(settingsText(r)))
	}
	if test != nil {
		fmt.Fprintf(&b, "\n%s\n\n", l.Text("The best on the test data:"))
		printScores(&b, "  ", test.Scores)
	}
	printNext(&b, l, [][2]string{
		{shell("recur", "train", filepath.Join(o.Dir, recipeFile)), "the best run again, with its report"},
		{shell("recur", "eval", out.Model) + " FILE", "score its model on other data"},
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// settingsText is the settings of a run in a line.
func settingsText(r search.Run) string {
	if r.Trial == 0 {
		return "as given"
	}
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(r.Settings)) {
		parts = append(parts, fmt.Sprintf("%s=%v", n, r.Settings[n]))
	}
	return strings.Join(parts, " ")
}
