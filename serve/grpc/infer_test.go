package grpc

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
	"github.com/recur-go/recur/session"
)

func TestSequence(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		for i, id := range []any{7, uint64(math.MaxUint64), "a name"} {
			for n, want := range []float32{1, 3, 6} {
				r, err := f.ModelInfer(t.Context(), step("sum", float32(n+1), "sequence_id", id, "sequence_start", n == 0, "sequence_end", n == 2))
				if err != nil {
					t.Fatalf("id %v: %v", id, err)
				}
				if got := sums(t, r); got != [2]float32{want, 2 * want} || r.ModelName != "sum" || r.ModelVersion != "1" {
					t.Errorf("%d: step %d of %v is %v, want %v", i, n, id, got, want)
				}
			}
			_, err := f.ModelInfer(t.Context(), step("sum", 1, "sequence_id", id))
			fails(t, "a step after END", err, codes.InvalidArgument, "must specify the START flag on the first request of the sequence")
		}
	})
}

// A step with its number is done once, and a number that does not fit tells where the
// session stands.
func TestNumberedSteps(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		ask := func(n uint64) (*oip.ModelInferResponse, metadata.MD, error) {
			var trailer metadata.MD
			r, err := f.ModelInfer(t.Context(), step("sum", 1, "sequence_id", 7, "sequence_step", n), grpc.Trailer(&trailer))
			return r, trailer, err
		}
		for i, n := range []uint64{1, 2, 2, 3} {
			r, _, err := ask(n)
			if err != nil {
				t.Fatal(err)
			}
			if got := sums(t, r)[0]; got != float32(n) || r.Parameters["sequence_step"].GetUint64Param() != n {
				t.Errorf("request %d, step %d: %v, %v", i, n, got, r.Parameters)
			}
		}
		_, trailer, err := ask(7)
		fails(t, "a step too far", err, codes.FailedPrecondition, "3")
		if c, n := trailer.Get("recur-code"), trailer.Get("recur-steps"); len(c) != 1 || c[0] != "step" || len(n) != 1 || n[0] != "3" {
			t.Errorf("the trailer is %v", trailer)
		}
	})
}

// Values that come one by one are those that come as bytes.
func TestContents(t *testing.T) {
	le := binary.LittleEndian
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		for datatype, c := range map[string]struct {
			contents *oip.InferTensorContents
			want     []byte
		}{
			"BOOL":   {&oip.InferTensorContents{BoolContents: []bool{true, false}}, []byte{1, 0}},
			"INT8":   {&oip.InferTensorContents{IntContents: []int32{-128, 127}}, []byte{0x80, 0x7f}},
			"INT16":  {&oip.InferTensorContents{IntContents: []int32{-2, 1}}, []byte{0xfe, 0xff, 1, 0}},
			"INT32":  {&oip.InferTensorContents{IntContents: []int32{-2, 1}}, []byte{0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0}},
			"INT64":  {&oip.InferTensorContents{Int64Contents: []int64{-1, math.MaxInt64}}, le.AppendUint64(le.AppendUint64(nil, math.MaxUint64), math.MaxInt64)},
			"UINT8":  {&oip.InferTensorContents{UintContents: []uint32{255, 0}}, []byte{0xff, 0}},
			"UINT16": {&oip.InferTensorContents{UintContents: []uint32{65535, 0}}, []byte{0xff, 0xff, 0, 0}},
			"UINT32": {&oip.InferTensorContents{UintContents: []uint32{math.MaxUint32, 1}}, []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0}},
			"UINT64": {&oip.InferTensorContents{Uint64Contents: []uint64{math.MaxUint64, 1}}, le.AppendUint64(le.AppendUint64(nil, math.MaxUint64), 1)},
			"FP32":   {&oip.InferTensorContents{Fp32Contents: []float32{1, -2}}, le.AppendUint32(le.AppendUint32(nil, math.Float32bits(1)), math.Float32bits(-2))},
			"FP64":   {&oip.InferTensorContents{Fp64Contents: []float64{1, -2}}, le.AppendUint64(le.AppendUint64(nil, math.Float64bits(1)), math.Float64bits(-2))},
		} {
			q := &oip.ModelInferRequest{ModelName: datatype, Id: "i", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "x", Datatype: datatype, Shape: []int64{2}, Contents: c.contents}}}
			r, err := f.ModelInfer(t.Context(), q)
			if err != nil {
				t.Errorf("%s: %v", datatype, err)
			} else if !bytes.Equal(r.RawOutputContents[0], c.want) || r.Id != "i" || r.Outputs[0].Shape[0] != 2 {
				t.Errorf("%s: %v, want %x", datatype, r, c.want)
			}
		}
		q := text("echo", "text", "")
		q.Inputs[0].Contents, q.RawInputContents = &oip.InferTensorContents{BytesContents: [][]byte{[]byte("a\x00b")}}, nil
		if r, err := f.ModelInfer(t.Context(), q); err != nil || string(r.RawOutputContents[0]) != "\x03\x00\x00\x00a\x00b" {
			t.Errorf("BYTES: %v, %v", r, err)
		}
	})
}

