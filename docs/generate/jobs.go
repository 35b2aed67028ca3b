package main

import (
	"fmt"
	"slices"
	"strconv"
)

// A job is a whole training, or what else bench/jobs measures.
type job struct {
	System  string  `json:"system"`
	Job     string  `json:"job"`
	Threads int     `json:"threads"`
	Share   float64 `json:"share"`
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
	Loss    float64 `json:"loss"`
	Score   float64 `json:"score"`
	Bytes   float64 `json:"bytes"`
}

func addJobs(dir string, tables map[string]table) error {
	var all struct {
		Machine machine `json:"machine"`
		Rows    []job   `json:"rows"`
	}
	if err := readJSON(dir, "jobs.json", &all); err != nil {
		return err
	}
	// find is the row of a system for the same job as r.
	find := func(system string, r job) job {
		i := slices.IndexFunc(all.Rows, func(o job) bool {
			return o.System == system && o.Job == r.Job && o.Threads == r.Threads && o.Steps == r.Steps
		})
		if i < 0 {
			return job{}
		}
		return all.Rows[i]
	}
	ours := func(kinds ...string) (rows []job) {
		for _, r := range all.Rows {
			if r.System == "recur" && slices.Contains(kinds, r.Job) {
				rows = append(rows, r)
			}
		}
		return rows
	}
	tables["jobs-machine"] = whole(func() string { return all.Machine.String() + ".\n" })
	tables["jobs"] = whole(func() string {
		g := newGrid("job", "threads", "steps", "recur", "PyTorch", "times as fast", "loss at the end", "PyTorch's", "score", "PyTorch's")
		for _, r := range ours("ptb", "mnist", "nsmc") {
			o := find("pytorch", r)
			g.row(r.Job, strconv.Itoa(r.Threads), strconv.Itoa(r.Steps), digits(r.Seconds)+" s", digits(o.Seconds)+" s", times(o.Seconds/r.Seconds),
				fmt.Sprintf("%.4f", r.Loss), fmt.Sprintf("%.4f", o.Loss), fmt.Sprintf("%.4g", r.Score), fmt.Sprintf("%.4g", o.Score))
		}
		return g.String()
	})
	tables["memory"] = whole(func() string {
		g := newGrid("steps of the sequence", "recur", "PyTorch", "time in recur", "in PyTorch")
		for _, r := range ours("memory") {
			o := find("pytorch", r)
			g.row(thousands(r.Steps), megabytes(r.Bytes), megabytes(o.Bytes), digits(r.Seconds)+" s", digits(o.Seconds)+" s")
		}
		return g.String()
	})
	tables["start"] = whole(func() string {
		g := newGrid("", "recur", "PyTorch")
		for _, r := range ours("start") {
			g.row("from the start of the process to the end of the first prediction", digits(1000*r.Seconds)+" ms", digits(1000*find("pytorch", r).Seconds)+" ms")
		}
		for _, r := range ours("stream") {
			g.row("growth of memory over a stream of "+thousands(r.Steps)+" steps", megabytes(r.Bytes), "")
		}
		return g.String()
	})
	return nil
}

func megabytes(n float64) string { return digits(n/1e6) + " MB" }

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// addOwnCells adds the table of cells that a user wrote.
func addOwnCells(dir string, tables map[string]table) error {
	var all struct {
		Machine machine  `json:"machine"`
		Rows    []timing `json:"rows"`
	}
	if err := readJSON(dir, "owncell.json", &all); err != nil {
		return err
	}
	others := []string{"pytorch eager", "pytorch script", "pytorch compile"}
	tables["owncell"] = whole(func() string {
		g := newGrid("cell", "batch, steps, input, hidden", "threads", "recur", "PyTorch eager", "TorchScript", "torch.compile")
		for _, r := range all.Rows {
			if r.System != "recur" {
				continue
			}
			row := []string{r.Cell, fmt.Sprintf("%d, %d, %d, %d", r.Batch, r.Steps, r.Input, r.Hidden), strconv.Itoa(r.Threads), digits(r.MS)}
			for _, s := range others {
				for _, o := range all.Rows {
					if o.System == s && o.Point == r.Point && o.Threads == r.Threads {
						row = append(row, fmt.Sprintf("%s (%s)", digits(o.MS), times(o.MS/r.MS)))
					}
				}
			}
			g.row(row...)
		}
		return g.String()
	})
	return nil
}
