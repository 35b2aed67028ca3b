package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/recur-go/recur/serve/internal/oip"
)

// This file asks for steps over HTTP, gRPC and a stream of it.

// A failure is an answer that is an error.
type failure struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func (r *run) failure(code, text string, id any) failure {
	if s := fmt.Sprint(id); s != "0" && s != "" {
		text = regexp.MustCompile(`\b`+regexp.QuoteMeta(s)+`\b`).ReplaceAllString(text, "ID")
	}
	if code == "CANCELLED" {
		text = ""
	}
	return failure{code, text}
}

// bytes are the values of a step's tensor.
func (r *run) bytes(s step) []byte {
	var b []byte
	for range s.shape[0] * s.shape[1] {
		if r.datatype == "FP32" {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(s.value)))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(s.value)))
		}
	}
	return b
}

// values are what an output holds: a number if it is one.
func (r *run) values(b []byte) any {
	var all []int
	for ; len(b) >= 4; b = b[4:] {
		u := binary.LittleEndian.Uint32(b)
		if r.datatype == "FP32" {
			all = append(all, int(math.Float32frombits(u)))
		} else {
			all = append(all, int(int32(u)))
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// overHTTP asks over HTTP, with the tensors as bytes.
func (r *run) overHTTP(ctx context.Context, s step) any {
	in := r.bytes(s)
	parameters := map[string]any{"sequence_id": s.id, "sequence_start": s.start, "sequence_end": s.end, "binary_data_output": true}
	if r.Timeout > 0 {
		parameters["timeout"] = r.Timeout
	}
	q := map[string]any{
		"parameters": parameters,
		"inputs":     []any{map[string]any{"name": "INPUT", "shape": s.shape, "datatype": r.datatype, "parameters": map[string]any{"binary_data_size": len(in)}}},
	}
	if r.Outputs != nil {
		var outputs []any
		for _, o := range r.Outputs {
			outputs = append(outputs, map[string]any{"name": o, "parameters": map[string]any{"binary_data": true}})
		}
		q["outputs"] = outputs
	}
	head, err := json.Marshal(q)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", "http://localhost/v2/models/"+r.model+"/infer", bytes.NewReader(append(head, in...)))
	if err != nil {
		return err
	}
	req.Header.Set("Inference-Header-Content-Length", strconv.Itoa(len(head)))
	resp, err := r.web.Do(req)
	if err != nil {
		return failure{"", err.Error()}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return failure{"", err.Error()}
	}
	if resp.StatusCode != http.StatusOK {
		var e struct{ Error string }
		json.Unmarshal(b, &e)
		return r.failure(strconv.Itoa(resp.StatusCode), e.Error, s.id)
	}
	n, _ := strconv.Atoi(resp.Header.Get("Inference-Header-Content-Length"))
	return r.values(b[n:])
}

// request is a step as a message.
func (r *run) request(s step, id string) *oip.ModelInferRequest {
	p := map[string]*oip.InferParameter{
		"sequence_start": {ParameterChoice: &oip.InferParameter_BoolParam{BoolParam: s.start}},
		"sequence_end":   {ParameterChoice: &oip.InferParameter_BoolParam{BoolParam: s.end}},
	}
	switch v := s.id.(type) {
	case uint64:
		p["sequence_id"] = &oip.InferParameter{ParameterChoice: &oip.InferParameter_Int64Param{Int64Param: int64(v)}}
	case string:
		p["sequence_id"] = &oip.InferParameter{ParameterChoice: &oip.InferParameter_StringParam{StringParam: v}}
	}
	if r.Timeout > 0 {
		p["timeout"] = &oip.InferParameter{ParameterChoice: &oip.InferParameter_Int64Param{Int64Param: r.Timeout}}
	}
	q := &oip.ModelInferRequest{ModelName: r.model, Id: id, Parameters: p}
	if strings.HasPrefix(r.model, "countdown") {
		text := strconv.Itoa(s.value)
		q.Inputs = []*oip.ModelInferRequest_InferInputTensor{{Name: "text_input", Datatype: "BYTES", Shape: []int64{1}}}
		q.RawInputContents = [][]byte{append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)}
		return q
	}
	q.Inputs = []*oip.ModelInferRequest_InferInputTensor{{Name: "INPUT", Datatype: r.datatype, Shape: s.shape}}
	q.RawInputContents = [][]byte{r.bytes(s)}
	for _, o := range r.Outputs {
		q.Outputs = append(q.Outputs, &oip.ModelInferRequest_InferRequestedOutputTensor{Name: o})
	}
	return q
}

func (r *run) answer(a *oip.ModelInferResponse) any {
	b := a.RawOutputContents[0]
	if a.Outputs[0].Datatype == "BYTES" {
		n, _ := strconv.Atoi(string(b[4:]))
		return n
	}
	return r.values(b)
}

// names are those of codes as clients in other languages have them.
var names = map[codes.Code]string{
	codes.InvalidArgument: "INVALID_ARGUMENT", codes.NotFound: "NOT_FOUND", codes.Unavailable: "UNAVAILABLE",
	codes.Canceled: "CANCELLED", codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.Internal: "INTERNAL",
	codes.Unimplemented: "UNIMPLEMENTED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
}

func (r *run) overGRPC(ctx context.Context, s step) any {
	a, err := oip.NewGRPCInferenceServiceClient(r.conn).ModelInfer(ctx, r.request(s, ""))
	if err != nil {
		st := status.Convert(err)
		return r.failure(names[st.Code()], st.Message(), s.id)
	}
	return r.answer(a)
}

// A stream is one of gRPC.
type stream struct {
	oip.GRPCInferenceService_ModelStreamInferClient
	cancel context.CancelFunc
}

func (r *run) stream() *stream {
	ctx, cancel := context.WithCancel(context.Background())
	c, err := oip.NewGRPCInferenceServiceClient(r.conn).ModelStreamInfer(ctx)
	if err != nil {
		panic(err)
	}
	return &stream{c, cancel}
}

// receive is the next answer, with the id of its request.
func (r *run) receive(s *stream, id any) (any, string) {
	a, err := s.Recv()
	if err != nil {
		st := status.Convert(err)
		return r.failure(names[st.Code()], st.Message(), id), ""
	}
	if a.ErrorMessage != "" {
		return r.failure("", a.ErrorMessage, id), a.InferResponse.GetId()
	}
	return r.answer(a.InferResponse), a.InferResponse.Id
}
