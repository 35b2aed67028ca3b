// Package music is recurrent nets over polyphonic music: at each step of a piece they
// predict which of the piano's keys sound next (Boulanger-Lewandowski, Bengio & Vincent 2012).
// They are scored by the negative log-likelihood of a step, and play pieces of their own,
// which can be written as MIDI.
package music

import (
	"cmp"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Name is that of the task and of the kind of its models' files.
const Name = "music"

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// Config is all that determines a model: the net, and its training. Preset gives useful
// ones.
type Config struct {
	Cell         rnn.Kind `json:"cell"`                    // kind of the cells
	Hidden       int      `json:"hidden"`                  // width of a layer
	Layers       int      `json:"layers"`                  // number of layers
	Dropout      float64  `json:"dropout,omitempty"`       // dropout of what goes into each layer but the first, and out of the last
	DropoutInput float64  `json:"dropout_input,omitempty"` // dropout of the keys that go in

	Transpose     int     `json:"transpose,omitempty"`      // train on each piece moved by up to so many keys, at random
	Batch         int     `json:"batch"`                    // pieces of a training step
	Window        int     `json:"window"`                   // greatest length of a piece in training; longer ones are cut
	Epochs        int     `json:"epochs"`                   // passes over the training data
	Rate          float64 `json:"rate"`                     // learning rate of Adam; it falls along a cosine
	Clip          float64 `json:"clip"`                     // greatest norm of the gradient of a step's loss
	WeightAverage float64 `json:"weight_average,omitempty"` // decay of the moving average of the weights, which are the model's; less in a short run, 0 for none
	HeldOut       float64 `json:"held_out,omitempty"`       // share of the pieces to validate on, if files have none
	Patience      int     `json:"patience,omitempty"`       // epochs without a better score after which training stops; 0 for never
	Seed          uint64  `json:"seed"`                     // seed of all that is drawn
}

// Presets lists the names that Preset knows, the default first.
func Presets() []string { return []string{"chorales", "folk"} }

// Preset returns a config by name:
//
//	chorales  an LSTM for a few hundred short pieces, such as Bach's chorales
//	folk      the same with less dropout for some hundred longer ones, such as the Nottingham tunes
func Preset(name string) (*Config, error) {
	c := &Config{
		Cell: rnn.KindLSTM, Hidden: 200, Layers: 1, Dropout: 0.6, DropoutInput: 0.2,
		Batch: 8, Window: 160, Epochs: 24, Rate: 2e-2, Clip: 2, WeightAverage: 0.99, HeldOut: 0.1, Seed: 1,
	}
	switch name {
	case "chorales":
	case "folk":
		c.Dropout, c.DropoutInput, c.Window, c.Epochs, c.Rate = 0.3, 0.1, 200, 10, 1e-2
	default:
		return nil, setting.Unknown("preset", name, Presets())
	}
	return c, nil
}

// check returns what is invalid in c.
func (c *Config) check() error {
	e := setting.Errors{System: "music"}
	e.Add(c.Cell.Check())
	e.Size("hidden", c.Hidden)
	e.Between("layers", c.Layers, 1, 1<<10)
	e.Size("batch", c.Batch)
	e.Size("window", c.Window)
	e.Size("epochs", c.Epochs)
	e.Rate("rate", c.Rate)
	e.Share("dropout", c.Dropout)
	e.Share("dropout_input", c.DropoutInput)
	e.Share("held_out", c.HeldOut)
	e.Share("weight_average", c.WeightAverage)
	e.Between("transpose", c.Transpose, 0, Keys/2)
	return e.Err()
}

// room returns an error if the net, or a step of training on the pieces, is too large.
func (c *Config) room(pieces []Piece) error {
	longest := 0
	for _, p := range pieces {
		longest = max(longest, len(p))
	}
	hidden, layers := setting.Size{Name: "hidden", N: c.Hidden}, setting.Size{Name: "layers", N: c.Layers}
	return cmp.Or(
		setting.Room("music", c.CountParams(), hidden, layers),
		setting.StepRoom("music", min(c.Batch, len(pieces)), min(c.Window, longest), 8*c.Layers*c.Hidden+4*Keys,
			setting.Size{Name: "batch", N: c.Batch}, setting.Size{Name: "window", N: c.Window}, hidden, layers))
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// net predicts which keys sound next. The cells sum up what has sounded, what sounds now
// counts directly too, and the keys of a chord are predicted one after another from the lowest
// (a fully visible sigmoid belief net; Boulanger-Lewandowski et al. 2012 put such models of
// chords on a recurrent net):
//
//	h_t = Cells(x_t, h_{t-1})
//	P(key k sounds at t+1) = σ(h_t·Out.W + x_t·Skip + x_{t+1}·Below + Out.B)_k,  Below_jk = 0 for j ≥ k
type net struct {
	Cells rnn.Stack  `recur:"cells"`
	Out   *nn.Linear `recur:"out"`
	Skip  *grad.Var  `recur:"skip"`  // [Keys, Keys]
	Below *grad.Var  `recur:"below"` // [Keys, Keys], of which what is above the diagonal counts

	run rnn.Stack // Cells with their dropout
}

// New builds the net, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	n := new(net)
	in := Keys
	for i := range c.Layers {
		cell := c.Cell.New(r, in, c.Hidden)
		d := &rnn.Dropout{Cell: cell, In: c.Dropout}
		if i == 0 {
			d.In = c.DropoutInput
		}
		if i == c.Layers-1 {
			d.Out = c.Dropout
		}
		n.Cells, n.run = append(n.Cells, cell), append(n.run, d)
		in = c.Hidden
	}
	n.Out = nn.NewLinear(r, c.Hidden, Keys)
	n.Skip, n.Below = nn.Zeros(Keys, Keys), nn.Zeros(Keys, Keys)
	for k := range n.Out.B.Value.Data {
		n.Out.B.Value.Data[k] = -3 // few of the keys sound at a time
	}
	return n, nil
}

// scores are the log-odds of the keys that sound next [steps, batch, Keys], each given
// what sounds below it: next is [steps, batch, Keys].
func (n *net) scores(g *grad.Tape, x rnn.Seq, next *grad.Var) *grad.Var {
	y, _ := rnn.Dynamic(g, n.run, x, nil)
	return g.Add(n.head(g, y.X, x.X), g.Affine(next, g.Mul(n.Below, g.Const(above)), nil))
}

// head scores the keys by the output of the cells and what sounds now.
func (n *net) head(g *grad.Tape, h, x *grad.Var) *grad.Var {
	return g.Add(n.Out.Forward(g, h), g.Affine(x, n.Skip, nil))
}

// above is 1 above the diagonal.
var above = func() *tensor.Tensor {
	t := tensor.New(Keys, Keys)
	for j := range Keys {
		for k := j + 1; k < Keys; k++ {
			t.Data[j*Keys+k] = 1
		}
	}
	return t
}()
