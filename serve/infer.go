package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recur-go/recur/session"
)

// A Request is a request for an inference, whatever it came by.
type Request struct {
	Model, Version string // version "" is the highest
	ID             string // comes back in the answer
	Inputs         []Value
	Outputs        []Output // those that are wanted; none are all
	Parameters     []Parameter

	// Of a sequence. Session is the name of its session; a number is written in digits.
	Session    string
	Start, End bool
	Step       uint64 // makes it safe to repeat: see session.Call

	Timeout time.Duration // 0 is as long as it takes
}

// An Output is one that a request wants.
type Output struct {
	Name   string
	Binary bool // as bytes behind the JSON
}

// A Response is the answer to a Request. Its memory is used again by the next Infer that it
// is given to.
type Response struct {
	Model, Version string
	ID             string
	Session        string // of a sequence
	Steps          uint64 // that the session has done
	Outputs        []Value

	x, y []Float
	data []byte
	call session.Call
}

// Infer answers req in resp. Errors are those that AsError knows.
func (s *Server) Infer(ctx context.Context, req *Request, resp *Response) error {
	m, err := s.use(req.Model, req.Version)
	if err != nil {
		return err
	}
	defer m.unuse()
	if req.Version == "" && !req.Start {
		m = s.Holder(ctx, m, req.Session)
	}
	return s.infer(ctx, m, req, resp)
}

func (s *Server) infer(ctx context.Context, m *Model, req *Request, resp *Response) (err error) {
	if req.Timeout > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, req.Timeout)
		defer cancel()
	}
	began := s.options.Now()
	m.stats.pending.Add(1)
	defer func() {
		m.stats.pending.Add(-1)
		now := s.options.Now()
		m.stats.request(now, now.Sub(began), err)
	}()
	resp.Model, resp.Version, resp.ID = m.Name, m.Version, req.ID
	resp.Session, resp.Steps, resp.Outputs = "", 0, resp.Outputs[:0]
	if err := m.check(req); err != nil {
		return err
	}
	if m.Sessions != nil && (req.Session != "" || m.Infer == nil) {
		return s.sequence(ctx, m, req, resp)
	}
	if m.Infer == nil {
		return errorf(Unsupported, "model %s answers generate requests only", quoted(m.Name))
	}
	return m.alone(ctx, req, resp)
}

// check checks the tensors of a request against the model's.
func (m *Model) check(req *Request) error {
	if len(req.Inputs) != len(m.Inputs) {
		return m.missing(req)
	}
	for i := range req.Inputs {
		v := &req.Inputs[i]
		t := m.input(v.Name)
		if t == nil {
			return errorf(Invalid, "unexpected inference input %s for model %s; it has %s", quoted(v.Name), quoted(m.Name), names(m.Inputs))
		}
		for _, o := range req.Inputs[:i] {
			if o.Name == v.Name {
				return errorf(Invalid, "input %s is there twice", quoted(v.Name))
			}
		}
		if v.Datatype != t.Datatype {
			return errorf(Invalid, "inference input %s data-type is '%s', but model %s expects '%s'", quoted(v.Name), v.Datatype, quoted(m.Name), t.Datatype)
		}
		if !fits(v.Shape, t.Shape) {
			return errorf(Invalid, "unexpected shape for input %s for model %s. Expected %s, got %s", quoted(v.Name), quoted(m.Name), dims(t.Shape), dims(v.Shape))
		}
		if err := v.checkData(); err != nil {
			return err
		}
	}
	for i, o := range req.Outputs {
		if !slices.ContainsFunc(m.Outputs, func(t Tensor) bool { return t.Name == o.Name }) {
			return errorf(Invalid, "unexpected inference output %s for model %s; it has %s", quoted(o.Name), quoted(m.Name), names(m.Outputs))
		}
		for _, p := range req.Outputs[:i] {
			if p.Name == o.Name {
				return errorf(Invalid, "output %s is there twice", quoted(o.Name))
			}
		}
	}
	return nil
}

// missing tells what is wrong with the number of inputs.
func (m *Model) missing(req *Request) error {
	for _, v := range req.Inputs {
		if m.input(v.Name) == nil {
			return errorf(Invalid, "unexpected inference input %s for model %s; it has %s", quoted(v.Name), quoted(m.Name), names(m.Inputs))
		}
	}
	return errorf(Invalid, "expected %d inputs but got %d inputs for model %s; it has %s", len(m.Inputs), len(req.Inputs), quoted(m.Name), names(m.Inputs))
}

func (m *Model) input(name string) *Tensor {
	for i := range m.Inputs {
		if m.Inputs[i].Name == name {
			return &m.Inputs[i]
		}
	}
	return nil
}

// fits reports whether a shape is one that a tensor may have.
func fits(shape, want []int64) bool {
	if len(shape) != len(want) {
		return false
	}
	for i, d := range want {
		if d >= 0 && shape[i] != d {
			return false
		}
	}
	return true
}

func names(tensors []Tensor) string {
	if len(tensors) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, t := range tensors {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more", len(tensors)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted(t.Name))
	}
	return b.String()
}

func dims(shape []int64) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i == 16 {
			b.WriteString(",…")
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, d)
	}
	b.WriteByte(']')
	return b.String()
}

// alone has the model answer a request without a session.
func (m *Model) alone(ctx context.Context, req *Request, resp *Response) error {
	in := req.Inputs
	if len(in) > 1 { // in the order of the model
		ordered := make([]Value, len(in))
		for i, t := range m.Inputs {
			ordered[i] = in[slices.IndexFunc(in, func(v Value) bool { return v.Name == t.Name })]
		}
		in = ordered
	}
	rows := 1
	if m.MaxBatch > 0 && len(in) > 0 && len(in[0].Shape) > 0 {
		if rows = int(in[0].Shape[0]); rows > m.MaxBatch {
			return errorf(Invalid, "inference request batch-size must be <= %d for %s", m.MaxBatch, quoted(m.Name))
		}
	}
	began := time.Now()
	out, err := m.Infer(ctx, in)
	m.stats.batch(rows, time.Since(began))
	if err != nil {
		return err
	}
	for i, t := range m.Outputs {
		if !req.wants(t.Name) {
			continue
		}
		if i >= len(out) || out[i].Name != t.Name {
			return fmt.Errorf("serve: model %s did not return output %d, %q", m.Name, i, t.Name)
		}
		if err := out[i].checkData(); err != nil {
			return fmt.Errorf("serve: model %s returned what is not what it should: %w", m.Name, errors.New(err.Error()))
		}
		v := resp.next() // with a shape in memory of its own
		*v = Value{t.Name, out[i].Datatype, append(v.Shape[:0], out[i].Shape...), out[i].Data}
	}
	return nil
}

// wants reports whether an output is wanted.
func (req *Request) wants(output string) bool {
	if len(req.Outputs) == 0 {
		return true
	}
	for _, o := range req.Outputs {
		if o.Name == output {
			return true
		}
	}
	return false
}
