// Command figures makes the pictures of the tutorial, and prints the figures that
// its text quotes.
//
//	go run ./docs/figures            all of them, in some minutes
//	go run ./docs/figures unroll     one of them
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/recur-go/recur/internal/atomicfile"
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
		if len(names) > 0 && !slices.Contains(names, f.name) {
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
	return atomicfile.WriteFile(filepath.Join("docs", "img", name), func(w io.Writer) error {
		return c.Write(w, filepath.Ext(name)[1:])
	})
}
