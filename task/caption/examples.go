package caption

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
)

func (m *Model) readStrips(d task.Data) (source, error) {
	p, err := readPool(d.Train)
	if err != nil {
		return nil, err
	}
	var valid *pool
	if len(d.Valid) > 0 {
		valid, err = readPool(d.Valid)
	}
	if err != nil {
		return nil, err
	}
	return m.useStrips(p, valid, d.Train[0])
}

// useStrips gets ready for strips of the digits of p, to validate on those of valid, or
// if that is nil on the last of p.
func (m *Model) useStrips(p, valid *pool, name string) (source, error) {
	if err := m.checkStrips(); err != nil {
		return nil, err
	}
	if valid == nil {
		p, valid = p.cut(int(m.HeldOut * float64(len(p.images))))
	}
	if len(p.images) < m.StripMax || len(valid.images) < m.StripMax {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("there are %d digits to train on and %d to validate on, but a strip has up to %d", len(p.images), len(valid.images), m.StripMax), Hint: "give more digits"}
	}
	if p.height != valid.height {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("training digits are %d pixels high, validation digits %d", p.height, valid.height)}
	}
	if m.Stripes > 0 && p.height%m.Stripes != 0 {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("has digits %d pixels high, which do not divide into %d stripes", p.height, m.Stripes), Hint: "set stripes to a divisor of the height, or to 0 (--set stripes)"}
	}
	m.Width = m.Columns * p.height
	m.wording = &wording{Tokens: text.Space}
	languages := slices.Clone(m.Languages)
	slices.Sort(languages)
	m.features = &features{Acts: languages}
	var lines []string
	for _, l := range languages {
		lines = append(lines, transcribe([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, l))
	}
	m.valid = m.fixedStrips(valid)
	return drawn{p, m}, m.learn(lines)
}

// fixedStrips are strips to score on, the same whatever the seed.
func (m *Model) fixedStrips(p *pool) []Example {
	return p.examples(m.strips(false), rand.New(rand.NewPCG(1, 0)))
}

// ofStrips reports whether the model has learnt from strips of digits.
func (m *Model) ofStrips() bool { return m.StripMax > 0 && m.Width > 0 && m.scale == nil }

func (m *Model) readExamples(d task.Data) (source, error) {
	all, err := readWhole(d.Train, m.ColumnNames)
	if err != nil {
		return nil, err
	}
	var valid []Example
	if len(d.Valid) > 0 {
		if valid, err = readWhole(d.Valid, m.ColumnNames); err != nil {
			return nil, err
		}
	}
	return m.useExamples(d.Train[0], all, valid)
}

// useExamples gets ready for examples of the name, to validate on others or on some of them.
func (m *Model) useExamples(name string, all, valid []Example) (source, error) {
	if m.valid = valid; len(valid) == 0 {
		all, m.valid, _ = data.Split(data.Shuffled(all, m.Seed, 0), m.HeldOut, 0)
	}
	if len(all) == 0 || len(m.valid) == 0 {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("leaves %d examples to train on and %d to validate on", len(all), len(m.valid)), Hint: "give more examples, or a file to validate on (--valid)"}
	}
	m.wording = &wording{Tokens: m.Tokens, Lower: m.Lower, Open: m.Open}
	if all[0].Meaning != nil {
		m.learnMeanings(all)
	} else {
		m.learnRegions(all)
	}
	var lines []string
	for i := range all {
		for _, t := range all[i].Texts {
			lines = append(lines, strings.Join(m.words(&all[i], t), " "))
		}
	}
	if err := m.learn(lines); err != nil {
		return nil, err
	}
	items, err := m.items(all)
	if err != nil {
		return nil, err
	}
	held := m.valid
	if m.valid = m.known(held); len(m.valid) == 0 {
		return nil, held[0].fail("", "has an act or slots that no training example has, like every other validation example", "train on examples that have them")
	}
	return fixed(items), nil
}

// readWhole reads examples that have sentences and are all of a kind.
func readWhole(files []string, c ColumnNames) ([]Example, error) {
	all, err := ReadFiles(files, c)
	if err != nil {
		return nil, err
	}
	return all, whole(all)
}

// whole returns an error unless the examples have sentences, are all of a kind and have
// features that make sense, if any.
func whole(all []Example) error {
	for i := range all {
		e, first := &all[i], &all[0]
		switch {
		case len(e.Texts) == 0:
			return e.fail("", "has no sentence", "add a column text or, for an array, a .txt file after it with a line for each example")
		case (e.Meaning == nil) != (first.Meaning == nil):
			return e.fail("", "mixes meanings and features", "give all examples one or the other")
		case e.Width != first.Width:
			return e.fail("", fmt.Sprintf("has regions of %d features", e.Width), fmt.Sprintf("those before it have %d", first.Width))
		case e.Meaning == nil && (e.Width < 1 || len(e.Features) == 0 || len(e.Features)%e.Width != 0):
			return e.fail("", fmt.Sprintf("has %d features, and a region %d", len(e.Features), e.Width), "give it features of whole regions")
		}
		for _, v := range e.Features {
			if !fits(float64(v)) {
				return e.fail("", fmt.Sprintf("has the value %v", v), "features are finite numbers up to 1e30")
			}
		}
	}
	return nil
}

func (m *Model) learn(lines []string) (err error) {
	m.codec, err = text.Learn(slices.Values(lines), text.Options{Kind: text.Space})
	if err == nil {
		m.Size, m.Acts, m.Slots = m.codec.Size(), len(m.features.Acts), len(m.features.Slots)
	}
	return err
}

