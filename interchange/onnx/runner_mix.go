package onnx

import (
	"fmt"
	"slices"
)

// mixers are operators that put the values of all rows together, or give results whose
// sizes depend on values.
var mixers = []string{"NonZero", "Compress", "Unique", "NonMaxSuppression", "DynamicQuantizeLinear", "DynamicQuantizeLSTM"}

// deciders are inputs of operators that are sizes, axes and the like, not values of rows.
var deciders = map[string][]int{
	"Reshape": {1}, "Expand": {1}, "Tile": {1}, "ConstantOfShape": {0}, "Range": {0, 1, 2},
	"Slice": {1, 2, 3, 4}, "Pad": {1, 3}, "Squeeze": {1}, "Unsqueeze": {1}, "Split": {1}, "TopK": {1}, "OneHot": {1},
	"If": {0}, "Loop": {0, 1}, "SequenceAt": {1}, "SequenceInsert": {2}, "SequenceErase": {1}, "SplitToSequence": {1},
	"ReduceSum": {1}, "ReduceMean": {1}, "ReduceMax": {1}, "ReduceMin": {1}, "ReduceProd": {1}, "ReduceL1": {1}, "ReduceL2": {1},
	"ReduceLogSum": {1}, "ReduceLogSumExp": {1}, "ReduceSumSquare": {1}, "Trilu": {1}, "CenterCropPad": {1}, "Resize": {1, 2, 3}, "CumSum": {1},
	"Scan": {},
}

// mixes names a node in which a value of one row may change what others get, by deciding how
// a node runs. varies are the slots whose values are those of rows; what follows from shapes
// alone is the same for all. It is "" if there is none.
func (p *plan) mixes(varies map[int]bool) string {
	m := &mixing{}
	m.plan(p, varies)
	return m.found
}

type mixing struct{ found string }

// plan goes through the steps and extends varies by what follows from it.
func (m *mixing) plan(p *plan, varies map[int]bool) {
	for _, st := range p.steps {
		any := false
		for i, slot := range st.in {
			if slot < 0 || !varies[slot] {
				continue
			}
			any = true
			if slices.Contains(deciders[st.opType], i) {
				m.note(st, "is decided by values of rows")
			}
		}
		if any && slices.Contains(mixers, st.opType) {
			m.note(st, "puts the values of all rows together")
		}
		switch st.opType {
		case "Shape", "Size", "SequenceLength", "OptionalHasElement":
			any = false
		}
		for _, sub := range st.subplans {
			any = m.sub(st, sub, varies) || any
		}
		for _, slot := range st.out {
			if slot >= 0 && any {
				varies[slot] = true
			}
		}
	}
}

// sub goes through a subgraph and reports whether what it gives varies.
func (m *mixing) sub(st *step, sub *plan, outer map[int]bool) (any bool) {
	varies := map[int]bool{}
	for _, c := range sub.captures {
		if outer[c.outer] {
			varies[c.inner], any = true, true
		}
	}
	for i, slot := range sub.inputs {
		from := -1
		switch {
		case st.opType == "Loop" && i >= 2 && i < len(st.in):
			from = st.in[i]
		case st.opType != "Loop" && i < len(st.in):
			from = st.in[i]
		}
		if from >= 0 && outer[from] {
			varies[slot], any = true, true
		}
	}
	if any && st.opType == "Loop" { // what is carried may come to vary
		for i, slot := range sub.inputs {
			if i >= 2 {
				varies[slot] = true
			}
		}
	}
	m.plan(sub, varies)
	if st.opType == "Loop" && len(sub.outputs) > 0 && varies[sub.outputs[0]] {
		m.note(st, "is decided by values of rows")
	}
	return any || slices.ContainsFunc(sub.outputs, func(slot int) bool { return varies[slot] })
}

func (m *mixing) note(st *step, what string) {
	if m.found == "" {
		m.found = fmt.Sprintf("node %q (%s) %s", st.name, st.opType, what)
	}
}
