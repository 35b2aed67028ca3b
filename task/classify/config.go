// Package classify labels sequences: texts, series of numbers, and images row by row.
// A recurrent net reads a sequence, mostly from both ends, and says which label it has,
// which labels it has, or which label each of its steps has.
package classify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/data/text"
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

	Format   labelled.Format   `json:"format,omitempty"`    // of files; found if empty
	Text     string            `json:"text,omitempty"`      // column or key of the text; found if empty
	Label    string            `json:"label,omitempty"`     // of the label
	ID       string            `json:"id,omitempty"`        // of the name of a series, whose steps are rows
	Quotes   string            `json:"quotes,omitempty"`    // on or off: quotation marks around fields; by default off where tabs part them
	Between  string            `json:"between,omitempty"`   // what stands between many labels in a cell, by default |
	UpTo     string            `json:"up_to,omitempty"`     // a label ends before this
	Map      map[string]string `json:"map,omitempty"`       // new names of labels; "" leaves an example out
	Phrases  bool              `json:"phrases,omitempty"`   // train on all labelled phrases of trees; scores are always those of sentences
	MaxSteps int               `json:"max_steps,omitempty"` // longer sequences lose their middle; 0 for no limit

	Tokens  text.Kind `json:"tokens,omitempty"`   // word, space, char, jamo or bpe
	Vocab   int       `json:"vocab,omitempty"`    // most ids; 0 for the default of package text
	Rare    int       `json:"rare,omitempty"`     // tokens seen less often are unknown
	Lower   bool      `json:"lower,omitempty"`    // make text lower case
	Case    bool      `json:"case,omitempty"`     // what capitals a word has, has an embedding too, which is added
	Grams   int       `json:"grams,omitempty"`    // runs of up to so many tokens have embeddings too, which are added at their last; 0 or 1 for none
	GramMax int       `json:"gram_max,omitempty"` // most runs that have

	Cell          rnn.Kind `json:"cell"`
	Embed         int      `json:"embed,omitempty"` // width of an embedding
	Hidden        int      `json:"hidden"`          // width of a layer, of each of its directions
	Layers        int      `json:"layers"`
	Bidirectional bool     `json:"bidirectional"`
	Pool          string   `json:"pool"` // what of the steps goes to the output: last, mean, max, attention, bag (mean of the inputs), or several joined by +

	Dropout      float64 `json:"dropout,omitempty"`       // between layers and before the output
	DropInput    float64 `json:"drop_input,omitempty"`    // of embeddings or values
	DropWord     float64 `json:"drop_word,omitempty"`     // share of tokens that are made unknown in training
	Noise        float64 `json:"noise,omitempty"`         // deviation of what is added to series in training, in theirs
	Smooth       float64 `json:"smooth,omitempty"`        // label smoothing (Szegedy et al. 2016)
	Balanced     bool    `json:"balanced,omitempty"`      // labels weigh by the inverse of how often they are
	ClassWeights Weights `json:"class_weights,omitempty"` // further weights of labels

	Batch    int     `json:"batch"`
	Steps    int     `json:"steps,omitempty"`    // of training, about, if Epochs is 0
	Epochs   int     `json:"epochs,omitempty"`   // 0 for as many as make Steps, and at least 3
	Rate     float64 `json:"rate"`               // of learning; it rises for a short while and falls along a cosine
	Decay    float64 `json:"decay,omitempty"`    // of weights (AdamW)
	Clip     float64 `json:"clip"`               // greatest norm of the gradient
	Average  float64 `json:"average,omitempty"`  // decay of an average of the weights, which are the model's; less in a short run; 0 for none
	HeldOut  float64 `json:"held_out,omitempty"` // share of the training data to validate on, if there is no file for that
	Patience int     `json:"patience,omitempty"` // stop after so many epochs without a better score; 0 for never
	Seed     uint64  `json:"seed"`

	// What training finds.
	Classes []string `json:"classes,omitempty"` // the labels
	Size    int      `json:"size,omitempty"`    // of the vocabulary
	Runs    int      `json:"runs,omitempty"`    // of tokens that have embeddings
	Width   int      `json:"width,omitempty"`   // values of a step of a series
	Gaps    bool     `json:"gaps,omitempty"`    // values may be missing: each has a flag beside it

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
//	korean    Korean texts, by characters and runs of them: no analysis of words is needed
//	series    series of numbers, of one or many channels and of any lengths; BiGRU
//	rowimage  images, row by row; LSTM
//	tags      a label for each token; BiLSTM
func Preset(name string) (*Config, error) {
	c := &Config{
		Input: Text, Target: One, Tokens: text.Words, Vocab: 30000, Rare: 1, Lower: true, Grams: 2, GramMax: 20000, MaxSteps: 400,
		Cell: rnn.KindLSTM, Embed: 128, Hidden: 128, Layers: 1, Bidirectional: true, Pool: "mean+max",
		Dropout: 0.4, DropInput: 0.4, DropWord: 0.05,
		Batch: 64, Steps: 2000, Rate: 2e-3, Clip: 1, Average: 0.998, HeldOut: 0.1, Seed: 1,
	}
	switch name {
	case "text":
		c.Smooth, c.Steps = 0.1, 1000
	case "document":
		c.Vocab, c.Rare, c.GramMax, c.MaxSteps = 20000, 5, 30000, 300
		c.Embed, c.Hidden, c.Pool, c.Steps = 96, 64, "mean+max+bag", 1100
	case "korean":
		c.Tokens, c.Vocab, c.Rare, c.Grams, c.GramMax, c.MaxSteps = text.Chars, 4000, 3, 3, 40000, 150
		c.Embed, c.Hidden, c.Dropout, c.DropInput, c.Batch, c.Steps, c.Rate = 64, 64, 0.3, 0.3, 256, 1600, 3e-3
		c.HeldOut = 0.03
	case "series":
		*c = Config{
			Input: Series, Target: One, Cell: rnn.KindGRU, Hidden: 96, Layers: 1, Bidirectional: true, Pool: "max",
			Dropout: 0.3, Noise: 0.3, Smooth: 0.1, Batch: 16, Steps: 1500, Rate: 5e-3, Clip: 1, Average: 0.99, HeldOut: 0.1, Seed: 1,
		}
	case "rowimage":
		*c = Config{
			Input: Series, Target: One, Cell: rnn.KindLSTM, Hidden: 128, Layers: 1, Pool: "last",
			Dropout: 0.2, Batch: 128, Steps: 4500, Rate: 3e-3, Clip: 1, Average: 0.999, HeldOut: 0.05, Seed: 1,
		}
	case "tags":
		c.Target, c.Pool, c.Tokens, c.Grams, c.Rare, c.Case = Steps, "", text.Space, 0, 2, true
	default:
		return nil, fmt.Errorf("classify: there is no preset %q; there are %q", name, Presets())
	}
	return c, nil
}