// learnMeanings numbers the features of meanings, and finds slots that never vary.
func (m *Model) learnMeanings(all []Example) {
	values := map[string]map[string]bool{}
	var meanings []*Meaning
	for i := range all {
		e := &all[i]
		meanings = append(meanings, e.Meaning)
		for _, s := range e.Meaning.Slots {
			if m.wording.open(s) {
				if values[s.Name] == nil {
					values[s.Name] = map[string]bool{}
				}
				values[s.Name][s.Value] = true
			}
		}
	}
	for slot, seen := range values {
		if len(seen) > 1 || len(all) < 10 {
			continue
		}
		if m.wording.Constant == nil {
			m.wording.Constant = map[string]string{}
		}
		for v := range seen {
			m.wording.Constant[slot] = v
		}
	}
	m.features = learnFeatures(m.wording, meanings)
}

// learnRegions finds the width of regions and the scale of each of their features.
func (m *Model) learnRegions(all []Example) {
	m.Width = all[0].Width
	languages := map[string]bool{}
	n := 0
	sum, squares := make([]float64, m.Width), make([]float64, m.Width)
	for i := range all {
		e := &all[i]
		languages[e.Language] = true
		for k, v := range e.Features {
			sum[k%m.Width] += float64(v)
		}
		n += e.regions()
	}
	for k := range sum {
		sum[k] /= float64(n)
	}
	for i := range all {
		for k, v := range all[i].Features {
			d := float64(v) - sum[k%m.Width]
			squares[k%m.Width] += d * d
		}
	}
	m.features = &features{Acts: slices.Sorted(maps.Keys(languages))}
	m.scale = &scale{make([]tensor.Float, m.Width), make([]tensor.Float, m.Width)}
	for k := range sum {
		m.scale.Mean[k], m.scale.Inverse[k] = tensor.Float(sum[k]), 1
		if sd := math.Sqrt(squares[k] / float64(n)); sd > 1e-12*math.Abs(sum[k]) && sd > 1e-30 {
			m.scale.Inverse[k] = tensor.Float(1 / sd)
		}
	}
}

// fits makes sure that the features of e are what the model wants.
func (m *Model) fits(e *Example) error {
	switch {
	case e.strip != nil:
		return nil
	case m.Width == 0 && e.Meaning == nil:
		return e.fail("", "has features, but the model reads meanings", "give it meanings such as inform(name='x')")
	case m.Width > 0 && e.Meaning != nil:
		return e.fail("", "has a meaning, but the model reads features", fmt.Sprintf("give it regions of %d numbers", m.Width))
	case m.Width > 0 && (e.Width != m.Width || len(e.Features) == 0):
		return e.fail("", fmt.Sprintf("has regions of %d features", e.Width), fmt.Sprintf("the model reads regions of %d", m.Width))
	}
	return nil
}

// words cuts a sentence of an example into words and placeholders.
func (m *Model) words(e *Example, sentence string) []string {
	words := m.wording.cut(sentence)
	if e.Meaning != nil {
		words = m.wording.delexicalise(words, e.Meaning)
	}
	return words
}

// items makes examples ready: an item for each sentence, or one if there is none.
func (m *Model) items(examples []Example) (items []item, err error) {
	for i := range examples {
		e := &examples[i]
		if err := m.fits(e); err != nil {
			return nil, err
		}
		it := item{Example: e}
		if e.Meaning != nil {
			if it.act, it.slots, err = m.features.of(m.wording, e.Meaning); err != nil {
				return nil, e.fail("", err.Error(), "train on examples of it")
			}
		} else if at, ok := slices.BinarySearch(m.features.Acts, e.Language); ok {
			it.act = at
		} else if len(m.features.Acts) > 1 {
			return nil, e.fail("language", fmt.Sprintf("is %q", e.Language), fmt.Sprintf("the languages of the model are %q", m.features.Acts))
		}
		if len(e.Texts) == 0 {
			items = append(items, it)
		}
		for _, t := range e.Texts {
			it.ids = m.codec.Encode(strings.Join(m.words(e, t), " "))
			items = append(items, it)
		}
	}
	return items, nil
}

// known leaves out examples of acts and slots that training has not seen.
func (m *Model) known(examples []Example) []Example {
	return slices.DeleteFunc(slices.Clone(examples), func(e Example) bool {
		if e.Meaning == nil {
			return false
		}
		_, _, err := m.features.of(m.wording, e.Meaning)
		return err != nil
	})
}

// what lays items side by side.
func (m *Model) what(items []item) *what {
	w := &what{}
	var rows [][]tensor.Float
	for _, it := range items {
		w.acts, w.slots = append(w.acts, it.act), append(w.slots, it.slots)
		if it.strip != nil {
			rows = append(rows, it.strip.regions(m.Columns, m.Stride))
		} else {
			rows = append(rows, it.Features)
		}
	}
	if m.Width == 0 {
		return w
	}
	w.x, w.len = data.Pad(rows, m.Width)
	if m.scale != nil {
		for i := range w.x.Data {
			w.x.Data[i] = (w.x.Data[i] - m.scale.Mean[i%m.Width]) * m.scale.Inverse[i%m.Width]
		}
	}
	return w
}

// PresetFor is the preset that suits the files to train on: strips for digits with their
// labels, sclstm for meanings, and for features vector or, where some examples have
// several regions, attention.
func PresetFor(c ColumnNames, files ...string) (string, error) {
	if isDigits(files) {
		return "strips", nil
	}
	all, err := ReadFiles(files, c)
	if err != nil {
		return "", err
	}
	preset := "vector"
	for i := range all {
		switch {
		case all[i].Meaning != nil:
			return "sclstm", nil
		case all[i].regions() > 1:
			preset = "attention"
		}
	}
	return preset, nil
}
