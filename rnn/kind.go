package rnn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/internal/setting"
)

// A Kind names a cell with its options in configs and on command lines.
type Kind string

// The kinds that tasks are made of most often; Kinds has them all.
const (
	KindBasic Kind = "basic"
	KindReLU  Kind = "relu" // Basic with ReLU
	KindLSTM  Kind = "lstm"
	KindGRU   Kind = "gru"
)

var named = map[Kind]any{} // options

// RegisterKind gives options of a registered cell a name, so that tasks can be made of it.
// The cell must take inputs of any width and have one of hidden units for its output. Call
// it from init, after Register.
func RegisterKind(k Kind, options any) {
	if _, err := (Config{Options: options}).kind(); err != nil || named[k] != nil {
		panic(fmt.Sprintf("rnn: the kind %q is taken, or its cell is not registered", k))
	}
	named[k] = options
}

// Kinds lists all kinds in the order of the alphabet.
func Kinds() []Kind { return slices.Sorted(maps.Keys(named)) }

// Config is the kind with so many units. It panics if there is no such kind: see Check.
func (k Kind) Config(hidden int) Config {
	if named[k] == nil {
		panic(k.Check())
	}
	return Config{hidden, named[k]}
}

// New makes a cell of the kind. It panics if there is no such kind: see Check.
func (k Kind) New(r *rand.Rand, in, hidden int) Cell { return k.Config(hidden).New(r, in) }

// Check returns an error that lists the kinds if k is none of them.
func (k Kind) Check() error {
	if named[k] != nil {
		return nil
	}
	return setting.Unknown("cell", k, Kinds())
}
