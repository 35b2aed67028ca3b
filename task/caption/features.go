package caption

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// features number what meanings can have: acts, and slots with what the net is to know
// of their values. Those of an open slot are name#1, name#2…, one for each value; others
// are kidsallowed=yes, area=?, pricerange=cheap.
type features struct {
	Acts  []string `json:"acts"`
	Slots []string `json:"slots"`
}

// learn numbers all features of the meanings.
func learnFeatures(w *wording, meanings []*Meaning) *features {
	acts, slots := map[string]bool{}, map[string]bool{}
	for _, m := range meanings {
		acts[m.Act] = true
		for _, f := range w.features(m) {
			slots[f] = true
		}
	}
	return &features{slices.Sorted(maps.Keys(acts)), slices.Sorted(maps.Keys(slots))}
}

// features are those of the slots of m, in order and each once.
func (w *wording) features(m *Meaning) (all []string) {
	count := map[string]int{}
	for _, s := range m.Slots {
		name := strings.ToLower(s.Name)
		f := ""
		switch v := special(s.Value); {
		case v != "":
			f = name + "=" + v
		case w.open(s):
			count[name]++
			f = name + "#" + strconv.Itoa(count[name])
		default:
			f = name + "=" + canonical(s.Value)
		}
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// key distinguishes meanings that differ by more than the values of open slots and the
// order of the slots.
func (w *wording) key(m *Meaning) string {
	f := w.features(m)
	slices.Sort(f)
	return m.Act + "\x00" + strings.Join(f, "\x00")
}

// of numbers the act and the slots of m. What training has not seen is an error.
func (f *features) of(w *wording, m *Meaning) (act int, slots []int, err error) {
	act, ok := slices.BinarySearch(f.Acts, m.Act)
	if !ok {
		return 0, nil, fmt.Errorf("the act %q was not in training; known are %s", m.Act, strings.Join(f.Acts, ", "))
	}
	for _, name := range w.features(m) {
		id, ok := slices.BinarySearch(f.Slots, name)
		if !ok {
			return 0, nil, fmt.Errorf("the slot %q was not in training; known are %s", name, strings.Join(f.Slots, ", "))
		}
		slots = append(slots, id)
	}
	return act, slots, nil
}
