// Package translate is encoder-decoders: nets that read a sequence of tokens and write
// another, such as a sentence in another language, the sounds of a word, or a summary.
// The encoder reads from both ends; the decoder looks back at it by attention. Models
// are trained on pairs of texts, scored by BLEU and chrF, and write by greedy choice,
// beam search or sampling.
package translate

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
)

// Name is that of the task and of the kind of its models' files.
const Name = "translate"

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// Config is all that determines a model: how pairs are read, the net, its training, and
// how it writes. Preset gives useful ones.
type Config struct {
	Source string `json:"source,omitempty"` // name of the source's column or key in tables that have names; default source or src
	Target string `json:"target,omitempty"` // name of the column or key of the target; default target or tgt

	Tokens       text.Kind `json:"tokens"`                  // word, space, char, jamo or bpe
	TargetTokens text.Kind `json:"target_tokens,omitempty"` // tokens of the target; default Tokens
	Vocab        int       `json:"vocab"`                   // most ids of each vocabulary; 0 for the default of package text
	Shared       bool      `json:"shared,omitempty"`        // one vocabulary, and one embedding, for both
	Lower        bool      `json:"lower,omitempty"`         // lower case for all text
	MaxLength    int       `json:"max_length,omitempty"`    // most tokens of a side; longer pairs are not trained on; 0 for no limit

	Cell           rnn.Kind      `json:"cell"`                       // kind of the cells
	Embed          int           `json:"embed"`                      // width of an embedding
	Encoder        int           `json:"encoder"`                    // width of a layer of the encoder, each way
	Hidden         int           `json:"hidden"`                     // width of a layer of the decoder
	Layers         int           `json:"layers"`                     // number of layers of the encoder and of the decoder
	Attention      seq2seq.Score `json:"attention"`                  // general, additive, dot or none
	AttendFirst    bool          `json:"attend_first,omitempty"`     // attention before the step of the cell, as Bahdanau et al. 2015, not after it, as Luong et al. 2015
	NoInputFeeding bool          `json:"no_input_feeding,omitempty"` // the cell does not read what was attended to (input feeding of Luong et al. 2015)
	Coverage       bool          `json:"coverage,omitempty"`         // the attention knows what it has seen
	CoverageLoss   float64       `json:"coverage_loss,omitempty"`    // weight of the coverage loss of See et al. 2017
	Tied           bool          `json:"tied,omitempty"`             // the target's embedding is the output's matrix too

	Dropout        float64 `json:"dropout,omitempty"`         // dropout of embeddings, between layers, and of the output of the decoder
	Variational    bool    `json:"variational,omitempty"`     // one dropout mask for all steps between layers
	DropoutWord    float64 `json:"dropout_word,omitempty"`    // share of tokens that become unknown in training
	LabelSmoothing float64 `json:"label_smoothing,omitempty"` // label smoothing (Szegedy et al. 2016)
	Scheduled      float64 `json:"scheduled,omitempty"`       // scheduled sampling: probability at the end, to which it rises from 0, of reading a token of its own

	Batch         int     `json:"batch"`                    // pairs of a training step
	Epochs        int     `json:"epochs"`                   // passes over the training data
	Rate          float64 `json:"rate"`                     // learning rate of Adam, which falls along a cosine
	Warmup        int     `json:"warmup,omitempty"`         // steps in which the rate rises
	Clip          float64 `json:"clip"`                     // greatest norm of the gradient
	WeightAverage float64 `json:"weight_average,omitempty"` // decay of the moving average of the weights, which are the model's; less in a run of so few steps that it would go back over more than a twentieth of them; 0 for none
	HeldOut       float64 `json:"held_out,omitempty"`       // share of the pairs to validate on, if there are no files for that
	Patience      int     `json:"patience,omitempty"`       // epochs without a better score after which training stops; 0 for never
	Select        string  `json:"select"`                   // the score to select by: bleu, chrf, exact or loss
	Seed          uint64  `json:"seed"`                     // seed of all that is drawn

	Beam            int     `json:"beam"`                       // hypotheses that are kept; 1 for greedy
	LengthPenalty   float64 `json:"length_penalty,omitempty"`   // see seq2seq.Beam
	CoveragePenalty float64 `json:"coverage_penalty,omitempty"` // see seq2seq.Beam

	SourceSize int `json:"source_size,omitempty"` // size of the vocabulary of the source, which training finds
	TargetSize int `json:"target_size,omitempty"` // size of that of the target
	Limit      int `json:"limit,omitempty"`       // most tokens of a translation; training finds what is usual
}

