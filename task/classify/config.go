// Package classify labels sequences: texts, series of numbers, and images row by row.
// A recurrent net reads a sequence, mostly from both ends, and predicts its label,
// its labels, or the label of each of its steps.
package classify

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Name is that of the task and of the kind of its models' files.
const Name = "classify"

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// What Config.Input and Config.Target may be.
const (
	Text   = "text"   // sequences of tokens
	Series = "series" // sequences of numbers, or images row by row

	One   = "one"   // a sequence has one label
	Many  = "many"  // any number of labels
	Steps = "steps" // a label for each step
)

// Config is all that determines a model: how files are read, the net, and its training.
// Preset gives useful ones.
type Config struct {
	Input  string `json:"input"`  // text or series
	Target string `json:"target"` // one, many or steps

	Format    labelled.Format   `json:"format,omitempty"`     // format of the files; found if empty
	Text      string            `json:"text,omitempty"`       // column or key of the text; found if empty
	Label     string            `json:"label,omitempty"`      // column or key of the label; found if empty
	ID        string            `json:"id,omitempty"`         // column of the name of a series, whose steps are rows
	Quotes    string            `json:"quotes,omitempty"`     // quotation marks around fields, on or off; by default off where tabs separate them
	LabelSep  string            `json:"label_sep,omitempty"`  // separator of many labels in a cell, by default |
	LabelCut  string            `json:"label_cut,omitempty"`  // end of a label: with ":" NUM:dist is NUM
	Map       map[string]string `json:"map,omitempty"`        // new names of labels; "" leaves an example out
	Phrases   bool              `json:"phrases,omitempty"`    // train on all labelled phrases of trees; scores are always those of sentences
	MaxLength int               `json:"max_length,omitempty"` // greatest length of a sequence; a longer one loses its middle; 0 for no limit

	Tokens   text.Kind `json:"tokens,omitempty"`    // word, space, char, jamo or bpe
	Vocab    int       `json:"vocab,omitempty"`     // most ids; 0 for the default of package text
	Rare     int       `json:"rare,omitempty"`      // count below which a token is unknown
	Lower    bool      `json:"lower,omitempty"`     // lower case for all text
	Case     bool      `json:"case,omitempty"`      // embedding of the capitals of a word, added to its own
	NGrams   int       `json:"ngrams,omitempty"`    // greatest length of n-grams that have an embedding, added at their last token; 0 or 1 for none
	NGramMax int       `json:"ngram_max,omitempty"` // greatest number of n-grams

	Cell          rnn.Kind `json:"cell"`            // kind of the cells
	Embed         int      `json:"embed,omitempty"` // width of an embedding
	Hidden        int      `json:"hidden"`          // width of a layer, of each of its directions
	Layers        int      `json:"layers"`          // number of layers
	Bidirectional bool     `json:"bidirectional"`   // layers in both directions
	Pool          string   `json:"pool"`            // pooling of the steps for the output: last, mean, max, attention, bag (mean of the inputs), or several joined by +

	Dropout        float64 `json:"dropout,omitempty"`         // dropout between layers and before the output
	DropoutInput   float64 `json:"dropout_input,omitempty"`   // dropout of embeddings or values
	DropoutWord    float64 `json:"dropout_word,omitempty"`    // share of tokens that become unknown in training
	Noise          float64 `json:"noise,omitempty"`           // deviation of the noise added to series in training, relative to theirs
	LabelSmoothing float64 `json:"label_smoothing,omitempty"` // label smoothing (Szegedy et al. 2016)
	Balanced       bool    `json:"balanced,omitempty"`        // weights of labels by the inverse of their frequency
	ClassWeights   Weights `json:"class_weights,omitempty"`   // further weights of labels

	Batch         int     `json:"batch"`                    // examples of a training step
	Steps         int     `json:"steps,omitempty"`          // training steps, about, if Epochs is 0
	Epochs        int     `json:"epochs,omitempty"`         // passes over the training data; 0 for as many as make Steps, and at least 3
	Rate          float64 `json:"rate"`                     // learning rate; it rises for a short while and falls along a cosine
	WeightDecay   float64 `json:"weight_decay,omitempty"`   // weight decay of AdamW; 0 for Adam
	Clip          float64 `json:"clip"`                     // greatest norm of the gradient
	WeightAverage float64 `json:"weight_average,omitempty"` // decay of the moving average of the weights, which are the model's; less in a short run, 0 for none
	HeldOut       float64 `json:"held_out,omitempty"`       // share of the training data to validate on, if there is no file for that
	Patience      int     `json:"patience,omitempty"`       // epochs without a better score after which training stops; 0 for never
	Seed          uint64  `json:"seed"`                     // seed of all that is drawn

	// What training finds.
	Classes    []string `json:"classes,omitempty"`     // the labels
	Size       int      `json:"size,omitempty"`        // size of the vocabulary
	NGramCount int      `json:"ngram_count,omitempty"` // number of n-grams that have an embedding
	Width      int      `json:"width,omitempty"`       // values of a step of a series
	Gaps       bool     `json:"gaps,omitempty"`        // values may be missing: each has a flag beside it

	// Temperature divides the scores before they become probabilities. 0 is 1.
	Temperature float64 `json:"temperature,omitempty"`
}

