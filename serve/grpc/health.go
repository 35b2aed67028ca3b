package grpc

import (
	"context"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	statuspb "google.golang.org/grpc/status"

	"github.com/recur-go/recur/serve"
)

// health answers probes: of the server as "" or by the name of its service, of a model by
// the model's name. Like those over HTTP they need no token.
type health struct {
	healthpb.UnimplementedHealthServer
	s *serve.Server
}

func (h *health) status(service string) healthpb.HealthCheckResponse_ServingStatus {
	if service != "" && service != "inference.GRPCInferenceService" {
		if _, err := h.s.Model(service, ""); err != nil {
			return healthpb.HealthCheckResponse_SERVICE_UNKNOWN
		}
	}
	if !h.s.Ready() {
		return healthpb.HealthCheckResponse_NOT_SERVING
	}
	return healthpb.HealthCheckResponse_SERVING
}

func (h *health) Check(_ context.Context, q *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	st := h.status(q.Service)
	if st == healthpb.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, statuspb.Error(codes.NotFound, "there is no model "+quoted(q.Service))
	}
	return &healthpb.HealthCheckResponse{Status: st}, nil
}

// Watch tells the status now and once more when the server is about to end.
func (h *health) Watch(q *healthpb.HealthCheckRequest, w healthpb.Health_WatchServer) error {
	st := h.status(q.Service)
	if err := w.Send(&healthpb.HealthCheckResponse{Status: st}); err != nil {
		return err
	}
	select {
	case <-w.Context().Done():
		return statuspb.FromContextError(w.Context().Err()).Err()
	case <-h.s.Drained():
	}
	if st == healthpb.HealthCheckResponse_SERVING {
		if err := w.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return statuspb.Error(codes.Unavailable, "the server is about to end")
}
