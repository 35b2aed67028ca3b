package lm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/recur-go/recur/data/text"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/tensor"
)

// Sampling is how the next token is drawn: as seq2seq.Sampling has it, up to 500 tokens if
// Limit is 0, and with what follows.
type Sampling struct {
	seq2seq.Sampling
	Penalty       float64  // penalty of repetition: a positive score of a recent token is divided by it, a negative one multiplied (Keskar et al. 2019); 0 for 1
	PenaltyWindow int      // number of tokens that are recent; 0 for 64
	Stop          []string // texts that end the writing, which are not written
}

// Check returns an error for invalid settings.
func (s Sampling) Check() error {
	if err := s.Sampling.Check(); err != nil {
		return err
	}
	switch {
	case !(s.Penalty >= 0):
		return fmt.Errorf("the penalty is %v, want at least 0", s.Penalty)
	case s.PenaltyWindow < 0:
		return fmt.Errorf("the window of the penalty is %d, want at least 0", s.PenaltyWindow)
	case slices.Contains(s.Stop, ""):
		return errors.New("an empty text is everywhere: it cannot be a stop text")
	}
	return nil
}

// Generate goes on from prompt and yields the text piece by piece, as soon as it is
// sure: not half a character, nor what may turn out to be a Stop. It ends at a Stop, an
// end token of text in lines, the limit, when yield returns false, or with ctx.
//
// The state is a stream's, so a step costs the same however long the text.
func (m *Model) Generate(ctx context.Context, prompt string, s Sampling, yield func(piece string) bool) error {
	stream, g := rnn.NewStream(m.net.Cells), grad.Eval()
	e := m.net.Embed.W.Value
	width := e.Dim(1)
	return m.Continue(ctx, prompt, nil, s, func(id int) ([]tensor.Float, error) {
		y := stream.Push(e.Data[id*width : (id+1)*width])
		g.Reset()
		row := g.Zeros(1, len(y))
		copy(row.Value.Data, y)
		return m.net.head(g, row).Value.Data, nil
	}, yield)
}

// Continue is Generate where another keeps the state, such as a session of m's Runner: step
// reads a token and returns the scores of the next one, which are good until it is called again.
// A text that has begun goes on after scores, the last that step returned; they are nil for a
// new one. An error of step ends it.
func (m *Model) Continue(ctx context.Context, prompt string, scores []tensor.Float, s Sampling, step func(id int) ([]tensor.Float, error), yield func(piece string) bool) error {
	if err := s.Check(); err != nil {
		return err
	}
	begun := scores != nil
	w := &writer{m: m, s: s, rand: rand.New(rand.NewPCG(s.Seed, 1)), step: step}
	ids := m.Codec.Encode(prompt)
	if len(ids) == 0 && !begun {
		ids = []int{m.opening()}
	}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if scores, err = w.push(id); err != nil {
			return err
		}
	}
	limit := cmp.Or(s.Limit, 500)
	decoder, held := text.NewDecoder(m.Codec), ""
	if m.Codec.Kind == text.Words || m.Codec.Kind == text.Space {
		if begun {
			decoder.Next(text.Unknown)
		}
		for _, id := range m.Codec.Encode(prompt) {
			decoder.Next(id) // so that the first word has its space
		}
	}
	for range limit {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := w.draw(scores)
		if id == text.End {
			break
		}
		held += decoder.Next(id)
		if at, ok := firstOf(held, s.Stop); ok {
			if at > 0 {
				yield(held[:at])
			}
			return nil
		}
		sure := len(held) - beginning(held, s.Stop)
		if sure > 0 && !yield(held[:sure]) {
			return nil
		}
		held = held[sure:]
		var err error
		if scores, err = w.push(id); err != nil {
			return err
		}
	}
	if held += decoder.Rest(); held != "" {
		yield(held)
	}
	return nil
}

// opening is what a text without prompt begins after: the end of a line.
func (m *Model) opening() int {
	if m.Lines {
		return text.End
	}
	if ids := m.Codec.Encode("\n"); len(ids) > 0 {
		return ids[0]
	}
	return text.Unknown
}

// A writer is a text that is being written.
type writer struct {
	m       *Model
	s       Sampling
	rand    *rand.Rand
	step    func(id int) ([]tensor.Float, error)
	written []int
	order   []candidate
}

// A candidate is a token with its score, later its probability.
type candidate struct {
	id int
	p  float64
}

// push reads a token and scores what comes next.
func (w *writer) push(id int) ([]tensor.Float, error) {
	w.written = append(w.written, id)
	return w.step(id)
}

func (w *writer) draw(scores []tensor.Float) int {
	w.order = w.order[:0]
	for id, v := range scores {
		if id == text.Start || id == text.Unknown || id == text.End && !w.m.Lines {
			continue // which no text has
		}
		w.order = append(w.order, candidate{id, float64(v)})
	}
	w.penalise()
	slices.SortFunc(w.order, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.id, b.id)) })
	if w.s.Temperature < 0 {
		return w.order[0].id
	}
	heat := cmp.Or(w.s.Temperature, 1)
	if w.s.TopK > 0 {
		w.order = w.order[:min(w.s.TopK, len(w.order))]
	}
	sum, top := 0.0, w.order[0].p
	for i := range w.order {
		c := &w.order[i]
		c.p = math.Exp((c.p - top) / heat)
		sum += c.p
	}
	if w.s.TopP > 0 {
		most, kept := w.s.TopP*sum, 0.0
		for i, c := range w.order {
			if kept += c.p; kept >= most {
				w.order, sum = w.order[:i+1], kept
				break
			}
		}
	}
	at := w.rand.Float64() * sum
	for _, c := range w.order {
		if at -= c.p; at < 0 {
			return c.id
		}
	}
	return w.order[len(w.order)-1].id
}

func (w *writer) penalise() {
	if w.s.Penalty == 0 || w.s.Penalty == 1 {
		return
	}
	late := w.written[max(0, len(w.written)-cmp.Or(w.s.PenaltyWindow, 64)):]
	for i := range w.order {
		c := &w.order[i]
		switch {
		case !slices.Contains(late, c.id):
		case c.p > 0:
			c.p /= w.s.Penalty
		default:
			c.p *= w.s.Penalty
		}
	}
}

// firstOf is where the first of the stops stands in s.
func firstOf(s string, stops []string) (at int, ok bool) {
	at = len(s)
	for _, stop := range stops {
		if i := strings.Index(s, stop); i >= 0 && i < at {
			at, ok = i, true
		}
	}
	return at, ok
}

// beginning is the length of the longest end of s that a stop begins with.
func beginning(s string, stops []string) (n int) {
	for _, stop := range stops {
		for k := min(len(stop)-1, len(s)); k > n; k-- {
			if strings.HasSuffix(s, stop[:k]) {
				n = k
			}
		}
	}
	return n
}
