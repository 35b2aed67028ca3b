package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completions are what a shell offers, and the directive behind it.
func completions(t *testing.T, args ...string) (values []string, files cobra.ShellCompDirective) {
	t.Helper()
	var out, errs bytes.Buffer
	if c := run(append([]string{"__complete"}, args...), nil, &out, &errs); c != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, c, errs.String())
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSpace(line)
		if n, ok := strings.CutPrefix(line, ":"); ok {
			fmt.Sscan(n, &files)
			continue
		}
		value, _, _ := strings.Cut(line, "\t")
		values = append(values, value)
	}
	return values, files
}

func TestCompletion(t *testing.T) {
	const noFiles, files, folders = cobra.ShellCompDirectiveNoFileComp, cobra.ShellCompDirectiveDefault, cobra.ShellCompDirectiveFilterDirs
	for _, c := range []struct {
		args  string
		has   string
		files cobra.ShellCompDirective
	}{
		{"", "forecast generate version", noFiles},
		{"forecast ", "", files},
		{"forecast --preset ", "small qrnn deepar esrnn segmix segrnn", noFiles},
		{"forecast --preset se", "segmix segrnn", noFiles},
		{"forecast --layout ", "long wide found", noFiles},
		{"forecast --weights ", "single half int8", noFiles},
		{"forecast --output ", "quantile negbin", noFiles},
		{"forecast --cell ", "lstm gru", noFiles},
		{"forecast --holidays k", "kr", noFiles},
		{"forecast --holidays de,k", "de,kr", noFiles},
		{"forecast --data ", "airline sunspots", noFiles},
		{"forecast --model ", "", files},
		{"forecast --horizon ", "", noFiles},
		{"forecast --out ", "", folders},
		{"classify --format ", "table json idx", noFiles},
		{"classify --preset ", "text tags", noFiles},
		{"caption --data ", "", folders},
		{"generate --set hid", "hidden=", noFiles | cobra.ShellCompDirectiveNoSpace},
		{"translate --valid ", "", files},
		{"train ", "forecast classify music", files},
		{"train classify --preset ", "text korean", noFiles},
		{"train classify ", "", files},
		{"search ", "forecast classify", files},
		{"search music --space ", "rate= hidden=", noFiles | cobra.ShellCompDirectiveNoSpace},
		{"export model.safetensors --to ", "keras onnx safetensors", noFiles},
		{"check ", "", folders},
		{"version ", "", noFiles},
		{"bench ", "accuracy", noFiles},
		{"bench --cells ", "rnn gru lstm", noFiles},
		{"bench accuracy --tier ", "A B all", noFiles},
		{"bench accuracy --case ptb", "ptb-small", noFiles},
	} {
		got, directive := completions(t, strings.Split(c.args, " ")...)
		for _, want := range strings.Fields(c.has) {
			if !slices.Contains(got, want) {
				t.Errorf("recur %s: %v, want %s among them", c.args, got, want)
			}
		}
		if c.has == "" && len(got) > 0 && c.files != files {
			t.Errorf("recur %s: %v, want none", c.args, got)
		}
		if slices.Sort(got); len(slices.Compact(slices.Clone(got))) < len(got) {
			t.Errorf("recur %s: %v has some twice", c.args, got)
		}
		if directive != c.files {
			t.Errorf("recur %s: directive %d, want %d", c.args, directive, c.files)
		}
	}
}

// Flags in the table are flags of the program.
func TestCompletionNamesFlags(t *testing.T) {
	have := map[string]bool{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			have["--"+f.Name] = true
			have[strings.TrimPrefix(c.CommandPath(), "recur ")+" --"+f.Name] = true
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot())
	for name, values := range flagValues {
		if !have[name] {
			t.Errorf("there is no flag %s", name)
		}
		if len(values()) == 0 {
			t.Errorf("%s has no values", name)
		}
	}
}
