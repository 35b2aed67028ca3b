package serve

import (
	"strconv"
	"time"
)

// infer is for POST /v2/models/{m}/infer.
func (x *exchange) infer(m *Model, version string) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if err := x.read(); err != nil {
		return err
	}
	if err := x.parse(m, nil); err != nil {
		m.stats.fail.add(1, 0)
		return err
	}
	x.call.Session = x.req.Session
	if version == "" && !x.req.Start {
		m = x.holder(m, x.req.Session)
	}
	if err := x.s.infer(x.r.Context(), m, &x.req, &x.resp); err != nil {
		return err
	}
	return x.reply()
}

// parse reads the body as a request: JSON, JSON with tensors behind it, or one bare tensor.
// plain, if it is not nil, takes steps in their plain form.
func (x *exchange) parse(m *Model, plain *plainSteps) error {
	x.req.Inputs, x.req.Outputs, x.req.Parameters = x.req.Inputs[:0], x.req.Outputs[:0], x.req.Parameters[:0]
	head := len(x.body)
	if h := x.r.Header["Inference-Header-Content-Length"]; len(h) > 0 {
		n, err := strconv.ParseUint(h[0], 10, 63)
		switch {
		case len(h) > 1:
			return errorf(Invalid, "the header Inference-Header-Content-Length is there twice")
		case err != nil:
			return errorf(Invalid, "the header Inference-Header-Content-Length is %s, but has to be a number of bytes", quoted(h[0]))
		case n > uint64(len(x.body)):
			return errorf(Invalid, "the header Inference-Header-Content-Length is %d, but the body has %d bytes", n, len(x.body))
		case n == 0:
			return x.bare(m)
		}
		head = int(n)
	}
	d := decoder{x: x, m: m, req: &x.req, tail: x.body[head:], plain: plain}
	x.scan = scanner{b: x.body[:head], depth: x.s.options.MaxDepth, keys: x.scan.keys[:0]}
	if err := d.request(); err != nil {
		return err
	}
	if len(d.tail) > 0 {
		return errorf(Invalid, "unexpected additional input data for model %s: %d bytes follow the last tensor", quoted(m.Name), len(d.tail))
	}
	if d.binaryAll {
		if len(x.req.Outputs) == 0 {
			for _, t := range m.Outputs {
				x.req.Outputs = append(x.req.Outputs, Output{t.Name, true})
			}
		}
	}
	return nil
}

// bare takes the whole body as the values of the only input; the outputs come as bytes too.
func (x *exchange) bare(m *Model) error {
	if len(m.Inputs) != 1 {
		return errorf(Invalid, "a bare tensor is for models with one input, but %s has %d", quoted(m.Name), len(m.Inputs))
	}
	t := &m.Inputs[0]
	v := x.nextInput()
	v.Name, v.Datatype = t.Name, t.Datatype
	if t.Datatype == BYTES { // one element, without its length
		buf := x.memory(0)
		v.Data = AppendString(buf, string(x.body))
		x.data[0] = v.Data
		for range t.Shape {
			v.Shape = append(v.Shape, 1)
		}
	} else {
		v.Data = x.body
		fixed, open := 1, -1
		for i, d := range t.Shape {
			if d < 0 && open >= 0 {
				return errorf(Invalid, "a bare tensor is for inputs with at most one open dimension, but %s has the shape %s", quoted(t.Name), dims(t.Shape))
			} else if d < 0 {
				open = i
			} else {
				fixed *= int(d)
			}
		}
		v.Shape = append(v.Shape, t.Shape...)
		if open >= 0 && fixed > 0 {
			v.Shape[open] = int64(len(x.body) / t.Datatype.Size() / fixed)
		}
	}
	for _, t := range m.Outputs {
		x.req.Outputs = append(x.req.Outputs, Output{t.Name, true})
	}
	return nil
}

// nextInput adds an input to the request, whose memory for a shape is that of an earlier one.
func (x *exchange) nextInput() *Value {
	n := len(x.req.Inputs)
	if n < cap(x.req.Inputs) {
		x.req.Inputs = x.req.Inputs[:n+1]
	} else {
		x.req.Inputs = append(x.req.Inputs, Value{})
	}
	v := &x.req.Inputs[n]
	*v = Value{Shape: v.Shape[:0]}
	return v
}

// memory is that of the data of input i.
func (x *exchange) memory(i int) []byte {
	for len(x.data) <= i {
		x.data = append(x.data, nil)
	}
	return x.data[i][:0]
}

// A decoder reads the JSON of a request into req.
type decoder struct {
	x         *exchange
	m         *Model
	req       *Request
	tail      []byte // tensors behind the JSON that are not taken yet
	binaryAll bool
	plain     *plainSteps // takes steps as plain rows, if it is not nil
}