// None is the Attention of a decoder that only has the encoder's last state.
const None seq2seq.Score = "none"

// Presets lists the names that Preset knows, the default first.
func Presets() []string {
	return []string{"attention", "multi30k", "bahdanau", "plain", "transliterate", "small"}
}

// Preset returns a config by name:
//
//	attention      LSTMs, Luong's attention with input feeding, joint byte pairs
//	multi30k       the same for some ten thousand short sentences, well regularised
//	bahdanau       GRUs and additive attention before the step, as Bahdanau et al. 2015
//	plain          no attention, as Sutskever et al. 2014
//	transliterate  characters to characters or jamo: names, sounds, spelling
//	small          a first look within a minute or two
func Preset(name string) (*Config, error) {
	c := &Config{
		Tokens: text.BPE, Vocab: 8000, Shared: true, MaxLength: 100,
		Cell: rnn.KindLSTM, Embed: 256, Encoder: 256, Hidden: 256, Layers: 1, Attention: seq2seq.General, Tied: true,
		Dropout: 0.3, LabelSmoothing: 0.1,
		Batch: 64, Epochs: 12, Rate: 1e-3, Warmup: 400, Clip: 1, WeightAverage: 0.999, HeldOut: 0.05, Select: "chrf", Seed: 1,
		Beam: 5, LengthPenalty: 1,
	}
	switch name {
	case "attention":
	case "multi30k":
		c.Vocab, c.Embed, c.Encoder, c.Hidden, c.Epochs, c.Rate, c.Warmup, c.Dropout = 4000, 192, 128, 192, 9, 2e-3, 200, 0.25
		c.Select = "bleu"
	case "bahdanau":
		c.Cell, c.Attention, c.AttendFirst = rnn.KindGRU, seq2seq.Additive, true
	case "plain":
		c.Attention, c.Layers = None, 2
	case "transliterate":
		c.Tokens, c.TargetTokens, c.Vocab, c.Shared, c.Lower = text.Chars, text.Jamo, 0, false, true
		c.Embed, c.Encoder, c.Hidden, c.Dropout, c.Epochs, c.Rate, c.Select, c.LabelSmoothing = 64, 128, 128, 0.2, 12, 2e-3, "exact", 0.05
	case "small":
		c.Vocab, c.Embed, c.Encoder, c.Hidden, c.Epochs, c.Rate = 4000, 128, 64, 128, 5, 2e-3
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return c, nil
}

// check returns what is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: "translate"}
	e.Add(c.Cell.Check())
	e.Size("embed", c.Embed)
	e.Size("encoder", c.Encoder)
	e.Size("hidden", c.Hidden)
	e.Between("layers", c.Layers, 1, 1<<10)
	e.Size("batch", c.Batch)
	e.Size("epochs", c.Epochs)
	e.Size("beam", c.Beam)
	e.Rate("rate", c.Rate)
	e.Share("dropout", c.Dropout)
	e.Share("dropout_word", c.DropoutWord)
	e.Share("label_smoothing", c.LabelSmoothing)
	e.Share("held_out", c.HeldOut)
	e.Share("weight_average", c.WeightAverage)
	for _, s := range []struct {
		name string
		v    float64
	}{{"coverage_loss", c.CoverageLoss}, {"length_penalty", c.LengthPenalty}, {"coverage_penalty", c.CoveragePenalty}} {
		e.If(!(s.v >= 0 && s.v <= 100), "%s is %v, want 0 to 100", s.name, s.v)
	}
	e.If(!(c.Scheduled >= 0 && c.Scheduled <= 1), "scheduled is %v, want 0 to 1", c.Scheduled)
	e.If(min(c.Warmup, c.MaxLength, c.Limit, c.Vocab, c.Patience) < 0, "warmup, max_length, limit, vocab and patience are 0 or more")
	// BLEU is 0 where no text has four words.
	setting.OneOf(&e, "select", c.Select, "bleu", "chrf", "exact", "loss")
	setting.OneOf(&e, "attention", c.Attention, append(seq2seq.Scores(), None)...)
	e.If(c.Attention == seq2seq.Dot && c.Hidden != 2*c.Encoder, "dot-product attention needs a decoder as wide as both directions of the encoder: hidden is %d, the encoder twice %d", c.Hidden, c.Encoder)
	e.If(c.Attention == None && c.Tied && c.Hidden != c.Embed, "without attention a tied output needs hidden (%d) to equal embed (%d)", c.Hidden, c.Embed)
	e.If(c.Attention == None && (c.Coverage || c.AttendFirst), "coverage and attend_first need attention")
	e.If(c.CoverageLoss > 0 && !c.Coverage, "a coverage loss needs coverage")
	e.If(c.Shared && c.TargetTokens != "" && c.TargetTokens != c.Tokens, "source and target cannot share a vocabulary of %s and of %s", c.Tokens, c.TargetTokens)
	return e.Err()
}

