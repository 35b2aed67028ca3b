package accuracy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Table is the rows for a terminal. Like Markdown, it has a target of recur's own in brackets
// under published.
func (r *Results) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %-16s %10s %10s %20s %6s %9s  %s\n", "case", "metric", "published", "ours", "mean ± sd", "seeds", "time", "reached")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%-24s %-16s %10s %10.5g %20s %6d %9s  %s\n",
			row.Name, row.Metric, row.published(), row.Ours, row.spread(), row.Seeds, row.time(), yes(row.Reached))
	}
	return b.String()
}

// Markdown is the rows as a table. A score in brackets under published is a target of
// recur's own, where none is.
func (r *Results) Markdown() string {
	var b strings.Builder
	b.WriteString("| case | metric | published | recur | seeds | a run takes | reached | best known |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		best := ""
		if row.Stretch != 0 {
			best = short(row.Stretch)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %s | %s | %s |\n", row.Name, strings.ReplaceAll(row.Metric, "_", " "), row.published(), row.score(), row.Seeds, row.time(), yes(row.Reached), best)
	}
	return b.String()
}

// Sources is a list of the cases in the rows: what is trained, and where the published
// scores are from.
func (r *Results) Sources() string {
	var b strings.Builder
	for _, c := range cases {
		var from []string
		for _, row := range r.Rows {
			if row.Name == c.Name && row.Source != "the same" && !slices.Contains(from, row.Source) {
				from = append(from, row.Source)
			}
		}
		if from != nil {
			fmt.Fprintf(&b, "- **%s.** %s. *Source:* %s.\n", c.Name, c.Protocol, strings.Join(from, "; "))
		}
	}
	return b.String()
}

// short is a score with five digits at most.
func short(v float64) string { return fmt.Sprintf("%.5g", v) }

// published is the published score, or in brackets the target where there is none.
func (row Row) published() string {
	if row.Published == 0 {
		return "(" + short(row.Target) + ")"
	}
	return short(row.Published)
}

// score is the median over the seeds and their deviation.
func (row Row) score() string {
	if row.Seeds < 2 {
		return fmt.Sprintf("%.4g", row.Ours)
	}
	return fmt.Sprintf("%.4g ± %.1g", row.Ours, row.SD)
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

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
