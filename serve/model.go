package serve

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/recur-go/recur/session"
)

// A Tensor is what a model takes or gives. A dimension of -1 is any.
type Tensor struct {
	Name     string
	Datatype Datatype
	Shape    []int64
}

// A Model is a model that is served. It has sessions, or answers requests by themselves, or
// both. It is not changed once it was added to a Server.
type Model struct {
	Name     string
	Version  string // digits; default "1"
	Platform string // default "recur_rnnv1"

	// Inputs and Outputs are its tensors. Of a model with sessions the first dimension is that
	// of a batch, which is 1 in a request; the values of all inputs one behind the other are
	// the input of a step, and so are the outputs. Left out, they are "x" and "y" of FP32.
	Inputs, Outputs []Tensor

	// Sessions are the sessions of a model that keeps state, nil for one that does not.
	Sessions *session.Table

	// ImplicitStart lets the first request of a sequence do without its START flag.
	ImplicitStart bool

	// Infer answers a request that names no session. Its outputs are in the order of Outputs.
	// The inputs are gone once it returns.
	Infer func(ctx context.Context, in []Value) ([]Value, error)

	// Generate writes text, piece by piece, by emit. It ends when emit returns an error, and
	// returns that.
	Generate func(ctx context.Context, g Generation, emit func(Piece) error) error

	// MaxBatch is the largest first dimension that Infer takes, for clients that ask; 0 tells
	// them that it has no batches.
	MaxBatch int

	// Task is the model of a task behind it, such as a *lm.Model, for handlers that know it.
	Task any

	// Stateless tells why a model has no sessions, for people; "" if it needs no reason.
	Stateless string

	since   time.Time // when it was added
	stats   stats
	retired atomic.Bool
	uses    atomic.Int64 // requests and sessions of connections that are about to ask it
}

// A Generation is a request for text.
type Generation struct {
	Text       string      // text_input
	Parameters []Parameter // what else the request had, such as max_tokens
	Stream     bool        // the client wants pieces as they come
}

// A Piece is a part of the text that Generate makes.
type Piece struct {
	Text       string
	Parameters []Parameter // more fields of the answer
}

// A Parameter is a member of a request's or an answer's parameters.
type Parameter struct {
	Name  string
	Value any // string, int64, uint64, float64 or bool
}

// OnBatch counts a batch of the model's sessions: give it to session.Options.
func (m *Model) OnBatch(b session.Batch) { m.stats.batch(b.Rows, b.Took) }

// prepare fills what is left out and checks the rest.
func (m *Model) prepare() error {
	if m.Version == "" {
		m.Version = "1"
	}
	if m.Platform == "" {
		m.Platform = "recur_rnnv1"
	}
	if err := validModelName(m.Name); err != nil {
		return err
	}
	if _, err := strconv.ParseUint(m.Version, 10, 63); err != nil || m.Version[0] == '0' || m.Version[0] == '+' {
		return fmt.Errorf("serve: model %s: a version is a number from 1 on, not %q", m.Name, m.Version)
	}
	if m.Sessions == nil && m.Infer == nil && m.Generate == nil {
		return fmt.Errorf("serve: model %s has neither Sessions nor Infer nor Generate", m.Name)
	}
	if m.Sessions != nil {
		sm := m.Sessions.Model()
		if m.Inputs == nil {
			m.Inputs = []Tensor{{"x", FP32, []int64{-1, int64(sm.In())}}}
		}
		if m.Outputs == nil {
			m.Outputs = []Tensor{{"y", FP32, []int64{-1, int64(sm.Out())}}}
		}
		if err := m.checkWidths("inputs", m.Inputs, sm.In()); err != nil {
			return err
		}
		if err := m.checkWidths("outputs", m.Outputs, sm.Out()); err != nil {
			return err
		}
	}
	for _, set := range [][]Tensor{m.Inputs, m.Outputs} {
		seen := map[string]bool{}
		for _, t := range set {
			switch {
			case !t.Datatype.known():
				return fmt.Errorf("serve: model %s: tensor %q has the datatype %q, which there is not", m.Name, t.Name, t.Datatype)
			case t.Name == "" || seen[t.Name]:
				return fmt.Errorf("serve: model %s: two tensors have the name %q, or one has none", m.Name, t.Name)
			}
			seen[t.Name] = true
		}
	}
	return nil
}

// checkWidths checks the tensors of a model with sessions against the width of its rows.
func (m *Model) checkWidths(what string, tensors []Tensor, want int) error {
	width := 0
	for _, t := range tensors {
		n, ok := 0, false
		if len(t.Shape) > 0 && (t.Shape[0] == -1 || t.Shape[0] == 1) {
			n, ok = Count(t.Shape[1:])
		}
		if !ok {
			return fmt.Errorf("serve: model %s: tensor %q has the shape %v; with sessions the first dimension is -1 or 1 and the others are fixed", m.Name, t.Name, t.Shape)
		}
		if t.Datatype == BYTES {
			return fmt.Errorf("serve: model %s: tensor %q is of BYTES, but a session takes numbers", m.Name, t.Name)
		}
		width += n
	}
	if width != want {
		return fmt.Errorf("serve: model %s: its %s have %d values in all, but a step has %d", m.Name, what, width, want)
	}
	return nil
}

func validModelName(s string) error {
	if s == "" || len(s) > 256 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r == '/' || unicode.IsControl(r) }) || s == "." || s == ".." {
		return fmt.Errorf("serve: %s is no name for a model: it has 1 to 256 bytes of text without slashes", quoted(s))
	}
	return nil
}

// validSession checks the name of a session that a client gave.
func validSession(id string) error {
	switch {
	case id == "":
		return errorf(Invalid, "the name of a session is empty")
	case len(id) > 256:
		return errorf(Invalid, "the name of a session has %d bytes, but at most 256 are allowed", len(id))
	case !utf8.ValidString(id):
		return errorf(Invalid, "the name of a session is not UTF-8")
	}
	for _, r := range id {
		if unicode.IsControl(r) {
			return errorf(Invalid, "the name of a session has a control character")
		}
	}
	return nil
}

var errDuplicate = errors.New("there is such a model already")
