package main

import (
	"encoding/json"
	"errors"
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

// keep puts r in the place of the line of its system and way.
func (r result) keep() error {
	var list []result
	b, err := os.ReadFile(resultsFile)
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	list = slices.DeleteFunc(list, func(o result) bool { return o.System == r.System && o.Way == r.Way })
	list = append(list, r)
	slices.SortFunc(list, func(a, b result) int { return strings.Compare(a.System+a.Way, b.System+b.Way) })
	return saveJSON(filepath.Dir(resultsFile), filepath.Base(resultsFile), list)
}
