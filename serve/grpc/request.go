package grpc

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

func invalid(format string, args ...any) error {
	return &serve.Error{Class: serve.Invalid, Text: fmt.Sprintf(format, args...)}
}

// quoted is a name that a client gave, cut so that a text with it stays short.
func quoted(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:61], "") + "…"
	}
	return "'" + s + "'"
}

// most is how many inputs or outputs a request may have, however few the model has.
const most = 64

// decode makes req of q. It takes over the bytes of q.
func decode(q *oip.ModelInferRequest, req *serve.Request) error {
	*req = serve.Request{Model: q.ModelName, Version: q.ModelVersion, ID: q.Id, Inputs: req.Inputs[:0], Outputs: req.Outputs[:0], Parameters: req.Parameters[:0]}
	if len(q.Id) > 1024 {
		return invalid("the id has %d bytes, but at most 1024 are allowed", len(q.Id))
	}
	for k, p := range q.Parameters {
		if err := parameter(req, k, p); err != nil {
			return err
		}
	}
	if len(q.Inputs) > most || len(q.Outputs) > most {
		return invalid("the request has %d inputs and %d outputs, but at most %d are allowed", len(q.Inputs), len(q.Outputs), most)
	}
	if err := inputs(q, req); err != nil {
		return err
	}
	for _, o := range q.Outputs {
		for k := range o.Parameters {
			if k == "classification" || strings.HasPrefix(k, "shared_memory_") {
				return &serve.Error{Class: serve.Unsupported, Text: "parameter " + k + " of outputs is not supported"}
			}
		}
		req.Outputs = append(req.Outputs, serve.Output{Name: o.Name})
	}
	return nil
}

func inputs(q *oip.ModelInferRequest, req *serve.Request) error {
	raw := q.RawInputContents
	if len(raw) > 0 && len(raw) != len(q.Inputs) {
		return invalid("the request has %d inputs, but raw_input_contents has %d tensors", len(q.Inputs), len(raw))
	}
	for i, in := range q.Inputs {
		for k := range in.Parameters {
			if strings.HasPrefix(k, "shared_memory_") {
				return &serve.Error{Class: serve.Unsupported, Text: "shared memory is not supported; send the tensors in the message"}
			}
		}
		if len(in.Shape) > 16 {
			return invalid("input %s has a shape of %d dimensions, but at most 16 are allowed", quoted(in.Name), len(in.Shape))
		}
		for _, d := range in.Shape {
			if d < 0 {
				return invalid("input %s has a dimension of %d, but none can be negative", quoted(in.Name), d)
			}
		}
		v := serve.Value{Name: in.Name, Datatype: serve.Datatype(in.Datatype), Shape: in.Shape}
		if v.Datatype != serve.BYTES && v.Datatype.Size() == 0 {
			return invalid("input %s: there is no datatype %s", quoted(in.Name), quoted(in.Datatype))
		}
		switch {
		case len(raw) > 0 && in.Contents != nil:
			return invalid("unexpected explicit tensor data for input tensor %s for model %s: raw_input_contents has it already", quoted(in.Name), quoted(q.ModelName))
		case len(raw) > 0:
			v.Data = raw[i]
		default:
			var err error
			if v.Data, err = contents(in); err != nil {
				return err
			}
		}
		req.Inputs = append(req.Inputs, v)
	}
	return nil
}

