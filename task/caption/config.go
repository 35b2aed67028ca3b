package caption

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
)

// Name is that of the task and of the kind of its models' files.
const Name = "caption"

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// A Decoder is how a net turns a vector into words.
type Decoder string

// The decoders.
const (
	SCLSTM Decoder = "sclstm" // rnn.SCLSTM, for meanings: a gate keeps track of the slots that are still to be mentioned
	Plain  Decoder = "plain"  // a cell that is given the vector; see Feed and Attention
)

// A Feed is how a plain decoder is given the vector.
type Feed string

// The ways to give a decoder the vector.
const (
	First Feed = "first" // as its first state
	Every Feed = "every" // as an input of every step
	Both  Feed = "both"
)

// Config is all that determines a model: how data are read, the net, its training, and
// how it writes. Preset gives useful ones.
type Config struct {
	ColumnNames
	Tokens         text.Kind           `json:"tokens"`                    // tokens of sentences: word or space
	Lower          bool                `json:"lower,omitempty"`           // lower case for all sentences
	Open           []string            `json:"open,omitempty"`            // slots whose values are put in where the model leaves a place; none for all
	Keywords       map[string][]string `json:"keywords,omitempty"`        // words by which a slot is mentioned that is yes, no or the like, to count its errors by
	Choices        []string            `json:"choices,omitempty"`         // acts that offer a choice, whose slots are not counted
	PoolReferences bool                `json:"pool_references,omitempty"` // score as RNNLG does: every example, its references those of all meanings that differ by values only

	StripMin  int      `json:"strip_min,omitempty"` // fewest digits of a strip, of digits from IDX files
	StripMax  int      `json:"strip_max,omitempty"` // most digits of a strip
	Languages []string `json:"languages,omitempty"` // languages of the sentences of strips
	Columns   int      `json:"columns,omitempty"`   // columns of a strip that are a region
	Stride    int      `json:"stride,omitempty"`    // columns from region to region
	Augment   bool     `json:"augment,omitempty"`   // turn, shear, stretch and shift digits in training

	Decoder       Decoder       `json:"decoder"`                  // sclstm or plain
	Feed          Feed          `json:"feed,omitempty"`           // first, every or both, of a plain decoder
	Attention     seq2seq.Score `json:"attention,omitempty"`      // attention of a plain decoder to slots or regions: general, additive or dot; "" for none
	Cell          rnn.Kind      `json:"cell,omitempty"`           // kind of the cells of a plain decoder and of an encoder
	EncoderLayers int           `json:"encoder_layers,omitempty"` // layers that read regions in both directions; 0 if regions are in no order
	Stripes       int           `json:"stripes,omitempty"`        // stripes of a region, from top to bottom, that a cell reads in both directions first; 0 to read it whole
	StripeHidden  int           `json:"stripe_hidden,omitempty"`  // width of that cell
	DenseLayers   int           `json:"dense_layers,omitempty"`   // layers for each region by itself, after that
	DenseWidth    int           `json:"dense_width,omitempty"`    // width of such a layer
	Embed         int           `json:"embed"`                    // width of a word
	Hidden        int           `json:"hidden"`                   // width of the decoder and of a layer of the encoder
	Dropout       float64       `json:"dropout,omitempty"`        // dropout of embeddings, of the encoder and of the output

	Batch          int     `json:"batch"`                     // sentences of a training step
	Epochs         int     `json:"epochs"`                    // passes over the training data
	Rate           float64 `json:"rate"`                      // learning rate of Adam
	Clip           float64 `json:"clip"`                      // greatest norm of the gradient
	WeightAverage  float64 `json:"weight_average,omitempty"`  // decay of the moving average of the weights, which are the model's; less in a short run, 0 for none
	LabelSmoothing float64 `json:"label_smoothing,omitempty"` // label smoothing (Szegedy et al. 2016)
	EndWeight      float64 `json:"end_weight,omitempty"`      // sclstm: weight of ‖d_T‖, the slots that are left at the end
	StepPenalty    float64 `json:"step_penalty,omitempty"`    // sclstm: η of η·ξ^‖d_t-d_t-1‖ (Wen et al. 2015)
	StepBase       float64 `json:"step_base,omitempty"`       // sclstm: ξ of the same
	HeldOut        float64 `json:"held_out,omitempty"`        // share to validate on, if there is no file for that
	Patience       int     `json:"patience,omitempty"`        // epochs without a better score after which training stops; 0 for never
	Seed           uint64  `json:"seed"`                      // seed of all that is drawn

	Beam          int     `json:"beam"`                     // hypotheses of a beam search; 1 for greedy
	LengthPenalty float64 `json:"length_penalty,omitempty"` // exponent of the length penalty; see seq2seq.Beam
	Rerank        float64 `json:"rerank,omitempty"`         // penalty for each slot that is missing or too much
	Top           int     `json:"top,omitempty"`            // sentences of each example that are scored, the best of the beam; default 1
	Limit         int     `json:"limit"`                    // most words of a sentence

	Size  int `json:"size,omitempty"`  // size of the vocabulary, which training finds, as it does what follows
	Acts  int `json:"acts,omitempty"`  // number of acts of meanings, or of languages
	Slots int `json:"slots,omitempty"` // number of features of slots
	Width int `json:"width,omitempty"` // width of a region; 0 with meanings
}