// Weights are by label.
type Weights map[string]float64

// Presets lists the names that Preset knows, the default first.
func Presets() []string {
	return []string{"text", "document", "korean", "series", "rowimage", "tags"}
}

// Preset returns a config by name:
//
//	text      sentences, by words and pairs of words; BiLSTM
//	document  texts of hundreds of words
//	korean    Korean texts, by characters and n-grams of them: no analysis of words is needed
//	series    series of numbers, of one or many channels and of any lengths; BiGRU
//	rowimage  images, row by row; LSTM
//	tags      a label for each token; BiLSTM
func Preset(name string) (*Config, error) {
	c := &Config{
		Input: Text, Target: One, Tokens: text.Words, Vocab: 30000, Rare: 1, Lower: true, NGrams: 2, NGramMax: 20000, MaxLength: 400,
		Cell: rnn.KindLSTM, Embed: 128, Hidden: 128, Layers: 1, Bidirectional: true, Pool: "mean+max",
		Dropout: 0.4, DropoutInput: 0.4, DropoutWord: 0.05,
		Batch: 64, Steps: 2000, Rate: 2e-3, Clip: 1, WeightAverage: 0.998, HeldOut: 0.1, Seed: 1,
	}
	switch name {
	case "text":
		c.LabelSmoothing, c.Steps = 0.1, 1000
	case "document":
		c.Vocab, c.Rare, c.NGramMax, c.MaxLength = 20000, 5, 30000, 300
		c.Embed, c.Hidden, c.Pool, c.Steps = 96, 64, "mean+max+bag", 1100
	case "korean":
		c.Tokens, c.Vocab, c.Rare, c.NGrams, c.NGramMax, c.MaxLength = text.Chars, 4000, 3, 3, 40000, 150
		c.Embed, c.Hidden, c.Dropout, c.DropoutInput, c.Batch, c.Steps, c.Rate = 64, 64, 0.3, 0.3, 256, 1600, 3e-3
		c.HeldOut = 0.03
	case "series":
		*c = Config{
			Input: Series, Target: One, Cell: rnn.KindGRU, Hidden: 96, Layers: 1, Bidirectional: true, Pool: "max",
			Dropout: 0.3, Noise: 0.3, LabelSmoothing: 0.1, Batch: 16, Steps: 1500, Rate: 5e-3, Clip: 1, WeightAverage: 0.99, HeldOut: 0.1, Seed: 1,
		}
	case "rowimage":
		*c = Config{
			Input: Series, Target: One, Cell: rnn.KindLSTM, Hidden: 128, Layers: 1, Pool: "last",
			Dropout: 0.2, Batch: 128, Steps: 4500, Rate: 3e-3, Clip: 1, WeightAverage: 0.999, HeldOut: 0.05, Seed: 1,
		}
	case "tags":
		c.Target, c.Pool, c.Tokens, c.NGrams, c.Rare, c.Case = Steps, "", text.Space, 0, 2, true
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return c, nil
}

// Reading is how files are read.
func (c *Config) Reading() labelled.Options {
	return labelled.Options{
		Format: c.Format, Series: c.Input == Series, Text: c.Text, Label: c.Label, ID: c.ID, Quotes: c.Quotes,
		PerStep: c.Target == Steps, Many: c.Target == Many, LabelSep: c.LabelSep, LabelCut: c.LabelCut, Map: c.Map,
	}
}

// check returns what is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: "classify"}
	e.Add(c.Cell.Check())
	setting.OneOf(&e, "input", c.Input, Text, Series)
	setting.OneOf(&e, "target", c.Target, One, Many, Steps)
	e.Size("hidden", c.Hidden)
	e.Between("layers", c.Layers, 1, 64)
	e.Size("batch", c.Batch)
	e.Between("epochs", c.Epochs, 0, 1<<20)
	e.Between("max_length", c.MaxLength, 0, 1<<20)
	e.If(c.Epochs == 0 && c.Steps < 1, "epochs and steps are both 0; set one of them to train (--epochs)")
	if c.Input == Text {
		e.Size("embed", c.Embed)
		e.Between("ngrams", c.NGrams, 0, 3)
		e.Between("ngram_max", c.NGramMax, 0, 1<<20)
		setting.OneOf(&e, "tokens", c.Tokens, text.Kinds()...)
		e.If(c.Target == Steps && c.Tokens != text.Space && c.Tokens != text.Chars, "tokens is %q, but with a label for each step it must be space or char", c.Tokens)
	}
	e.Rate("rate", c.Rate)
	e.Share("dropout", c.Dropout)
	e.Share("dropout_input", c.DropoutInput)
	e.Share("dropout_word", c.DropoutWord)
	e.Share("label_smoothing", c.LabelSmoothing)
	e.Share("weight_average", c.WeightAverage)
	e.Share("held_out", c.HeldOut)
	e.If(!(c.Noise >= 0 && c.WeightDecay >= 0), "noise is %v and weight_decay %v, want at least 0", c.Noise, c.WeightDecay)
	for label, w := range c.ClassWeights {
		e.If(!(w >= 0 && w < 1e6), "the weight of label %q is %v, want 0 to a million", label, w)
	}
	if c.Target != Steps {
		for _, p := range c.pools() {
			setting.OneOf(&e, "pool", p, "last", "mean", "max", "attention", "bag")
		}
	}
	return e.Err()
}

