package grpc

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	statuspb "google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
	"github.com/recur-go/recur/session"
)

// A sum is a Runner that adds its two inputs to its state and answers with that. Its batches
// take some time if they have to.
type sum struct{ takes time.Duration }

func (sum) In() int           { return 2 }
func (sum) Out() int          { return 2 }
func (sum) StateSizes() []int { return []int{2} }
func (sum) ID() [32]byte      { return [32]byte{1} }

func (r sum) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	time.Sleep(r.takes)
	for i := range x[:2*rows] {
		y[i] = states[0][i] + x[i]
		states[0][i] = y[i]
	}
	return nil
}

// A fixture is a server of the models "sum" and "slow", which takes a second; "echo", which
// answers with its input of BYTES; "writer", which writes the words that it is given; and
// "panics". Its clients are real, the wire is in memory.
type fixture struct {
	s    *serve.Server
	conn *grpc.ClientConn
	oip.GRPCInferenceServiceClient
}

// inTime runs a test in a time of its own, after which no goroutine may be left.
func inTime(t *testing.T, o serve.Options, f func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fix, stop := start(t, o)
		defer stop()
		f(t, fix)
	})
}

func start(t testing.TB, o serve.Options) (*fixture, func()) {
	s := serve.New(o)
	var stops []func()
	for name, takes := range map[string]time.Duration{"sum": 0, "slow": time.Second} {
		tab := session.NewTable(session.New(sum{takes}, session.Options{}), session.TableOptions{})
		stops = append(stops, func() { tab.Close(context.Background()) })
		add(t, s, &serve.Model{Name: name, Sessions: tab})
	}
	bytes := []serve.Tensor{{Name: "text", Datatype: serve.BYTES, Shape: []int64{-1}}}
	add(t, s, &serve.Model{Name: "echo", Inputs: bytes, Outputs: bytes, Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) {
		out := in[0]
		return []serve.Value{out}, nil
	}})
	for _, d := range []serve.Datatype{"BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "BF16", "FP32", "FP64"} {
		any := []serve.Tensor{{Name: "x", Datatype: d, Shape: []int64{-1}}}
		add(t, s, &serve.Model{Name: string(d), Inputs: any, Outputs: any, Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) { return in, nil }})
	}
	add(t, s, &serve.Model{Name: "panics", Inputs: bytes, Outputs: bytes, Infer: func(context.Context, []serve.Value) ([]serve.Value, error) { panic("at the disco") }})
	add(t, s, &serve.Model{Name: "writer", Generate: func(_ context.Context, g serve.Generation, emit func(serve.Piece) error) error {
		for _, w := range strings.Fields(g.Text) {
			if w == "fail" {
				return &serve.Error{Class: serve.Invalid, Text: "no more words"}
			}
			if err := emit(serve.Piece{Text: w, Parameters: g.Parameters}); err != nil {
				return err
			}
		}
		return nil
	}})
	g := grpc.NewServer(Options(s)...)
	Register(g, s)
	l := bufconn.Listen(1 << 16)
	go g.Serve(l)
	conn, err := grpc.NewClient("passthrough:///server", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{s, conn, oip.NewGRPCInferenceServiceClient(conn)}, func() {
		conn.Close()
		g.Stop()
		for _, stop := range stops {
			stop()
		}
	}
}

func add(t testing.TB, s *serve.Server, m *serve.Model) {
	if err := s.Add(m); err != nil {
		t.Fatal(err)
	}
}

// step is a request for a step of a sequence, with parameters in pairs of name and value.
func step(model string, x float32, parameters ...any) *oip.ModelInferRequest {
	b := binary.LittleEndian.AppendUint32(nil, math.Float32bits(x))
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(2*x))
	q := &oip.ModelInferRequest{
		ModelName: model, Parameters: map[string]*oip.InferParameter{},
		Inputs:           []*oip.ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "FP32", Shape: []int64{1, 2}}},
		RawInputContents: [][]byte{b},
	}
	for i := 0; i < len(parameters); i += 2 {
		v := parameters[i+1]
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		q.Parameters[parameters[i].(string)] = parameterOf(v)
	}
	return q
}

// text is a request with a text.
func text(model, input, s string) *oip.ModelInferRequest {
	return &oip.ModelInferRequest{
		ModelName:        model,
		Inputs:           []*oip.ModelInferRequest_InferInputTensor{{Name: input, Datatype: "BYTES", Shape: []int64{1}}},
		RawInputContents: [][]byte{serve.AppendString(nil, s)},
	}
}

// sums are the values of an answer to step.
func sums(t *testing.T, r *oip.ModelInferResponse) [2]float32 {
	t.Helper()
	if len(r.GetOutputs()) != 1 || len(r.RawOutputContents) != 1 || len(r.RawOutputContents[0]) != 8 {
		t.Fatalf("the answer %v is not one of two values", r)
	}
	b := r.RawOutputContents[0]
	return [2]float32{math.Float32frombits(binary.LittleEndian.Uint32(b)), math.Float32frombits(binary.LittleEndian.Uint32(b[4:]))}
}

// fails checks the code and a word of an error.
func fails(t *testing.T, what string, err error, code codes.Code, word string) {
	t.Helper()
	if s := statuspb.Convert(err); err == nil || s.Code() != code || !strings.Contains(s.Message(), word) {
		t.Errorf("%s: %v, want %v with %q", what, err, code, word)
	}
}
