package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/recur-go/recur/task"
)

// words is a text with a blank between its words, however its lines are broken.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestPresetsExplainThemselves(t *testing.T) {
	for _, name := range task.Names() {
		tk, err := task.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range tk.Presets() {
			if about := task.About(tk, p); about == "" {
				t.Errorf("preset %s of %s is not described", p, name)
			}
		}
		for line := range strings.Lines(presetHelp(tk)) {
			if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 112 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		for _, args := range [][]string{{name, "--help"}, {"train", name, "--help"}, {"search", name, "--help"}} {
			var out, errs bytes.Buffer
			if c := run(args, nil, &out, &errs); c != 0 || !strings.Contains(words(out.String()), words(presetHelp(tk))) {
				t.Errorf("%v: exit code %d, no presets in\n%s%s", args, c, out.String(), errs.String())
			}
		}
	}
}
