package serve

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// generate is for POST /v2/models/{m}/generate and …/generate_stream.
func (x *exchange) generate(m *Model, stream bool) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if m.Generate == nil {
		return errorf(Unsupported, "model %s does not generate; ask it by infer", quoted(m.Name))
	}
	if err := x.read(); err != nil {
		return err
	}
	g := Generation{Stream: stream}
	id, err := x.generation(&g)
	if err != nil {
		m.stats.fail.add(1, 0)
		return err
	}
	if stream {
		return x.events(m, id, g)
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.s.options.Timeout)
	defer cancel()
	var text strings.Builder
	var fields []Parameter
	err = x.s.Generate(ctx, m, g, func(p Piece) error {
		text.WriteString(p.Text)
		fields = merge(fields, p.Parameters)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	x.out, err = appendPiece(x.out[:0], m, id, Piece{text.String(), fields})
	if err != nil {
		return err
	}
	x.w.Header()["Content-Type"] = ofJSON
	return x.send(http.StatusOK)
}

// Generate has a model with Generate write, and counts that in its statistics.
func (s *Server) Generate(ctx context.Context, m *Model, g Generation, emit func(Piece) error) (err error) {
	began := s.options.Now()
	m.stats.pending.Add(1)
	defer func() {
		m.stats.pending.Add(-1)
		now := s.options.Now()
		m.stats.request(now, now.Sub(began), err)
		if err == nil {
			m.stats.batch(1, now.Sub(began))
		}
	}()
	return m.Generate(ctx, g, emit)
}

// events sends the pieces as server-sent events. An error after the first is one too.
func (x *exchange) events(m *Model, id string, g Generation) error {
	c := http.NewResponseController(x.w)
	c.SetReadDeadline(time.Time{}) // net/http reads on, to see whether the client has gone
	event := func() error {
		if x.status == 0 {
			x.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			x.status = http.StatusOK
			x.w.WriteHeader(http.StatusOK)
		}
		c.SetWriteDeadline(time.Now().Add(x.s.options.Timeout))
		x.out = append(x.out, "\n\n"...)
		if _, err := x.w.Write(x.out); err != nil {
			return &Error{Class: Cancelled, Text: "the client has gone", Err: err}
		}
		return c.Flush()
	}
	err := x.s.Generate(x.r.Context(), m, g, func(p Piece) error {
		select {
		case <-x.s.drained:
			return errDraining
		case <-x.r.Context().Done():
			return context.Cause(x.r.Context())
		default:
		}
		var err error
		if x.out, err = appendPiece(append(x.out[:0], "data: "...), m, id, p); err != nil {
			return err
		}
		return event()
	})
	if err != nil && x.status != 0 && !errors.Is(err, context.Canceled) {
		x.out = appendError(append(x.out[:0], "data: "...), AsError(err))
		event()
	}
	if err == nil && x.status == 0 { // no pieces
		x.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		return x.empty(http.StatusOK)
	}
	return err
}

var errDraining = &Error{Class: Unavailable, Text: "the server is about to end", Code: "draining"}

// merge sets fields in place of those of the same name.
func merge(all, more []Parameter) []Parameter {
next:
	for _, p := range more {
		for i := range all {
			if all[i].Name == p.Name {
				all[i] = p
				continue next
			}
		}
		all = append(all, p)
	}
	return all
}

// appendPiece appends a piece as the object that a client gets.
func appendPiece(b []byte, m *Model, id string, p Piece) ([]byte, error) {
	b = append(b, '{')
	if id != "" {
		b = append(appendString(append(b, `"id":`...), id), ',')
	}
	b = appendString(append(b, `"model_name":`...), m.Name)
	b = appendString(append(b, `,"model_version":`...), m.Version)
	b = appendString(append(b, `,"text_output":`...), p.Text)
	for _, f := range p.Parameters {
		b = append(appendString(append(b, ','), f.Name), ':')
		switch v := f.Value.(type) {
		case string:
			b = appendString(b, v)
		case bool:
			b = strconv.AppendBool(b, v)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case uint64:
			b = strconv.AppendUint(b, v, 10)
		case float64:
			var err error
			if b, err = appendNumber(b, v, 64); err != nil {
				return b, err
			}
		default:
			b = append(b, "null"...)
		}
	}
	return append(b, '}'), nil
}

// generation reads the body as a request for text: text_input, and what else there is as
// parameters, in an object of that name or beside the text.
func (x *exchange) generation(g *Generation) (id string, err error) {
	s := &x.scan
	*s = scanner{b: x.body, depth: x.s.options.MaxDepth, keys: s.keys[:0]}
	d := decoder{x: x}
	there := false
	add := func(key []byte) error {
		if s.next() == '[' { // such as stop
			var texts []string
			p := Parameter{Name: string(key)}
			err := s.array("a parameter", func(int) error {
				t, err := s.string("an element of parameter " + quoted(p.Name))
				texts = append(texts, string(t))
				return err
			})
			p.Value = texts
			g.Parameters = merge(g.Parameters, []Parameter{p})
			return err
		}
		if s.null() {
			return nil
		}
		p, err := d.parameter(key)
		g.Parameters = merge(g.Parameters, []Parameter{p})
		return err
	}
	err = s.object("the request", func(key []byte) error {
		switch string(key) {
		case "text_input":
			t, err := s.string("text_input")
			g.Text, there = string(t), true
			return err
		case "id":
			t, err := s.string("the id")
			id = string(t)
			return err
		case "parameters":
			return s.object("parameters", add)
		}
		return add(key)
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && !there {
		err = errorf(Invalid, "the request has no text_input")
	}
	return id, err
}
