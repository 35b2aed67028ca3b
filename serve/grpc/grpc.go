// Package grpc answers the Open Inference Protocol over gRPC for a serve.Server: the service
// inference.GRPCInferenceService with the extensions that clients of Triton use, and
// grpc.health.v1.Health. It stands apart from package serve so that a program without it
// links no gRPC.
//
//	g := grpc.NewServer(servegrpc.Options(s)...)
//	servegrpc.Register(g, s)
//	err := g.Serve(listener)
//
// Results and errors are those of the same request over HTTP. An error has the code of gRPC
// that Triton gives; the one-word code that HTTP has is in the trailer recur-code, and with
// "step" the steps of the session are in recur-steps.
package grpc

import (
	"context"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

// Register has g answer for s.
func Register(g *grpc.Server, s *serve.Server) {
	oip.RegisterGRPCInferenceServiceServer(g, &service{s: s})
	healthpb.RegisterHealthServer(g, &health{s: s})
}

// Options are the limits of a grpc.Server for s: the length of a message is that of a body
// over HTTP, a connection has at most 128 streams at once, and one that is silent for long is
// closed, and looked after by pings.
func Options(s *serve.Server) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(s.Options().MaxBody)),
		grpc.MaxConcurrentStreams(128),
		grpc.MaxHeaderListSize(16 << 10),
		grpc.ConnectionTimeout(5 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 10 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
}

type service struct {
	oip.UnimplementedGRPCInferenceServiceServer
	s *serve.Server
}

// call does a request as every other: counted, allowed, told of, with a time, and with a
// panic as an error.
func (s *service) call(ctx context.Context, method string, c *serve.Call, do func(context.Context) error) error {
	ctx, end, err := begin(ctx, s.s, method, c)
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, s.s.Options().Timeout)
		defer cancel()
		err = guard(func() error { return do(limited) })
	}
	end(err)
	return status(ctx, err)
}

// begin tells s of a request.
func begin(ctx context.Context, s *serve.Server, method string, c *serve.Call) (context.Context, func(error), error) {
	c.Transport, c.Method = "grpc", method
	if p, ok := peer.FromContext(ctx); ok {
		c.Remote = p.Addr.String()
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if id := md.Get("x-request-id"); len(id) > 0 {
		c.ID = id[0]
	}
	secret := ""
	if a := md.Get("authorization"); len(a) > 0 {
		if scheme, rest, ok := strings.Cut(a[0], " "); ok && strings.EqualFold(scheme, "Bearer") {
			secret = strings.TrimSpace(rest)
		}
	}
	return s.Begin(ctx, c, secret)
}

func guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &serve.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return do()
}