func (d *decoder) request() error {
	s := &d.x.scan
	inputs := false
	err := s.object("the request", func(key []byte) error {
		switch string(key) {
		case "id", "parameters", "outputs":
			if s.null() { // as some clients write what they leave out
				return nil
			}
		}
		switch string(key) {
		case "id":
			t, err := s.string("the id")
			if len(t) > 1024 {
				return s.fail("an id of more than 1024 bytes")
			}
			d.req.ID = string(t)
			return err
		case "parameters":
			return d.parameters()
		case "inputs":
			inputs = true
			return s.array("inputs", d.input)
		case "outputs":
			return s.array("outputs", d.output)
		}
		if d.plain != nil {
			return d.plain.read(s, key)
		}
		return s.skip()
	})
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	if d.plain != nil && d.plain.there {
		if inputs {
			return errorf(Invalid, "the request has both x and inputs; send one of them")
		}
		return nil
	}
	if !inputs && d.plain != nil {
		return errorf(Invalid, "the request has neither x, the steps one behind the other, nor inputs; model %s has %s", quoted(d.m.Name), names(d.m.Inputs))
	}
	if !inputs && len(d.m.Inputs) > 0 {
		return errorf(Invalid, "the request has no inputs; model %s has %s", quoted(d.m.Name), names(d.m.Inputs))
	}
	for i := range d.req.Outputs { // binary_data_output is for those that do not tell
		if d.binaryAll && !d.x.told(i) {
			d.req.Outputs[i].Binary = true
		}
	}
	return nil
}

// told reports whether output i has binary_data.
func (x *exchange) told(i int) bool { return i < 64 && x.toldBits>>i&1 == 1 }

// parameters reads those of the request.
func (d *decoder) parameters() error {
	s, req := &d.x.scan, d.req
	return s.object("parameters", func(key []byte) (err error) {
		switch string(key) {
		case "sequence_id":
			if s.next() == '"' {
				t, err := s.text()
				req.Session = string(t)
				return err
			}
			if s.next() == '-' || s.next()-'0' > 9 {
				return s.fail("sequence_id has to be a whole number from 0 to 2^64-1 or a text")
			}
			id, err := s.unsigned("sequence_id")
			if req.Session = ""; id != 0 {
				req.Session = strconv.FormatUint(id, 10)
			}
			return err
		case "sequence_start":
			req.Start, err = s.bool("sequence_start")
			return err
		case "sequence_end":
			req.End, err = s.bool("sequence_end")
			return err
		case "sequence_step":
			req.Step, err = s.numbering("sequence_step")
			return err
		case "timeout":
			us, err := s.unsigned("timeout")
			req.Timeout = time.Duration(min(us, uint64(time.Hour/time.Microsecond))) * time.Microsecond
			return err
		case "binary_data_output":
			d.binaryAll, err = s.bool("binary_data_output")
			return err
		case "priority":
			_, err := s.unsigned("priority")
			return err
		case "headers": // of another transport
			return s.skip()
		}
		if s.null() {
			return nil
		}
		if len(key) > 7 && string(key[:7]) == "triton_" {
			return s.fail("parameter keys starting with 'triton_' are reserved and should not be specified")
		}
		p, err := d.parameter(key)
		req.Parameters = append(req.Parameters, p)
		return err
	})
}

// parameter reads a parameter without a meaning of its own.
func (d *decoder) parameter(key []byte) (p Parameter, err error) {
	s := &d.x.scan
	p.Name = string(key)
	switch c := s.next(); {
	case c == '"':
		t, err := s.text()
		p.Value = string(t)
		return p, err
	case c == 't' || c == 'f':
		p.Value, err = s.bool("a parameter")
		return p, err
	case c == '-' || c-'0' <= 9:
		n, whole, err := s.number("a parameter")
		if err != nil {
			return p, err
		}
		if whole {
			if p.Value, err = strconv.ParseInt(string(n), 10, 64); err == nil {
				return p, nil
			}
			if p.Value, err = strconv.ParseUint(string(n), 10, 64); err == nil {
				return p, nil
			}
		}
		if p.Value, err = strconv.ParseFloat(string(n), 64); err != nil {
			return p, s.fail("parameter %s is %s, which is beyond any number of 64 bits", quoted(p.Name), quoted(string(n)))
		}
		return p, nil
	}
	return p, s.fail("parameter %s has to be a text, a number, true or false", quoted(p.Name))
}

