package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// isTime reports whether a dimension is called as those of time are.
func isTime(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"time", "seq", "step", "frames", "length"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "t"
}

// batchAxes finds the dimension of each input that the rows of a batch lie along: the one of
// the name that all of them have, or else, where they have no names, the first that is open.
// Where one has none, axes is nil and without names that input.
func batchAxes(inputs []*ValueInfo, o RunnerOptions) (axes []int, name, without string, err error) {
	shared := map[string]int{} // how many inputs have it, once each
	for _, v := range inputs {
		for k, d := range v.Shape {
			if d.Size < 0 && d.Name != "" && axisNamed(v, d.Name) == k {
				shared[d.Name]++
			}
		}
	}
	if name = o.Batch; name != "" {
		if shared[name] != len(inputs) {
			return nil, "", "", &InputError{"", fmt.Sprintf("not every input and state has an open dimension called %q: %v", name, inputs)}
		}
	} else {
		var names []string
		for n, count := range shared {
			if _, sized := o.Sizes[n]; count == len(inputs) && !isTime(n) && !sized {
				names = append(names, n)
			}
		}
		slices.SortFunc(names, func(a, b string) int { // those that tell it first
			if x, y := tellsBatch(a), tellsBatch(b); x != y {
				if x {
					return -1
				}
				return 1
			}
			return strings.Compare(a, b)
		})
		switch {
		case len(names) > 1 && !tellsBatch(names[0]):
			return nil, "", "", &InputError{"", fmt.Sprintf("the open dimensions %q may each be the batch: name it by Batch, and give the others by Sizes", names)}
		case len(names) > 0:
			name = names[0]
		}
	}
	for _, v := range inputs {
		axis := axisNamed(v, name)
		for k, d := range v.Shape {
			_, sized := o.Sizes[fmt.Sprintf("%s.%d", v.Name, k)]
			if _, ok := o.Sizes[d.Name]; ok && d.Name != "" {
				sized = true
			}
			if name == "" && axis < 0 && d.Size < 0 && !sized && !isTime(d.Name) {
				axis = k
			}
		}
		if axis < 0 {
			return nil, "", v.String(), nil
		}
		axes = append(axes, axis)
	}
	return axes, name, "", nil
}

func tellsBatch(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "batch") || name == "n" || name == "b"
}

// axisNamed is the one open dimension of that name, -1 if there is none or more.
func axisNamed(v *ValueInfo, name string) int {
	axis := -1
	for k, d := range v.Shape {
		if name == "" || d.Size >= 0 || d.Name != name {
			continue
		}
		if axis >= 0 {
			return -1
		}
		axis = k
	}
	return axis
}
