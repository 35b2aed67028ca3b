package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/bench/accuracy"
	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/internal/kernel"
)

// accuracyOptions are the flags of recur bench accuracy.
type accuracyOptions struct {
	runner        accuracy.Runner
	merge         []string
	list          bool
	table, asJSON bool
}

func newBenchAccuracy() *cobra.Command {
	o := accuracyOptions{}
	cmd := &cobra.Command{
		Use:   "accuracy",
		Short: "Train on public data sets and compare the scores with published ones",
		Long: `Train the presets on public data sets, with their official splits and protocols, and
print the scores beside the published ones. A run of tier A takes minutes, one of tier B
up to an hour or two. Each case is run with several seeds; its figure is the median. One
run per core goes at a time, which is faster than one after another on all cores.

The results of a run are saved when it ends; the same command then continues with what
is missing. A case whose data is not in the folder is skipped. Nothing is downloaded;
bench/README.md lists where to get the data.`,
		Example: `  recur bench accuracy --list
  recur bench accuracy --tier A --data ../shared/data
  recur bench accuracy --case ptb-small --seeds 1
  recur bench accuracy --merge other.json --merge recur-out/generate-ptb --table`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&o.runner.Tier, "tier", "A", "`tier` of the cases to run: A, B or all")
	f.StringSliceVar(&o.runner.Names, "case", nil, "`names` of the cases to run (default all of the tier)")
	f.IntVar(&o.runner.Seeds, "seeds", 0, "runs of each case, with seeds 1, 2, … (default 5 in tier A, 3 in tier B)")
	f.IntVar(&o.runner.Workers, "workers", 0, "runs at a time (default the number of cores)")
	f.StringVar(&o.runner.Data, "data", sharedData(), "`folder` of the data sets")
	f.StringVar(&o.runner.File, "file", filepath.Join("bench", "results", "accuracy.json"), "`file` of the results")
	f.BoolVar(&o.runner.Again, "again", false, "run again what the file already has")
	f.StringArrayVar(&o.merge, "merge", nil, "add the runs of another such `file`, or of the folder of a run, and run nothing; they replace runs of the same case and seed; may be repeated")
	f.BoolVar(&o.list, "list", false, "list the cases and run nothing")
	f.BoolVar(&o.table, "table", false, "print the results so far as a Markdown table and run nothing")
	f.BoolVar(&o.asJSON, "json", false, "print JSON instead of text")
	return cmd
}

// sharedData is the folder of the data sets unless a flag names one.
func sharedData() string {
	if dir := os.Getenv("RECUR_SHARED"); dir != "" {
		return filepath.Join(dir, "data")
	}
	return filepath.Join("..", "shared", "data")
}

func (o *accuracyOptions) run(cmd *cobra.Command) error {
	r := &o.runner
	if !slices.Contains([]string{"A", "B", "all"}, r.Tier) {
		return usage("--tier %s: want A, B or all", r.Tier)
	}
	if r.Seeds < 0 || r.Seeds > 1000 {
		return usage("--seeds is %d, want 1 to 1000", r.Seeds)
	}
	if r.Workers < 0 || r.Workers > 1000 {
		return usage("--workers is %d, want 1 to 1000", r.Workers)
	}
	cases, err := r.Selected()
	if err != nil {
		return usage("--case: %v", err)
	}
	out, log := cmd.OutOrStdout(), cmd.ErrOrStderr()
	if o.list {
		return o.printCases(out, cases)
	}
	r.Machine = accuracy.Machine{CPU: speed.CPU(), Cores: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Kernels: kernel.Tier()}
	r.Note = func(s string) { fmt.Fprintf(log, "%s %s\n", time.Now().Format(time.TimeOnly), s) }
	var failed error
	switch {
	case len(o.merge) > 0:
		err = o.mergeRuns()
	case !o.table:
		failed = r.Run(cmd.Context())
	}
	if err != nil {
		return err
	}
	results, err := accuracy.Read(r.File)
	if err != nil {
		return err
	}
	switch {
	case o.asJSON:
		e := newEncoder(out)
		e.SetIndent("", " ")
		err = e.Encode(results)
	case o.table:
		_, err = io.WriteString(out, results.Markdown())
	default:
		_, err = io.WriteString(out, results.Table())
	}
	if failed != nil {
		return failed
	}
	return err
}

// mergeRuns adds the runs of other files and folders.
func (o *accuracyOptions) mergeRuns() error {
	results, err := accuracy.Read(o.runner.File)
	if err != nil {
		return err
	}
	for _, path := range o.merge {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		other := &accuracy.Results{}
		if info.IsDir() {
			run, err := accuracy.Take(path)
			if err != nil {
				return err
			}
			other.Machine, other.Runs = o.runner.Machine, []accuracy.Run{run}
		} else if other, err = accuracy.Read(path); err != nil {
			return err
		}
		results.Merge(other)
	}
	if err := os.MkdirAll(filepath.Dir(o.runner.File), 0o777); err != nil {
		return err
	}
	return results.Write(o.runner.File)
}

// printCases lists the cases, and what they lack.
func (o *accuracyOptions) printCases(w io.Writer, cases []accuracy.Case) error {
	if o.asJSON {
		type figure struct {
			Metric string  `json:"metric"`
			Target float64 `json:"target"`
			Source string  `json:"source"`
		}
		type row struct {
			Name     string   `json:"name"`
			Task     string   `json:"task"`
			Tier     string   `json:"tier"`
			Protocol string   `json:"protocol"`
			Figures  []figure `json:"figures"`
			Lacks    []string `json:"lacks,omitempty"`
		}
		rows := []row{}
		for _, c := range cases {
			r := row{Name: c.Name, Task: c.Task, Tier: c.Tier, Protocol: c.Protocol, Lacks: c.Lacks(o.runner.Data)}
			for _, f := range c.Figures {
				r.Figures = append(r.Figures, figure{f.Metric, f.Aim(), f.Source})
			}
			rows = append(rows, r)
		}
		return newEncoder(w).Encode(rows)
	}
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "%-22s %-10s tier %s  %s\n", c.Name, c.Task, c.Tier, c.Protocol)
		for _, f := range c.Figures {
			fmt.Fprintf(&b, "%22s %s %g: %s\n", "", f.Metric, f.Aim(), f.Source)
		}
		if lacks := c.Lacks(o.runner.Data); len(lacks) > 0 {
			fmt.Fprintf(&b, "%22s not here: %s\n", "", strings.Join(lacks, ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