// room returns an error if the net, or a step of training on the pairs, is too large.
func (c *Config) room(pairs []coded) error {
	longest := 0
	for _, p := range pairs {
		longest = max(longest, len(p.src), len(p.dst))
	}
	sizes := []setting.Size{{Name: "hidden", N: c.Hidden}, {Name: "encoder", N: c.Encoder}, {Name: "embed", N: c.Embed}, {Name: "layers", N: c.Layers}}
	return cmp.Or(
		setting.Room("translate", c.CountParams(), sizes...),
		setting.StepRoom("translate", min(c.Batch, len(pairs)), longest+1, 2*c.Embed+8*c.Layers*(c.Hidden+2*c.Encoder)+2*c.TargetSize,
			append(sizes, setting.Size{Name: "batch", N: c.Batch})...))
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.SourceSize < 1 || c.TargetSize < 1 || c.Shared && c.SourceSize != c.TargetSize {
		return nil, errors.New("translate: the sizes of the vocabularies are unknown, or differ although they are shared")
	}
	return newNet(c, r), nil
}

func newNet(c *Config, r *rand.Rand) *net {
	// As an output's matrix an embedding is drawn from N(0, 1/Embed); as an input it is
	// scaled to a variance of 1.
	embedding := func(size int) *nn.Embedding {
		return &nn.Embedding{W: nn.Normal(r, 1/math.Sqrt(float64(c.Embed)), size, c.Embed)}
	}
	n := &net{cfg: c, scale: math.Sqrt(float64(c.Embed)), Dst: embedding(c.TargetSize)}
	if n.Src = n.Dst; !c.Shared {
		n.Src = embedding(c.SourceSize)
	}
	attention := seq2seq.AttentionOptions{Score: c.Attention, AttendFirst: c.AttendFirst, NoInputFeeding: c.NoInputFeeding, Coverage: c.Coverage}
	if c.Tied {
		attention.Out = c.Embed
	}
	encIn, decIn := c.Embed, c.Embed // widths of what a layer reads
	if c.Attention != None {
		decIn = attention.In(c.Embed, c.Hidden, 2*c.Encoder)
	}
	var cells rnn.Stack
	for i := range c.Layers {
		fwd, bwd := c.Cell.New(r, encIn, c.Encoder), c.Cell.New(r, encIn, c.Encoder)
		dec := c.Cell.New(r, decIn, c.Hidden)
		encIn, decIn = 2*c.Encoder, c.Hidden
		var bridge []*nn.Linear
		for range dec.StateSize() {
			bridge = append(bridge, nn.NewLinear(r, 2*c.Encoder, c.Hidden))
		}
		n.Bridge = append(n.Bridge, bridge)
		if i > 0 && c.Dropout > 0 {
			drop := func(cell rnn.Cell) rnn.Cell {
				return &rnn.Dropout{Cell: cell, In: c.Dropout, PerSequence: c.Variational}
			}
			fwd, bwd, dec = drop(fwd), drop(bwd), drop(dec)
		}
		n.Enc = append(n.Enc, &rnn.Bidirectional{Fwd: fwd, Bwd: bwd})
		cells = append(cells, dec)
	}
	n.Dec = cells
	if c.Attention != None {
		n.Att = attention.New(r, cells, c.Hidden, 2*c.Encoder)
		n.Att.Hidden = (c.Layers - 1) * len(n.Bridge[0])
	}
	if c.Tied {
		n.Bias = nn.Full(r, 0, c.TargetSize)
	} else {
		n.Out = nn.NewLinear(r, c.Hidden, c.TargetSize)
	}
	return n
}
