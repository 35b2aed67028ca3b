package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A result is a line of the table.
type result struct {
	System string  `json:"system"`
	Way    string  `json:"way"` // "into recur" or "out of recur"
	Cases  int     `json:"cases"`
	Pass   int     `json:"pass"`
	Worst  float64 `json:"largest_relative_difference"`
}

// resultsFile is kept in the repository; run the command from its root.
var resultsFile = filepath.Join("bench", "results", "roundtrip.json")

func results() (list []result, err error) {
	b, err := os.ReadFile(resultsFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(b, &list)
}

// keep puts r in the place of the line of its system and way.
func (r result) keep() error {
	list, err := results()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(o result) bool { return o.System == r.System && o.Way == r.Way })
	list = append(list, r)
	slices.SortFunc(list, func(a, b result) int { return strings.Compare(a.System+a.Way, b.System+b.Way) })
	return saveJSON(filepath.Dir(resultsFile), filepath.Base(resultsFile), list)
}

func table() error {
	list, err := results()
	if err != nil {
		return err
	}
	fmt.Print("| system | way | models | within 1e-5 | largest relative difference |\n|---|---|---|---|---|\n")
	for _, r := range list {
		fmt.Printf("| %s | %s | %d | %d | %.1e |\n", r.System, r.Way, r.Cases, r.Pass, r.Worst)
	}
	return nil
}
