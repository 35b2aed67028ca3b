package serve

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unsafe"

	"github.com/recur-go/recur/session"
)

const floatBits = 8 * int(unsafe.Sizeof(Float(0)))

// plainSteps are the steps of a request in their plain form: {"x": [[…], …], "step": 1}.
type plainSteps struct {
	in, max int
	x       []Float
	rows    int
	there   bool // x was
	step    uint64
	start   bool
	end     bool
}

// read reads a member of the request.
func (p *plainSteps) read(s *scanner, key []byte) (err error) {
	switch string(key) {
	case "x":
		p.there = true
		return s.array("x", func(i int) error {
			if i == p.max {
				return s.fail("more than the %d steps that a request may have", p.max)
			}
			p.rows = i + 1
			if p.in == 1 && s.next() != '[' {
				return p.number(s, i, 0)
			}
			n := 0
			err := s.array("step "+strconv.Itoa(i+1)+" of x", func(j int) error {
				if n = j + 1; n > p.in {
					return p.width(s, i, "more")
				}
				return p.number(s, i, j)
			})
			if err == nil && n < p.in {
				err = p.width(s, i, "only "+strconv.Itoa(n))
			}
			return err
		})
	case "step":
		p.step, err = s.numbering("step")
		return err
	case "start":
		p.start, err = s.bool("start")
		return err
	case "end":
		p.end, err = s.bool("end")
		return err
	}
	return s.skip()
}

func (p *plainSteps) width(s *scanner, i int, has string) error {
	return s.fail("step %d of x has %s values, but the model takes %d", i+1, has, p.in)
}

func (p *plainSteps) number(s *scanner, i, j int) error {
	s.next()
	if f, end, ok := decimal(s.b, s.i); !ok {
	} else if floatBits == 64 {
		s.i, p.x = end, append(p.x, Float(f))
		return nil
	} else if g, ok := single(f); ok {
		s.i, p.x = end, append(p.x, Float(g))
		return nil
	}
	n, _, err := s.number("a value of x")
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(string(n), floatBits)
	if err != nil {
		return s.fail("value %d of step %d of x is %s, which is beyond any number of %d bits", j+1, i+1, quoted(string(n)), floatBits)
	}
	p.x = append(p.x, Float(f))
	return nil
}

// steps is for POST …/sessions/{id}/steps: many steps of one session, in the order of their
// rows. A request is {"x": [[…], …]}, or one of infer whose tensors have the steps as their
// first dimension, or the bare values of the only input. The answer has the form of the
// request. If a step fails, those before it are done, and are in the answer with the error.
func (x *exchange) steps(m *Model, id string) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if err := x.read(); err != nil {
		return err
	}
	sm := m.Sessions.Model()
	p := &plainSteps{in: sm.In(), max: x.s.options.MaxSteps, x: x.resp.x[:0]}
	bare := strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/octet-stream") && x.r.Header.Get("Inference-Header-Content-Length") == ""
	var err error
	if bare {
		err = x.bareSteps(m, p)
	} else if err = x.parse(m, p); err == nil && !p.there {
		err = x.tensorSteps(m, p)
	}
	if err == nil && p.rows == 0 {
		err = errorf(Invalid, "the request has no steps: x, or the first dimension of the inputs, is empty")
	}
	x.resp.x = p.x
	if err != nil {
		m.stats.fail.add(1, 0)
		return err
	}
	out := sm.Out()
	size := int64(p.rows) * int64(out) * int64(floatBits/8)
	if size > 4*x.s.options.MaxBody {
		return errorf(TooLarge, "the answer to %d steps has %d bytes; send fewer steps at once", p.rows, size)
	}
	if size > smallBody {
		if err := x.hold(size); err != nil {
			return err
		}
	}
	done, steps, err := x.run(m, id, p)
	if err != nil && done == 0 {
		return noSession(err, id)
	}
	y := x.resp.y[:done*out]
	x.w.Header().Set("Recur-Steps", strconv.FormatUint(steps, 10))
	switch {
	case err != nil || p.there:
		return x.plainAnswer(y, out, steps, err)
	case bare:
		m.answer(&x.req, &x.resp, y)
		x.out = x.out[:0]
		for _, v := range x.resp.Outputs {
			x.out = append(x.out, v.Data...)
		}
		x.w.Header()["Content-Type"] = ofBinary
		return x.send(http.StatusOK)
	}
	x.resp.Model, x.resp.Version, x.resp.ID, x.resp.Steps = m.Name, m.Version, x.req.ID, steps
	x.req.Step = max(1, x.req.Step) // so that the answer tells where the session stands
	m.answer(&x.req, &x.resp, y)
	return x.reply()
}

