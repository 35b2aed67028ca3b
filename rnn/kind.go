package rnn

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Kind names a cell in configs and on command lines.
type Kind string

// The kinds that a task can be made of. Each has its default options.
const (
	KindBasic   Kind = "basic"
	KindReLU    Kind = "relu" // Basic with ReLU
	KindLSTM    Kind = "lstm"
	KindGRU     Kind = "gru"
	KindMinGRU  Kind = "mingru"
	KindMinLSTM Kind = "minlstm"
	KindIndRNN  Kind = "indrnn"
	KindSRU     Kind = "sru"
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{KindLSTM, KindGRU, KindBasic, KindReLU, KindMinGRU, KindMinLSTM, KindIndRNN, KindSRU}
}

// New makes a cell of the kind. It panics if there is no such kind: see Check.
func (k Kind) New(r *rand.Rand, in, hidden int) Cell {
	switch k {
	case KindBasic:
		return NewBasic(r, in, hidden)
	case KindReLU:
		return BasicOptions{Activation: ReLU}.New(r, in, hidden)
	case KindLSTM:
		return NewLSTM(r, in, hidden)
	case KindGRU:
		return NewGRU(r, in, hidden)
	case KindMinGRU:
		return NewMinGRU(r, in, hidden)
	case KindMinLSTM:
		return NewMinLSTM(r, in, hidden)
	case KindIndRNN:
		return NewIndRNN(r, in, hidden)
	case KindSRU:
		return NewSRU(r, in, hidden)
	}
	panic(k.Check())
}

// Check returns an error that lists the kinds if k is none of them.
func (k Kind) Check() error {
	var names []string
	for _, known := range Kinds() {
		if k == known {
			return nil
		}
		names = append(names, string(known))
	}
	return fmt.Errorf("rnn: there is no cell %q; there are %s", string(k), strings.Join(names, ", "))
}

// CountParams is the number of values in the parameters of the cell that New makes.
func (k Kind) CountParams(in, hidden int) int {
	switch k {
	case KindBasic, KindReLU:
		return hidden * (in + hidden + 1)
	case KindLSTM:
		return 4 * hidden * (in + hidden + 1)
	case KindGRU:
		return hidden * (3*(in+hidden+1) + 1)
	case KindMinGRU:
		return 2 * hidden * (in + 1)
	case KindMinLSTM:
		return 3 * hidden * (in + 1)
	case KindIndRNN:
		return hidden * (in + 2)
	case KindSRU:
		parts := 3
		if in != hidden {
			parts = 4
		}
		return hidden * (parts*in + 2)
	}
	panic(k.Check())
}
