package grpc

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

func TestMetadata(t *testing.T) {
	inTime(t, serve.Options{Name: "here", Version: "3"}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		if r, err := f.ServerLive(ctx, &oip.ServerLiveRequest{}); err != nil || !r.Live {
			t.Errorf("live: %v, %v", r, err)
		}
		if r, err := f.ServerReady(ctx, &oip.ServerReadyRequest{}); err != nil || !r.Ready {
			t.Errorf("ready: %v, %v", r, err)
		}
		if r, err := f.ServerMetadata(ctx, &oip.ServerMetadataRequest{}); err != nil || r.Name != "here" || r.Version != "3" || !slices.Contains(r.Extensions, "sequence(string_id)") {
			t.Errorf("server: %v, %v", r, err)
		}
		if r, err := f.ModelReady(ctx, &oip.ModelReadyRequest{Name: "sum"}); err != nil || !r.Ready {
			t.Errorf("model: %v, %v", r, err)
		}
		if r, err := f.ModelReady(ctx, &oip.ModelReadyRequest{Name: "none"}); err != nil || r.Ready {
			t.Errorf("a model that there is not: %v, %v", r, err)
		}
		m, err := f.ModelMetadata(ctx, &oip.ModelMetadataRequest{Name: "sum"})
		if err != nil || m.Platform != "recur_rnnv1" || m.Versions[0] != "1" || m.Inputs[0].Datatype != "FP32" || !slices.Equal(m.Outputs[0].Shape, []int64{-1, 2}) {
			t.Errorf("metadata: %v, %v", m, err)
		}
		_, err = f.ModelMetadata(ctx, &oip.ModelMetadataRequest{Name: "sum", Version: "2"})
		fails(t, "a version that there is not", err, codes.NotFound, "version")
		c, err := f.ModelConfig(ctx, &oip.ModelConfigRequest{Name: "sum"})
		if err != nil || c.Config.Input[0].DataType != oip.DataType_TYPE_FP32 || !slices.Equal(c.Config.Input[0].Dims, []int64{2}) || c.Config.SequenceBatching == nil || c.Config.MaxBatchSize != 1 {
			t.Errorf("configuration: %v, %v", c, err)
		}
		if c, err := f.ModelConfig(ctx, &oip.ModelConfigRequest{Name: "writer"}); err != nil || !c.Config.ModelTransactionPolicy.Decoupled {
			t.Errorf("configuration: %v, %v", c, err)
		}
		r, err := f.RepositoryIndex(ctx, &oip.RepositoryIndexRequest{Ready: true})
		if err != nil || !slices.ContainsFunc(r.Models, func(m *oip.RepositoryIndexResponse_ModelIndex) bool { return m.Name == "sum" && m.State == "READY" }) {
			t.Errorf("index: %v, %v", r, err)
		}
	})
}

func TestStatistics(t *testing.T) {
	inTime(t, serve.Options{}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.ModelInfer(ctx, text("echo", "text", "a"))
		f.ModelInfer(ctx, text("echo", "text", "b"))
		f.ModelInfer(ctx, text("echo", "other", "b"))
		r, err := f.ModelStatistics(ctx, &oip.ModelStatisticsRequest{Name: "echo"})
		if err != nil || len(r.ModelStats) != 1 || r.ModelStats[0].InferenceCount != 2 || r.ModelStats[0].InferenceStats.Success.Count != 2 || r.ModelStats[0].InferenceStats.Fail.Count != 1 {
			t.Errorf("%v, %v", r, err)
		}
		f.ModelInfer(ctx, text("writer", "text_input", "a b c"))
		if r, err := f.ModelStatistics(ctx, &oip.ModelStatisticsRequest{Name: "writer"}); err != nil || r.ModelStats[0].InferenceStats.Success.Count != 1 {
			t.Errorf("%v, %v", r, err)
		}
		if r, err := f.ModelStatistics(ctx, &oip.ModelStatisticsRequest{}); err != nil || len(r.ModelStats) < 5 {
			t.Errorf("%v, %v", r, err)
		}
		_, err = f.ModelStatistics(ctx, &oip.ModelStatisticsRequest{Name: "none"})
		fails(t, "a model that there is not", err, codes.NotFound, "none")
	})
}

// A shelf loads nothing but "new".
type shelf struct{ loaded []string }

func (s *shelf) Index() []serve.IndexEntry {
	return []serve.IndexEntry{{Name: "new", State: "UNAVAILABLE", Reason: "unloaded"}}
}

func (s *shelf) Load(_ context.Context, name string) error {
	if name != "new" {
		return errors.New("there is no file of " + name)
	}
	s.loaded = append(s.loaded, name)
	return nil
}

