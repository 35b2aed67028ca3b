package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/lang"
)

func TestQuoted(t *testing.T) {
	for _, c := range []struct{ word, unix, windows string }{
		{"recur-out/airline-2/report.html", "recur-out/airline-2/report.html", "recur-out/airline-2/report.html"},
		{"매출.csv", "매출.csv", "매출.csv"},
		{"my sales.csv", "'my sales.csv'", `"my sales.csv"`},
		{"bob's.csv", `'bob'\''s.csv'`, `"bob's.csv"`},
		{"run[1]/*", "'run[1]/*'", `"run[1]/*"`},
		{`a\b`, `'a\b'`, `a\b`},
		{"~/x", "'~/x'", `"~/x"`},
		{"", "''", `""`},
	} {
		if got := quotedOn("linux", c.word); got != c.unix {
			t.Errorf("%q is %s, want %s", c.word, got, c.unix)
		}
		if got := quotedOn("windows", c.word); got != c.windows {
			t.Errorf("on Windows %q is %s, want %s", c.word, got, c.windows)
		}
		if sh, err := exec.LookPath("sh"); err == nil {
			out, err := exec.Command(sh, "-c", "printf %s "+quotedOn("linux", c.word)).Output()
			if err != nil || string(out) != c.word {
				t.Errorf("the shell reads %q as %q (%v)", c.word, out, err)
			}
		}
	}
}

func TestOpener(t *testing.T) {
	for system, want := range map[string]string{"linux": "xdg-open", "freebsd": "xdg-open", "darwin": "open", "windows": "explorer"} {
		if got := openerOn(system); got != want {
			t.Errorf("%s: %s, want %s", system, got, want)
		}
	}
}

func TestPrintNext(t *testing.T) {
	var b strings.Builder
	long := "recur show " + strings.Repeat("d", 90)
	printNext(&b, lang.English, [][2]string{{"recur show m", "what it holds"}, {"recur eval m FILE", "its scores"}, {long, "all"}})
	want := `
Next:
  recur show m       # what it holds
  recur eval m FILE  # its scores
  ` + long + "  # all\n"
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

func TestPrintInfo(t *testing.T) {
	var b strings.Builder
	if err := printInfo(&b, map[string]string{"data": "Box & Jenkins <1976>"}, true); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"data\": \"Box & Jenkins <1976>\"\n}\n"; b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
}
