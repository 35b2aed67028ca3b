package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/bench/accuracy"
)

// What the pages show is what the results are.
func TestPages(t *testing.T) {
	root := filepath.Join("..", "..")
	tables, err := readTables(filepath.Join(root, "bench", "results"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		page, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		filled, err := fill(page, tables)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(page, filled) {
			t.Errorf("%s does not show bench/results: run go run ./docs/generate tables", name)
		}
	}
}

// The figures in the sentences of the README are those of the results too, and it stays short.
func TestREADME(t *testing.T) {
	root := filepath.Join("..", "..")
	dir := filepath.Join(root, "bench", "results")
	var airline backtests
	if err := readJSON(dir, airlineFile, &airline); err != nil {
		t.Fatal(err)
	}
	scores, err := accuracy.Read(filepath.Join(dir, "accuracy.json"))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]bool{}
	for _, r := range scores.Rows {
		cases[r.Name] = true
	}
	lo, hi := airline.seeds()
	seconds, peak := math.Round(airline.Seconds), math.Round(airline.Peak)
	for name, sentences := range map[string][]string{
		"README.md": {
			fmt.Sprintf("about %.0f seconds and %.0f MiB", seconds, peak), "two cores of an " + airline.CPU,
			fmt.Sprintf("the MASE is %.2f to %.2f", lo, hi), fmt.Sprintf("**Accurate.** %d cases", len(cases)),
		},
		"README.ko.md": {
			fmt.Sprintf("%.0f초쯤, %.0fMiB", seconds, peak), airline.CPU + " 코어 두 개",
			fmt.Sprintf("MASE는 %.2f에서 %.2f", lo, hi), fmt.Sprintf("%d가지", len(cases)),
		},
	} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sentences {
			if !strings.Contains(string(text), s) {
				t.Errorf("%s does not have %q, which bench/results gives", name, s)
			}
		}
		if n := bytes.Count(text, []byte("\n")); n > 150 {
			t.Errorf("%s has %d lines; what is long goes into docs", name, n)
		}
	}
}

func TestFill(t *testing.T) {
	tables := map[string]table{
		"sum":  func(args []string) (string, error) { return "= " + strings.Join(args, "+") + "\n\n", nil },
		"none": func([]string) (string, error) { return "", errors.New("nothing is there") },
	}
	page := "# A\n<!-- table sum 1 2 -->\nold\nolder\n<!-- end -->\nB\n<!-- table sum -->\n<!-- end -->\n"
	want := "# A\n<!-- table sum 1 2 -->\n= 1+2\n<!-- end -->\nB\n<!-- table sum -->\n= \n<!-- end -->\n"
	for range 2 { // the second time nothing changes
		got, err := fill([]byte(page), tables)
		if err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		page = want
	}
	for page, says := range map[string]string{
		"<!-- table product -->\n<!-- end -->\n":                      `no table "product"`,
		"<!-- table none -->\n<!-- end -->\n":                         "nothing is there",
		"<!-- table sum -->\n":                                        "1 regions begin and 0 end",
		"<!-- table sum -->\n<!-- table sum -->\n\n<!-- end -->\nx\n": "2 regions begin and 1 end",
	} {
		if _, err := fill([]byte(page), tables); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", page, err, says)
		}
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{.000921: "0.000921", .0443: "0.0443", .1: "0.100", 1: "1.00", 1.4142: "1.41", 93.75: "93.8", 1594: "1594", 9.999: "10.0", 99.96: "100", 0: "0"} {
		if got := digits(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