// Presets lists the names that Preset knows, the default first.
func Presets() []string {
	return []string{"sclstm", "vector", "attention", "slots", "rnnlg", "e2e", "strips", "strips-small"}
}

// Preset returns a config by name:
//
//	sclstm        meanings by the semantically conditioned LSTM (Wen et al. 2015)
//	vector        one vector, as the first state of an LSTM and as an input of every step (Vinyals et al. 2015)
//	attention     regions in no order, with attention to them (Xu et al. 2015)
//	slots         meanings by an LSTM with attention to slots (Wen et al. 2015c)
//	rnnlg         sclstm, scored as the data of RNNLG are
//	e2e           slots for the data of the E2E challenge
//	strips        strips of handwritten digits, read both ways, with attention
//	strips-small  the same for a few thousand digits
func Preset(name string) (*Config, error) {
	c := &Config{
		Tokens: text.Words, Lower: true, Decoder: Plain, Feed: Both, Cell: rnn.KindLSTM,
		Embed: 64, Hidden: 128, Dropout: 0.3, Batch: 32, Epochs: 20, Rate: 2e-3, Clip: 5, HeldOut: 0.1, Patience: 5, Seed: 1,
		Beam: 5, LengthPenalty: 1, Limit: 60,
	}
	switch name {
	case "vector":
	case "attention":
		c.Attention = seq2seq.General
	case "slots", "e2e":
		c.Attention, c.Rerank, c.Rate = seq2seq.General, 1, 5e-3
		if name == "e2e" {
			c.Open = []string{"name", "near"}
			c.Keywords = map[string][]string{"familyfriendly": {"family", "families", "kid", "kids", "child", "children", "adult", "adults"}}
			c.Hidden, c.Batch, c.Epochs, c.Patience = 128, 64, 10, 3
		}
	case "sclstm", "rnnlg":
		c.Decoder, c.Feed, c.Cell, c.Rerank = SCLSTM, "", "", 1
		c.EndWeight, c.StepPenalty, c.StepBase = 1, 1e-4, 100
		c.Embed, c.Hidden, c.Rate, c.Epochs = 80, 80, 1e-2, 15
		if name == "rnnlg" {
			c.Tokens, c.PoolReferences, c.Top, c.Beam = text.Space, true, 5, 20
			c.Choices = []string{"?select", "suggest"}
			c.Keywords = map[string][]string{ // by which RNNLG too finds such slots
				"kidsallowed": {"child", "kid", "kids", "children"}, "dogsallowed": {"dog", "dogs", "puppy"},
				"hasinternet": {"internet", "wifi"}, "acceptscreditcards": {"card", "cards"},
				"isforbusinesscomputing": {"business", "nonbusiness", "home", "personal", "general"}, "hasusbport": {"usb"},
			}
		}
	case "strips", "strips-small":
		c.Tokens, c.Feed, c.Attention, c.EncoderLayers = text.Space, First, seq2seq.General, 1
		c.StripMin, c.StripMax, c.Languages, c.Columns, c.Stride, c.Augment = 3, 5, stripLanguages(), 8, 4, true
		c.Stripes, c.StripeHidden, c.DenseLayers, c.DenseWidth, c.Embed, c.Hidden, c.Dropout, c.Epochs, c.Patience = 14, 64, 1, 256, 32, 160, 0.1, 40, 0
		c.WeightAverage, c.HeldOut = 0.999, 0.02
		c.Beam, c.Limit = 1, 12
		if name == "strips-small" {
			c.Columns, c.Stride, c.Stripes, c.StripeHidden, c.DenseLayers = 20, 6, 0, 0, 2 // seen whole: a fraction of the time
			c.Hidden, c.Batch, c.Epochs, c.HeldOut = 96, 16, 60, 0.05
		}
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return c, nil
}

// check returns what is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: "caption"}
	setting.OneOf(&e, "tokens", c.Tokens, text.Words, text.Space)
	setting.OneOf(&e, "decoder", c.Decoder, SCLSTM, Plain)
	if c.Decoder == Plain {
		setting.OneOf(&e, "feed", c.Feed, First, Every, Both)
		e.Add(c.Cell.Check())
	} else {
		e.If(c.Attention != "" || c.EncoderLayers > 0, "an sclstm has no attention and no encoder")
	}
	if c.Attention != "" {
		setting.OneOf(&e, "attention", c.Attention, seq2seq.Scores()...)
	}
	const most = 1 << 16
	e.Between("embed", c.Embed, 1, most)
	e.Between("hidden", c.Hidden, 1, most)
	e.Between("batch", c.Batch, 1, most)
	e.Between("epochs", c.Epochs, 1, most)
	e.Between("limit", c.Limit, 1, most)
	e.Between("beam", c.Beam, 1, most)
	e.Between("encoder_layers", c.EncoderLayers, 0, 1<<10)
	e.Between("stripes", c.Stripes, 0, most)
	e.Between("dense_layers", c.DenseLayers, 0, 1<<10)
	e.Between("top", c.Top, 0, most)
	e.Between("patience", c.Patience, 0, most)
	e.Rate("rate", c.Rate)
	e.Share("dropout", c.Dropout)
	e.Share("held_out", c.HeldOut)
	e.Share("weight_average", c.WeightAverage)
	e.Share("label_smoothing", c.LabelSmoothing)
	for _, s := range []struct {
		name string
		v    float64
	}{{"end_weight", c.EndWeight}, {"step_penalty", c.StepPenalty}, {"step_base", c.StepBase}, {"length_penalty", c.LengthPenalty}, {"rerank", c.Rerank}} {
		e.If(!(s.v >= 0) || math.IsInf(s.v, 1), "%s is %v, want at least 0", s.name, s.v)
	}
	e.If(c.StepPenalty > 0 && c.StepBase < 1, "step_base is %v, want at least 1", c.StepBase)
	if c.Stripes > 0 {
		e.Between("stripe_hidden", c.StripeHidden, 1, most)
	}
	if c.DenseLayers > 0 {
		e.Between("dense_width", c.DenseWidth, 1, most)
	}
	for _, l := range c.Languages {
		setting.OneOf(&e, "languages", l, stripLanguages()...)
	}
	return e.Err()
}

