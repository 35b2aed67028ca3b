package accuracy

import (
	"fmt"
	"strings"
	"time"
)

// Table is the rows for a terminal.
func (r *Results) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %-16s %10s %10s %20s %6s %9s  %s\n", "case", "metric", "published", "ours", "mean ± sd", "seeds", "time", "met")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%-24s %-16s %10.5g %10.5g %20s %6d %9s  %s\n",
			row.Name, row.Metric, row.Target, row.Ours, row.spread(), row.Seeds, row.time(), yes(row.Met))
	}
	return b.String()
}

// Markdown is the rows as a table for a README.
func (r *Results) Markdown() string {
	var b strings.Builder
	b.WriteString("| case | metric | published | ours (median) | mean ± sd | seeds | time a run | met | source |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %.5g | **%.5g** | %s | %d | %s | %s | %s |\n",
			row.Name, strings.ReplaceAll(row.Metric, "_", " "), row.Target, row.Ours, row.spread(), row.Seeds, row.time(), yes(row.Met), row.Source)
	}
	return b.String()
}

func (row Row) spread() string {
	if row.Seeds < 2 {
		return fmt.Sprintf("%.5g", row.Mean)
	}
	return fmt.Sprintf("%.5g ± %.2g", row.Mean, row.SD)
}

func (row Row) time() string {
	if row.Seconds == 0 {
		return ""
	}
	d := time.Duration(row.Seconds * float64(time.Second))
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "no"
}