// contents are the values of an input that came one by one, as bytes.
func contents(in *oip.ModelInferRequest_InferInputTensor) (b []byte, err error) {
	le := binary.LittleEndian
	c := in.Contents
	if c == nil {
		c = new(oip.InferTensorContents)
	}
	// narrow checks the range of an integer that came with 32 bits.
	narrow := func(v, low, high int64) {
		if (v < low || v > high) && err == nil {
			err = invalid("input %s: %d is beyond the range of %s", quoted(in.Name), v, in.Datatype)
		}
	}
	switch serve.Datatype(in.Datatype) {
	case serve.BOOL:
		for _, v := range c.BoolContents {
			if v {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	case serve.INT8:
		for _, v := range c.IntContents {
			narrow(int64(v), math.MinInt8, math.MaxInt8)
			b = append(b, byte(v))
		}
	case serve.INT16:
		for _, v := range c.IntContents {
			narrow(int64(v), math.MinInt16, math.MaxInt16)
			b = le.AppendUint16(b, uint16(v))
		}
	case serve.INT32:
		for _, v := range c.IntContents {
			b = le.AppendUint32(b, uint32(v))
		}
	case serve.INT64:
		for _, v := range c.Int64Contents {
			b = le.AppendUint64(b, uint64(v))
		}
	case serve.UINT8:
		for _, v := range c.UintContents {
			narrow(int64(v), 0, math.MaxUint8)
			b = append(b, byte(v))
		}
	case serve.UINT16:
		for _, v := range c.UintContents {
			narrow(int64(v), 0, math.MaxUint16)
			b = le.AppendUint16(b, uint16(v))
		}
	case serve.UINT32:
		for _, v := range c.UintContents {
			b = le.AppendUint32(b, v)
		}
	case serve.UINT64:
		for _, v := range c.Uint64Contents {
			b = le.AppendUint64(b, v)
		}
	case serve.FP32:
		for _, v := range c.Fp32Contents {
			b = le.AppendUint32(b, math.Float32bits(v))
		}
	case serve.FP64:
		for _, v := range c.Fp64Contents {
			b = le.AppendUint64(b, math.Float64bits(v))
		}
	case serve.BYTES:
		for _, v := range c.BytesContents {
			b = serve.AppendString(b, string(v))
		}
	default: // FP16, BF16
		return nil, invalid("input %s: %s has no field of its own; send it in raw_input_contents", quoted(in.Name), in.Datatype)
	}
	return b, err
}

// parameter takes a parameter of a request.
func parameter(req *serve.Request, key string, p *oip.InferParameter) error {
	v := value(p)
	wrong := func(want string) error { return invalid("parameter %s has to be %s", quoted(key), want) }
	var ok bool
	switch key {
	case "sequence_id":
		if req.Session, ok = v.(string); ok {
			return nil
		}
		id, ok := whole(v)
		if !ok {
			return wrong("a whole number from 0 to 2^64-1 or a text")
		}
		if id != 0 {
			req.Session = strconv.FormatUint(id, 10)
		}
	case "sequence_start":
		if req.Start, ok = v.(bool); !ok {
			return wrong("true or false")
		}
	case "sequence_end":
		if req.End, ok = v.(bool); !ok {
			return wrong("true or false")
		}
	case "sequence_step":
		if req.Step, ok = whole(v); !ok || req.Step == 0 {
			return wrong("a whole number from 1 to 2^64-1")
		}
	case "timeout":
		us, ok := whole(v)
		if !ok {
			return wrong("a number of microseconds")
		}
		req.Timeout = time.Duration(min(us, uint64(time.Hour/time.Microsecond))) * time.Microsecond
	case "priority", "binary_data_output", "triton_enable_empty_final_response":
	default:
		if strings.HasPrefix(key, "triton_") {
			return invalid("parameter keys starting with 'triton_' are reserved and should not be specified")
		}
		if v == nil {
			return wrong("a text, a number, true or false")
		}
		req.Parameters = append(req.Parameters, serve.Parameter{Name: key, Value: v})
	}
	return nil
}

func value(p *oip.InferParameter) any {
	switch c := p.GetParameterChoice().(type) {
	case *oip.InferParameter_BoolParam:
		return c.BoolParam
	case *oip.InferParameter_Int64Param:
		return c.Int64Param
	case *oip.InferParameter_Uint64Param:
		return c.Uint64Param
	case *oip.InferParameter_DoubleParam:
		return c.DoubleParam
	case *oip.InferParameter_StringParam:
		return c.StringParam
	}
	return nil
}

func whole(v any) (uint64, bool) {
	switch v := v.(type) {
	case uint64:
		return v, true
	case int64:
		return uint64(v), v >= 0
	}
	return 0, false
}
