package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A table writes Markdown for the arguments of a region.
type table func(args []string) (string, error)

// readTables reads the results in dir.
func readTables(dir string) (map[string]table, error) {
	tables := map[string]table{}
	for _, add := range []func(dir string, tables map[string]table) error{addPeers, addCores, addJobs, addOwnCells, addLoads, addRoundTrips, addAccuracy, addPanel, addAirline, addProgram, addUnroll, addServed} {
		if err := add(dir, tables); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

func readJSON(dir, name string, into any) error {
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// whole is a table of one form, without arguments.
func whole(write func() string) table {
	return func(args []string) (string, error) {
		if len(args) > 0 {
			return "", fmt.Errorf("takes no arguments")
		}
		return write(), nil
	}
}

// A grid is a table being written.
type grid struct{ strings.Builder }

// newGrid begins a table with these columns.
func newGrid(columns ...string) *grid {
	g := &grid{}
	g.row(columns...)
	g.WriteString("|" + strings.Repeat("---|", len(columns)) + "\n")
	return g
}

func (g *grid) row(cells ...string) { g.WriteString("| " + strings.Join(cells, " | ") + " |\n") }

// digits is v with three digits, or as many as stand before the point.
func digits(v float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if rounded == 0 {
		return "0"
	}
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(rounded)))), v)
}