// run does the steps into x.resp.y and returns how many were done, and how many the session
// has then.
func (x *exchange) run(m *Model, id string, p *plainSteps) (done int, steps uint64, err error) {
	sm := m.Sessions.Model()
	in, out := sm.In(), sm.Out()
	if n := p.rows * out; cap(x.resp.y) < n {
		x.resp.y = make([]Float, n)
	}
	y := x.resp.y[:cap(x.resp.y)]
	began := x.s.options.Now()
	defer func() {
		x.resp.y = y
		now := x.s.options.Now()
		m.stats.request(now, now.Sub(began), err)
		x.s.gauge.steps.Add(int64(done))
	}()
	c := &x.resp.call
	for i := range p.rows {
		*c = session.Call{ID: id, X: p.x[i*in : (i+1)*in], Y: y[i*out : i*out : (i+1)*out]}
		c.Start, c.End = p.start && i == 0, p.end && i == p.rows-1
		c.Exist = i > 0
		if p.step > 0 {
			c.Number = p.step + uint64(i)
		}
		if err := x.s.step(x.r.Context(), m, c); err != nil {
			return i, steps, err
		}
		steps = c.Steps
	}
	return p.rows, steps, nil
}

// plainAnswer answers with rows of y, and the error that kept further ones from being done.
func (x *exchange) plainAnswer(y []Float, out int, steps uint64, failed error) error {
	b := append(x.out[:0], '{')
	status := http.StatusOK
	if failed != nil {
		e := AsError(failed)
		status = e.Status()
		b = appendError(b[:0], e)
		b[len(b)-1] = ','
	}
	b = strconv.AppendUint(append(b, `"steps":`...), steps, 10)
	b = append(b, `,"y":[`...)
	for i := 0; i < len(y); i += out {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, v := range y[i : i+out] {
			if j > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendNumber(b, float64(v), floatBits); err != nil {
				x.out = b[:0]
				return err
			}
		}
		b = append(b, ']')
	}
	x.out = append(b, "]}"...)
	x.w.Header()["Content-Type"] = ofJSON
	if err := x.send(status); err != nil {
		return err
	}
	return failed
}

// tensorSteps takes the steps from tensors whose first dimension they are.
func (x *exchange) tensorSteps(m *Model, p *plainSteps) error {
	req := &x.req
	if err := m.checkSteps(req); err != nil {
		return err
	}
	p.rows = int(req.Inputs[0].Shape[0])
	for i := range req.Inputs {
		v := &req.Inputs[i]
		if v.Shape[0] != int64(p.rows) {
			return errorf(Invalid, "input %s has %d steps, but %s has %d", quoted(v.Name), v.Shape[0], quoted(req.Inputs[0].Name), p.rows)
		}
	}
	if p.rows > p.max {
		return errorf(Invalid, "%d steps are more than the %d that a request may have", p.rows, p.max)
	}
	p.step, p.start, p.end = req.Step, req.Start, req.End
	if req.Session != "" && req.Session != x.call.Session {
		return errorf(Invalid, "sequence_id is %s, but the address is of session %s", quoted(req.Session), quoted(x.call.Session))
	}
	if len(req.Inputs) == 1 {
		p.x = req.Inputs[0].Floats(p.x)
		return nil
	}
	for r := range p.rows {
		for _, t := range m.Inputs {
			for i := range req.Inputs {
				if v := &req.Inputs[i]; v.Name == t.Name {
					n := len(v.Data) / p.rows
					row := Value{Datatype: v.Datatype, Data: v.Data[r*n : (r+1)*n]}
					p.x = row.Floats(p.x)
				}
			}
		}
	}
	return nil
}

// checkSteps is check where the first dimension is that of steps.
func (m *Model) checkSteps(req *Request) error {
	open := Model{Name: m.Name, Outputs: m.Outputs}
	for _, t := range m.Inputs {
		if t.Shape[0] != -1 {
			t.Shape = append([]int64{-1}, t.Shape[1:]...)
		}
		open.Inputs = append(open.Inputs, t)
	}
	return open.check(req)
}

// bareSteps takes the steps from the bare values of the only input.
func (x *exchange) bareSteps(m *Model, p *plainSteps) error {
	if len(m.Inputs) != 1 {
		return errorf(Invalid, "bare values are for models with one input, but %s has %d", quoted(m.Name), len(m.Inputs))
	}
	d := m.Inputs[0].Datatype
	row := p.in * d.Size()
	if row == 0 || len(x.body)%row != 0 {
		return errorf(Invalid, "the body has %d bytes, but a step has %d values of %s, which are %d bytes", len(x.body), p.in, d, row)
	}
	if p.rows = len(x.body) / row; p.rows > p.max {
		return errorf(Invalid, "%d steps are more than the %d that a request may have", p.rows, p.max)
	}
	q, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return errorf(Invalid, "the query of the address cannot be read")
	}
	if s := q.Get("step"); s != "" {
		if p.step, err = strconv.ParseUint(s, 10, 64); err != nil || p.step == 0 {
			return errorf(Invalid, "step is %s, but has to be a number from 1 to 2^64-1", quoted(s))
		}
	}
	v := Value{Name: m.Inputs[0].Name, Datatype: d, Data: x.body, Shape: []int64{int64(p.rows), int64(p.in)}}
	if err := v.checkData(); err != nil {
		return err
	}
	p.x = v.Floats(p.x)
	return nil
}
