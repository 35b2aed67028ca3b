//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/serve/frame"
)

// byInfer asks for sequences by the Open Inference Protocol in JSON.
func (f *follower) byInfer() {
	c := &http.Client{Transport: overSocket(f.socket, nil)}
	defer c.CloseIdleConnections()
	f.bySteps(func(ctx context.Context, q sequenceStep) ([]float32, error) {
		body, _ := json.Marshal(map[string]any{
			"parameters": map[string]any{"sequence_id": q.id, "sequence_start": q.start, "sequence_end": q.end, "sequence_step": q.number},
			"inputs":     []any{map[string]any{"name": "x", "shape": []int{1, len(q.x)}, "datatype": "FP32", "data": q.x}},
		})
		r, err := http.NewRequestWithContext(ctx, "POST", "http://localhost/v2/models/m/infer", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		a, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if err != nil {
			return nil, err
		}
		var answer struct {
			frame.ErrorText
			Outputs []struct{ Data []float32 }
		}
		if err := json.Unmarshal(b, &answer); err != nil {
			return nil, &frame.ErrorText{Text: fmt.Sprintf("%s: %v", b, err)}
		}
		if a.StatusCode != http.StatusOK || len(answer.Outputs) != 1 {
			return nil, &answer.ErrorText
		}
		return answer.Outputs[0].Data, nil
	})
}

func (f *follower) dialGRPC() *grpc.ClientConn {
	quick := backoff.Config{BaseDelay: 5 * time.Millisecond, Multiplier: 1.5, MaxDelay: 50 * time.Millisecond}
	c, err := grpc.NewClient("unix:"+f.grpcSocket(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: time.Second}))
	if err != nil {
		panic(err) // of a sound address
	}
	return c
}

const inferService = "/inference.GRPCInferenceService/"

// byGRPC asks for sequences by ModelInfer.
func (f *follower) byGRPC() {
	c := f.dialGRPC()
	defer c.Close()
	f.bySteps(func(ctx context.Context, q sequenceStep) ([]float32, error) {
		var answer []byte
		var trailer metadata.MD
		err := c.Invoke(ctx, inferService+"ModelInfer", q.message(), &answer, grpc.ForceCodec(plainBytes{}), grpc.Trailer(&trailer))
		if err != nil {
			return nil, errorOfGRPC(err, trailer)
		}
		return outputOf(answer)
	})
}

// byGRPCStream asks for sequences by ModelStreamInfer.
func (f *follower) byGRPCStream() {
	c := f.dialGRPC()
	defer c.Close()
	f.byPipe(func(ctx context.Context) (pipe, error) {
		ctx = metadata.AppendToOutgoingContext(ctx, "triton_grpc_error", "true") // so that errors have codes
		s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, inferService+"ModelStreamInfer", grpc.ForceCodec(plainBytes{}))
		return grpcPipe{s}, err
	})
}

type grpcPipe struct{ s grpc.ClientStream }

func (p grpcPipe) send(q sequenceStep) error {
	if err := p.s.SendMsg(q.message()); !errors.Is(err, io.EOF) { // else receive tells why
		return err
	}
	return nil
}

func (p grpcPipe) receive() ([]float32, error) {
	var b []byte
	if err := p.s.RecvMsg(&b); err != nil {
		return nil, errorOfGRPC(err, p.s.Trailer())
	}
	return outputOf(fieldOf(b, 2))
}

func (p grpcPipe) close() { p.s.CloseSend() }

// errorOfGRPC is an error of the connection as it is, and one of the server by its code.
func errorOfGRPC(err error, trailer metadata.MD) error {
	if code := trailer.Get("recur-code"); len(code) > 0 {
		e := &frame.ErrorText{Text: err.Error(), Code: code[0]}
		if have := trailer.Get("recur-steps"); len(have) > 0 {
			e.Have, _ = strconv.ParseUint(have[0], 10, 64)
		}
		return e
	}
	if slices.Contains([]codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Canceled}, status.Code(err)) || errors.Is(err, io.EOF) {
		return err
	}
	return &frame.ErrorText{Text: err.Error()}
}

// message is a ModelInferRequest.
func (q sequenceStep) message() []byte {
	field := func(b []byte, n protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
	}
	varint := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	b := field(nil, 1, []byte("m"))
	for name, v := range map[string][]byte{
		"sequence_id":    field(nil, 3, []byte(q.id)),
		"sequence_start": varint(1, protowire.EncodeBool(q.start)),
		"sequence_end":   varint(1, protowire.EncodeBool(q.end)),
		"sequence_step":  varint(2, q.number),
	} {
		b = field(b, 4, field(field(nil, 1, []byte(name)), 2, v))
	}
	in := field(field(nil, 1, []byte("x")), 2, []byte("FP32"))
	b = field(b, 5, field(in, 3, []byte{1, byte(len(q.x))})) // the shape
	raw, _ := binary.Append(nil, binary.LittleEndian, q.x)
	return field(b, 7, raw)
}

// outputOf is the only output of a ModelInferResponse.
func outputOf(b []byte) ([]float32, error) {
	raw := fieldOf(b, 6)
	y := make([]float32, len(raw)/4)
	for i := range y {
		y[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return y, nil
}

// fieldOf is a field of bytes of a message, nil if it has none.
func fieldOf(b []byte, want protowire.Number) []byte {
	for len(b) > 0 {
		n, kind, k := protowire.ConsumeTag(b)
		if k < 0 {
			return nil
		}
		b = b[k:]
		if n == want && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b)
			return v
		}
		if k = protowire.ConsumeFieldValue(n, kind, b); k < 0 {
			return nil
		}
		b = b[k:]
	}
	return nil
}

// byWebSocket asks for sequences by messages of JSON.
func (f *follower) byWebSocket() {
	c := &http.Client{Transport: overSocket(f.socket, nil)}
	defer c.CloseIdleConnections()
	f.byPipe(func(ctx context.Context) (pipe, error) {
		s, _, err := websocket.Dial(ctx, "ws://localhost/v2/models/m/stream", &websocket.DialOptions{HTTPClient: c})
		return socketPipe{ctx, s}, err
	})
}

type socketPipe struct {
	ctx context.Context
	c   *websocket.Conn
}

func (p socketPipe) send(q sequenceStep) error {
	b, _ := json.Marshal(map[string]any{"session": q.id, "step": q.number, "start": q.start, "end": q.end, "exist": q.number > 1, "x": q.x})
	return p.c.Write(p.ctx, websocket.MessageText, b)
}

func (p socketPipe) receive() ([]float32, error) {
	_, b, err := p.c.Read(p.ctx)
	if err != nil {
		return nil, err
	}
	var answer struct {
		frame.ErrorText
		Y []float32
	}
	if err := json.Unmarshal(b, &answer); err != nil || answer.Text != "" {
		return nil, &answer.ErrorText
	}
	return answer.Y, nil
}

func (p socketPipe) close() { p.c.CloseNow() }
