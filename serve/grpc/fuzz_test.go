package grpc

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

// FuzzRequest has whatever is a message asked for, of a model of each kind.
func FuzzRequest(f *testing.F) {
	fix, stop := start(f, serve.Options{})
	defer stop()
	for _, q := range []*oip.ModelInferRequest{
		step("sum", 1, "sequence_id", 7, "sequence_start", true, "sequence_end", true, "sequence_step", 1, "timeout", 1000),
		step("sum", 1, "sequence_id", "name", "p", 1.5, "triton_x", false),
		text("echo", "text", "abc"),
		text("writer", "text_input", "a b fail"),
		{ModelName: "INT8", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "INT8", Shape: []int64{1}, Contents: &oip.InferTensorContents{IntContents: []int32{1}}}}},
	} {
		b, err := proto.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := &service{s: fix.s}
	f.Fuzz(func(t *testing.T, b []byte) {
		var q oip.ModelInferRequest
		if proto.Unmarshal(b, &q) != nil || q.ModelName == "slow" || q.ModelName == "panics" {
			return
		}
		r, err := s.ModelInfer(context.Background(), &q)
		if (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
		if r != nil && len(r.Outputs) != len(r.RawOutputContents) {
			t.Errorf("%d outputs have %d tensors", len(r.Outputs), len(r.RawOutputContents))
		}
		if err != nil && err.Error() == "rpc error: code = Internal desc = the model failed; the log of the server has the reason by the id of this request" {
			t.Errorf("%v made it panic", &q)
		}
	})
}
