// Package lm is language models: recurrent nets that read a text and predict at
// each token the next. They are trained on contiguous text, with the state carried
// from one window to the next, scored by perplexity or bits per character, and write
// text of their own.
package lm

import (
	"cmp"
	"errors"
	"math/rand/v2"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// Name is that of the task and of the kind of its models' files.
const Name = "generate"

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// Config is all that determines a model: how text is read, the net, and its training.
// Preset gives useful ones.
type Config struct {
	Tokens text.Kind `json:"tokens"`          // word, space, char, jamo or bpe
	Vocab  int       `json:"vocab"`           // most ids; 0 for the default of package text
	Lower  bool      `json:"lower,omitempty"` // lower case for all text
	Lines  bool      `json:"lines,omitempty"` // a line ends with an end token, as in the Penn Treebank; else with its newline

	Cell        rnn.Kind `json:"cell"`                  // kind of the cells
	Embed       int      `json:"embed"`                 // width of an embedding
	Hidden      int      `json:"hidden"`                // width of a layer; of the last, Embed if Tied
	Layers      int      `json:"layers"`                // number of layers
	Tied        bool     `json:"tied,omitempty"`        // the embedding is the output's matrix too (Press & Wolf 2017; Inan et al. 2017)
	Dropout     float64  `json:"dropout,omitempty"`     // dropout of what goes into each layer and out of the last (Zaremba et al. 2014)
	Variational bool     `json:"variational,omitempty"` // one mask for all steps of a window (Gal & Ghahramani 2016)
	Init        float64  `json:"init,omitempty"`        // draw all weights from U(-Init, Init); 0 for each layer's own

	Batch         int     `json:"batch"`                    // rows that are read side by side
	Window        int     `json:"window"`                   // steps of a window of truncated backpropagation through time
	Epochs        int     `json:"epochs"`                   // passes over the training data
	Optimizer     string  `json:"optimizer"`                // adam, sgd, or asgd: sgd, and in the end the mean of its weights
	Rate          float64 `json:"rate"`                     // learning rate; the loss is a mean over tokens
	Clip          float64 `json:"clip"`                     // greatest norm of the gradient
	Hold          int     `json:"hold,omitempty"`           // epochs after which the rate of sgd falls
	RateDecay     float64 `json:"rate_decay,omitempty"`     // factor of the rate of sgd at each epoch after that; the rate of adam falls along a cosine, that of asgd stays
	NonMono       int     `json:"nonmono,omitempty"`        // asgd's mean begins when an epoch is worse than the best but the last so many (Merity et al. 2018)
	WeightAverage float64 `json:"weight_average,omitempty"` // decay of the moving average of the weights, which are the model's; less in a short run, 0 for none
	HeldOut       float64 `json:"held_out,omitempty"`       // share at the end of the text to validate on, if there is no file for that
	Patience      int     `json:"patience,omitempty"`       // epochs without a better score after which training stops; 0 for never
	Seed          uint64  `json:"seed"`                     // seed of all that is drawn

	Size int `json:"size,omitempty"` // size of the vocabulary, which training finds
}

// Presets lists the names that Preset knows, the default first.
func Presets() []string {
	return []string{"char", "char-small", "word", "zaremba-small", "asgd", "bpe"}
}

// Preset returns a config by name:
//
//	char           2 LSTMs of 384 over characters, dropout
//	char-small     2 LSTMs of 128: a first look within a minute or two
//	word           2 tied LSTMs over words, variational dropout, averaged weights
//	zaremba-small  the small model of Zaremba, Sutskever & Vinyals 2014, for the Penn Treebank, and an average of its weights
//	asgd           2 tied LSTMs over words, variational dropout, averaged SGD: slow, and good for small corpora
//	bpe            2 LSTMs over byte pairs, for any language
func Preset(name string) (*Config, error) {
	c := &Config{
		Tokens: text.Chars, Cell: rnn.KindLSTM, Embed: 64, Hidden: 384, Layers: 2, Dropout: 0.3,
		Batch: 32, Window: 100, Epochs: 12, Optimizer: "adam", Rate: 2e-3, Clip: 1, HeldOut: 0.1, Seed: 1,
	}
	switch name {
	case "char":
	case "char-small":
		c.Hidden, c.Dropout, c.Window, c.Epochs = 128, 0, 64, 10
	case "word":
		c.Tokens, c.Embed, c.Hidden, c.Dropout, c.Tied, c.Variational = text.Words, 256, 512, 0.5, true, true
		c.Window, c.Epochs, c.WeightAverage = 35, 20, 0.999
	case "zaremba-small":
		// The paper sums the loss over 20 steps: its rate of 1 and its clip of 5 are
		// 20 and 0.25 of the mean. It does not average its weights, without which
		// (weight_average=0) the test perplexity is 14 points higher.
		c.Tokens, c.Lines, c.Embed, c.Hidden, c.Dropout, c.Init = text.Space, true, 200, 200, 0, 0.1
		c.Batch, c.Window, c.Epochs, c.Optimizer, c.Rate, c.Clip, c.Hold, c.RateDecay = 20, 20, 13, "sgd", 20, 0.25, 4, 0.5
		c.WeightAverage, c.Patience = 0.9995, 3
	case "asgd":
		c.Tokens, c.Lines, c.Embed, c.Hidden, c.Tied, c.Dropout, c.Variational, c.Init = text.Space, true, 400, 650, true, 0.5, true, 0.1
		c.Batch, c.Window, c.Epochs, c.Optimizer, c.Rate, c.Clip, c.NonMono = 20, 70, 60, "asgd", 30, 0.25, 5
	case "bpe":
		c.Tokens, c.Embed, c.Hidden, c.Dropout, c.Tied, c.Window, c.Epochs = text.BPE, 256, 512, 0.5, true, 64, 20
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return c, nil
}

// check returns what is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: Name}
	e.Add(c.Cell.Check())
	e.Size("embed", c.Embed)
	e.Size("hidden", c.Hidden)
	e.Between("layers", c.Layers, 1, 1<<10)
	e.Size("batch", c.Batch)
	e.Size("window", c.Window)
	e.Size("epochs", c.Epochs)
	e.Rate("rate", c.Rate)
	e.Share("dropout", c.Dropout)
	e.Share("held_out", c.HeldOut)
	e.Share("weight_average", c.WeightAverage)
	setting.OneOf(&e, "optimizer", c.Optimizer, "adam", "sgd", "asgd")
	e.If(c.Optimizer == "asgd" && c.WeightAverage != 0, "weight_average is %v, but asgd does its own averaging", c.WeightAverage)
	e.If(c.NonMono < 0, "nonmono is %d, want at least 0", c.NonMono)
	return e.Err()
}

// room returns an error if the net, or a step of training on so many tokens, is too large.
func (c *Config) room(tokens int) error {
	hidden, embed := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "embed", N: c.Embed}
	layers, batch, window := setting.Size{Name: "layers", N: c.Layers}, setting.Size{Name: "batch", N: c.Batch}, setting.Size{Name: "window", N: c.Window}
	return cmp.Or(
		setting.Room(Name, c.CountParams(), hidden, embed, layers),
		setting.StepRoom(Name, min(c.Batch*c.Window, tokens), 1, c.Embed+8*c.Layers*c.Hidden+2*c.Size, batch, window, hidden, layers))
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Size < 1 {
		return nil, errors.New("the size of the vocabulary is unknown")
	}
	n := &net{Embed: nn.NewEmbedding(r, c.Size, c.Embed)}
	in := c.Embed
	for i := range c.Layers {
		out := c.Hidden
		if i == c.Layers-1 && c.Tied {
			out = c.Embed
		}
		n.Cells = append(n.Cells, c.Cell.New(r, in, out))
		in = out
	}
	if c.Tied {
		n.Bias = nn.Full(r, 0, c.Size)
	} else {
		n.Out = nn.NewLinear(r, in, c.Size)
	}
	if c.Init > 0 && r != nil {
		for _, p := range nn.Params(n) {
			u := nn.Uniform(r, c.Init, p.Shape().Dims()...)
			copy(p.Value.Data, u.Value.Data)
		}
	}
	n.run = n.Cells
	if c.Dropout > 0 {
		n.run = nil
		for i, cell := range n.Cells {
			d := &rnn.Dropout{Cell: cell, In: c.Dropout, PerSequence: c.Variational}
			if i == c.Layers-1 {
				d.Out = c.Dropout
			}
			n.run = append(n.run, d)
		}
	}
	return n, nil
}