func TestBadRequests(t *testing.T) {
	long := strings.Repeat("x", 1100)
	cases := []struct {
		what string
		q    *oip.ModelInferRequest
		code codes.Code
		word string
	}{
		{"no such model", step("none", 1), codes.NotFound, "unknown model"},
		{"no such model, with a long name", step(long, 1), codes.NotFound, "unknown model"},
		{"no id", step("sum", 1), codes.InvalidArgument, "non-zero or non-empty correlation ID"},
		{"id 0", step("sum", 1, "sequence_id", 0, "sequence_start", true), codes.InvalidArgument, "correlation ID"},
		{"id below 0", step("sum", 1, "sequence_id", -1), codes.InvalidArgument, "sequence_id"},
		{"id of a wrong kind", step("sum", 1, "sequence_id", true), codes.InvalidArgument, "sequence_id"},
		{"id with a control character", step("sum", 1, "sequence_id", "a\nb", "sequence_start", true), codes.InvalidArgument, "control"},
		{"long id", step("sum", 1, "sequence_id", long, "sequence_start", true), codes.InvalidArgument, "256"},
		{"start of a wrong kind", step("sum", 1, "sequence_id", 1, "sequence_start", 1), codes.InvalidArgument, "sequence_start"},
		{"end of a wrong kind", step("sum", 1, "sequence_id", 1, "sequence_end", "yes"), codes.InvalidArgument, "sequence_end"},
		{"step of a wrong kind", step("sum", 1, "sequence_id", 1, "sequence_step", -1), codes.InvalidArgument, "sequence_step"},
		{"timeout of a wrong kind", step("sum", 1, "sequence_id", 1, "timeout", "1s"), codes.InvalidArgument, "timeout"},
		{"reserved parameter", step("sum", 1, "triton_x", 1), codes.InvalidArgument, "reserved"},
		{"no input", edit(func(q *oip.ModelInferRequest) { q.Inputs, q.RawInputContents = nil, nil }), codes.InvalidArgument, "expected 1 inputs"},
		{"another input", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Name = "z" }), codes.InvalidArgument, "unexpected inference input 'z'"},
		{"an input twice", edit(func(q *oip.ModelInferRequest) {
			q.Inputs = append(q.Inputs, q.Inputs[0])
			q.RawInputContents = append(q.RawInputContents, q.RawInputContents[0])
		}), codes.InvalidArgument, "expected 1 inputs but got 2"},
		{"another output", edit(func(q *oip.ModelInferRequest) {
			q.Outputs = []*oip.ModelInferRequest_InferRequestedOutputTensor{{Name: "z"}}
		}), codes.InvalidArgument, "unexpected inference output 'z'"},
		{"another datatype", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Datatype = "INT32" }), codes.InvalidArgument, "data-type"},
		{"no datatype", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Datatype = "FP31" }), codes.InvalidArgument, "FP31"},
		{"two rows", edit(func(q *oip.ModelInferRequest) {
			q.Inputs[0].Shape[0], q.RawInputContents[0] = 2, make([]byte, 16)
		}), codes.InvalidArgument, "batch-size 1"},
		{"another shape", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Shape = []int64{1, 3} }), codes.InvalidArgument, "unexpected shape"},
		{"a negative dimension", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Shape[0] = -1 }), codes.InvalidArgument, "negative"},
		{"a shape beyond memory", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Shape[0] = math.MaxInt64 }), codes.InvalidArgument, "shape"},
		{"many dimensions", edit(func(q *oip.ModelInferRequest) { q.Inputs[0].Shape = make([]int64, 17) }), codes.InvalidArgument, "17 dimensions"},
		{"bytes too few", edit(func(q *oip.ModelInferRequest) { q.RawInputContents[0] = q.RawInputContents[0][:7] }), codes.InvalidArgument, "7 bytes"},
		{"no bytes", edit(func(q *oip.ModelInferRequest) { q.RawInputContents = nil }), codes.InvalidArgument, "0 bytes"},
		{"bytes of two inputs", edit(func(q *oip.ModelInferRequest) { q.RawInputContents = append(q.RawInputContents, nil) }), codes.InvalidArgument, "raw_input_contents has 2"},
		{"values twice", edit(func(q *oip.ModelInferRequest) {
			q.Inputs[0].Contents = &oip.InferTensorContents{Fp32Contents: []float32{1, 2}}
		}), codes.InvalidArgument, "unexpected explicit tensor data"},
		{"values in another field", edit(func(q *oip.ModelInferRequest) {
			q.Inputs[0].Contents, q.RawInputContents = &oip.InferTensorContents{Fp64Contents: []float64{1, 2}}, nil
		}), codes.InvalidArgument, "0 bytes"},
		{"FP16 one by one", &oip.ModelInferRequest{ModelName: "FP16", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "FP16", Shape: []int64{1}}}}, codes.InvalidArgument, "raw_input_contents"},
		{"an INT8 of 128", &oip.ModelInferRequest{ModelName: "INT8", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "INT8", Shape: []int64{1},
			Contents: &oip.InferTensorContents{IntContents: []int32{128}}}}}, codes.InvalidArgument, "128"},
		{"a text whose length lies", edit(func(q *oip.ModelInferRequest) {
			proto.Reset(q)
			proto.Merge(q, text("echo", "text", "abc"))
			q.RawInputContents[0][0] = 200
		}), codes.InvalidArgument, "element 0"},
		{"shared memory", edit(func(q *oip.ModelInferRequest) {
			q.Inputs[0].Parameters = map[string]*oip.InferParameter{"shared_memory_region": parameterOf("r")}
		}), codes.Unimplemented, "shared memory"},
		{"classification", edit(func(q *oip.ModelInferRequest) {
			q.Outputs = []*oip.ModelInferRequest_InferRequestedOutputTensor{{Name: "y", Parameters: map[string]*oip.InferParameter{"classification": parameterOf(int64(1))}}}
		}), codes.Unimplemented, "classification"},
		{"a long request id", edit(func(q *oip.ModelInferRequest) { q.Id = long }), codes.InvalidArgument, "1024"},
		{"many inputs", edit(func(q *oip.ModelInferRequest) {
			for range 100 {
				q.Inputs = append(q.Inputs, q.Inputs[0])
			}
		}), codes.InvalidArgument, "at most 64"},
		{"nothing to write of", text("writer", "other", "a"), codes.InvalidArgument, "text_input"},
		{"a model that panics", text("panics", "text", "a"), codes.Internal, "the model failed"},
	}
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		for _, c := range cases {
			_, err := f.ModelInfer(t.Context(), c.q)
			fails(t, c.what, err, c.code, c.word)
			if err != nil && len(err.Error()) > 700 {
				t.Errorf("%s: the text has %d bytes", c.what, len(err.Error()))
			}
		}
		// The same on one stream, which stays open.
		st, err := f.ModelStreamInfer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if err := st.Send(c.q); err != nil {
				t.Fatal(err)
			}
			r, err := st.Recv()
			if err != nil || !strings.Contains(r.ErrorMessage, c.word) {
				t.Errorf("%s: %v, %v", c.what, r, err)
			}
		}
		st.CloseSend()
		if r, err := st.Recv(); err == nil {
			t.Errorf("one answer too many: %v", r)
		}
	})
}

