package rnn

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/nn"
)

// Configs describe a stack of cells, each fed by the one before.
type Configs []Config

// ConfigsOf describes a cell, or each cell of a Stack. Dropout is passed over, and weights
// that are normalised at every step are plain ones from there on, as a method Plain makes
// them. It is an error if the type of a cell is not registered.
func ConfigsOf(c Cell) (Configs, error) {
	switch c := c.(type) {
	case Stack:
		var list Configs
		for _, part := range c {
			more, err := ConfigsOf(part)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
		return list, nil
	case *Dropout:
		return ConfigsOf(c.Cell)
	case interface{ Plain() *LSTM }:
		return ConfigsOf(c.Plain())
	}
	one, err := ConfigOf(c)
	return Configs{one}, err
}

// Check refuses invalid configs for inputs in wide.
func (l Configs) Check(in int) error {
	_, _, _, err := l.Plan(in)
	return err
}

// Plan is Check, and gives the widths of the output and of the entries of the state, and
// the number of values in the parameters. It makes the cells one at a time.
func (l Configs) Plan(in int) (out int, state []int, params int, err error) {
	if len(l) == 0 {
		return 0, nil, 0, errors.New("a recurrent layer without cells")
	}
	out = in
	for i, c := range l {
		cell, err := c.blank(out)
		if err != nil {
			return 0, nil, 0, fmt.Errorf("cell %d: %w", i, err)
		}
		_, out, _ = Widths(cell)
		state = append(state, cell.StateSize()...)
		if params += nn.Count(nn.Params(cell)); params < 0 {
			return 0, nil, 0, fmt.Errorf("cell %d: too many parameters", i)
		}
	}
	return out, state, params, nil
}

// New makes the cells, one by itself or a Stack.
func (l Configs) New(r *rand.Rand, in int) Cell {
	var k Stack
	for i, c := range l {
		if k = append(k, c.New(r, in)); i < len(l)-1 {
			_, in, _ = Widths(k[i])
		}
	}
	if len(k) == 1 {
		return k[0]
	}
	return k
}
