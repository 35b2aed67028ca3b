package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// A work is something that the program links or embeds.
type work struct {
	name    string
	licence string // its SPDX identifier
	files   []string
}

// embedded are the works that are no modules. The folders are those of this repository.
var embedded = []work{
	{"uPlot 1.6, in the charts of reports", "MIT", []string{"internal/chart/uplot/LICENSE"}},
	{"digits of MNIST, which recur caption reads out", "CC-BY-SA-3.0", []string{"data/sets/LICENSE-digits.md"}},
}

// writeNotice writes NOTICE.
func writeNotice() error {
	text, err := notice()
	if err != nil {
		return err
	}
	return write("NOTICE", []byte(text))
}

// notice lists what the command recur links and embeds on any platform, and the texts of
// the licences, each once.
func notice() (string, error) {
	works, err := linked("./cmd/recur")
	if err != nil {
		return "", err
	}
	works = append(works, embedded...)
	var b strings.Builder
	b.WriteString("recur is under the Apache License 2.0. The program links or embeds the works below.\n\n")
	var texts []string
	of := map[string][]string{} // works by their text
	width := 0
	for _, w := range works {
		width = max(width, len(w.name))
	}
	for _, w := range works {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, w.name, w.licence)
		for _, f := range w.files {
			raw, err := os.ReadFile(f)
			if err != nil {
				return "", err
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
			if of[text] == nil {
				texts = append(texts, text)
			}
			of[text] = append(of[text], w.name)
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 80), strings.Join(of[text], "\n"), text)
	}
	return b.String(), nil
}

// linked are Go and the modules that the package links on Linux, macOS or Windows.
func linked(pkg string) ([]work, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	works := []work{{"Go's standard library and runtime", "BSD-3-Clause", []string{filepath.Join(strings.TrimSpace(string(root)), "LICENSE")}}}
	seen := map[string]bool{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-json=Module", pkg)
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+runtime.GOARCH)
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", system, err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				Module *struct {
					Path, Version, Dir string
					Main               bool
				}
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			m := p.Module
			if m == nil || m.Main || seen[m.Path] {
				continue
			}
			seen[m.Path] = true
			w := work{name: m.Path + " " + m.Version}
			if w.licence, w.files, err = licenceOf(m.Dir); err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			works = append(works, w)
		}
	}
	slices.SortFunc(works[1:], func(a, b work) int { return strings.Compare(a.name, b.name) })
	return works, nil
}

// kinds are licences and words of their texts, some of which are in the text of another too.
var kinds = []struct {
	id      string
	words   *regexp.Regexp
	another string
}{
	{"OFL-1.1", regexp.MustCompile(`SIL OPEN FONT LICENSE`), ""},
	{"FTL", regexp.MustCompile(`The FreeType License, which is similar|The FreeType Project LICENSE`), ""},
	{"CC-BY-4.0", regexp.MustCompile(`Creative Commons Attribution 4\.0|licenses/by/4\.0`), ""},
	{"Apache-2.0", regexp.MustCompile(`Apache License`), ""},
	{"Unlicense", regexp.MustCompile(`released into the public domain`), ""},
	{"BSD-3-Clause", regexp.MustCompile(`(?s)Redistribution and use in source.*(endorse or\s+promote|promote\s+products)`), ""},
	{"BSD-2-Clause", regexp.MustCompile(`Redistribution and use in source`), "BSD-3-Clause"},
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge`), "OFL-1.1"},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify, and(?:/or)? distribute this software for any\s+purpose with or without fee`), ""},
}

// licenceOf finds the licences of a module and the files with their texts.
func licenceOf(dir string) (string, []string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", nil, err
	}
	more, err := filepath.Glob(filepath.Join(dir, "licenses", "ftl*"))
	if err != nil {
		return "", nil, err
	}
	var ids, texts []string
	for _, f := range append(files, more...) {
		name := strings.ToUpper(filepath.Base(f))
		if !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "UNLICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "NOTICE") && !slices.Contains(more, f) {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			continue // a folder
		}
		texts = append(texts, f)
		var here []string
		for _, k := range kinds {
			if k.words.Match(text) && !slices.Contains(here, k.another) {
				here = append(here, k.id)
			}
		}
		ids = append(ids, here...)
	}
	if len(ids) == 0 {
		return "", nil, fmt.Errorf("no licence that is known is in %s", dir)
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " AND "), texts, nil
}