// Reading says how files are read.
func (c *Config) Reading() labelled.Options {
	return labelled.Options{
		Format: c.Format, Series: c.Input == Series, Text: c.Text, Label: c.Label, ID: c.ID, Quotes: c.Quotes,
		PerStep: c.Target == Steps, Many: c.Target == Many, LabelSep: c.Between, LabelCut: c.UpTo, Map: c.Map,
	}
}

// check says what makes no sense in c.
func (c *Config) check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("classify: "+format, args...))
		}
	}
	one := func(name, value string, of ...string) {
		bad(!slices.Contains(of, value), "%s is %q, not one of %q", name, value, of)
	}
	one("input", c.Input, Text, Series)
	one("target", c.Target, One, Many, Steps)
	if err := c.Cell.Check(); err != nil {
		errs = append(errs, err)
	}
	from := func(name string, v, least int) {
		bad(v < least || v > 1<<20, "%s is %d, not a number from %d to a million", name, v, least)
	}
	from("hidden", c.Hidden, 1)
	from("layers", c.Layers, 1)
	from("batch", c.Batch, 1)
	from("epochs", c.Epochs, 0)
	from("max_steps", c.MaxSteps, 0)
	bad(c.Layers > 64, "layers is %d, more than 64", c.Layers)
	bad(c.Epochs == 0 && c.Steps < 1, "neither epochs nor steps says how long to train")
	if c.Input == Text {
		from("embed", c.Embed, 1)
		from("gram_max", c.GramMax, 0)
		bad(!slices.Contains(text.Kinds(), c.Tokens), "tokens is %q, not one of %q", c.Tokens, text.Kinds())
		bad(c.Grams < 0 || c.Grams > 3, "grams is %d, not from 0 to 3", c.Grams)
		bad(c.Target == Steps && c.Tokens != text.Space && c.Tokens != text.Chars, "tokens is %q, and with a label for each step it is space or char", c.Tokens)
	}
	share := func(name string, v float64) { bad(!(v >= 0 && v < 1), "%s is %v, not from 0 to below 1", name, v) }
	share("dropout", c.Dropout)
	share("drop_input", c.DropInput)
	share("drop_word", c.DropWord)
	share("smooth", c.Smooth)
	share("average", c.Average)
	share("held_out", c.HeldOut)
	bad(!(c.Rate > 0), "rate is %v, not above 0", c.Rate)
	bad(!(c.Noise >= 0 && c.Decay >= 0), "noise is %v and decay %v, not 0 or more", c.Noise, c.Decay)
	for label, w := range c.ClassWeights {
		bad(!(w >= 0 && w < 1e6), "the weight of label %q is %v, not from 0 to a million", label, w)
	}
	if c.Target != Steps {
		for _, p := range c.pools() {
			one("pool", p, "last", "mean", "max", "attention", "bag")
		}
	}
	return errors.Join(errs...)
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

// found says what training has not found yet.
func (c *Config) found() error {
	switch {
	case len(c.Classes) == 0:
		return errors.New("classify: the labels are not known")
	case c.Input == Text && (c.Size < 1 || c.Runs < 0):
		return errors.New("classify: the size of the vocabulary is not known")
	case !(c.Temperature >= 0 && c.Temperature < 1e6):
		return fmt.Errorf("classify: the temperature is %v, not from 0 to a million", c.Temperature)
	case c.Input == Series && (c.Width < 1 || c.Width > 1<<20):
		return errors.New("classify: the width of a step is not known")
	}
	return nil
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int {
	if c.check() != nil || c.found() != nil {
		return 0
	}
	n := 0
	if c.Input == Text {
		n += (c.Size + c.Runs) * c.Embed
		if c.cased() {
			n += cases * c.Embed
		}
	}
	in := c.input()
	for range c.Layers {
		cell := c.Cell.CountParams(in, c.Hidden)
		if c.Bidirectional {
			cell *= 2
		}
		n += cell
		in = c.output()
	}
	if c.Target != Steps && slices.Contains(c.pools(), "attention") {
		n += in*attentionWidth + attentionWidth + attentionWidth
	}
	return n + (c.pooled()+1)*len(c.Classes)
}

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := errors.Join(c.check(), c.found()); err != nil {
		return nil, err
	}
	n := &net{cfg: c}
	if c.Input == Text {
		n.Embed = nn.NewEmbedding(r, c.Size, c.Embed)
		if c.Runs > 0 {
			n.Runs = &nn.Embedding{W: nn.Zeros(c.Runs, c.Embed)}
		}
		if c.cased() {
			n.Case = &nn.Embedding{W: nn.Zeros(cases, c.Embed)}
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