// edit is a good request that is changed.
func edit(change func(q *oip.ModelInferRequest)) *oip.ModelInferRequest {
	q := step("sum", 1, "sequence_id", 99, "sequence_start", true)
	change(q)
	return q
}

func TestLongMessage(t *testing.T) {
	inTime(t, serve.Options{MaxBody: 1000}, func(t *testing.T, f *fixture) {
		_, err := f.ModelInfer(t.Context(), text("echo", "text", strings.Repeat("a", 2000)))
		fails(t, "a message of 2,000 bytes", err, codes.ResourceExhausted, "larger than max")
		if _, err := f.ModelInfer(t.Context(), text("echo", "text", "a")); err != nil {
			t.Error(err)
		}
		st, _ := f.ModelStreamInfer(t.Context())
		st.Send(text("echo", "text", strings.Repeat("a", 2000)))
		_, err = st.Recv()
		fails(t, "such a message on a stream", err, codes.ResourceExhausted, "larger than max")
	})
}

// A step that waits is not done once its client has gone, and is forgotten; one whose time is
// over too.
func TestCancelledStepsAreNotDone(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		ask := func(ctx context.Context, parameters ...any) (float32, error) {
			r, err := f.ModelInfer(ctx, step("slow", 1, append(parameters, "sequence_id", 1)...))
			if err != nil {
				return 0, err
			}
			return sums(t, r)[0], nil
		}
		first := make(chan float32)
		go func() {
			v, err := ask(t.Context(), "sequence_start", true)
			if err != nil {
				t.Error(err)
			}
			first <- v
		}()
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := ask(ctx)
		fails(t, "a client that goes", err, codes.DeadlineExceeded, "")
		_, err = ask(t.Context(), "timeout", 200_000)
		fails(t, "a step whose time is over", err, codes.Unavailable, "timeout of the corresponding sequence has been expired")
		if v := <-first; v != 1 {
			t.Errorf("the first step gave %v", v)
		}
		if v, err := ask(t.Context()); err != nil || v != 2 {
			t.Errorf("the next step gave %v, %v", v, err)
		}
	})
}

