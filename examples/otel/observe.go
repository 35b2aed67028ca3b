package main

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/recur-go/recur/serve"
)

const scope = "github.com/recur-go/recur/examples/otel"

// observe makes what serve.Options.OnCall takes: each request becomes a span, and its time a
// point of a histogram, by the names of OpenTelemetry's conventions for HTTP.
func observe(traces trace.TracerProvider, metrics metric.MeterProvider) (func(context.Context, *serve.Call) (context.Context, func(serve.Result)), error) {
	tracer := traces.Tracer(scope)
	times, err := metrics.Meter(scope).Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Time of requests."))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Header))
		ctx, span := tracer.Start(ctx, c.Method, trace.WithSpanKind(trace.SpanKindServer))
		return ctx, func(r serve.Result) {
			// Which model and session are meant is known now. Names of sessions are many, so
			// they are in spans alone.
			path := route(c.Path)
			span.SetName(strings.TrimSpace(c.Method + " " + path))
			of := []attribute.KeyValue{
				attribute.String("http.request.method", c.Method),
				attribute.String("http.route", path),
				attribute.Int("http.response.status_code", r.Status),
				attribute.String("recur.model", c.Model),
				attribute.String("recur.version", c.Version),
			}
			span.SetAttributes(of...)
			span.SetAttributes(attribute.String("recur.session", c.Session), attribute.String("recur.request_id", c.ID))
			if r.Err != nil {
				span.RecordError(r.Err)
			}
			if r.Status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, http.StatusText(r.Status))
			}
			span.End()
			times.Record(ctx, r.Took.Seconds(), metric.WithAttributes(of...))
		}
	}, nil
}

// route is a path without the names in it, "" for gRPC.
func route(path string) string {
	p := strings.Split(path, "/")
	for i := range p[1:] {
		switch p[i] {
		case "models":
			p[i+1] = "{model}"
		case "versions":
			p[i+1] = "{version}"
		case "sessions":
			p[i+1] = "{session}"
		}
	}
	return strings.Join(p, "/")
}
