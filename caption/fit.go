package caption

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/text"
	"github.com/recur-go/recur/train"
)

// A Model puts vectors into words. It is only read, so goroutines may share it.
type Model struct {
	Config
	wording  *wording
	codec    *text.Codec // of words and placeholders
	features *features   // of meanings; of regions only the languages, as acts
	scale    *scale      // of regions; nil for none
	net      *net

	valid []Example // after Fit: what it was validated on
}

// Names of extras.
const (
	codecExtra    = "codec"
	wordingExtra  = "wording"
	featuresExtra = "features"
	scaleExtra    = "scale"
)

// A scale takes the mean of a feature away and divides by its deviation.
type scale struct {
	Mean    []tensor.Float `json:"mean"`
	Inverse []tensor.Float `json:"inverse"` // 1/deviation; 1 for a feature that does not vary
}

// An item is an example made ready, with one of its sentences.
type item struct {
	*Example
	act   int
	slots []int
	ids   []int // of the sentence
}

// A source gives the examples of an epoch.
type source interface{ epoch(n int) []item }

// fixed is the same items in every epoch.
type fixed []item

func (f fixed) epoch(int) []item { return f }

// drawn makes new strips in every epoch.
type drawn struct {
	*pool
	m *Model
}

func (d drawn) epoch(n int) []item {
	examples := d.examples(d.m.strips(true), rand.New(rand.NewPCG(d.m.Seed, uint64(n)+1)))
	items, _ := d.m.items(examples) // strips have nothing that could be unknown
	return items
}

// Fit trains a model on files of examples with their sentences (see Read), or on
// digits with their labels: see Strips.
func Fit(ctx context.Context, cfg Config, d task.Data, o task.Options) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if len(d.Train) == 0 {
		return nil, errors.New("caption: there are no examples to train on")
	}
	m := &Model{Config: cfg}
	var training source
	var err error
	if isDigits(d.Train) {
		training, err = m.readStrips(d)
	} else {
		training, err = m.readExamples(d)
	}
	if err != nil {
		return nil, err
	}
	return m.fit(ctx, training, o)
}

// fit trains on a source, to validate on m.valid.
func (m *Model) fit(ctx context.Context, training source, o task.Options) (*Model, error) {
	made, err := m.Config.New(rand.New(rand.NewPCG(m.Seed, 0)))
	if err != nil {
		return nil, err
	}
	m.net = made.(*net)
	first := training.epoch(0)
	if o.OnNote != nil {
		o.OnNote(m.note(first))
	}
	opts, err := m.options(len(first), o)
	if err != nil {
		return nil, err
	}
	var scores task.Scores
	opts.Validate = func(ctx context.Context) (float64, error) {
		if scores, err = m.score(ctx, m.valid, Search{Beam: 1}, nil); err != nil {
			return 0, err
		}
		return scores[m.metric().Name], nil
	}
	opts.Maximise = m.metric().Maximise
	opts.OnEpoch = func(e train.Epoch) bool {
		return o.OnEpoch == nil || o.OnEpoch(task.Epoch{Epoch: e, Of: m.Epochs, Scores: scores})
	}
	_, err = train.FitEpochs(ctx, m.net, func(epoch int) iter.Seq[[]item] {
		return data.Buckets(training.epoch(epoch), m.length, m.Batch, m.Seed, epoch)
	}, func(g *grad.Tape, items []item) *grad.Var {
		sentences := make([][]int, len(items))
		for i, it := range items {
			sentences[i] = it.ids
		}
		return m.net.loss(g, m.what(items), sentences)
	}, opts)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// length is what costs time of an item.
func (m *Model) length(it item) int {
	if it.strip != nil {
		return it.strip.width
	}
	return len(it.ids)
}

// note says what there is to train on.
func (m *Model) note(items []item) string {
	what := fmt.Sprintf("%d acts and %d features of slots", m.Acts, m.Slots)
	switch {
	case m.Width > 0 && len(items) > 0 && items[0].strip != nil:
		what = fmt.Sprintf("strips of %d to %d digits in %s", m.StripMin, m.StripMax, strings.Join(m.Languages, " and "))
	case m.Width > 0:
		what = fmt.Sprintf("regions of %d features", m.Width)
	}
	return fmt.Sprintf("%d sentences to train on and %d examples to validate on; %s; a vocabulary of %d; %d parameters",
		len(items), len(m.valid), what, m.Size, m.CountParams())
}

// readStrips reads digits.
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
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("there are %d digits to train on and %d to validate on, and a strip has up to %d", len(p.images), len(valid.images), m.StripMax), Hint: "give more digits"}
	}
	if p.height != valid.height {
		return nil, &data.Error{File: name, Reason: fmt.Sprintf("digits to train on are %d pixels high, those to validate on %d", p.height, valid.height)}
	}
	m.Width = m.Window * p.height
	m.wording = &wording{Tokens: text.Space}
	languages := slices.Clone(m.Languages)
	slices.Sort(languages)
	m.features = &features{Acts: languages}
	var lines []string
	for _, l := range languages {
		lines = append(lines, readOut([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, l))
	}
	m.valid = m.fixedStrips(valid)
	return drawn{p, m}, m.learn(lines)
}

// fixedStrips are strips to score on, the same every time.
func (m *Model) fixedStrips(p *pool) []Example {
	return p.examples(m.strips(false), rand.New(rand.NewPCG(m.Seed, 0)))
}

