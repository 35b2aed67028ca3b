package oip

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A program that links two messages of one name does not start, so ours have none that
// others could meet.
func TestMessagesAreNotRegistered(t *testing.T) {
	for _, name := range []protoreflect.FullName{"inference.ModelInferRequest", "inference.GRPCInferenceService", "inference.DataType"} {
		if d, err := protoregistry.GlobalFiles.FindDescriptorByName(name); err == nil {
			t.Errorf("%s is registered, by %s", name, d.ParentFile().Path())
		}
	}
	if _, err := protoregistry.GlobalTypes.FindMessageByName("inference.ModelInferRequest"); err == nil {
		t.Error("the type inference.ModelInferRequest is registered")
	}
}

func TestRequestThroughTheWire(t *testing.T) {
	in := &ModelInferRequest{
		ModelName:  "m",
		Id:         "1",
		Parameters: map[string]*InferParameter{"sequence_id": {ParameterChoice: &InferParameter_Uint64Param{Uint64Param: 7}}},
		Inputs: []*ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "FP32", Shape: []int64{1, 2},
			Contents: &InferTensorContents{Fp32Contents: []float32{1, 2}}}},
	}
	b, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	// Field 1 of the request and field 4 with its key, as the protocol numbers them.
	if string(b[:3]) != "\x0a\x01m" {
		t.Errorf("the name of the model begins with % x", b[:3])
	}
	var out ModelInferRequest
	if err := proto.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(in, &out) {
		t.Errorf("%v came back as %v", in, &out)
	}
}
