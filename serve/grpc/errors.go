package grpc

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	statuspb "google.golang.org/grpc/status"

	"github.com/recur-go/recur/serve"
)

// status is err as a client gets it; what does not fit in the status goes into the trailer.
func status(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	e := serve.AsError(err)
	if e.Code != "" {
		trailer := metadata.Pairs("recur-code", e.Code)
		if e.Code == "step" {
			trailer.Set("recur-steps", strconv.FormatUint(e.Have, 10))
		}
		grpc.SetTrailer(ctx, trailer)
	}
	c := code(e)
	if e.Class == serve.Timeout && ctx.Err() == context.DeadlineExceeded {
		c = codes.DeadlineExceeded // that of the client, which tells itself so unless the answer is faster
	}
	return statuspb.Error(c, e.Text)
}

func code(e *serve.Error) codes.Code {
	switch e.Class {
	case serve.Invalid, serve.Media:
		return codes.InvalidArgument
	case serve.NotFound:
		return codes.NotFound
	case serve.Conflict:
		if e.Code == "exists" {
			return codes.AlreadyExists
		}
		return codes.FailedPrecondition
	case serve.Lost:
		return codes.DataLoss
	case serve.Unauthorized:
		return codes.Unauthenticated
	case serve.Forbidden:
		return codes.PermissionDenied
	case serve.Exhausted, serve.TooLarge:
		return codes.ResourceExhausted
	case serve.Unavailable, serve.Timeout:
		return codes.Unavailable
	case serve.Cancelled:
		return codes.Canceled
	case serve.Unsupported, serve.Method:
		return codes.Unimplemented
	}
	return codes.Internal
}
