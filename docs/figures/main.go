// Command figures makes the pictures of the tutorial, and prints the figures that
// its text quotes.
//
//	go run ./docs/figures            all of them, in some minutes
//	go run ./docs/figures unroll     one of them
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/internal/chart"
)

var figures = []struct {
	name string
	draw func() error
}{
	{"airline", airline},
	{"unroll", unroll},
	{"vanishing", vanishing},
	{"waves", waves},
	{"gates", gates},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	for _, f := range figures {
		asked := len(names) == 0
		for _, n := range names {
			asked = asked || n == f.name
		}
		if !asked {
			continue
		}
		if err := f.draw(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// save writes a picture to docs/img.
func save(name string, c *chart.Chart) error {
	format := filepath.Ext(name)[1:]
	f, err := os.Create(filepath.Join("docs", "img", name))
	if err != nil {
		return err
	}
	if err := c.Write(f, format); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
