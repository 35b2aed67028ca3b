package classify

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
)

// survey reads what to train on once, for what a model must know before it can read
// them: labels, vocabulary, width, scale.
func survey(cfg Config, name string, training source) (*Model, error) {
	m := &Model{Config: cfg}
	labels := map[string]int{}
	n := 0
	var moments moments
	var err error
	examples := func(yield func(string) bool) {
		for e, bad := range training(cfg.Reading()) {
			if bad != nil {
				err = bad
				return
			}
			for _, l := range e.Labels {
				labels[l]++
			}
			n++
			if err = moments.add(&e, cfg.Input); err != nil {
				return
			}
			s := e.Text
			if e.Tokens != nil {
				s = strings.Join(e.Tokens, " ")
				if m.Tokens == text.Words && n == 1 { // what a token is stands in the file
					m.Tokens = text.Space
				}
			}
			if !e.Part && !yield(s) {
				return
			}
		}
	}
	if cfg.Input == Text {
		if err := m.learn(examples); err != nil {
			return nil, err
		}
	} else {
		for range examples {
		}
	}
	if err != nil {
		return nil, err
	}
	delete(labels, "") // of steps that have none
	m.Classes = classes(labels)
	switch {
	case len(m.Classes) < 2:
		reason := "has no labels"
		if len(m.Classes) == 1 {
			reason = fmt.Sprintf("every example has the label %q", m.Classes[0])
		}
		return nil, &data.Error{File: name, Reason: reason, Hint: "give examples of at least two labels, or name the label column (--label)"}
	case len(m.Classes) > 100 && len(m.Classes)*2 > n && cfg.Target == One:
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("%d examples have %d different labels", n, len(m.Classes)), Hint: "name the label column (--label)"}
	}
	if cfg.Input == Series {
		m.Width, m.Gaps, m.scale = moments.width, moments.gaps, moments.scale()
	}
	m.index()
	return m, m.weigh(labels)
}

// learn learns the vocabulary. Only with the first text is it known what a token is.
func (m *Model) learn(corpus iter.Seq[string]) (err error) {
	next, stop := iter.Pull(corpus)
	defer stop()
	first, ok := next()
	m.codec, err = text.Learn(func(yield func(string) bool) {
		for s := first; ok; s, ok = next() {
			if !yield(s) {
				return
			}
		}
	}, text.Options{Kind: m.Tokens, Max: m.Vocab, Min: m.Rare, Lower: m.Lower})
	if err == nil {
		m.Size = m.codec.Size()
	}
	return err
}

// classes puts labels in order: numbers by value, all else by name.
func classes(labels map[string]int) []string {
	number := true
	for l := range labels {
		if _, err := strconv.Atoi(l); err != nil {
			number = false
		}
	}
	return slices.SortedFunc(maps.Keys(labels), func(a, b string) int {
		if number {
			i, _ := strconv.Atoi(a)
			j, _ := strconv.Atoi(b)
			return cmp.Or(cmp.Compare(i, j), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	})
}

// weigh sets the weights of labels: with Balanced each counts as much as any other.
func (m *Model) weigh(counts map[string]int) error {
	for label := range m.ClassWeights {
		if counts[label] == 0 {
			return fault.Errorf(fault.Usage, "classify: class_weights has a weight for %q, which is not among the labels %s", label, setting.Quoted(m.Classes))
		}
	}
	if !m.Balanced && len(m.ClassWeights) == 0 {
		return nil
	}
	total := 0
	for _, l := range m.Classes {
		total += counts[l]
	}
	m.weights = make([]float64, len(m.Classes))
	for i, l := range m.Classes {
		m.weights[i] = 1
		if m.Balanced {
			m.weights[i] = float64(total) / float64(len(m.Classes)*max(counts[l], 1))
		}
		if w, ok := m.ClassWeights[l]; ok {
			m.weights[i] *= w
		}
	}
	return nil
}
