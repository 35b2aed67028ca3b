package serve

import (
	"context"
	"errors"

	"github.com/recur-go/recur/session"
)

// sequence does the step of a session that a request asks for, by Triton's rules: the first
// request of a sequence has START, one with END is the last, START begins anew.
func (s *Server) sequence(ctx context.Context, m *Model, req *Request, resp *Response) error {
	for i := range req.Inputs {
		switch rows := req.Inputs[i].Shape[0]; {
		case rows > 1:
			return errorf(Invalid, "inference request to model %s must specify batch-size 1 due to requirements of sequence batcher", quoted(m.Name))
		case rows == 0:
			return errorf(Invalid, "input %s has no row", quoted(req.Inputs[i].Name))
		}
	}
	if req.Session == "" {
		return errorf(Invalid, "inference request to model %s must specify a non-zero or non-empty correlation ID", quoted(m.Name))
	}
	if err := validSession(req.Session); err != nil {
		return err
	}
	resp.x = m.row(resp.x[:0], req.Inputs)
	c := &resp.call
	*c = session.Call{ID: req.Session, Number: req.Step, X: resp.x, Y: resp.y, Start: req.Start, End: req.End}
	c.Exist = !req.Start && !m.ImplicitStart && req.Step != 1
	err := s.step(ctx, m, c)
	resp.y = c.Y
	if err != nil {
		if req.Timeout > 0 && errors.Is(err, context.DeadlineExceeded) {
			return &Error{
				Class: Timeout, Code: "timeout", Err: err,
				Text: "timeout of the corresponding sequence has been expired: its step waited for longer than the request allows, and was not done",
			}
		}
		if c.Exist && errors.Is(err, session.ErrNotFound) {
			return &Error{
				Class: Invalid, Code: "not_found", Err: err,
				Text: "inference request for sequence " + req.Session[:min(64, len(req.Session))] + " to model " + quoted(m.Name) + " must specify the START flag on the first request of the sequence",
			}
		}
		return err
	}
	if req.Start {
		s.begun(ctx, m, req.Session)
	}
	resp.Session, resp.Steps = req.Session, c.Steps
	m.answer(req, resp, c.Y)
	return nil
}

// step does one step of a session of the caller.
func (s *Server) step(ctx context.Context, m *Model, c *session.Call) error {
	if !s.tokens.Load().quotas {
		return m.Sessions.Do(ctx, c)
	}
	own := c.ID
	full, done, err := s.admitSession(ctx, m, own, !c.Exist && c.Number <= 1)
	if err != nil {
		return err
	}
	c.ID = full
	err = m.Sessions.Do(ctx, c)
	c.ID = own
	done(err == nil, c.Ended)
	return err
}

// row appends the values of all inputs, in the order of the model, to x.
func (m *Model) row(x []Float, in []Value) []Float {
	for _, t := range m.Inputs {
		for i := range in {
			if in[i].Name == t.Name {
				x = in[i].Floats(x)
				break
			}
		}
	}
	return x
}

// answer makes the outputs of rows of y that are wanted, in the memory of resp.
func (m *Model) answer(req *Request, resp *Response, y []Float) {
	resp.data = resp.data[:0]
	rows := len(y) / max(1, m.Sessions.Model().Out())
	need := 0
	for _, t := range m.Outputs {
		need += t.Datatype.Size()
	}
	if need *= len(y); cap(resp.data) < need { // so that it does not move below
		resp.data = make([]byte, 0, need)
	}
	at := 0
	for i := range m.Outputs {
		t := &m.Outputs[i]
		width, _ := Count(t.Shape[1:])
		if req.wants(t.Name) {
			from := len(resp.data)
			for r := range rows {
				row := y[r*len(y)/rows:]
				resp.data = appendFloats(resp.data, t.Datatype, row[at:at+width])
			}
			v := resp.next()
			v.Name, v.Datatype, v.Data = t.Name, t.Datatype, resp.data[from:]
			v.Shape = append(append(v.Shape[:0], int64(rows)), t.Shape[1:]...)
		}
		at += width
	}
}

// next adds an output to resp, whose memory for a shape is that of an earlier one.
func (resp *Response) next() *Value {
	n := len(resp.Outputs)
	if n < cap(resp.Outputs) {
		resp.Outputs = resp.Outputs[:n+1]
	} else {
		resp.Outputs = append(resp.Outputs, Value{})
	}
	return &resp.Outputs[n]
}
