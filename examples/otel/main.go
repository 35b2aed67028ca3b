// The command otel serves a model as recur serve does, and tells of every request by
// OpenTelemetry: a span, which goes on in the trace of the client if that sent a traceparent,
// and the time of the request in a histogram. Both are printed; another exporter, such as that
// of OTLP, takes the place of those of stdout.
//
//	cd examples/otel
//	go run . ../../cmd/recur/airline.safetensors
//	curl http://127.0.0.1:8000/v2/models/airline/sessions/a/steps -d '{"x": [112, 118, 132]}'
//
// It is a module of its own, so that recur itself does not need OpenTelemetry.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

func main() {
	address := flag.String("address", "127.0.0.1:8000", "where to listen")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: otel [-address host:port] MODEL")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), *address); err != nil {
		fmt.Fprintln(os.Stderr, "otel:", err)
		os.Exit(1)
	}
}

// run serves a model until ctx ends, then exports what is left.
func run(ctx context.Context, model, address string) (err error) {
	spans, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		return err
	}
	points, err := stdoutmetric.New()
	if err != nil {
		return err
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans, sdktrace.WithBatchTimeout(time.Second)))
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points)))
	end := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, traces.Shutdown(end), metrics.Shutdown(end)) }()
	onCall, err := observe(traces, metrics)
	if err != nil {
		return err
	}

	m, err := tasks.Open(model, tasks.Options{})
	if err != nil {
		return err
	}
	if m.Sessions != nil {
		defer m.Sessions.Close(end)
	}
	s := serve.New(serve.Options{OnCall: onCall})
	if err := s.Add(m); err != nil {
		return err
	}
	tasks.Handle(s)
	web := s.HTTP()
	web.Addr = address
	context.AfterFunc(ctx, func() { web.Shutdown(end) })
	fmt.Fprintf(os.Stderr, "serving %s at http://%s\n", m.Name, address)
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
