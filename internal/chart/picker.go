package chart

import (
	"cmp"
	"math"
	"slices"
)

// A Picker lets the reader choose the item that the figures of a page are of.
type Picker struct {
	Title string
	Note  string // sentences
	Items []Item // the first is shown at first
}

// An Item is one to pick.
type Item struct {
	Name  string
	Text  string  // what stands beside the name, such as a score
	Score float64 // what items are ordered by, the best the lowest; NaN for none
}

// Pick chooses at most most of the items with the given scores, lowest best: some of the
// worst, some of the best and, for the rest, the first. It gives their places, which rise; the
// first item is among them.
func Pick(scores []float64, most int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	if len(order) <= most {
		return order
	}
	slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(scores[a], scores[b]) }) // NaN last
	known := slices.DeleteFunc(order, func(i int) bool { return math.IsNaN(scores[i]) })
	picked := map[int]bool{0: true}
	take := func(from []int, n int) {
		for _, i := range from {
			if n > 0 && len(picked) < most && !picked[i] {
				picked[i] = true
				n--
			}
		}
	}
	take(known, most*2/5)
	slices.Reverse(known)
	take(known, most/5)
	for i := 0; len(picked) < most; i++ {
		picked[i] = true
	}
	var all []int
	for i := range scores {
		if picked[i] {
			all = append(all, i)
		}
	}
	return all
}
