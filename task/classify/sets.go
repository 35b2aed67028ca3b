package classify

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/data"
)

func (m *Model) load(from source, phrases bool) (items []item, err error) {
	o := m.Reading()
	o.Phrases = phrases
	group, file, row := int32(-1), "", 0
	for e, err := range from(o) {
		if err != nil {
			return nil, err
		}
		if e.File != file || e.Row != row {
			group, file, row = group+1, e.File, e.Row
		}
		it, err := m.item(&e)
		if err != nil {
			return nil, err
		}
		it.group = group
		items = append(items, it)
	}
	return items, nil
}

// hold parts a share of each label's examples from items, drawn by seed. With phrases,
// those of a sentence that is held out go nowhere.
func (m *Model) hold(items []item) (training, held []item) {
	if m.HeldOut == 0 {
		return items, nil
	}
	by := map[int32][]int{}
	for i, it := range items {
		if !it.part {
			label := int32(noLabel)
			if m.Target == One && len(it.want) > 0 {
				label = it.want[0]
			}
			by[label] = append(by[label], i)
		}
	}
	r := rand.New(rand.NewPCG(m.Seed, 2))
	out := map[int32]bool{}
	for _, label := range slices.Sorted(maps.Keys(by)) {
		at := by[label]
		r.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
		for _, i := range at[:int(math.Round(m.HeldOut*float64(len(at))))] {
			out[items[i].group] = true
		}
	}
	for _, it := range items {
		switch {
		case !out[it.group]:
			training = append(training, it)
		case !it.part:
			held = append(held, it)
		}
	}
	return training, held
}

// sets reads what to train on and what to validate on.
func (m *Model) sets(name string, from, validate source) (training, valid []item, err error) {
	if training, err = m.load(from, m.Phrases); err != nil {
		return nil, nil, err
	}
	if validate != nil {
		valid, err = m.load(validate, false)
	} else {
		training, valid = m.hold(training)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(training) == 0 || validate == nil && m.HeldOut > 0 && len(valid) == 0 {
		return nil, nil, &data.Error{File: name, Reason: fmt.Sprintf("there are %d examples to train on and %d to validate on", len(training), len(valid)), Hint: "give more examples, or a file to validate on (--valid)"}
	}
	return training, valid, nil
}
