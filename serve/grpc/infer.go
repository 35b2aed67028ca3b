package grpc

import (
	"context"
	"slices"
	"strings"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

func (s *service) ModelInfer(ctx context.Context, q *oip.ModelInferRequest) (r *oip.ModelInferResponse, err error) {
	c := &serve.Call{Model: q.ModelName, Version: q.ModelVersion}
	err = s.call(ctx, oip.GRPCInferenceService_ModelInfer_FullMethodName, c, func(ctx context.Context) error {
		var req serve.Request
		if err := decode(q, &req); err != nil {
			return err
		}
		c.Session = req.Session
		if m, err := s.s.Model(req.Model, req.Version); err != nil {
			return err
		} else if writes(m) {
			r, err = s.text(ctx, m, &req)
			return err
		}
		var resp serve.Response
		if err := s.s.Infer(ctx, &req, &resp); err != nil {
			return err
		}
		r = encode(&req, &resp)
		return nil
	})
	return r, err
}

// encode makes the answer of resp, whose bytes it uses.
func encode(req *serve.Request, resp *serve.Response) *oip.ModelInferResponse {
	r := &oip.ModelInferResponse{ModelName: resp.Model, ModelVersion: resp.Version, Id: resp.ID}
	if req.Step != 0 {
		r.Parameters = map[string]*oip.InferParameter{"sequence_step": {ParameterChoice: &oip.InferParameter_Uint64Param{Uint64Param: resp.Steps}}}
	}
	for i := range resp.Outputs {
		v := &resp.Outputs[i]
		r.Outputs = append(r.Outputs, &oip.ModelInferResponse_InferOutputTensor{Name: v.Name, Datatype: string(v.Datatype), Shape: v.Shape})
		r.RawOutputContents = append(r.RawOutputContents, v.Data)
	}
	return r
}

// writes reports whether all that a model does is to write text.
func writes(m *serve.Model) bool { return m.Generate != nil && m.Infer == nil && m.Sessions == nil }

// generation makes of the tensors of a request what a model that writes is asked: text_input
// is the text, and others of one value are parameters, as Triton's language models have them.
func generation(req *serve.Request) (g serve.Generation, err error) {
	g.Parameters = slices.Clone(req.Parameters)
	there := false
	for i := range req.Inputs {
		v := &req.Inputs[i]
		n, ok := serve.Count(v.Shape)
		if !ok || n != 1 {
			return g, invalid("input %s has the shape %v, but has to have one value", quoted(v.Name), v.Shape)
		}
		if v.Datatype == serve.BYTES {
			texts, err := v.Strings()
			if err != nil {
				return g, err
			}
			if len(texts) != 1 {
				return g, invalid("input %s has %d elements, but its shape has 1", quoted(v.Name), len(texts))
			}
			if v.Name == "text_input" {
				g.Text, there = string(texts[0]), true
			} else {
				g.Parameters = append(g.Parameters, serve.Parameter{Name: v.Name, Value: string(texts[0])})
			}
			continue
		}
		if len(v.Data) != v.Datatype.Size() {
			return g, invalid("input %s has %d bytes of data, but one %s has %d", quoted(v.Name), len(v.Data), v.Datatype, v.Datatype.Size())
		}
		var one [1]serve.Float
		x := v.Floats(one[:0])[0]
		p := serve.Parameter{Name: v.Name, Value: float64(x)}
		switch {
		case v.Datatype == serve.BOOL:
			p.Value = x != 0
		case strings.Contains(string(v.Datatype), "INT"):
			p.Value = integer(v)
		}
		g.Parameters = append(g.Parameters, p)
	}
	if !there {
		return g, invalid("the request has no text_input, of BYTES")
	}
	return g, nil
}

// integer is the one value of a tensor of integers.
func integer(v *serve.Value) any {
	var u uint64
	for i, b := range v.Data {
		u |= uint64(b) << (8 * i)
	}
	if strings.HasPrefix(string(v.Datatype), "U") {
		return u
	}
	shift := 64 - 8*len(v.Data)
	return int64(u<<shift) >> shift
}

// text answers with all that a model writes.
func (s *service) text(ctx context.Context, m *serve.Model, req *serve.Request) (*oip.ModelInferResponse, error) {
	g, err := generation(req)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	var fields []serve.Parameter
	err = s.s.Generate(ctx, m, g, func(p serve.Piece) error {
		text.WriteString(p.Text)
		fields = append(fields, p.Parameters...)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return piece(m, req, serve.Piece{Text: text.String(), Parameters: fields}), nil
}

// piece makes the answer of a piece of text.
func piece(m *serve.Model, req *serve.Request, p serve.Piece) *oip.ModelInferResponse {
	r := &oip.ModelInferResponse{
		ModelName: m.Name, ModelVersion: m.Version, Id: req.ID,
		Outputs:           []*oip.ModelInferResponse_InferOutputTensor{{Name: "text_output", Datatype: string(serve.BYTES), Shape: []int64{1}}},
		RawOutputContents: [][]byte{serve.AppendString(nil, p.Text)},
		Parameters:        map[string]*oip.InferParameter{},
	}
	for _, f := range p.Parameters {
		if v := parameterOf(f.Value); v != nil {
			r.Parameters[f.Name] = v
		}
	}
	return r
}

func parameterOf(v any) *oip.InferParameter {
	switch v := v.(type) {
	case string:
		return &oip.InferParameter{ParameterChoice: &oip.InferParameter_StringParam{StringParam: v}}
	case bool:
		return &oip.InferParameter{ParameterChoice: &oip.InferParameter_BoolParam{BoolParam: v}}
	case int64:
		return &oip.InferParameter{ParameterChoice: &oip.InferParameter_Int64Param{Int64Param: v}}
	case uint64:
		return &oip.InferParameter{ParameterChoice: &oip.InferParameter_Uint64Param{Uint64Param: v}}
	case float64:
		return &oip.InferParameter{ParameterChoice: &oip.InferParameter_DoubleParam{DoubleParam: v}}
	}
	return nil
}
