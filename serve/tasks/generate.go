package tasks

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/tensor"
)

// maxTokens is the most tokens of a request.
const maxTokens = 100_000

// generator writes for requests of the protocol. Their parameters are max_tokens, temperature,
// top_k, top_p, seed, repetition_penalty and stop.
func generator(m *serve.Model, t *lm.Model) func(ctx context.Context, g serve.Generation, emit func(serve.Piece) error) error {
	return func(ctx context.Context, g serve.Generation, emit func(serve.Piece) error) error {
		how, err := samplingOf(g.Parameters)
		if err != nil {
			return err
		}
		sm := m.Sessions.Model()
		return write(ctx, t, g.Text, nil, how, alone(ctx, sm), func(text string) error { return emit(serve.Piece{Text: text}) })
	}
}

// alone steps a session of its own, together with those of others.
func alone(ctx context.Context, sm *session.Model) func(id int) ([]tensor.Float, error) {
	s := sm.New()
	var y []tensor.Float
	x := make([]tensor.Float, 1)
	return func(id int) (_ []tensor.Float, err error) {
		x[0] = tensor.Float(id)
		y, err = sm.Step(ctx, s, y, x)
		return y, err
	}
}

// write goes on with a text; an error of emit ends it.
func write(ctx context.Context, t *lm.Model, prompt string, scores []tensor.Float, how lm.Sampling, step func(id int) ([]tensor.Float, error), emit func(text string) error) error {
	if err := checkSampling(how); err != nil {
		return err
	}
	if how.Limit > maxTokens {
		return &serve.Error{Class: serve.Invalid, Text: fmt.Sprintf("max_tokens is %d, but at most %d are written for a request; go on with another", how.Limit, maxTokens)}
	}
	var failed error
	err := t.Continue(ctx, prompt, scores, how, step, func(piece string) bool {
		failed = emit(piece)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// samplingOf reads the parameters of a request for text.
func samplingOf(list []serve.Parameter) (how lm.Sampling, err error) {
	for _, p := range list {
		var n float64
		number := true
		switch v := p.Value.(type) {
		case int64:
			n = float64(v)
		case uint64:
			n = float64(v)
		case float64:
			n = v
		default:
			number = false
		}
		wrong := func(want string) error {
			return &serve.Error{Class: serve.Invalid, Text: fmt.Sprintf("parameter %q is %v, want %s", p.Name, p.Value, want)}
		}
		switch p.Name {
		case "stop":
			switch v := p.Value.(type) {
			case string:
				how.Stop = []string{v}
			case []string:
				how.Stop = v
			default:
				return how, wrong("a text or a list of texts")
			}
			continue
		case "max_tokens", "temperature", "top_k", "top_p", "seed", "repetition_penalty":
			if !number || n != n || n < -1 || n > 1<<53 {
				return how, wrong("a number")
			}
		default:
			continue // for other servers
		}
		switch p.Name {
		case "max_tokens":
			how.Limit = int(min(n, 1<<30))
		case "temperature":
			how.Temperature = heat(n)
		case "top_k":
			how.TopK = int(min(n, 1<<30))
		case "top_p":
			how.TopP = n
		case "seed":
			how.Seed = uint64(max(n, 0))
		case "repetition_penalty":
			how.Penalty = n
		}
	}
	return how, nil
}

// checkSampling names settings as requests do.
func checkSampling(how lm.Sampling) error {
	switch {
	case how.Limit < 0:
		return invalid("max_tokens is %d, want at least 0", how.Limit)
	case how.TopK < 0:
		return invalid("top_k is %d, want at least 0", how.TopK)
	case !(how.TopP >= 0 && how.TopP <= 1):
		return invalid("top_p is %v, want 0 to 1", how.TopP)
	}
	if err := how.Check(); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// heat is a temperature as seq2seq.Sampling has it: 0 is the likeliest token, as elsewhere.
func heat(t float64) float64 {
	if t == 0 {
		return -1
	}
	return t
}
