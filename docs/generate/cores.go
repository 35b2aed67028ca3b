package main

import (
	"fmt"

	"github.com/recur-go/recur/bench/speed"
)

// addCores adds the table of what a second core brings.
func addCores(dir string, tables map[string]table) error {
	var all struct {
		Machine machine  `json:"machine"`
		Rows    []timing `json:"rows"`
	}
	if err := readJSON(dir, "cores.json", &all); err != nil {
		return err
	}
	ms := map[place]float64{}
	for _, r := range all.Rows {
		ms[place{r.Point, r.Threads}] = r.MS
	}
	tables["cores-machine"] = whole(func() string { return all.Machine.String() + ".\n" })
	tables["cores"] = whole(func() string {
		g := newGrid("batch, steps, input, hidden", "rnn, forward", "gru", "lstm", "rnn, training", "gru", "lstm")
		for _, s := range speed.Grid.Shapes {
			row := []string{fmt.Sprintf("%d, %d, %d, %d", s.Batch, s.Steps, s.Input, s.Hidden)}
			measured := false
			for _, mode := range speed.Grid.Modes {
				for _, cell := range speed.Grid.Cells {
					p := speed.Point{Cell: cell, Mode: mode, Batch: s.Batch, Steps: s.Steps, Input: s.Input, Hidden: s.Hidden}
					gain := ""
					if two := ms[place{p, 2}]; two > 0 {
						gain, measured = times(ms[place{p, 1}]/two), true
					}
					row = append(row, gain)
				}
			}
			if measured {
				g.row(row...)
			}
		}
		return g.String()
	})
	return nil
}