// checkStrips returns what is invalid in c for strips.
func (c *Config) checkStrips() error {
	e := setting.Errors{System: "caption"}
	e.If(c.Columns < 1 || c.Stride < 1 || c.Columns > 1<<10 || c.Stride > c.Columns, "windows of %d columns every %d do not cut a strip into regions; use --preset strips", c.Columns, c.Stride)
	e.If(c.StripMin < 1 || c.StripMax < c.StripMin || c.StripMax > 100, "strips cannot have %d to %d digits", c.StripMin, c.StripMax)
	e.If(len(c.Languages) == 0, "languages is empty; choose from %s", setting.Quoted(stripLanguages()))
	return e.Err()
}

// strips are how strips are made, in training or to score.
func (c *Config) strips(training bool) stripOptions {
	return stripOptions{c.StripMin, c.StripMax, c.Languages, c.Columns, c.Stride, c.Augment && training}
}

// sized returns an error unless training has found the sizes.
func (c *Config) sized() error {
	const most = 1 << 24
	if c.Size < 1 || c.Size > most || c.Acts < 0 || c.Acts > most || c.Slots < 0 || c.Slots > most || c.Width < 0 || c.Width > most ||
		c.Acts < 1 {
		return fmt.Errorf("caption: the sizes are unknown or invalid: %d words, %d acts, %d slots, regions of %d", c.Size, c.Acts, c.Slots, c.Width)
	}
	if c.Stripes > 0 && c.Width%c.Stripes != 0 {
		return fmt.Errorf("caption: %d features of a region do not divide into %d stripes", c.Width, c.Stripes)
	}
	if c.Decoder == SCLSTM && c.Width > 0 {
		return errors.New("caption: an sclstm takes meanings, not features; use --preset vector or attention")
	}
	return nil
}

// room returns an error if the net is too large.
func (c *Config) room() error {
	return setting.Room("caption", c.CountParams(), setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "embed", N: c.Embed},
		setting.Size{Name: "encoder_layers", N: c.EncoderLayers}, setting.Size{Name: "stripe_hidden", N: c.StripeHidden},
		setting.Size{Name: "dense_width", N: c.DenseWidth}, setting.Size{Name: "dense_layers", N: c.DenseLayers})
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// reads is the width of what a plain decoder reads at every step.
func (c *Config) reads() int {
	in := c.Embed
	if c.Width > 0 && c.Acts > 1 {
		in += c.Acts
	}
	if c.Feed != First {
		in += c.Hidden
	}
	return in
}

// stateCount is how many entries the state of a cell has, each of the width of the cell.
func stateCount(k rnn.Kind) int { return len(k.New(nil, 1, 1).StateSize()) }

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := errors.Join(c.check(), c.sized()); err != nil {
		return nil, err
	}
	return newNet(r, c), nil
}