// readExamples reads examples.
func (m *Model) readExamples(d task.Data) (source, error) {
	all, err := readWhole(d.Train, m.Columns)
	if err != nil {
		return nil, err
	}
	if len(d.Valid) > 0 {
		if m.valid, err = readWhole(d.Valid, m.Columns); err != nil {
			return nil, err
		}
	} else {
		all, m.valid, _ = data.Split(data.Shuffled(all, m.Seed, 0), m.HeldOut, 0)
	}
	if len(all) == 0 || len(m.valid) == 0 {
		return nil, &data.Error{File: d.Train[0], Reason: fmt.Sprintf("leaves %d examples to train on and %d to validate on", len(all), len(m.valid)), Hint: "give more, or a file to validate on"}
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
	m.valid = m.known(m.valid)
	return fixed(items), nil
}

// readWhole reads examples that have sentences and are all of a kind.
func readWhole(files []string, c Columns) ([]Example, error) {
	all, err := Read(files, c)
	if err != nil {
		return nil, err
	}
	for i := range all {
		e, first := &all[i], &all[0]
		switch {
		case len(e.Texts) == 0:
			return nil, e.fail("", "has no sentence", "give a column text, or after an array a .txt file with a line for each example")
		case (e.Meaning == nil) != (first.Meaning == nil):
			return nil, e.fail("", "is a meaning among features, or the other way round", "give all examples the same")
		case e.Width != first.Width:
			return nil, e.fail("", fmt.Sprintf("has regions of %d features", e.Width), fmt.Sprintf("those before it have %d", first.Width))
		}
	}
	return all, nil
}

// learn learns the vocabulary.
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
		n += e.Regions()
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
	m.features = &features{Acts: sorted(languages)}
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
		return e.fail("", "has features, and the model puts meanings into words", "give it meanings such as inform(name='x')")
	case m.Width > 0 && e.Meaning != nil:
		return e.fail("", "has a meaning, and the model puts features into words", fmt.Sprintf("give it regions of %d numbers", m.Width))
	case m.Width > 0 && (e.Width != m.Width || len(e.Features) == 0):
		return e.fail("", fmt.Sprintf("has regions of %d features", e.Width), fmt.Sprintf("they should have %d", m.Width))
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
			return nil, e.fail("language", fmt.Sprintf("is %q", e.Language), fmt.Sprintf("the model speaks %q", m.features.Acts))
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
			rows = append(rows, it.strip.regions(m.Window, m.Stride))
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

// options are those of train.
func (m *Model) options(items int, o task.Options) (train.Options, error) {
	perEpoch := (items + m.Batch - 1) / m.Batch
	total := perEpoch * m.Epochs
	opts := train.Options{
		Epochs: m.Epochs, ClipNorm: m.Clip, Seed: m.Seed, Patience: m.Patience,
		Optimizer: &optim.Adam{LR: m.Rate}, Schedule: optim.Cosine{Steps: total, Warmup: min(100, total/10), Floor: 0.02},
		Checkpoint: o.Checkpoint, Resume: o.Resume, CheckpointEvery: max(perEpoch/4, 50),
		OnStep: func(p train.Progress) {
			if o.OnStep != nil {
				o.OnStep(task.Step{Progress: p, Of: total})
			}
		},
	}
	if m.Average > 0 {
		opts.Optimizer = &optim.Average{Of: opts.Optimizer, Decay: m.Average}
	}
	file, err := m.file(model.Training{})
	if err != nil {
		return opts, err
	}
	opts.Meta, err = file.Header()
	return opts, err
}

// file is the model as a file.
func (m *Model) file(about model.Training) (*model.Model, error) {
	f := &model.Model{Config: &m.Config, Net: m.net, Training: about}
	for name, v := range map[string]any{codecExtra: m.codec, wordingExtra: m.wording, featuresExtra: m.features, scaleExtra: m.scale} {
		if err := f.SetExtra(name, v); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Save replaces the file at path by m.
func (m *Model) Save(path string, about model.Training) error {
	f, err := m.file(about)
	if err != nil {
		return err
	}
	return f.Save(path)
}

// Load reads a model that Save wrote, or a checkpoint of Fit.
func Load(path string) (*Model, error) {
	f, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	c, ok := f.Config.(*Config)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it holds a model of kind %s, not one for captions", path, model.ErrKind, f.Kind())
	}
	m := &Model{Config: *c, codec: new(text.Codec), wording: new(wording), features: new(features), net: f.Net.(*net)}
	for name, v := range map[string]any{codecExtra: m.codec, wordingExtra: m.wording, featuresExtra: m.features, scaleExtra: &m.scale} {
		if err := f.Extra(name, v); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	s := m.scale
	if m.codec.Size() != c.Size || len(m.features.Acts) != c.Acts || len(m.features.Slots) != c.Slots || s != nil && (len(s.Mean) != c.Width || len(s.Inverse) != c.Width) {
		return nil, fmt.Errorf("%s: %w: its vocabulary or features are not those of its net", path, model.ErrCorrupt)
	}
	if !slices.IsSorted(m.features.Acts) || !slices.IsSorted(m.features.Slots) {
		return nil, fmt.Errorf("%s: %w: its features are out of order", path, model.ErrCorrupt)
	}
	return m, nil
}
