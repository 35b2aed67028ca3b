package classify

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/text"
)

// survey reads the training files once, for what a model must know before it can read
// them: labels, vocabulary, width, scale.
func survey(cfg Config, files []string) (*Model, error) {
	if len(files) == 0 {
		return nil, errors.New("classify: there are no files to train on")
	}
	m := &Model{Config: cfg}
	labels := map[string]int{}
	n := 0
	var moments moments
	var err error
	examples := func(yield func(string) bool) {
		for e, bad := range labelled.Read(files, cfg.Reading()) {
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
				if m.Tokens == text.Words && n == 1 { // the file says what a token is
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
		return nil, &data.Error{File: files[0], Reason: fmt.Sprintf("all examples have the label %q", m.Classes), Hint: "give examples of at least two labels, or say where the labels are"}
	case len(m.Classes) > 100 && len(m.Classes)*2 > n && cfg.Target == One:
		return nil, &data.Error{File: files[0], Reason: fmt.Sprintf("%d examples have %d different labels", n, len(m.Classes)), Hint: "say which column has the labels"}
	}
	if cfg.Input == Series {
		m.Width, m.Gaps, m.Scale = moments.width, moments.gaps, moments.scale()
	}
	m.index()
	m.weigh(labels)
	return m, nil
}

// learn learns the vocabulary. Only with the first text is it known what a token is.
func (m *Model) learn(corpus iter.Seq[string]) (err error) {
	next, stop := iter.Pull(corpus)
	defer stop()
	first, ok := next()
	m.Codec, err = text.Learn(func(yield func(string) bool) {
		for s := first; ok; s, ok = next() {
			if !yield(s) {
				return
			}
		}
	}, text.Options{Kind: m.Tokens, Max: m.Vocab, Min: m.Rare, Lower: m.Lower})
	if err == nil {
		m.Size = m.Codec.Size()
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
func (m *Model) weigh(counts map[string]int) {
	if !m.Balanced && len(m.ClassWeights) == 0 {
		return
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
}

// moments are sums over the values of series, by channel.
type moments struct {
	width, n     int
	gaps, images bool
	count        []float64
	mean, square []float64 // running mean, and sum of squares about it (Welford 1962)
}

func (s *moments) add(e *labelled.Example, input string) error {
	wrong := func(reason, hint string) error {
		return &data.Error{File: e.File, Row: e.Row, Reason: reason, Hint: hint}
	}
	switch {
	case input == Text && e.Width > 0:
		return wrong("has numbers, and the preset is for texts", "take a preset for series or images: --preset series or rowimage")
	case input == Text:
		return nil
	case e.Width == 0:
		return wrong("has text, and the preset is for series of numbers", "take a preset for texts: --preset text")
	}
	if s.n++; s.n == 1 {
		s.width, s.images = e.Width, e.Pixels != nil
		s.count, s.mean, s.square = make([]float64, s.width), make([]float64, s.width), make([]float64, s.width)
	}
	if e.Width != s.width {
		return wrong(fmt.Sprintf("has steps of %d values, those before have %d", e.Width, s.width), "give all series the same channels")
	}
	for i, v := range e.X {
		c := i % s.width
		if v != v {
			s.gaps = true
			continue
		}
		s.count[c]++
		d := float64(v) - s.mean[c]
		s.mean[c] += d / s.count[c]
		s.square[c] += d * (float64(v) - s.mean[c])
	}
	return nil
}

func (s *moments) scale() *Scale {
	z := &Scale{Mean: s.mean, Std: make([]float64, s.width)}
	for c := range z.Std {
		z.Std[c] = 1
		if s.images {
			z.Std[c] = 255
		} else if std := math.Sqrt(s.square[c] / max(s.count[c], 1)); std > 1e-12*math.Abs(s.mean[c]) {
			z.Std[c] = std // a constant channel keeps 1
		}
	}
	return z
}

// load reads the items of files.
func (m *Model) load(files []string, phrases bool) (items []item, err error) {
	o := m.Reading()
	o.Phrases = phrases
	group, file, row := int32(-1), "", 0
	for e, err := range labelled.Read(files, o) {
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
func (m *Model) sets(d task.Data) (training, valid []item, err error) {
	if training, err = m.load(d.Train, m.Phrases); err != nil {
		return nil, nil, err
	}
	if len(d.Valid) > 0 {
		valid, err = m.load(d.Valid, false)
	} else {
		training, valid = m.hold(training)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(training) == 0 || len(d.Valid) == 0 && m.HeldOut > 0 && len(valid) == 0 {
		return nil, nil, &data.Error{File: d.Train[0], Reason: fmt.Sprintf("there are %d examples to train on and %d to validate on", len(training), len(valid)), Hint: "give more examples, or a file to validate on"}
	}
	return training, valid, nil
}
