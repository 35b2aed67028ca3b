// Package speed times recurrent layers on the shapes that recur is compared on.
package speed

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
)

// A Point is what is timed: a layer of a cell over a batch of sequences.
type Point struct {
	Cell   string `json:"cell"` // rnn, gru or lstm
	Mode   string `json:"mode"` // forward or train
	Batch  int    `json:"batch"`
	Steps  int    `json:"steps"`
	Input  int    `json:"input"`
	Hidden int    `json:"hidden"`
	Ragged bool   `json:"ragged"` // lengths from 1 to Steps, evenly
	Dtype  string `json:"dtype"`  // type of the weights: float32, or forward float16 and int8
}

var precisions = map[string]rnn.Precision{"float32": rnn.Single, "float16": rnn.Half, "int8": rnn.Int8}

func (p Point) String() string {
	s := fmt.Sprintf("%s %s %d,%d,%d,%d", p.Cell, p.Mode, p.Batch, p.Steps, p.Input, p.Hidden)
	if p.Ragged {
		s += " ragged"
	}
	if p.Dtype != "float32" {
		s += " " + p.Dtype
	}
	return s
}

// A Shape is batch, steps, inputs, hidden units.
type Shape struct{ Batch, Steps, Input, Hidden int }

// Grid is the cells, modes and shapes of the comparison in bench/.
var Grid struct {
	Cells, Modes []string
	Shapes       []Shape
}

//go:embed grid.json
var grid []byte

func init() {
	if err := json.Unmarshal(grid, &Grid); err != nil {
		panic(err)
	}
}

// Lengths is how many steps each row has, nil for all of them.
func (p Point) Lengths() (lengths []int) {
	if p.Ragged {
		for b := range p.Batch {
			lengths = append(lengths, 1+b*p.Steps/p.Batch)
		}
	}
	return lengths
}

// ValidSteps is the steps of all rows together.
func (p Point) ValidSteps() int {
	if !p.Ragged {
		return p.Batch * p.Steps
	}
	n := 0
	for _, l := range p.Lengths() {
		n += l
	}
	return n
}

var gates = map[string]int{"rnn": 1, "gru": 3, "lstm": 4}

// Flops counts the products: twice the multiplications of x·Wx and h·Wh in every
// valid step, and in training three times that, for the gradients of the states and
// inputs and those of the weights.
func (p Point) Flops() float64 {
	f := 2 * float64(p.ValidSteps()) * float64(gates[p.Cell]*p.Hidden) * float64(p.Hidden+p.Input)
	if p.Mode == "train" {
		f *= 3
	}
	return f
}

// Runner makes what is timed: a forward pass of the frozen layer; a step of a stream
// for a batch and steps of 1; or a training step, which is the forward pass and the
// gradients of all weights and of the input. bytes is the memory of values and
// gradients so far, nil for a stream.
func (p Point) Runner() (run func(), bytes func() int, err error) {
	if p.Batch < 1 || p.Steps < 1 || p.Input < 1 || p.Hidden < 1 {
		return nil, nil, fmt.Errorf("%v: batch, steps, input and hidden are at least 1", p)
	}
	if p.Mode != "forward" && p.Mode != "train" {
		return nil, nil, fmt.Errorf("there is no mode %q: forward, train", p.Mode)
	}
	weights, ok := precisions[p.Dtype]
	if !ok || p.Mode == "train" && weights != rnn.Single {
		return nil, nil, fmt.Errorf("%v: weights are float32, or in a forward pass float16 or int8", p)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var c rnn.Cell
	switch p.Cell {
	case "rnn":
		c = rnn.NewBasic(r, p.Input, p.Hidden)
	case "gru":
		c = rnn.NewGRU(r, p.Input, p.Hidden)
	case "lstm":
		c = rnn.NewLSTM(r, p.Input, p.Hidden)
	default:
		return nil, nil, fmt.Errorf("there is no cell %q: rnn, gru, lstm", p.Cell)
	}
	x := rnn.Seq{X: nn.Normal(r, 1, p.Steps, p.Batch, p.Input), Len: p.Lengths()}
	g := grad.Eval()
	frozen, err := rnn.Freeze(c, weights)
	switch {
	case err != nil:
		return nil, nil, err
	case p.Mode == "train":
		g = grad.New()
		run = func() {
			g.Reset()
			y, _ := rnn.Dynamic(g, c, x, nil)
			g.Backward(y.X) // from a gradient of ones
		}
	case p.Batch == 1 && p.Steps == 1:
		st := rnn.NewStream(frozen)
		return func() { st.Push(x.X.Value.Data) }, nil, nil
	default:
		run = func() {
			g.Reset()
			rnn.Dynamic(g, frozen, x, nil)
		}
	}
	return run, g.Bytes, nil
}
