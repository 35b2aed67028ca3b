// Package session keeps the state of a recurrent model for each of many sessions, apart
// from the model that steps them.
//
// A Runner is what steps: it has no state of its own and is shared. A Model puts the steps
// that many callers ask for at once into batches, which never changes an answer. A Session
// is floats and a count. A Table holds sessions by name, with a time to live, a maximum and
// a Store that they are kept in.
//
//	runner, err := rnn.NewRunner(cell, rnn.Single)
//	model := session.New(runner, session.Options{})
//	store, err := session.OpenFolder("sessions", session.FolderOptions{})
//	table := session.NewTable(model, session.TableOptions{TTL: time.Hour, Store: store, Save: session.SaveEach})
//	y, err := table.Step(ctx, "kitchen", 0, nil, x) // makes the session if it is not there
//	err = errors.Join(table.Close(ctx), store.Close())
//
// Runners are made by package rnn of any cell, by model/graph of networks, by interchange/onnx
// of files with states, and by the packages of tasks of their models. Package serve answers
// requests for sessions over the network.
package session

import (
	"context"

	"github.com/recur-go/recur/tensor"
)

// Float is tensor.Float.
type Float = tensor.Float

// A Runner steps rows, each of a session of its own, together. It is never changed by that,
// and goroutines may share it. Package rnn makes one of any cell.
type Runner interface {
	// In and Out are the numbers of values of an input and of an output of one step. A model
	// of several tensors has them one behind the other.
	In() int
	Out() int

	// StateSizes are the widths of the entries of a session's state.
	StateSizes() []int

	// ID names what a state means: it is the same for models whose sessions can go on in
	// one another, such as two trainings of one network, and differs where the widths or the
	// layout of the state do.
	ID() [32]byte

	// Step does one step of each of the rows: it reads x [rows, In], writes y [rows, Out],
	// and replaces each states[i] [rows, StateSizes()[i]] by the next. What one row holds,
	// NaN too, never changes another: a row gets the bits that it would get alone. After
	// an error y and states are undefined.
	Step(ctx context.Context, rows int, x, y []Float, states [][]Float) error
}

// A Starter is a Runner whose sessions do not start from zeros. First fills one row of each
// entry of the state.
type Starter interface {
	Runner
	First(states [][]Float)
}