// What a store lost is told by a code of its own.
func TestStateLost(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		store := session.NewMemory()
		store.Save(t.Context(), []session.Record{{ID: "a", Used: time.Now(), Blob: []byte("rubbish")}})
		table := session.NewTable(session.New(sum{}, session.Options{}), session.TableOptions{Store: store})
		defer table.Close(t.Context())
		add(t, f.s, &serve.Model{Name: "kept", Sessions: table})
		var trailer metadata.MD
		_, err := f.ModelInfer(t.Context(), step("kept", 1, "sequence_id", "a"), grpc.Trailer(&trailer))
		fails(t, "a damaged session", err, codes.DataLoss, "the state of the session is lost")
		if got := trailer.Get("recur-code"); !slices.Equal(got, []string{"state_lost"}) {
			t.Errorf("the code is %q", got)
		}
	})
}

func TestTooManyRequests(t *testing.T) {
	inTime(t, serve.Options{MaxInFlight: 1}, func(t *testing.T, f *fixture) {
		done := make(chan error)
		go func() {
			_, err := f.ModelInfer(t.Context(), step("slow", 1, "sequence_id", 1, "sequence_start", true))
			done <- err
		}()
		time.Sleep(100 * time.Millisecond)
		_, err := f.ModelInfer(t.Context(), text("echo", "text", "a"))
		fails(t, "the second request", err, codes.Unavailable, "try again")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestWriter(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		q := text("writer", "text_input", "to be")
		q.Inputs = append(q.Inputs, &oip.ModelInferRequest_InferInputTensor{Name: "max_tokens", Datatype: "INT16", Shape: []int64{1}},
			&oip.ModelInferRequest_InferInputTensor{Name: "warm", Datatype: "BOOL", Shape: []int64{1, 1}},
			&oip.ModelInferRequest_InferInputTensor{Name: "top_p", Datatype: "FP32", Shape: []int64{1}})
		q.RawInputContents = append(q.RawInputContents, []byte{0xfe, 0xff}, []byte{1}, binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5)))
		r, err := f.ModelInfer(t.Context(), q)
		if err != nil || string(r.RawOutputContents[0][4:]) != "tobe" {
			t.Fatalf("%v, %v", r, err)
		}
		if p := r.Parameters; p["max_tokens"].GetInt64Param() != -2 || !p["warm"].GetBoolParam() || p["top_p"].GetDoubleParam() != 0.5 {
			t.Errorf("the model was given %v", p)
		}
		_, err = f.ModelInfer(t.Context(), text("writer", "text_input", "to fail"))
		fails(t, "a model that fails", err, codes.InvalidArgument, "no more words")
	})
}

func BenchmarkInfer(b *testing.B) {
	f, stop := start(b, serve.Options{})
	defer stop()
	ctx := context.Background()
	if _, err := f.ModelInfer(ctx, step("sum", 1, "sequence_id", 1, "sequence_start", true)); err != nil {
		b.Fatal(err)
	}
	q := step("sum", 1, "sequence_id", 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.ModelInfer(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	for _, sequences := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d sequences", sequences), func(b *testing.B) {
			f, stop := start(b, serve.Options{})
			defer stop()
			st, err := f.ModelStreamInfer(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			var requests []*oip.ModelInferRequest
			for i := range sequences {
				st.Send(step("sum", 1, "sequence_id", i+1, "sequence_start", true))
				st.Recv()
				requests = append(requests, step("sum", 1, "sequence_id", i+1))
			}
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for i := range b.N {
					st.Send(requests[i%sequences])
				}
			}()
			for range b.N {
				if r, err := st.Recv(); err != nil || r.ErrorMessage != "" {
					b.Fatal(r, err)
				}
			}
		})
	}
}