// pools are the parts of Pool.
func (c *Config) pools() []string { return strings.Split(c.Pool, "+") }

// input is the width of a step that the net reads.
func (c *Config) input() int {
	switch {
	case c.Input == Text:
		return c.Embed
	case c.Gaps:
		return 2 * c.Width
	}
	return c.Width
}

// output is the width of what the last layer gives a step.
func (c *Config) output() int {
	if c.Bidirectional {
		return 2 * c.Hidden
	}
	return c.Hidden
}

// pooled is the width of what goes to the output.
func (c *Config) pooled() (n int) {
	if c.Target == Steps {
		return c.output()
	}
	for _, p := range c.pools() {
		if p == "bag" {
			n += c.input()
		} else {
			n += c.output()
		}
	}
	return n
}

// cased reports whether the net reads the case of words.
func (c *Config) cased() bool { return c.Case && (c.Tokens == text.Words || c.Tokens == text.Space) }

// found returns an error for what training has not found yet.
func (c *Config) found() error {
	switch {
	case len(c.Classes) == 0:
		return errors.New("classify: the labels are unknown")
	case c.Input == Text && (c.Size < 1 || c.NGramCount < 0):
		return errors.New("classify: the size of the vocabulary is unknown")
	case !(c.Temperature >= 0 && c.Temperature < 1e6):
		return fmt.Errorf("classify: the temperature is %v, not from 0 to a million", c.Temperature)
	case c.Input == Series && (c.Width < 1 || c.Width > 1<<20):
		return errors.New("classify: the width of a step is unknown")
	}
	return nil
}

// room returns an error if the net, or a step of training on the items, is too large.
func (c *Config) room(items []item) error {
	longest := 0
	for _, it := range items {
		longest = max(longest, it.steps)
	}
	sizes := []setting.Size{{Name: "hidden", N: c.Hidden}, {Name: "layers", N: c.Layers}}
	if c.Input == Text {
		sizes = append(sizes, setting.Size{Name: "embed", N: c.Embed})
	}
	return cmp.Or(
		setting.Room("classify", c.CountParams(), sizes...),
		setting.StepRoom("classify", min(c.Batch, len(items)), longest, 2*c.input()+8*c.Layers*c.output(), append(sizes, setting.Size{Name: "batch", N: c.Batch})...))
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := errors.Join(c.check(), c.found()); err != nil {
		return nil, err
	}
	n := &net{cfg: c}
	if c.Input == Text {
		n.Embed = nn.NewEmbedding(r, c.Size, c.Embed)
		if c.NGramCount > 0 {
			n.NGrams = &nn.Embedding{W: nn.Full(r, 0, c.NGramCount, c.Embed)}
		}
		if c.cased() {
			n.Case = &nn.Embedding{W: nn.Full(r, 0, cases, c.Embed)}
		}
	}
	in := c.input()
	for range c.Layers {
		l := layer{Fwd: c.Cell.New(r, in, c.Hidden)}
		if c.Bidirectional {
			l.Bwd = c.Cell.New(r, in, c.Hidden)
		}
		n.Layers = append(n.Layers, l)
		in = c.output()
	}
	if c.Target != Steps && slices.Contains(c.pools(), "attention") {
		n.Attend = newAttention(r, in)
	}
	n.Out = nn.NewLinear(r, c.pooled(), len(c.Classes))
	return n, nil
}
