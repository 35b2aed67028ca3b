// Command generate makes what README, tutorial and documents show: it writes the tables
// from bench/results, makes the pictures, and prints the figures that the text quotes.
//
//	go run ./docs/generate            all of it, in some minutes
//	go run ./docs/generate tables     the tables alone, at once
//	go run ./docs/generate notice     the licences of what the program links and embeds
//	go run ./docs/generate unroll     a picture of what unroll-times has measured
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/chart"
)

var parts = []struct {
	name string
	make func() error
}{
	{"airline", airline},
	{"unroll-times", unrollTimes},
	{"tables", writeTables},
	{"notice", writeNotice},
	{"unroll", unroll},
	{"vanishing", vanishing},
	{"waves", waves},
	{"gates", gates},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		if err := p.make(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// save writes a picture to docs/img.
func save(name string, c *chart.Chart) error {
	return atomicfile.WriteFile(filepath.Join("docs", "img", name), func(w io.Writer) error {
		return c.Write(w, filepath.Ext(name)[1:])
	})
}

// write writes a text.
func write(name string, text []byte) error {
	return atomicfile.WriteFile(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// writeJSON writes figures to bench/results.
func writeJSON(name string, figures any) error {
	text, err := json.MarshalIndent(figures, "", " ")
	if err != nil {
		return err
	}
	return write(filepath.Join(results, name), append(text, '\n'))
}
