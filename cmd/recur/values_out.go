package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/npy"
)

// writeNPY writes a tensor; float16 and bfloat16 as float32.
func writeNPY(w io.Writer, t *interchange.Tensor) error {
	return npy.Write(w, &npy.Array{Shape: t.Shape, Data: t.Data})
}

// table is the elements of t for a terminal, a line for each run of its last
// dimension.
func table(t *interchange.Tensor) string {
	var cells []string
	if texts, ok := t.Data.([]string); ok {
		for _, s := range texts {
			cells = append(cells, strconv.Quote(s))
		}
	} else {
		cells = strings.Fields(strings.Trim(fmt.Sprint(t.Data), "[]"))
	}
	const most = 2000
	rest := len(cells) - most
	cells = cells[:min(len(cells), most)]
	width := 1
	if n := len(t.Shape); n > 0 {
		width = max(t.Shape[n-1], 1)
	}
	var b strings.Builder
	for len(cells) > 0 {
		n := min(width, len(cells))
		b.WriteString("  " + strings.Join(cells[:n], " ") + "\n")
		cells = cells[n:]
	}
	if rest > 0 {
		fmt.Fprintf(&b, "  and %d more; --out or --json gives all\n", rest)
	}
	return b.String()
}
