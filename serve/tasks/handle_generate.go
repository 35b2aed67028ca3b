package tasks

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/tensor"
)

type generateQuery struct {
	Model       string   `json:"model"`
	Prompt      string   `json:"prompt"`
	Session     string   `json:"session"` // text that goes on from request to request
	Stream      bool     `json:"stream"`
	MaxTokens   int      `json:"max_tokens"`
	Temperature *float64 `json:"temperature"` // 0 is the likeliest token always
	TopK        int      `json:"top_k"`
	TopP        float64  `json:"top_p"`
	Seed        uint64   `json:"seed"`
	Penalty     float64  `json:"repetition_penalty"`
	Stop        stops    `json:"stop"`
}

// stops are a text or a list of texts.
type stops []string

func (s *stops) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*s = stops{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// sampling is how q asks to draw.
func (q *generateQuery) sampling() (how lm.Sampling, err error) {
	how = lm.Sampling{Sampling: seq2seq.Sampling{TopK: q.TopK, TopP: q.TopP, Limit: q.MaxTokens, Seed: q.Seed}, Penalty: q.Penalty, Stop: q.Stop}
	if q.Temperature != nil {
		if how.Temperature = heat(*q.Temperature); *q.Temperature < 0 {
			return how, invalid("temperature is %v, want at least 0", *q.Temperature)
		}
	}
	if err := checkSampling(how); err != nil {
		return how, err
	}
	if len(how.Stop) > 64 {
		return how, invalid("there are %d stop texts, want at most 64", len(how.Stop))
	}
	return how, nil
}

type generatedJSON struct {
	Model   string `json:"model"`
	Text    string `json:"text"`
	Session string `json:"session,omitempty"`
	Steps   uint64 `json:"steps,omitempty"` // tokens of the session until now
}

// generate is for POST /v1/generate.
func (h *handler) generate(w http.ResponseWriter, r *http.Request, body []byte) error {
	q := new(generateQuery)
	if err := decode(body, q, h.s.MaxDepth()); err != nil {
		return err
	}
	m, t, err := find(h, q.Model, "generate", func(*lm.Model) bool { return true })
	if err != nil {
		return err
	}
	holder := h.s.Holder(r.Context(), m, q.Session)
	if of, ok := holder.Task.(*lm.Model); ok {
		m, t = holder, of
	}
	how, err := q.sampling()
	if err != nil {
		return err
	}
	ctx := r.Context()
	if !q.Stream {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, h.s.Timeout())
		defer cancel()
	}
	var scores []tensor.Float
	step := alone(ctx, m.Sessions.Model())
	text := &kept{h: h, m: m, id: q.Session, x: make([]byte, 8)}
	if q.Session != "" {
		if scores, err = text.resume(ctx); err != nil {
			return err
		}
		step = func(id int) ([]tensor.Float, error) { return text.step(ctx, id) }
	}
	if q.Stream {
		return h.events(ctx, w, q, m, func(emit func(string) error) error {
			return write(ctx, t, q.Prompt, scores, how, step, emit)
		}, text)
	}
	var b strings.Builder
	if err := write(ctx, t, q.Prompt, scores, how, step, func(s string) error { b.WriteString(s); return nil }); err != nil {
		return err
	}
	return tell(w, generatedJSON{m.Name, b.String(), q.Session, text.steps})
}

// events sends the pieces of a text as server-sent events, and then that it is done.
func (h *handler) events(ctx context.Context, w http.ResponseWriter, q *generateQuery, m *serve.Model, write func(emit func(string) error) error, text *kept) error {
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{})
	begun := false
	send := func(v any) error {
		if !begun {
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			begun = true
		}
		b, err := encode(v)
		if err != nil {
			return err
		}
		c.SetWriteDeadline(time.Now().Add(h.s.Timeout()))
		if _, err := w.Write(append(append([]byte("data: "), b...), "\n\n"...)); err != nil {
			return gone(err)
		}
		return gone(c.Flush())
	}
	err := write(func(s string) error {
		select {
		case <-h.s.Drained():
			return &serve.Error{Class: serve.Unavailable, Code: "draining", Text: "the server is about to end"}
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
		return send(map[string]string{"text": s})
	})
	switch {
	case err == nil:
		done := map[string]any{"done": true, "model": m.Name}
		if q.Session != "" {
			done["session"], done["steps"] = q.Session, text.steps
		}
		return send(done)
	case !begun:
		return err
	}
	send(errorOf(err))
	return nil
}

// kept is a text whose state a session keeps.
type kept struct {
	h     *handler
	m     *serve.Model
	id    string
	steps uint64
	resp  serve.Response
	x     []byte
	y     []tensor.Float
}

// resume returns what the last step of the session gave, nil if there has been none.
func (k *kept) resume(ctx context.Context) ([]tensor.Float, error) {
	name, err := k.h.s.SessionName(ctx, k.id)
	if err != nil {
		return nil, err
	}
	info, err := k.m.Sessions.Info(ctx, name)
	switch {
	case errors.Is(err, session.ErrNotFound):
		return nil, nil
	case err != nil || info.Steps == 0:
		return nil, err
	}
	k.steps = info.Steps - 1 // that step is asked for again
	y, err := k.step(ctx, 0)
	return y, err
}

// step does the next step. Another that goes on with the session at once gets an error.
func (k *kept) step(ctx context.Context, id int) ([]tensor.Float, error) {
	binary.LittleEndian.PutUint64(k.x, uint64(id))
	req := serve.Request{
		Model: k.m.Name, Version: k.m.Version, Session: k.id, Step: k.steps + 1,
		Inputs: []serve.Value{{Name: "ids", Datatype: serve.INT64, Shape: []int64{1, 1}, Data: k.x}},
	}
	if err := k.h.s.Infer(ctx, &req, &k.resp); err != nil {
		return nil, err
	}
	k.steps++
	k.y = k.resp.Outputs[0].Floats(k.y[:0])
	return k.y, nil
}
