// Package hierarchy makes forecasts of series that are sums of others add up: of shops, regions
// and the whole, say.
//
// A Hierarchy knows which series at the bottom each of the others is the sum of. Forecasts of all
// of them, each made for itself, hardly ever add up. BottomUp takes those of the bottom alone;
// MinT spreads the differences over all by how far off each has been (Wickramasuriya,
// Athanasopoulos & Hyndman 2019), so that a forecast of a sum that is better than the sum of
// forecasts helps the bottom too.
package hierarchy

import (
	"fmt"
	"slices"
	"strings"
)

// Total is the name of the sum of all series.
const Total = "total"

// A Hierarchy is sums of series: the total first, then those of each level from above, and the
// series at the bottom last.
type Hierarchy struct {
	Names  []string // of all series
	Sums   [][]int  // for each but those at the bottom, the places in Names of what it is the sum of, at the bottom
	levels []int    // for each, its level: 0 for the total
}

// New makes a hierarchy of series at the bottom, each with its path from above: its region and its
// name, say. A series on a level between is named by its path with slashes, as those at the
// bottom are. Levels that add nothing, as a region of one shop, are series all the same.
func New(paths [][]string) (*Hierarchy, error) {
	if len(paths) < 2 {
		return nil, fmt.Errorf("hierarchy: %d series, want at least 2 to add", len(paths))
	}
	depth := len(paths[0])
	h := &Hierarchy{Names: []string{Total}, levels: []int{0}}
	var bottoms [][]int // of each sum, by number
	bottoms = append(bottoms, nil)
	at := map[string]int{}
	for i, path := range paths {
		if len(path) != depth || depth == 0 {
			return nil, fmt.Errorf("hierarchy: the path of series %d has %d levels, want %d", i, len(path), depth)
		}
		bottoms[0] = append(bottoms[0], i)
	}
	for level := 1; level < depth; level++ {
		for i, path := range paths {
			name := strings.Join(path[:level], "/")
			if name == Total {
				return nil, fmt.Errorf("hierarchy: a series is called %q, as the sum of all is", Total)
			}
			k, ok := at[name]
			if !ok {
				k = len(h.Names)
				at[name] = k
				h.Names, h.levels, bottoms = append(h.Names, name), append(h.levels, level), append(bottoms, nil)
			}
			bottoms[k] = append(bottoms[k], i)
		}
	}
	first := len(h.Names)
	for _, path := range paths {
		name := strings.Join(path, "/")
		if _, ok := at[name]; ok || name == Total {
			return nil, fmt.Errorf("hierarchy: two series are called %q", name)
		}
		at[name] = len(h.Names)
		h.Names, h.levels = append(h.Names, name), append(h.levels, depth)
	}
	for _, b := range bottoms {
		var sum []int
		for _, i := range b {
			sum = append(sum, first+i)
		}
		h.Sums = append(h.Sums, sum)
	}
	return h, nil
}

// Bottom is the place of the first series at the bottom.
func (h *Hierarchy) Bottom() int { return len(h.Sums) }

// Level is the level of series i: 0 for the total, and one more for each below.
func (h *Hierarchy) Level(i int) int { return h.levels[i] }

// Add sets the sums of v, [series][step], by the series at the bottom. One that lacks a value, NaN,
// makes none of a sum.
func (h *Hierarchy) Add(v [][]float64) {
	for i, sum := range h.Sums {
		for t := range v[i] {
			v[i][t] = 0
			for _, b := range sum {
				v[i][t] += v[b][t]
			}
		}
	}
}

// BottomUp is Add on a copy.
func (h *Hierarchy) BottomUp(v [][]float64) [][]float64 {
	out := make([][]float64, len(v))
	for i := range v {
		out[i] = slices.Clone(v[i])
	}
	h.Add(out)
	return out
}
