package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/lang"
)

// allHelp calls f with the help of every command in Korean, and the texts that were looked up.
func allHelp(f func(cmd *cobra.Command, help string, asked []string)) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() != "man" {
			var asked []string
			help := helpOf(c, func(english string) string {
				asked = append(asked, english)
				return lang.Korean.Text(english)
			}, 80)
			f(c, help, asked)
		}
		for _, sub := range c.Commands() {
			if !sub.Hidden {
				visit(sub)
			}
		}
	}
	root := newRoot()
	root.InitDefaultHelpCmd()
	visit(root)
}

func TestHelpIsTranslated(t *testing.T) {
	reported := map[string]bool{}
	allHelp(func(cmd *cobra.Command, _ string, asked []string) {
		for _, text := range asked {
			if lang.Korean.Key(text) == "" && !reported[text] {
				reported[text] = true
				t.Errorf("%s: ko.po lacks %q", cmd.CommandPath(), text)
			}
		}
	})
}

// Lines are no wider than was asked for; commands to type and names are not broken.
func TestHelpFits(t *testing.T) {
	allHelp(func(cmd *cobra.Command, help string, _ []string) {
		for line := range strings.Lines(help) {
			line = strings.TrimRight(line, "\n")
			if columns.Width(line) > 80 && !strings.Contains(cmd.Example, line) {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), columns.Width(line), line)
			}
		}
	})
}

func TestHelpLanguage(t *testing.T) {
	const korean, english = "사용법:", "Usage:"
	for _, c := range []struct {
		env  string // NAME=VALUE ...
		args string
		want string
	}{
		{"", "forecast --help", english},
		{"LANG=ko_KR.UTF-8", "forecast --help", korean},
		{"LANG=ko_KR.UTF-8", "help forecast", korean},
		{"LANG=ko_KR.UTF-8", "", korean},
		{"LANG=ko_KR.UTF-8", "train", english}, // an error, which stays English
		{"LANG=ko_KR.UTF-8", "forecast --help --lang en", english},
		{"LANG=ko_KR.UTF-8 RECUR_LANG=en", "forecast -h", english},
		{"LANG=en_US.UTF-8 LC_MESSAGES=ko_KR.UTF-8", "forecast -h", korean},
		{"LC_ALL=C LC_MESSAGES=ko_KR.UTF-8 LANG=ko_KR.UTF-8", "forecast -h", english},
		{"", "forecast --help --lang ko", korean},
		{"", "--lang ko forecast --help", korean},
		{"", "help forecast --lang=ko", korean},
		{"", "--lang ko help train forecast", korean},
		{"", "completion bash --help --lang ko", korean},
		{"RECUR_LANG=ko", "forecast --help", korean},
		{"RECUR_LANG=ko", "completion", korean},
		{"RECUR_LANG=ko", "forecast --help --lang en", english},
		{"", "forecast --help --lang kr", `--lang: there is no "kr"; did you mean "ko"?`},
		{"", "forecast --lang fr", `--lang: there is no "fr"; choose from en, ko`},
		{"RECUR_LANG=fr", "forecast --help", `RECUR_LANG: there is no "fr"; choose from en, ko`},
	} {
		t.Run(c.env+" recur "+c.args, func(t *testing.T) {
			for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
				t.Setenv(name, "")
			}
			for _, set := range strings.Fields(c.env) {
				name, value, _ := strings.Cut(set, "=")
				t.Setenv(name, value)
			}
			var out, errs bytes.Buffer
			got := run(strings.Fields(c.args), nil, &out, &errs)
			switch {
			case c.want == korean || c.want == english && c.args != "train":
				if got != 0 || !strings.Contains(out.String(), c.want) {
					t.Errorf("exit code %d, want %s in\n%s%s", got, c.want, out.String(), errs.String())
				}
			case c.args == "train":
				if got != int(fault.Usage) || !strings.Contains(errs.String(), "train takes a RECIPE") {
					t.Errorf("exit code %d\n%s", got, errs.String())
				}
			case got != int(fault.Usage) || !strings.Contains(errs.String(), c.want):
				t.Errorf("exit code %d, want %s in\n%s", got, c.want, errs.String())
			}
		})
	}
}

// Usages are fragments that begin in lower case, have no point at the end, and their default
// in one form.
func TestUsagesReadAlike(t *testing.T) {
	allHelp(func(cmd *cobra.Command, _ string, _ []string) {
		for _, g := range groupsOf(cmd) {
			g.flags.VisitAll(func(f *pflag.Flag) {
				text := strings.TrimLeft(f.Usage, "`[")
				first, _, _ := strings.Cut(text, " ")
				if strings.ToLower(first[:1]) != first[:1] && strings.ToUpper(first) != first {
					t.Errorf("%s --%s begins in upper case: %s", cmd.CommandPath(), f.Name, f.Usage)
				}
				if strings.HasSuffix(f.Usage, ".") || strings.Contains(f.Usage, "(default:") || strings.Contains(f.Usage, "; default") {
					t.Errorf("%s --%s: %s", cmd.CommandPath(), f.Name, f.Usage)
				}
			})
		}
	})
}

func TestCompletionOffersLanguages(t *testing.T) {
	for _, args := range [][]string{{"--lang", ""}, {"forecast", "--lang", ""}} {
		if got, _ := completions(t, args...); !slices.Equal(got, []string{"en", "ko"}) {
			t.Errorf("%v: %v", args, got)
		}
	}
}
