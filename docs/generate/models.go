package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/recur-go/recur/bench/accuracy"
)

// addLoads adds the table of how models load.
func addLoads(dir string, tables map[string]table) error {
	type cost struct {
		Seconds float64 `json:"seconds"`
	}
	var all struct {
		First map[string]float64 `json:"first_answer_seconds"`
		Loads []struct {
			What   string  `json:"what"`
			Bytes  float64 `json:"file_bytes"`
			Load   cost    `json:"load"`
			Read   cost    `json:"read"`
			Memory float64 `json:"memory_ratio"`
		} `json:"loads"`
	}
	if err := readJSON(dir, "load.json", &all); err != nil {
		return err
	}
	tables["loads"] = whole(func() string {
		g := newGrid("model", "file", "to load it", "to read its bytes alone", "memory over the file's size")
		for _, l := range all.Loads {
			g.row(l.What, megabytes(l.Bytes), digits(1000*l.Load.Seconds)+" ms", digits(1000*l.Read.Seconds)+" ms", fmt.Sprintf("%.2f", l.Memory))
		}
		return g.String()
	})
	tables["first-answer"] = whole(func() string {
		g := newGrid("from the start of `recur run` to its first answer", "time")
		for _, name := range slices.Sorted(maps.Keys(all.First)) {
			g.row(name, digits(1000*all.First[name])+" ms")
		}
		return g.String()
	})
	return nil
}

// addRoundTrips adds the table of models carried between systems.
func addRoundTrips(dir string, tables map[string]table) error {
	var all []struct {
		System string  `json:"system"`
		Way    string  `json:"way"`
		Cases  int     `json:"cases"`
		Pass   int     `json:"pass"`
		Worst  float64 `json:"largest_relative_difference"`
	}
	if err := readJSON(dir, "roundtrip.json", &all); err != nil {
		return err
	}
	tables["roundtrips"] = whole(func() string {
		g := newGrid("system", "way", "models", "within 1e-5", "largest relative difference")
		models, pass, worst := 0, 0, 0.
		for _, r := range all {
			models, pass, worst = models+r.Cases, pass+r.Pass, max(worst, r.Worst)
			g.row(r.System, r.Way, strconv.Itoa(r.Cases), strconv.Itoa(r.Pass), fmt.Sprintf("%.1e", r.Worst))
		}
		g.row("all", "", thousands(models), thousands(pass), fmt.Sprintf("%.1e", worst))
		return g.String()
	})
	return nil
}

// addAccuracy adds the scores beside published ones.
func addAccuracy(dir string, tables map[string]table) error {
	results, err := accuracy.Read(filepath.Join(dir, "accuracy.json"))
	if err != nil {
		return err
	}
	m := results.Machine
	tables["accuracy"] = whole(results.Markdown)
	tables["gift"] = whole(results.Gift)
	tables["accuracy-sources"] = whole(results.Sources)
	tables["accuracy-machine"] = whole(func() string {
		return fmt.Sprintf("%s, %s, %s of %d cores, %s, %s.\n", m.CPU, m.System, plural(strconv.Itoa(m.Threads), "thread"), m.Cores, m.Kernels, m.Go)
	})
	return nil
}