// input reads an input.
func (d *decoder) input(i int) error {
	x := d.x
	s := &x.scan
	if i >= max(len(d.m.Inputs), 1)+16 {
		return s.fail("more inputs than model %s has", quoted(d.m.Name))
	}
	v := x.nextInput()
	data, binary, shape := -1, -1, false
	done := false
	err := s.object("an input", func(key []byte) (err error) {
		switch string(key) {
		case "name":
			t, err := s.string("the name of an input")
			if v.Name = d.m.intern(t); len(v.Name) > 1024 {
				return s.fail("the name of an input has more than 1024 bytes")
			}
			return err
		case "datatype":
			t, err := s.string("the datatype of an input")
			if err != nil {
				return err
			}
			var ok bool
			if v.Datatype, ok = datatype(t); !ok {
				return s.fail("there is no datatype %s; there are BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 and BYTES", quoted(string(t)))
			}
			return nil
		case "shape":
			shape = true
			return s.array("the shape of an input", func(i int) error {
				n, err := s.signed("a dimension")
				if i == 16 {
					return s.fail("a shape of more than 16 dimensions")
				}
				if n < 0 && err == nil {
					return s.fail("a dimension is %d, but cannot be negative", n)
				}
				v.Shape = append(v.Shape, n)
				return err
			})
		case "data":
			data = s.i
			if !shape || v.Datatype == "" || v.Name == "" {
				return s.skip()
			}
			done = true
			return x.readData(i, v)
		case "parameters":
			if s.null() {
				return nil
			}
			return s.object("the parameters of an input", func(key []byte) error {
				switch string(key) {
				case "binary_data_size":
					n, err := s.unsigned("binary_data_size")
					if err == nil && n > uint64(len(x.body)) {
						return s.fail("binary_data_size is %d, but the body has only %d bytes", n, len(x.body))
					}
					binary = int(n)
					return err
				case "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size":
					return errNoSharedMemory
				}
				return s.skip()
			})
		}
		return s.skip()
	})
	switch {
	case err != nil:
		return err
	case v.Name == "":
		return s.fail("an input has no name")
	case v.Datatype == "":
		return s.fail("input %s has no datatype", quoted(v.Name))
	case !shape:
		return s.fail("input %s has no shape", quoted(v.Name))
	case data >= 0 && binary >= 0:
		return s.fail("input %s has both data and binary_data_size", quoted(v.Name))
	case binary >= 0:
		if binary > len(d.tail) {
			return errorf(Invalid, "input %s: binary_data_size is %d, but only %d bytes are left behind the JSON", quoted(v.Name), binary, len(d.tail))
		}
		v.Data, d.tail = d.tail[:binary:binary], d.tail[binary:]
	case data < 0:
		return s.fail("input %s has neither data nor binary_data_size", quoted(v.Name))
	case !done:
		end := s.i
		s.i = data
		if err := x.readData(i, v); err != nil {
			return err
		}
		s.i = end
	}
	return nil
}

var errNoSharedMemory = errorf(Unsupported, "shared memory is not supported; send the tensors in the body")

func (x *exchange) readData(i int, v *Value) error {
	v.Data = x.memory(i)
	err := x.scan.data(v)
	x.data[i] = v.Data
	return err
}

// intern is the name of an input or output as the model has it, without memory of its own.
func (m *Model) intern(b []byte) string {
	for i := range m.Inputs {
		if m.Inputs[i].Name == string(b) {
			return m.Inputs[i].Name
		}
	}
	for i := range m.Outputs {
		if m.Outputs[i].Name == string(b) {
			return m.Outputs[i].Name
		}
	}
	return string(b)
}

// output reads an output that is wanted.
func (d *decoder) output(i int) error {
	s := &d.x.scan
	if i >= len(d.m.Outputs)+16 {
		return s.fail("more outputs than model %s has", quoted(d.m.Name))
	}
	var o Output
	err := s.object("an output", func(key []byte) error {
		switch string(key) {
		case "name":
			t, err := s.string("the name of an output")
			o.Name = d.m.intern(t)
			return err
		case "parameters":
			if s.null() {
				return nil
			}
			return s.object("the parameters of an output", func(key []byte) (err error) {
				switch string(key) {
				case "binary_data":
					if o.Binary, err = s.bool("binary_data"); i < 64 {
						d.x.toldBits |= 1 << i
					}
					return err
				case "classification":
					return errorf(Unsupported, "classification of outputs is not supported")
				case "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size":
					return errNoSharedMemory
				}
				return s.skip()
			})
		}
		return s.skip()
	})
	if err == nil && o.Name == "" {
		err = s.fail("an output has no name")
	}
	d.req.Outputs = append(d.req.Outputs, o)
	return err
}
