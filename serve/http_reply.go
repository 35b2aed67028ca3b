package serve

import (
	"net/http"
	"strconv"
)

// reply answers with x.resp: JSON, and behind it the outputs that were asked for as bytes.
func (x *exchange) reply() error {
	resp := &x.resp
	b := appendString(append(x.out[:0], `{"model_name":`...), resp.Model)
	b = appendString(append(b, `,"model_version":`...), resp.Version)
	if resp.ID != "" {
		b = appendString(append(b, `,"id":`...), resp.ID)
	}
	if x.req.Step != 0 {
		b = strconv.AppendUint(append(b, `,"parameters":{"sequence_step":`...), resp.Steps, 10)
		b = append(b, '}')
	}
	b = append(b, `,"outputs":[`...)
	binary := false
	for i := range resp.Outputs {
		v := &resp.Outputs[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTensor(b, v)
		if x.binary(v.Name) {
			binary = true
			b = strconv.AppendInt(append(b, `,"parameters":{"binary_data_size":`...), int64(len(v.Data)), 10)
			b = append(b, '}', '}')
			continue
		}
		b = append(b, `,"data":`...)
		var err error
		if b, err = appendData(b, v); err != nil {
			x.out = b[:0]
			return err
		}
		b = append(b, '}')
	}
	b = append(b, ']', '}')
	h := x.w.Header()
	if !binary {
		h["Content-Type"] = ofJSON
		x.out = b
		return x.send(http.StatusOK)
	}
	h["Content-Type"] = ofBinary
	h["Inference-Header-Content-Length"] = []string{strconv.Itoa(len(b))}
	for i := range resp.Outputs {
		if v := &resp.Outputs[i]; x.binary(v.Name) {
			b = append(b, v.Data...)
		}
	}
	x.out = b
	return x.send(http.StatusOK)
}

// appendTensor appends an output but for its data and the end.
func appendTensor(b []byte, v *Value) []byte {
	b = appendString(append(b, `{"name":`...), v.Name)
	b = append(append(append(b, `,"datatype":"`...), v.Datatype...), `","shape":[`...)
	for i, d := range v.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, d, 10)
	}
	return append(b, ']')
}

// binary reports whether an output was asked for as bytes.
func (x *exchange) binary(output string) bool {
	for i := range x.req.Outputs {
		if x.req.Outputs[i].Name == output {
			return x.req.Outputs[i].Binary
		}
	}
	return false
}