func (s *shelf) Unload(_ context.Context, name string) error {
	s.loaded = append(s.loaded, "-"+name)
	return nil
}

func TestRepository(t *testing.T) {
	repository := new(shelf)
	inTime(t, serve.Options{Repository: repository}, func(t *testing.T, f *fixture) {
		_, err := f.RepositoryModelLoad(t.Context(), &oip.RepositoryModelLoadRequest{ModelName: "new"})
		fails(t, "a server that allows no loading", err, codes.Unavailable, "not allowed")
	})
	inTime(t, serve.Options{Repository: repository, AllowLoad: true}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		if _, err := f.RepositoryModelLoad(ctx, &oip.RepositoryModelLoadRequest{ModelName: "new"}); err != nil {
			t.Error(err)
		}
		if _, err := f.RepositoryModelUnload(ctx, &oip.RepositoryModelUnloadRequest{ModelName: "new"}); err != nil {
			t.Error(err)
		}
		_, err := f.RepositoryModelLoad(ctx, &oip.RepositoryModelLoadRequest{ModelName: "other"})
		fails(t, "a model without a file", err, codes.InvalidArgument, "no file of other")
		_, err = f.RepositoryModelLoad(ctx, &oip.RepositoryModelLoadRequest{ModelName: "new", Parameters: map[string]*oip.ModelRepositoryParameter{"config": {}}})
		fails(t, "a configuration from a request", err, codes.InvalidArgument, "config")
		if !slices.Equal(repository.loaded, []string{"new", "-new"}) {
			t.Errorf("the repository was asked for %v", repository.loaded)
		}
	})
}

func TestHealth(t *testing.T) {
	inTime(t, serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "s"}}}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		h := healthpb.NewHealthClient(f.conn)
		for _, service := range []string{"", "inference.GRPCInferenceService", "sum"} {
			if r, err := h.Check(ctx, &healthpb.HealthCheckRequest{Service: service}); err != nil || r.Status != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("%q: %v, %v", service, r, err)
			}
		}
		_, err := h.Check(ctx, &healthpb.HealthCheckRequest{Service: "none"})
		fails(t, "a model that there is not", err, codes.NotFound, "none")
		w, err := h.Watch(ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := w.Recv(); err != nil || r.Status != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("watch: %v, %v", r, err)
		}
		f.s.Drain()
		if r, err := w.Recv(); err != nil || r.Status != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("watch: %v, %v", r, err)
		}
		_, err = w.Recv()
		fails(t, "the end of the watch", err, codes.Unavailable, "about to end")
		if r, err := h.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil || r.Status != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("%v, %v", r, err)
		}
	})
}

func TestTokens(t *testing.T) {
	inTime(t, serve.Options{Tokens: []serve.Token{{Name: "a", Secret: "secret"}}}, func(t *testing.T, f *fixture) {
		q := text("echo", "text", "a")
		_, err := f.ModelInfer(t.Context(), q)
		fails(t, "no token", err, codes.Unauthenticated, "token")
		with := func(secret string) context.Context {
			return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+secret)
		}
		_, err = f.ModelInfer(with("other"), q)
		fails(t, "a wrong token", err, codes.Unauthenticated, "token")
		if _, err := f.ModelInfer(with("secret"), q); err != nil {
			t.Error(err)
		}
		st, err := f.ModelStreamInfer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.Recv()
		fails(t, "a stream without a token", err, codes.Unauthenticated, "token")
		_, err = f.ModelConfig(t.Context(), &oip.ModelConfigRequest{Name: "sum"})
		fails(t, "a configuration without a token", err, codes.Unauthenticated, "token")
	})
}

// A request is told of as one over HTTP is.
func TestOnCall(t *testing.T) {
	var calls []serve.Call
	var results []serve.Result
	o := serve.Options{OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(r serve.Result) { calls, results = append(calls, *c), append(results, r) }
	}}
	inTime(t, o, func(t *testing.T, f *fixture) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "mine")
		f.ModelInfer(ctx, step("sum", 1, "sequence_id", "s", "sequence_start", true))
		f.ModelInfer(ctx, text("panics", "text", "a"))
	})
	if len(calls) != 2 {
		t.Fatalf("told of %d requests", len(calls))
	}
	if c := calls[0]; c.ID != "mine" || c.Transport != "grpc" || c.Method != "/inference.GRPCInferenceService/ModelInfer" || c.Model != "sum" || c.Session != "s" || results[0].Err != nil {
		t.Errorf("%+v, %+v", c, results[0])
	}
	var p *serve.PanicError
	if !errors.As(results[1].Err, &p) || results[1].Status != 500 {
		t.Errorf("the panic ended as %+v", results[1])
	}
}
